"""The sandbox's workspace, made from the company that all tools share."""

from __future__ import annotations

from typing import Any

from connectors.intercom.fake.companies import Companies
from connectors.intercom.fake.contacts import Contacts
from connectors.intercom.fake.desk import Desk
from connectors.intercom.fake.workspace import DESCRIPTION, TITLE, Row, Workspace
from syncline.sandbox import Case, Company

HUB = "syncline@acme.example"
TYPES = {
    "bug": ("Bug", "Back-office"),
    "incident": ("Bug", "Back-office"),
    "story": ("Feature request", "Customer"),
    "question": ("Question", "Customer"),
}
SCOPE = ("Bug", "Feature request", "Question")
KEY, LINKS = "Syncline key", "Linked records"
ATTRIBUTES: tuple[dict[str, Any], ...] = (
    {"name": "Priority", "items": ("Urgent", "High", "Medium", "Low")},
    {"name": KEY},
    {"name": LINKS, "input_options": {"multiline": True}},
)
_STATES = {
    "todo": "submitted",
    "in_progress": "in_progress",
    "blocked": "waiting_on_customer",
    "done": "resolved",
    "cancelled": "resolved",
}


def seed(
    workspace: Workspace, desk: Desk, contacts: Contacts, companies: Companies, company: Company
) -> None:
    """Fill an empty workspace; customers are users of their accounts' companies."""
    prepare(workspace)
    for name, category in dict.fromkeys(TYPES.values()):
        workspace.new_type(name, category, ATTRIBUTES)
    firms: dict[str | None, Row] = {}
    for account in company.accounts:
        wanted = {"company_id": account.domain, "name": account.name, "plan": account.tier}
        wanted["website"] = f"https://www.{account.domain}"
        firms[account.name] = companies.put(wanted, lag=0)
    people: dict[str, Row] = {}
    for one in company.people:
        if one.role == "customer":
            made = contacts.create({"email": one.email, "name": one.name}, lag=0)
            companies.attach(made, firms[one.account]["id"])
            people[one.email] = {**made, "type": "user"}
        else:
            people[one.email] = workspace.new_admin(one.name, one.email)
    for case in company.cases:
        _ticket(workspace, desk, people, case)


def prepare(workspace: Workspace) -> None:
    """What Syncline needs in a workspace: a teammate, and an attribute for links."""
    workspace.new_admin("Syncline", HUB)
    for model in ("contact", "company"):
        workspace.new_data_attribute(model, LINKS)


def _ticket(workspace: Workspace, desk: Desk, people: dict[str, Row], case: Case) -> None:
    type = workspace.type_named(TYPES.get(case.type, TYPES["bug"])[0])
    (priority,) = (one for one in type["attributes"] if one["name"] == "Priority")
    options = {one["label"]: one["id"] for one in priority["input_options"]["list_options"]}
    author = people[case.reporter.email]
    wanted: dict[str, Any] = {
        "ticket_type_id": type["id"],
        "contacts": [{"id": author["id"]}],
        "ticket_attributes": {
            TITLE: case.title,
            DESCRIPTION: "\n\n".join(case.paragraphs),
            "Priority": options.get(case.priority.capitalize()),
        },
        "created_at": int(case.created_at.timestamp()),
    }
    if case.assignee:
        wanted["assignment"] = {"admin_assignee_id": people[case.assignee.email]["id"]}
    row = desk.create(author, wanted, lag=0)
    kind = _STATES[case.status]
    (state,) = (one["id"] for one in type["states"] if one["category"] == kind)
    if state != row["state"]:
        row = desk.update(author, row, {"ticket_state_id": state}, lag=0)
    for remark in case.remarks:
        by = people[remark.author.email]
        current = workspace.tickets.get(row["id"])
        assert current is not None
        desk.reply(by, current, "comment" if remark.public else "note", remark.text, lag=0)
