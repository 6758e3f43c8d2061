"""What names in Intercom are which ids: ticket types, their states and attributes, teammates; and
the custom attributes of contacts and companies.

Read once when first needed, and once more where a name is not found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.intercom.client import Client, Row
from syncline.sdk.errors import Misconfigured, NotFound, Rejected

TITLE, DESCRIPTION = "_default_title_", "_default_description_"
LIST = "list"


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of a ticket type; `options` are a list's labels by item id."""

    id: str
    name: str
    type: str
    options: Mapping[str, str]
    required: bool


@dataclass(frozen=True, slots=True)
class TicketType:
    """A ticket type; `states` are its states' labels by id, `attributes` go by name."""

    id: str
    name: str
    category: str
    states: Mapping[str, str]
    attributes: Mapping[str, Attribute]

    def attribute(self, name: str) -> Attribute:
        """The attribute of this name; raises Rejected with the names there are."""
        if name in self.attributes:
            return self.attributes[name]
        own = sorted(n for n in self.attributes if n not in (TITLE, DESCRIPTION))
        raise Rejected(
            f"Tickets of type {self.name} have no attribute {name!r}, but {_listed(own)}. Nothing "
            "was written; add it to the ticket type in Intercom, or correct the mapping."
        )

    def state(self, label: object) -> str:
        """The id of a state; raises Rejected with the states there are."""
        for id, shown in self.states.items():
            if shown == label:
                return id
        raise Rejected(
            f"Tickets of type {self.name} have no state {label!r}, but "
            f"{_listed(self.states.values())}. Nothing was written; correct the mapping."
        )


class Metadata:
    """The names of one workspace, as far as a connection's scope goes."""

    def __init__(self, client: Client, scope: Sequence[str]) -> None:
        self._client = client
        self._scope = scope
        self._me: Row | None = None
        self._types: dict[str, TicketType] = {}
        self._admins: dict[str, Row] = {}

    async def me(self) -> Row:
        """The teammate behind the token, with the workspace as `app`."""
        if self._me is None:
            self._me = await self._client.get("/me", forbidden="auth")
        return self._me

    async def types(self, *, again: bool = False) -> Mapping[str, TicketType]:
        """The ticket types by id."""
        if again or not self._types:
            told = await self._client.get("/ticket_types", forbidden="auth")
            self._types = {str(row["id"]): ticket_type(row) for row in told["data"]}
        return self._types

    async def in_scope(self) -> list[TicketType]:
        """The scope's ticket types, in its order; raises Misconfigured where it names none, or one
        that is missing."""
        if not self._scope:
            raise Misconfigured(
                "scope: no ticket_type is named, so this connection has no tickets. Nothing was "
                "synced; name at least one, and new tickets are of the first."
            )
        by_name = {one.name: one for one in (await self.types()).values()}
        if any(name not in by_name for name in self._scope):
            by_name = {one.name: one for one in (await self.types(again=True)).values()}
        for name in self._scope:
            if name not in by_name:
                raise Misconfigured(
                    f"scope: this workspace has no ticket type {name!r}, but {_listed(by_name)}. "
                    "Nothing was synced; correct it."
                )
        return [by_name[name] for name in self._scope]

    async def admins(self) -> Mapping[str, Row]:
        """The teammates by id."""
        if not self._admins:
            told = await self._client.get("/admins", forbidden="auth")
            self._admins = {str(row["id"]): row for row in told["admins"]}
        return self._admins

    async def custom_attributes(self, model: str) -> Sequence[Row] | None:
        """Those of `contact` or `company`; None where the app may not see them."""
        try:
            told = await self._client.get(f"/data_attributes?model={model}", forbidden="hidden")
        except NotFound:
            return None
        return [row for row in told["data"] if row["custom"] and not row["archived"]]

    def forget(self) -> None:
        """Read everything anew when it is next needed."""
        self._me, self._types, self._admins = None, {}, {}


def ticket_type(row: Row) -> TicketType:
    """A ticket type as Intercom lists it."""
    states = (row.get("ticket_states") or {}).get("data") or ()
    return TicketType(
        id=str(row["id"]),
        name=row["name"],
        category=row["category"],
        states={str(one["id"]): one["internal_label"] for one in states},
        attributes={one.name: one for one in _attributes(row)},
    )


def _attributes(row: Row) -> Iterator[Attribute]:
    for one in row["ticket_type_attributes"]["data"]:
        if not one.get("archived"):
            options: Any = (one.get("input_options") or {}).get("list_options") or ()
            yield Attribute(
                id=str(one["id"]),
                name=one["name"],
                type=one["data_type"],
                options={str(item["id"]): item["label"] for item in options},
                required=bool(one.get("required_to_create")),
            )


def _listed(names: Any) -> str:
    return ", ".join(names) or "none"
