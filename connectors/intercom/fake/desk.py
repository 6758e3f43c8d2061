"""What happens to a ticket: it is made, changed, talked about and deleted, with its parts.

Whatever changes moves `updated_at`, which counts whole seconds. A deleted ticket is gone: there is
no bin (Intercom's OpenAPI, `DELETE /tickets/{id}`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connectors.intercom.fake.contacts import Contacts
from connectors.intercom.fake.errors import invalid, not_found
from connectors.intercom.fake.searching import Index
from connectors.intercom.fake.workspace import NOBODY, Row, Workspace

Author = Mapping[str, Any]
Told = Callable[[str, Row, Row | None], None]
"""A topic, the ticket, and the part that was written."""

_MOST_PARTS = 500
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "decimal": (int, float),
    "boolean": (bool,),
    "datetime": (str, int),
    "files": (list,),
}


class Desk:
    """The rules of tickets; raises Refused. `lag` is for the index, None as usual."""

    def __init__(self, workspace: Workspace, index: Index, contacts: Contacts, told: Told) -> None:
        self._workspace = workspace
        self._contacts = contacts
        self._index = index
        self._told = told

    def create(self, author: Author, wanted: Mapping[str, Any], lag: float | None = None) -> Row:
        """Make a ticket."""
        workspace = self._workspace
        type = workspace.type(str(wanted.get("ticket_type_id")))
        contacts = wanted.get("contacts")
        if not isinstance(contacts, list) or not contacts:
            raise invalid("contacts is required", "parameter_not_found")
        given = self._attributes(type, wanted.get("ticket_attributes") or {})
        blank = {one["name"]: None for one in type["attributes"]}
        for one in type["attributes"]:
            # That the API asks for what teammates must fill in is unverified.
            needed = one["required_to_create"] and not one.get("archived")
            if needed and given.get(one["name"]) in (None, ""):
                raise invalid(f"{one['name']} is required", "parameter_not_found")
        assigned = (wanted.get("assignment") or {}).get("admin_assignee_id") or NOBODY
        self._check_assignee(str(assigned))
        number, now = workspace.state.next("ticket"), workspace.now()
        row: Row = {
            "id": str(workspace.state.next("conversation", 626)),
            "ticket_id": str(number),
            "type": type["id"],
            "state": type["states"][0]["id"],
            "attributes": {**blank, **given},
            "contacts": [self._contacts.named(one) for one in contacts],
            "admin": str(assigned),
            "team": NOBODY,
            "shared": type["category"] == "Customer",
            "created_at": wanted.get("created_at") or now,
            "updated_at": now,
            "parts": [],
        }
        self._put(row, lag)
        self._told("ticket.created", row, None)
        return row

    def update(
        self, author: Author, row: Row, wanted: Mapping[str, Any], lag: float | None = None
    ) -> Row:
        """Change a ticket; nothing of it when one value is refused."""
        type = self._workspace.type(row["type"])
        changed = dict(row)
        if "ticket_attributes" in wanted:
            given = self._attributes(type, wanted["ticket_attributes"])
            changed["attributes"] = {**row["attributes"], **given}
        if "ticket_state_id" in wanted:
            changed["state"] = self._state(type, str(wanted["ticket_state_id"]))
        if "assignee_id" in wanted:
            changed["admin"] = str(wanted["assignee_id"])
            self._check_assignee(changed["admin"])
        if "is_shared" in wanted:
            changed["shared"] = bool(wanted["is_shared"])
        parts, now = list(row["parts"]), self._workspace.now()
        if changed["state"] != row["state"]:
            states = {one["id"]: one["category"] for one in type["states"]}
            about = {"ticket_state": states[changed["state"]]}
            about["previous_ticket_state"] = states[row["state"]]
            parts.append(self._part(author, "ticket_state_updated_by_admin", now, about))
        if changed["admin"] != row["admin"]:
            about = {"assigned_to": {"type": "admin", "id": changed["admin"]}}
            parts.append(self._part(author, "assignment", now, about))
        changed |= {"parts": parts[-_MOST_PARTS:], "updated_at": now}
        self._put(changed, lag)
        for topic in _topics(row, changed):
            self._told(topic, changed, None)
        return changed

    def reply(
        self, author: Author, row: Row, kind: str, body: str, lag: float | None = None
    ) -> Row:
        """Write a note or a comment; gives the part."""
        if not body.strip():
            raise invalid("body is required", "parameter_not_found")
        now = self._workspace.now()
        part = self._part(author, kind, now, {"body": _html(body)})
        parts = [*row["parts"], part][-_MOST_PARTS:]
        changed = {**row, "parts": parts, "updated_at": now}
        self._put(changed, lag)
        written = {"note": "note.created", "comment": "admin.replied"}[kind]
        self._told(f"ticket.{written}", changed, part)
        return part

    def delete(self, row: Row) -> None:
        """Delete a ticket for good; searches show it a while longer."""
        self._workspace.tickets.delete(row["id"])
        self._index.take(row["id"], None)

    def _put(self, row: Row, lag: float | None) -> None:
        self._workspace.tickets.put(row["id"], row)
        self._index.take(row["id"], row, lag)

    def move(self, row: Row, type_name: str) -> Row:
        """A teammate gives the ticket another type; attributes of the same name are kept."""
        type = self._workspace.type_named(type_name)
        kept = {one["name"]: row["attributes"].get(one["name"]) for one in type["attributes"]}
        old = {one["id"]: one["category"] for one in self._workspace.type(row["type"])["states"]}
        state = next(one["id"] for one in type["states"] if one["category"] == old[row["state"]])
        moved = {**row, "type": type["id"], "state": state, "attributes": kept}
        moved["updated_at"] = self._workspace.now()
        self._put(moved, None)
        return moved

    def _state(self, type: Row, id: str) -> str:
        if all(one["id"] != id for one in type["states"]):
            raise invalid(
                "Ticket state id is not valid or is not associated with the ticket type",
                "ticket_state_id_invalid",
            )
        return id

    def _check_assignee(self, id: str) -> None:
        # A 404 of a ticket that is there (Intercom's OpenAPI, examples of `PUT /tickets/{id}`).
        if id != NOBODY and id not in self._workspace.admins:
            raise not_found("assignee_not_found", "Assignee not found")

    def _attributes(self, type: Row, wanted: Any) -> Row:
        if not isinstance(wanted, Mapping):
            raise invalid("ticket_attributes must be an object")
        known = {one["name"]: one for one in type["attributes"] if not one.get("archived")}
        for name, value in wanted.items():
            if name not in known:
                raise invalid(f"Ticket attribute {name} does not exist")  # words unverified
            _check(known[name], value)
        return {name: None if value == "" else value for name, value in wanted.items()}

    def _part(self, author: Author, kind: str, now: int, about: Mapping[str, Any]) -> Row:
        by = {name: author[name] for name in ("type", "id", "name", "email")}
        return {
            "type": "ticket_part",
            "id": str(self._workspace.state.next("part", 175)),
            "part_type": kind,
            "created_at": now,
            "updated_at": now,
            "author": by,
            "attachments": [],
            "redacted": False,
            **about,
        }


def _check(attribute: Row, value: Any) -> None:
    """A list takes the id of one of its items, not its label (Intercom's OpenAPI,
    `ticket_request_custom_attributes`); other kinds take their own type."""
    name, kind = attribute["name"], attribute["data_type"]
    if value is None:
        return
    if kind == "list":
        options = attribute["input_options"]["list_options"]
        if all(one["id"] != value for one in options):
            raise invalid(f"Value for {name} is not one of its items")  # words unverified
    elif not isinstance(value, _TYPES[kind]) or (kind == "integer" and isinstance(value, bool)):
        raise invalid(f"Value for {name} is not of the type {kind}")  # words unverified


def _topics(before: Row, after: Row) -> list[str]:
    topics = {
        "state": "ticket.state.updated",
        "attributes": "ticket.attribute.updated",
        "admin": "ticket.admin.assigned",
    }
    return [topic for name, topic in topics.items() if before[name] != after[name]]


def _html(body: str) -> str:
    """Words without a tag become a paragraph."""
    return body if body.lstrip().startswith("<") else f"<p>{body}</p>"
