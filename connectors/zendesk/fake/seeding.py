"""The sandbox's account, made from the company that all tools share.

Staff are agents, customers end users of their organization, and each case is a ticket written in
the past, as an import leaves it. Nobody but its members sees what the group `Security` has.
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from itertools import chain
from typing import Any

from connectors.zendesk.fake.account import Account, Actor, Row, source, stamp
from connectors.zendesk.fake.bodies import of_text
from connectors.zendesk.fake.desk import as_text
from connectors.zendesk.fake.drafting import blank, differences
from connectors.zendesk.fake.fields import SYSTEM, new_field, tag_of
from connectors.zendesk.fake.office import Office
from connectors.zendesk.fake.organizations import new_organization
from connectors.zendesk.fake.signing_in import HUB
from connectors.zendesk.fake.statuses import CATEGORIES, default_of, new_status
from connectors.zendesk.fake.users import new_group, new_user
from syncline.sandbox import Case, Company, Employee

GROUPS = {"support": "Support", "developer": "Engineering", "product": "Product"}
PRIVATE_GROUP = "Security"
LINKS_FIELD = "Linked records"
_HUB_NAME = "Syncline"
_STATUSES = {
    "todo": "new",
    "in_progress": "open",
    "blocked": "pending",
    "done": "solved",
    "cancelled": "solved",
}
_PRIORITIES = {"urgent": "urgent", "high": "high", "medium": "normal", "low": "low"}
_TYPES = {"bug": "problem", "incident": "incident", "story": "task", "question": "question"}
_LABELS = {"new": "New", "open": "Open", "pending": "Pending", "hold": "On-hold"}
_BETWEEN = 3600  # from one comment of a case to the next


def seed(office: Office, company: Company) -> None:
    """Fill an empty account."""
    account = office.account
    _set_up(account)
    groups = {name: new_group(account, name)["id"] for name in GROUPS.values()}
    private = new_group(account, PRIVATE_GROUP, public=False)["id"]
    organizations = {
        one.name: new_organization(account, {"name": one.name, "domain_names": [one.domain]})["id"]
        for one in company.accounts
    }
    hub = {"name": _HUB_NAME, "email": HUB, "role": "admin"}
    _agent(account, hub, list(groups.values()))
    people = {}
    for one in company.people:
        wanted: Row = {"name": one.name, "email": one.email}
        if one.role == "customer":
            wanted["organization_id"] = organizations.get(one.account or "")
            people[one.email] = new_user(account, wanted)
        else:
            own = [groups[GROUPS[one.role]]] + [private] * (one.role == "support")
            people[one.email] = _agent(account, wanted | {"role": "agent"}, own)
    left = {"name": "Former Colleague", "email": "former.colleague@bramble.example"}
    _agent(account, left | {"role": "agent", "suspended": True}, [groups["Support"]])
    for case in company.cases:
        _ticket(office, case, people, groups["Support"])
    office.store.index_now()


def _set_up(account: Account) -> None:
    for type, title in SYSTEM:
        new_field(account, type, title)
    new_field(account, "textarea", LINKS_FIELD)
    new_field(account, "tagger", "Product area", ("Area Accounts", "Area Reports", "Area Mobile"))
    new_field(account, "multiselect", "Platforms", ("Platform iOS", "Platform Android"))
    new_field(account, "date", "Promised by")
    new_field(account, "checkbox", "Regression", tag="is_regression")
    new_field(account, "regexp", "Order number", regexp_for_validation=r"^\d{6}$")
    new_field(account, "text", "Customer reference")
    for category in CATEGORIES:
        new_status(account, category, _LABELS.get(category, "Solved"), default=True)
    new_status(account, "open", "In progress")
    new_status(account, "solved", "Cancelled")


def _agent(account: Account, wanted: Row, groups: list[int]) -> Row:
    user = new_user(account, wanted | {"default_group_id": groups[0]}) | {"_group_ids": groups}
    account.users.put(str(user["id"]), user)
    return user


def _ticket(office: Office, case: Case, people: dict[str, Row], support: int) -> None:
    account = office.account
    text = "\n\n".join(case.paragraphs)
    created = int(case.created_at.timestamp())
    updated = created + _BETWEEN * len(case.remarks)
    requester = people[case.reporter.email]
    assignee = people[case.assignee.email] if case.assignee else None
    ticket = blank(account, created) | {
        "id": account.state.next("ticket"),
        "via": {"channel": "email", "source": source()},
        "updated_at": stamp(updated),
        "generated_timestamp": updated,
        "description": text,
        "requester_id": requester["id"],
        "submitter_id": requester["id"],
        "organization_id": requester["organization_id"],
        "assignee_id": assignee["id"] if assignee else None,
        "group_id": assignee["default_group_id"] if assignee else support,
        **_fields(account, case),
    }
    office.store.put(ticket)
    remarks = ((one.author, one.text, one.public) for one in case.remarks)
    said = chain([(case.reporter, text, True)], remarks)
    for number, (author, words, public) in enumerate(said):
        audit = _audit(account, ticket, created + _BETWEEN * number, people, author, words, public)
        if number == 0:
            audit["events"] += [
                {"id": account.new_id(), "type": "Create", "field_name": name}
                | {"value": as_text(value)}
                for name, value, _ in differences(None, ticket)
            ]
        office.store.add_audit(audit)
    # Seeded tickets count as solved now, or the first automation would close them all.
    office.note_solved(Actor(requester), None, ticket, {})


def _fields(account: Account, case: Case) -> Row:
    type, status = _TYPES.get(case.type, "question"), _STATUSES[case.status]
    due = datetime.combine(case.due_on, time(12), UTC) if case.due_on and type == "task" else None
    return {
        "subject": case.title,
        "raw_subject": case.title,
        "type": type,
        "priority": _PRIORITIES.get(case.priority),
        "status": status,
        "custom_status_id": _status_id(account, case, status),
        "due_at": stamp(due.timestamp()) if due else None,
        "tags": sorted(tag_of(label) for label in case.labels),
    }


def _audit(
    account: Account,
    ticket: Row,
    at: int,
    people: dict[str, Row],
    author: Employee,
    words: str,
    public: bool,
) -> dict[str, Any]:
    user = people[author.email]
    channel = "email" if user["role"] == "end-user" else "web"
    return {
        "id": account.new_id(),
        "ticket_id": ticket["id"],
        "created_at": stamp(at),
        "author_id": user["id"],
        "metadata": {"system": {"client": "sandbox"}, "custom": {}},
        "via": {"channel": channel, "source": source()},
        "events": [
            {
                "id": account.new_id(),
                "type": "Comment",
                "author_id": user["id"],
                **of_text(words),
                "public": public,
                "attachments": [],
            }
        ],
    }


def _status_id(account: Account, case: Case, category: str) -> int | None:
    if case.status != "cancelled":
        return default_of(account, category)
    rows = account.statuses.values()
    return next((int(row["id"]) for row in rows if row["agent_label"] == "Cancelled"), None)
