"""The record types: which Odoo model each is, which records count, and its fields.

A field's path in the wire record is its own word, so that the same thing is called alike on every
type; `name` is Odoo's. Choices are shown by Odoo's English labels, which its history uses too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from connectors.odoo.client import Row, Specification


class Kind(Enum):
    """How Odoo holds a field, and so how it is read and written."""

    TEXT = "text"
    HTML = "html"
    NUMBER = "number"
    DATE = "date"
    DATETIME = "datetime"
    CHOICE = "choice"
    TAGS = "tags"  # many; by name
    NAMED = "named"  # one; by name
    PARTNER = "partner"  # one; by the partner's id
    USER = "user"  # one user; by the user's partner's id
    SOLE = "sole"  # many users, of whom one is shown
    DOMAIN = "domain"  # the host of a web address
    STATUS = "status"  # made of more than one field


# Odoo gives a display name whatever the rights; any other field of a linked record that the account
# may not see would refuse the whole answer. So users are looked up apart (`people.py`).
_NESTED: Mapping[Kind, Specification] = {
    Kind.TAGS: {"fields": {"name": {}}},
    Kind.NAMED: {"fields": {"display_name": {}}},
    Kind.STATUS: {"fields": {"display_name": {}}},
}


@dataclass(frozen=True, slots=True)
class Field:
    """One path of a wire record."""

    path: str
    name: str
    kind: Kind = Kind.TEXT
    label: str = ""
    read_only: bool = False
    required: bool = False
    choices: Mapping[str, str] = field(default_factory=dict)

    @property
    def asked(self) -> Specification:
        """What of it a read asks for."""
        return _NESTED.get(self.kind, {})


@dataclass(frozen=True, slots=True)
class RecordType:
    """`is_one` and `alive` are domains: what is of this type at all, and what is not archived.

    `stages` and `tags` are the models of those names; `new` and `archived` are what Odoo is told
    besides; `more` are fields that only we look at. Of the days in `span` Odoo changes none while
    the other is empty, and empties both at once.
    """

    record: str
    model: str
    fields: tuple[Field, ...]
    is_one: Sequence[Any] = ()
    alive: Sequence[Any] = (["active", "=", True],)
    stages: str = ""
    tags: str = ""
    new: Mapping[str, Any] = field(default_factory=dict)
    archived: Mapping[str, Any] = field(default_factory=lambda: {"active": False})
    more: Sequence[str] = ()
    span: Sequence[str] = ()

    def specification(self, key_field: str | None, absent: Sequence[str]) -> dict[str, Any]:
        """What each read asks for, without what this account cannot see."""
        own = {f.name: f.asked for f in self.fields}
        system: dict[str, Specification] = dict.fromkeys(("active", "write_date", *self.more), {})
        newest = {"fields": {"write_date": {}}, "limit": 1, "order": "write_date desc, id desc"}
        keys: dict[str, Specification] = {key_field: {}} if key_field else {}
        asked = {"id": {}, **own, **system, **keys, "message_ids": newest}
        return {name: how for name, how in asked.items() if name not in absent}

    def field(self, path: str) -> Field | None:
        """The field at a path."""
        return next((f for f in self.fields if f.path == path), None)


TASK_STATES = {
    "02_changes_requested": "Changes Requested",
    "03_approved": "Approved",
    "1_done": "Done",
    "1_canceled": "Cancelled",
    "04_waiting_normal": "Waiting",
}
"""Without the one that says nothing, In Progress (addons/project/models/project_task.py)."""
TASK_OPEN = "01_in_progress"
LOST = "Lost"

_TASK_PRIORITY = {
    "0": "Low priority",
    "1": "Medium priority",
    "2": "High priority",
    "3": "Urgent",
}
_LEAD_PRIORITY = {"0": "Low", "1": "Medium", "2": "High", "3": "Very High"}
_TIMES = (
    Field("created_at", "create_date", Kind.DATETIME, "Created on", read_only=True),
    Field("updated_at", "write_date", Kind.DATETIME, "Last updated on", read_only=True),
)
_AUTHOR = Field("created_by", "create_uid", Kind.USER, "Created by", read_only=True)

TASK = RecordType(
    record="task",
    model="project.task",
    stages="project.task.type",
    tags="project.tags",
    new={"user_ids": [[6, 0, []]]},  # else Odoo assigns whoever makes it
    more=("state",),
    fields=(
        Field("name", "name", label="Title", required=True),
        Field("description", "description", Kind.HTML, "Description"),
        Field("status", "stage_id", Kind.STATUS, "Stage or state"),
        Field("priority", "priority", Kind.CHOICE, "Priority", choices=_TASK_PRIORITY),
        Field("labels", "tag_ids", Kind.TAGS, "Tags"),
        Field("assignee", "user_ids", Kind.SOLE, "Assignees"),
        Field("customer", "partner_id", Kind.PARTNER, "Customer"),
        Field("project", "project_id", Kind.NAMED, "Project"),
        Field("deadline", "date_deadline", Kind.DATETIME, "Deadline"),
        Field("parent", "parent_id", Kind.PARTNER, "Parent task", read_only=True),
        Field("closed_at", "date_end", Kind.DATETIME, "Ending date", read_only=True),
        _AUTHOR,
        *_TIMES,
    ),
)

OPPORTUNITY = RecordType(
    record="opportunity",
    model="crm.lead",
    stages="crm.stage",
    tags="crm.tag",
    is_one=(["type", "=", "opportunity"],),
    # A lost opportunity is archived too; it is still there, with that status.
    alive=("|", ["active", "=", True], ["won_status", "=", "lost"]),
    new={"type": "opportunity", "user_id": False},
    # With a probability of nothing Odoo would call it lost.
    archived={"active": False, "probability": 1},
    more=("won_status", "type"),
    fields=(
        Field("name", "name", label="Opportunity", required=True),
        Field("description", "description", Kind.HTML, "Notes"),
        Field("status", "stage_id", Kind.STATUS, "Stage, or Lost"),
        Field("priority", "priority", Kind.CHOICE, "Priority", choices=_LEAD_PRIORITY),
        Field("labels", "tag_ids", Kind.TAGS, "Tags"),
        Field("owner", "user_id", Kind.USER, "Salesperson"),
        Field("customer", "partner_id", Kind.PARTNER, "Contact"),
        Field("email", "email_from", label="Email"),
        Field("expected_revenue", "expected_revenue", Kind.NUMBER, "Expected revenue"),
        Field("deadline", "date_deadline", Kind.DATE, "Expected closing"),
        Field("closed_at", "date_closed", Kind.DATETIME, "Closed date", read_only=True),
        _AUTHOR,
        *_TIMES,
    ),
)

PROJECT = RecordType(
    record="project",
    model="project.project",
    stages="project.project.stage",
    tags="project.tags",
    new={"user_id": False},
    span=("date_start", "date"),  # addons/project/models/project_project.py, `write`
    fields=(
        Field("name", "name", label="Name", required=True),
        Field("description", "description", Kind.HTML, "Description"),
        Field("status", "stage_id", Kind.STATUS, "Stage"),
        Field("labels", "tag_ids", Kind.TAGS, "Tags"),
        Field("owner", "user_id", Kind.USER, "Project manager"),
        Field("customer", "partner_id", Kind.PARTNER, "Customer"),
        Field("start_on", "date_start", Kind.DATE, "Start date"),
        Field("end_on", "date", Kind.DATE, "Expiration date"),
        _AUTHOR,
        *_TIMES,
    ),
)

_PARTNER = (
    Field("name", "name", label="Name", required=True),
    Field("description", "comment", Kind.HTML, "Notes"),
    Field("email", "email", label="Email"),
    Field("phone", "phone", label="Phone"),
    Field("labels", "category_id", Kind.TAGS, "Tags"),
    Field("owner", "user_id", Kind.USER, "Salesperson"),
    Field("domain", "website", Kind.DOMAIN, "Website"),
    _AUTHOR,
    *_TIMES,
)

COMPANY = RecordType(
    record="company",
    model="res.partner",
    tags="res.partner.category",
    is_one=(["is_company", "=", True],),
    new={"is_company": True},
    more=("is_company",),
    fields=_PARTNER,
)

PERSON = RecordType(
    record="person",
    model="res.partner",
    tags="res.partner.category",
    # Delivery and invoice addresses are no persons.
    is_one=(["is_company", "=", False], ["type", "=", "contact"]),
    new={"is_company": False},
    more=("is_company", "type"),
    fields=(*_PARTNER, Field("company", "parent_id", Kind.PARTNER, "Company")),
)

RECORDS: Mapping[str, RecordType] = {
    kind.record: kind for kind in (TASK, OPPORTUNITY, PROJECT, COMPANY, PERSON)
}


def of_this_type(kind: RecordType, row: Row) -> bool:
    """Whether a row is of the record type; a domain of plain equalities, looked at here."""
    return all(row.get(name) == value for name, _, value in kind.is_one)
