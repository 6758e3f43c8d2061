"""What is in a workspace: teammates, contacts, ticket types with their states and attributes.

Ids are as Intercom's: numbers as text, and 24 hexadecimal digits for contacts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from connectors.intercom.fake.errors import Refused, invalid
from syncline.sandbox import State, Table, ToolClock

Row = dict[str, Any]

APP_ID = "sandbox1"
TITLE, DESCRIPTION = "_default_title_", "_default_description_"
NOBODY = "0"
# The states of a fresh workspace, with what contacts read (examples of `GET /ticket_states`).
STATES = (
    ("submitted", "Submitted", "Submitted"),
    ("in_progress", "In progress", "In progress"),
    ("waiting_on_customer", "Waiting on customer", "Waiting on you"),
    ("resolved", "Resolved", "Resolved"),
)


@dataclass(slots=True)
class Settings:
    """Switches of a workspace.

    search_lag    seconds until a search finds what was written
    per_window    requests of an app in ten seconds
    region        what `/me` tells; its API has an address of its own
    webhook_url   where the app's notifications go
    """

    search_lag: int = 60
    per_window: int = 167
    limits: bool = True
    region: str = "US"
    webhook_url: str = ""


class Workspace:
    """The tables and the rules that all parts of the fake share."""

    def __init__(self, state: State, clock: ToolClock) -> None:
        self.state = state
        self.clock = clock
        self.settings = Settings()

    @property
    def admins(self) -> Table:
        return self.state.table("admins")

    @property
    def contacts(self) -> Table:
        return self.state.table("contacts")

    @property
    def types(self) -> Table:
        return self.state.table("ticket_types")

    @property
    def tickets(self) -> Table:
        return self.state.table("tickets")

    def now(self) -> int:
        """The time in Intercom's whole seconds."""
        return int(self.clock.now().timestamp())

    def new_admin(self, name: str, email: str) -> Row:
        """A teammate."""
        id = str(self.state.next("admin", 991267459))
        row: Row = {"type": "admin", "id": id, "name": name, "email": email, "team_ids": []}
        row |= {"away_mode_enabled": False, "away_mode_reassign": False, "has_inbox_seat": True}
        self.admins.put(id, row)
        return row

    def new_contact(self, email: str, name: str | None = None) -> Row:
        """A contact."""
        number = self.state.next("contact")
        id = sha256(f"contact {number}".encode()).hexdigest()[:24]
        row = {"id": id, "email": email, "name": name, "created_at": self.now()}
        self.contacts.put(id, {**row, "updated_at": self.now()})
        return row

    def new_type(self, name: str, category: str, attributes: Sequence[Mapping[str, Any]]) -> Row:
        """A ticket type with the states of a fresh workspace and its two own attributes."""
        id = str(self.state.next("ticket_type", 88))
        states = [
            {"id": str(self.state.next("ticket_state", 8481)), "category": kind}
            | {"internal_label": inside, "external_label": outside}
            for kind, inside, outside in STATES
        ]
        row = {"id": id, "name": name, "category": category, "created_at": self.now()}
        row |= {"states": states, "attributes": []}
        self.types.put(id, row)
        self.new_attribute(id, {"name": TITLE, "required_to_create": True})
        self.new_attribute(id, {"name": DESCRIPTION, "input_options": {"multiline": True}})
        for one in attributes:
            self.new_attribute(id, one)
        return self.type(id)

    def new_attribute(self, type_id: str, wanted: Mapping[str, Any]) -> None:
        """An attribute of a ticket type; a list's items are given by `items`."""
        type = self.type(type_id)
        row: Row = {"data_type": "string", "input_options": None, "required_to_create": False}
        row |= {name: value for name, value in wanted.items() if name != "items"}
        row["id"] = str(self.state.next("attribute", 196))
        if "items" in wanted:
            options = [{"id": _guid(row["id"], label), "label": label} for label in wanted["items"]]
            row |= {"data_type": "list", "input_options": {"list_options": options}}
        self.types.put(type_id, {**type, "attributes": [*type["attributes"], row]})

    def type(self, id: str) -> Row:
        """A ticket type; raises Refused."""
        row = self.types.get(id)
        if row is None:
            raise invalid("Ticket type not found", "ticket_type_not_found")  # code unverified
        return row

    def type_named(self, name: str) -> Row:
        """The ticket type of this name."""
        return next(one for one in self.types.values() if one["name"] == name)

    def contact_of(self, wanted: Any) -> str:
        """The contact that a new ticket names; one that is named by a new address is made
        (Intercom's OpenAPI, `create_ticket_request`)."""
        if not isinstance(wanted, Mapping):
            raise invalid("contacts must be a list of objects")
        if email := wanted.get("email"):
            for id, row in self.contacts.items():
                if str(row["email"]).casefold() == str(email).casefold():
                    return id
            return str(self.new_contact(str(email))["id"])
        if wanted.get("id") not in self.contacts:
            raise Refused(404, "contact_not_found", "Contact not found")  # status unverified
        return str(wanted["id"])


def _guid(attribute: str, label: str) -> str:
    digest = sha256(f"{attribute} {label}".encode()).hexdigest()
    return "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))
