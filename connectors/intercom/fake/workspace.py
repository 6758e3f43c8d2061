"""What is in a workspace: teammates, contacts, companies, ticket types with their states and
attributes, and custom attributes.

Ids are as Intercom's: numbers as text, and 24 hexadecimal digits for contacts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from connectors.intercom.fake.errors import invalid
from syncline.sandbox import State, Table, ToolClock

Row = dict[str, Any]

APP_ID = "sandbox1"
TITLE, DESCRIPTION = "_default_title_", "_default_description_"
NOBODY = "0"
_LONGEST = 255  # of a custom attribute's text (unverified)
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
    contact_lag   seconds until a search finds a contact that was made
    most_listed   companies that the list pages through
    lookup_lists  whether a company looked up by its own id comes in a list, as described, or
                  alone, as clients of earlier versions expect
    per_window    requests of an app in ten seconds
    region        what `/me` tells; its API has an address of its own
    webhook_url   where the app's notifications go
    """

    search_lag: int = 60
    contact_lag: int = 180
    most_listed: int = 10_000
    lookup_lists: bool = True
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
    def companies(self) -> Table:
        return self.state.table("companies")

    @property
    def types(self) -> Table:
        return self.state.table("ticket_types")

    @property
    def tickets(self) -> Table:
        return self.state.table("tickets")

    @property
    def revoked(self) -> Table:
        """The records that the app may not see."""
        return self.state.table("revoked")

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

    def new_id(self, sequence: str) -> str:
        """An id of 24 hexadecimal digits."""
        number = self.state.next(sequence)
        return sha256(f"{sequence} {number}".encode()).hexdigest()[:24]

    def new_data_attribute(self, model: str, name: str, data_type: str = "string") -> None:
        """A custom attribute of contacts or companies."""
        id = self.state.next("data_attribute", 300)
        row = {"id": id, "model": model, "name": name, "data_type": data_type}
        self.state.table("data_attributes").put(str(id), row)

    def data_attributes(self, model: str) -> list[Row]:
        """The custom attributes of contacts or companies."""
        rows = self.state.table("data_attributes").values()
        return [row for row in rows if row["model"] == model]

    def check_custom(self, model: str, given: Any) -> Row:
        """Values of custom attributes that there are; raises Refused."""
        if not isinstance(given, Mapping):
            raise invalid("custom_attributes must be an object")
        known = {row["name"]: row for row in self.data_attributes(model)}
        for name, value in given.items():
            if name not in known:
                raise invalid(f"Custom attribute '{name}' does not exist")  # words unverified
            if isinstance(value, str) and len(value) > _LONGEST:
                raise invalid(f"Custom attribute '{name}' is too long")  # words unverified
        return {name: None if value == "" else value for name, value in given.items()}

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


def _guid(attribute: str, label: str) -> str:
    digest = sha256(f"{attribute} {label}".encode()).hexdigest()
    return "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))
