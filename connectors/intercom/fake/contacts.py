"""What happens to contacts: made, changed, put away, merged and deleted.

Two users have neither one address nor one external id; the refusal of a second one is a 409 that
names the first, an archived one too (Intercom's OpenAPI, *Create contact*, and intercom's pull
request Intercom-OpenAPI#543). A contact that was merged into another is a 404 and in no list
(Intercom's OpenAPI, `POST /contacts/merge`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connectors.intercom.fake.errors import Refused, invalid, not_found
from connectors.intercom.fake.searching import Index
from connectors.intercom.fake.workspace import Row, Workspace

USER, LEAD = "user", "lead"
_TEXTS = ("external_id", "email", "name", "phone")


class Contacts:
    """The rules of contacts; raises Refused."""

    def __init__(
        self, workspace: Workspace, index: Index, told: Callable[[str, Row], None]
    ) -> None:
        self._workspace = workspace
        self._index = index
        self._told = told

    def row(self, id: str) -> Row:
        """A contact that is neither archived nor gone."""
        row = self._workspace.contacts.get(id)
        if row is None or row["archived"]:  # that an archived one is a 404 is unverified
            raise not_found("not_found", "User Not Found")
        return row

    def create(self, wanted: Mapping[str, Any], lag: float | None = None) -> Row:
        """Make a contact, a user unless it is said to be a lead."""
        if not any(wanted.get(name) for name in ("email", "external_id", "role")):
            raise invalid("One of email, external_id, role is required", "parameter_not_found")
        given = self._checked(wanted)
        self._check_unique(given | {"role": given.get("role", USER)}, None)
        now = self._workspace.now()
        row = dict.fromkeys((*_TEXTS, "owner_id")) | {"role": USER, "custom": {}, "companies": []}
        row |= {"id": self._workspace.new_id("contact"), "archived": False, "created_at": now}
        row |= given
        return self._put(row, f"contact.{row['role']}.created", lag)

    def update(self, row: Row, wanted: Mapping[str, Any], lag: float | None = None) -> Row:
        """Change a contact."""
        given = self._checked(wanted)
        given["custom"] = {**row["custom"], **given.get("custom", {})}
        self._check_unique(row | given, row["id"])
        return self._put({**row, **given}, f"contact.{row['role']}.updated", lag)

    def archive(self, row: Row) -> Row:
        """Put a contact away; it can come back."""
        self._workspace.contacts.put(row["id"], {**row, "archived": True})
        self._index.take(row["id"], None)
        self._told("contact.archived", row)
        return row

    def unarchive(self, id: str) -> Row:
        """Bring a contact back."""
        row = self._workspace.contacts.get(id)
        if row is None:
            raise not_found("not_found", "User Not Found")
        return self._put({**row, "archived": False}, "contact.unarchived")

    def delete(self, row: Row) -> None:
        """Delete a contact for good."""
        self._workspace.contacts.delete(row["id"])
        self._index.take(row["id"], None)
        self._told("contact.deleted", row)

    def merge(self, source: Row, into: Row) -> Row:
        """A lead becomes part of a user."""
        if source["role"] != LEAD or into["role"] != USER:
            raise invalid("A lead is merged into a user")  # words unverified
        self._workspace.contacts.delete(source["id"])
        self._index.take(source["id"], None)
        for id, ticket in list(self._workspace.tickets.items()):
            ids = [into["id"] if one == source["id"] else one for one in ticket["contacts"]]
            if ids != ticket["contacts"]:
                self._workspace.tickets.put(id, {**ticket, "contacts": ids})
        return self._put(into, "contact.merged")

    def named(self, wanted: Any) -> str:
        """The contact that a new ticket names; one that is named by a new address is made
        (Intercom's OpenAPI, `create_ticket_request`)."""
        if not isinstance(wanted, Mapping):
            raise invalid("contacts must be a list of objects")
        if email := wanted.get("email"):
            for id, row in self._workspace.contacts.items():
                if _same(row["email"], email):
                    return id
            return str(self.create({"email": str(email)})["id"])
        if wanted.get("id") not in self._workspace.contacts:
            raise Refused(404, "contact_not_found", "Contact not found")  # status unverified
        return str(wanted["id"])

    def _put(self, row: Row, topic: str, lag: float | None = None) -> Row:
        changed = {**row, "updated_at": self._workspace.now()}
        self._workspace.contacts.put(row["id"], changed)
        self._index.take(row["id"], changed, lag)
        self._told(topic, changed)
        return changed

    def _checked(self, wanted: Mapping[str, Any]) -> Row:
        given: Row = {}
        for name in _TEXTS:
            if name in wanted:
                value = wanted[name]
                if value is not None and not isinstance(value, str):
                    raise invalid(f"{name} must be a string")
                given[name] = value or None
        if "role" in wanted:
            if wanted["role"] not in (USER, LEAD):
                raise invalid("role is user or lead")
            given["role"] = wanted["role"]
        if "owner_id" in wanted:
            owner = wanted["owner_id"]
            if owner is not None and str(owner) not in self._workspace.admins:
                raise invalid("The owner specified is not a member of the workspace")
            given["owner_id"] = owner
        if "custom_attributes" in wanted:
            custom = wanted["custom_attributes"]
            given["custom"] = self._workspace.check_custom("contact", custom)
        return given

    def _check_unique(self, wanted: Mapping[str, Any], own: str | None) -> None:
        for id, row in self._workspace.contacts.items():
            users = row["role"] == wanted["role"] == USER
            address = users and _same(row["email"], wanted.get("email"))
            outside = wanted.get("external_id")
            if id != own and (address or (outside and outside == row["external_id"])):
                which = "An archived contact" if row["archived"] else "A contact"
                words = f"{which} matching those details already exists with id={id}"
                raise Refused(409, "conflict", words)


def _same(one: Any, other: Any) -> bool:
    return bool(one and other) and str(one).casefold() == str(other).casefold()
