"""How near two people, or two accounts, are to being the same, and the reason in words. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TypeVar

ALIKE = 0.85
"""How much of two names must be the same for them to count as spelt alike."""

FORMS = frozenset(
    ("ab", "ag", "bv", "co", "company", "corp", "corporation", "gmbh", "group", "holding", "inc",
     "incorporated", "kg", "kk", "limited", "llc", "llp", "ltd", "nv", "oy", "plc", "pty", "sa",
     "sarl", "sas", "se", "spa", "srl", "the")
)  # fmt: skip
"""Words of a company's name that say what kind of company it is, and not which."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why two are near; a smaller `rank` is nearer."""

    rank: int
    words: str


@dataclass(frozen=True, slots=True)
class Party:
    """A person or an account of one tool: its id there, its name, its address or domain."""

    connection: str
    id: str
    name: str = ""
    at: str = ""


def nearest(
    one: Party, others: Iterable[Party], near: Callable[[Party, Party], Reason | None]
) -> tuple[Sequence[Party], Reason | None]:
    """The nearest of some parties, all that are equally near, and why; none where nothing is."""
    ranked = [(reason, other) for other in others if (reason := near(one, other)) is not None]
    if not ranked:
        return (), None
    best = min((reason for reason, _ in ranked), key=lambda reason: reason.rank)
    return [other for reason, other in ranked if reason.rank == best.rank], best


def people(one: Party, other: Party) -> Reason | None:
    """Why two people may be the same, None where nothing says so."""
    mine, my_domain = _address(one.at)
    theirs, their_domain = _address(other.at)
    both = bool(mine and theirs)
    same_domain = both and my_domain == their_domain
    same_name = bool(words(one.name)) and words(one.name) == words(other.name)
    if both and one.at != other.at and one.at.casefold() == other.at.casefold():
        return Reason(0, "the same address in other case")
    if same_domain and _mailbox(mine) == _mailbox(theirs):
        return Reason(1, "an alias of the same mailbox")
    if same_name and same_domain:
        return Reason(2, "the same name at the same domain")
    if same_name:
        return Reason(3, "the same name")
    if both and _mailbox(mine) == _mailbox(theirs):
        return Reason(4, "the same mailbox at another domain")
    if (same_domain or not both) and alike(one.name, other.name):
        return Reason(5, "a name spelt alike")
    return None


def accounts(one: Party, other: Party) -> Reason | None:
    """Why two accounts may be the same, None where nothing says so."""
    mine, theirs = domain(one.at), domain(other.at)
    both, same_name = bool(mine and theirs), bool(company(one.name))
    same_name = same_name and company(one.name) == company(other.name)
    if both and mine == theirs:
        return Reason(0, "the same domain")
    if both and (mine.endswith(f".{theirs}") or theirs.endswith(f".{mine}")):
        return Reason(1, "a subdomain")
    if same_name:
        return Reason(2, "the same name" + (" at another domain" if both else ""))
    if both and mine.split(".")[0] == theirs.split(".")[0]:
        return Reason(3, "the same domain in another country")
    if not both and alike(one.name, other.name):
        return Reason(4, "a name spelt alike")
    return None


def domain(said: str) -> str:
    """A domain without what does not count: case, an address around it, `www`."""
    host = re.sub(r"^[a-z]+://", "", said.strip().casefold()).split("/")[0].rpartition("@")[2]
    return host.removeprefix("www.").rstrip(".")


def company(name: str) -> tuple[str, ...]:
    """The words of a company's name that tell it from others."""
    found = tuple(word for word in words(name) if word not in FORMS)
    return found or words(name)


def words(name: str) -> tuple[str, ...]:
    """A name's words in any order, without case, accents and signs."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    return tuple(
        sorted(re.findall(r"\w+", "".join(c for c in plain if not unicodedata.combining(c))))
    )


def alike(one: str, other: str) -> bool:
    """Whether two names are spelt alike."""
    a, b = " ".join(words(one)), " ".join(words(other))
    return bool(a and b) and SequenceMatcher(None, a, b).ratio() >= ALIKE


def _address(said: str) -> tuple[str, str]:
    local, _, host = said.casefold().rpartition("@")
    return local, host


def _mailbox(local: str) -> str:
    """A local part without its tag, and without signs that many mailboxes do not tell apart."""
    return re.sub(r"[._-]", "", local.split("+")[0])
