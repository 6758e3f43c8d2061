"""Tickets of Intercom as wire records, and patches as what Intercom takes.

Ids that people never see become names: states, ticket types and the items of list attributes. The
title and the description are attributes with reserved names (Intercom's OpenAPI, ticket
attributes).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from connectors.intercom.client import Row, moment
from connectors.intercom.metadata import DESCRIPTION, LIST, TITLE, Attribute, TicketType
from syncline.sdk.connector import Record, Wire
from syncline.sdk.errors import Rejected

NOBODY = "0"  # the assignee of a ticket that has none, and what takes one off

READ_ONLY = ("team", "category", "open", "shared", "created_at", "updated_at")
AT_CREATION = ("type", "requester")


class WireShape:
    """The record's shape for one connection."""

    def __init__(self, key_attribute: str | None, link_attribute: str | None) -> None:
        self._key = key_attribute
        self._link = link_attribute

    def record(
        self, ticket: Row, types: Mapping[str, TicketType], scope: Collection[str], url: str
    ) -> Record:
        """A record; `scope` holds the ids of the types in scope, `url` is where tickets are."""
        type_id = str(ticket["ticket_type"]["id"])
        attributes = ticket["ticket_attributes"]
        return Record(
            id=str(ticket["id"]),
            fields=self._fields(ticket, types.get(type_id)),
            version=ticket["updated_at"],
            updated_at=moment(ticket["updated_at"]),
            created_at=moment(ticket["created_at"]),
            key=f"#{ticket['ticket_id']}",
            url=f"{url}/{ticket['id']}",
            in_scope=type_id in scope,
            marker=(attributes.get(self._key) or None) if self._key else None,
        )

    def _fields(self, ticket: Row, type: TicketType | None) -> dict[str, Any]:
        known = type.attributes if type else {}
        values = {
            name: _shown(known.get(name), value)
            for name, value in ticket["ticket_attributes"].items()
        }
        contacts = (ticket.get("contacts") or {}).get("contacts") or ()
        fields = {
            "title": values.pop(TITLE, None) or "",
            "description": values.pop(DESCRIPTION, None) or "",
            "state": ticket["ticket_state"]["internal_label"],
            "type": ticket["ticket_type"]["name"],
            "assignee": _somebody(ticket.get("admin_assignee_id")),
            "requester": str(contacts[0]["id"]) if contacts else None,
            "team": _somebody(ticket.get("team_assignee_id")),
            "category": ticket["category"],
            "open": ticket["open"],
            "shared": ticket["is_shared"],
            "created_at": ticket["created_at"],
            "updated_at": ticket["updated_at"],
        }
        if self._link:
            fields["reference"] = values.pop(self._link, None)
        values.pop(self._key or "", None)
        return {**fields, "attributes": values}

    def attributes(self, patch: Wire, type: TicketType) -> dict[str, Any]:
        """The patch's attributes under Intercom's names; raises Rejected for what is not there."""
        given: dict[str, Any] = dict(patch.get("attributes") or {})
        if "reference" in patch:
            if not self._link:
                raise Rejected("The connection has no link_attribute; nothing was written.")
            given[self._link] = patch["reference"]
        told = {name: _taken(type.attribute(name), value) for name, value in given.items()}
        for path, name in (("title", TITLE), ("description", DESCRIPTION)):
            if path in patch:
                told[name] = patch[path] or None
        return told

    def marked(self, key: str, type: TicketType) -> dict[str, Any]:
        """The attribute that keeps a create's key, where the connection has one."""
        return {type.attribute(self._key).name: key} if self._key else {}


def refuse_unwritable(patch: Wire, known: Collection[str], what: str = "ticket") -> None:
    """Raises Rejected for a path that this write cannot set."""
    if wrong := sorted(set(patch) - set(known)):
        raise Rejected(
            f"Intercom takes no {', '.join(wrong)} of a {what} here. Nothing was written; correct "
            "the mapping."
        )


def _shown(attribute: Attribute | None, value: Any) -> Any:
    """A list's item by its label; an empty text is nothing."""
    if attribute is not None and attribute.type == LIST:
        return attribute.options.get(str(value), value) if value is not None else None
    return None if value == "" else value


def _taken(attribute: Attribute, value: Any) -> Any:
    """The inverse of `_shown`; raises Rejected with the labels there are."""
    if attribute.type != LIST or value is None:
        return value
    for id, label in attribute.options.items():
        if label == value:
            return id
    raise Rejected(
        f"{attribute.name} cannot be {value!r}, but {', '.join(attribute.options.values())}. "
        "Nothing was written; correct the mapping."
    )


def _somebody(id: Any) -> str | None:
    return None if id in (None, "", NOBODY, 0) else str(id)
