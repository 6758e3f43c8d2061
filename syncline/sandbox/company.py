"""The company that all sandboxes show: its people, customers and cases, made from a seed.

Each case is made from the seed and its own number alone. So every tool tells the same story, and a
larger company holds the smaller one. All of it was written before 2026, whenever it is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Literal, TypeAlias
from unicodedata import normalize

from syncline.sandbox import words
from syncline.schema.entities import Priority, Status, TicketType

Role: TypeAlias = Literal["support", "developer", "product", "customer"]

FIRST_DAY = datetime(2025, 1, 6, 8, 0, tzinfo=UTC)
DAYS = 330
CUSTOMERS_PER_ACCOUNT = 3

STATUSES: tuple[Status, ...] = ("todo", "in_progress", "blocked", "done", "cancelled")
STATUS_WEIGHTS = (40, 25, 8, 22, 5)
PRIORITIES: tuple[Priority, ...] = ("urgent", "high", "medium", "low", "none")
PRIORITY_WEIGHTS = (6, 22, 45, 22, 5)
TYPES: tuple[TicketType, ...] = ("bug", "incident", "story", "question")
TYPE_WEIGHTS = (50, 15, 20, 15)
ESCALATED = 0.4
"""The share of cases with the label `escalated`."""


@dataclass(frozen=True, slots=True)
class Employee:
    """Somebody of the company, or one of its customers."""

    name: str
    email: str
    role: Role
    account: str | None = None


@dataclass(frozen=True, slots=True)
class Account_:  # noqa: N801 (not the schema's Account)
    """A customer."""

    name: str
    domain: str
    tier: str
    annual_revenue: int


@dataclass(frozen=True, slots=True)
class CaseRemark:
    """Something said about a case."""

    author: Employee
    text: str
    public: bool


@dataclass(frozen=True, slots=True)
class Case:
    """Something a customer reported or asked for; statuses, priorities, types are the schema's."""

    number: int
    title: str
    paragraphs: Sequence[str]
    status: Status
    priority: Priority
    type: TicketType
    labels: Sequence[str]
    reporter: Employee
    assignee: Employee | None
    account: Account_
    due_on: date | None
    created_at: datetime
    remarks: Sequence[CaseRemark]


@dataclass(frozen=True, slots=True)
class Company:
    """People, accounts and cases that belong together."""

    people: Sequence[Employee]
    accounts: Sequence[Account_]
    cases: Sequence[Case]

    @classmethod
    def made(cls, seed: int, records: int) -> Company:
        """The company of this seed with so many cases."""
        accounts = tuple(Account_(*about) for about in words.ACCOUNTS)
        staff = [Employee(name, _email(name, words.DOMAIN), _role(r)) for name, r in words.STAFF]
        people = (*staff, *_customers(seed, accounts))
        cases = tuple(_case(seed, number, people, accounts) for number in range(1, records + 1))
        return cls(people, accounts, cases)


def _role(name: str) -> Role:
    return "support" if name == "support" else "product" if name == "product" else "developer"


def _customers(seed: int, accounts: Sequence[Account_]) -> list[Employee]:
    chance = Random(f"{seed} customers")  # noqa: S311
    count = len(accounts) * CUSTOMERS_PER_ACCOUNT
    pairs = [(first, last) for first in words.FIRST_NAMES for last in words.LAST_NAMES]
    found = []
    for number, (first, last) in enumerate(chance.sample(pairs, count)):
        account, name = accounts[number % len(accounts)], f"{first} {last}"
        found.append(Employee(name, _email(name, account.domain), "customer", account.name))
    return found


def _email(name: str, domain: str) -> str:
    plain = normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    return f"{'.'.join(plain.split())}@{domain}"


def _case(seed: int, number: int, people: Sequence[Employee], accounts: Sequence[Account_]) -> Case:
    chance = Random(f"{seed} case {number}")  # noqa: S311
    account = chance.choice(accounts)
    reporter = chance.choice([one for one in people if one.account == account.name])
    type = chance.choices(TYPES, TYPE_WEIGHTS)[0]
    status = chance.choices(STATUSES, STATUS_WEIGHTS)[0]
    created = FIRST_DAY + timedelta(minutes=chance.randrange(DAYS * 24 * 60))
    staff = [one for one in people if one.role != "customer"]
    assignee = chance.choice([one for one in staff if one.role != "product"])
    due = (created + timedelta(days=chance.randrange(5, 60))).date()
    labels = set(chance.sample(words.LABELS, chance.randrange(3)))
    if chance.random() < ESCALATED:
        labels.add("escalated")
    return Case(
        number=number,
        title=_title(chance, type),
        paragraphs=_paragraphs(chance, reporter),
        status=status,
        priority=chance.choices(PRIORITIES, PRIORITY_WEIGHTS)[0],
        type=type,
        labels=tuple(sorted(labels)),
        reporter=reporter,
        assignee=None if status == "todo" and chance.random() < 0.5 else assignee,
        account=account,
        due_on=due if chance.random() < 0.4 else None,
        created_at=created,
        remarks=_remarks(chance, reporter, staff),
    )


def _title(chance: Random, type: TicketType) -> str:
    templates = {"story": words.WANTED, "question": words.ASKED}.get(type, words.BROKEN)
    thing = chance.choice(words.THINGS)
    title = chance.choice(templates).format(thing=thing, Thing=thing.capitalize())
    return title if type == "question" else f"{title} {chance.choice(words.CONDITIONS)}"


def _paragraphs(chance: Random, reporter: Employee) -> tuple[str, ...]:
    details = chance.sample(words.DETAILS, chance.randrange(1, 4))
    return (
        chance.choice(words.OPENINGS),
        *(detail.format(count=chance.randrange(2, 60) * 10) for detail in details),
        chance.choice(words.CLOSINGS).format(name=reporter.name),
    )


def _remarks(
    chance: Random, reporter: Employee, staff: Sequence[Employee]
) -> tuple[CaseRemark, ...]:
    said = []
    for _ in range(chance.choices((0, 1, 2, 3), (40, 30, 20, 10))[0]):
        if chance.random() < 0.6:
            author = chance.choice([reporter, *(one for one in staff if one.role == "support")])
            said.append(CaseRemark(author, chance.choice(words.PUBLIC_REMARKS), True))
        else:
            author = chance.choice(staff)
            said.append(CaseRemark(author, chance.choice(words.INTERNAL_REMARKS), False))
    return tuple(said)
