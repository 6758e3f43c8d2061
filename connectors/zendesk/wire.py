"""The wire record: a ticket as flat JSON, with names in place of ids that people never see.

    subject, status, priority, type   as in Zendesk; priority and type may be None
    description                       the first comment as plain text; it never changes
    custom_status                     the status's name where the account has statuses of its own
    tags                              a sorted list
    assignee, requester               user ids as text, None for nobody
    group                             name
    organization, problem             ids as text, read-only
    due_at                            a time in UTC; Zendesk keeps one for tasks only
    custom_fields                     title: value as in Zendesk; lists are sorted
    reference                         what the connection's link field holds
    is_public, via_followup_source_id when a ticket is made: whether the requester is to read its
                                      description, and the closed ticket that it follows
    channel, created_at, updated_at   read-only

`body` makes of a patch in this shape what Zendesk takes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.zendesk.client import Row, moment, seconds
from connectors.zendesk.config import ZendeskConfig
from connectors.zendesk.metadata import FIELDS, GROUPS, STATUSES, Names
from connectors.zendesk.text import as_html, plain
from syncline.sdk.connector import Record
from syncline.sdk.errors import Rejected

PLAIN = ("subject", "status", "priority", "type", "due_at")
PEOPLE = {"assignee": "assignee_id", "requester": "requester_id"}
READ_ONLY = ("organization", "problem", "channel", "created_at", "updated_at")
CREATE_ONLY = ("description", "is_public", "via_followup_source_id")
DELETED = "deleted"


class WireShape:
    """Tickets to records and back for one connection."""

    def __init__(self, config: ZendeskConfig) -> None:
        self._config = config

    def record(
        self,
        ticket: Row,
        names: Names,
        scope: frozenset[int] | None,
        survivor: str | None = None,
    ) -> Record:
        """The record of a ticket; its version is `updated_at`, in seconds since 1970.

        `survivor` is the ticket it was merged into.
        """
        id = str(ticket["id"])
        return Record(
            id=id,
            fields=self.fields(ticket, names),
            version=seconds(ticket["updated_at"]),
            updated_at=moment(ticket["updated_at"]),
            created_at=moment(ticket["created_at"]),
            key=f"#{id}",
            url=self.address(id),
            in_scope=scope is None or ticket.get("group_id") in scope,
            deleted=ticket["status"] == DELETED,
            merged_into=survivor,
            marker=ticket.get("external_id") or None,
        )

    def address(self, id: str) -> str:
        """The page where agents see the ticket."""
        return f"{self._config.web_url}/agent/tickets/{id}"

    def fields(self, ticket: Row, names: Names) -> dict[str, Any]:
        """What a ticket shows; nothing in it for what this row of Zendesk's does not tell."""
        custom = {
            names.fields.get(int(one["id"]), str(one["id"])): custom_value(one["value"])
            for one in ticket.get("custom_fields") or ()
        }
        reference = custom.pop(self._config.link_field or "", None)
        status, group = ticket.get("custom_status_id"), ticket.get("group_id")
        fields = {
            **{name: ticket.get(name) for name in PLAIN},
            "description": plain(ticket.get("description")),
            "custom_status": names.statuses.get(int(status)) if status else None,
            "tags": sorted(ticket.get("tags") or ()),
            **{path: text(ticket.get(key)) for path, key in PEOPLE.items()},
            "group": names.groups.get(int(group), str(group)) if group else None,
            "organization": text(ticket.get("organization_id")),
            "problem": text(ticket.get("problem_id")),
            "custom_fields": dict(sorted(custom.items())),
            "channel": (ticket.get("via") or {}).get("channel"),
            "created_at": ticket.get("created_at"),
            "updated_at": ticket.get("updated_at"),
        }
        return fields | ({"reference": reference or ""} if self._config.link_field else {})

    def body(self, patch: Mapping[str, Any], names: Names) -> dict[str, Any]:
        """What Zendesk takes to show the patch; raises Rejected for what cannot be written."""
        body: dict[str, Any] = {}
        for path, value in patch.items():
            for name, one in self._entry(path, value, names).items():
                body[name] = [*body.get(name, ()), *one] if name == "custom_fields" else one
        return body

    def creation(self, fields: Mapping[str, Any], key: str, names: Names) -> dict[str, Any]:
        """What Zendesk takes to make the ticket; without a group in the scope's first.

        The description is an internal comment unless the record says `is_public`: nothing is
        mailed to a requester who was not meant to read it. Zendesk takes no empty one.
        """
        later = {name: value for name, value in fields.items() if name not in CREATE_ONLY}
        body = self.body(later, names)
        if self._config.scope.group and "group_id" not in body:
            body["group_id"] = names.id_of(GROUPS, self._config.scope.group[0])
        said = fields.get("description") or fields.get("subject") or ""
        body["comment"] = {"html_body": as_html(said), "public": bool(fields.get("is_public"))}
        if source := fields.get("via_followup_source_id"):
            body["via_followup_source_id"] = number(source, "via_followup_source_id")
        return {**body, "external_id": key}

    def _entry(self, path: str, value: Any, names: Names) -> dict[str, Any]:
        if path in PEOPLE:
            return {PEOPLE[path]: None if value in (None, "") else number(value, path)}
        if path in PLAIN:
            return {path: value if value != "" or path == "subject" else None}
        match path:
            case "tags":
                return {path: list(value or ())}
            case "group":
                return {"group_id": names.id_of(GROUPS, value) if value else None}
            case "custom_status":
                return {"custom_status_id": names.id_of(STATUSES, value)}
            case "custom_fields":
                return {path: [self._custom(title, one, names) for title, one in value.items()]}
            case "reference" if self._config.link_field:
                entry = self._custom(self._config.link_field, value, names)
                return {"custom_fields": [entry]}
            case "description":
                raise Rejected("Zendesk lets nobody edit a ticket's first comment")
        raise Rejected(f"{path} of a ticket cannot be written in Zendesk")

    def _custom(self, title: str, value: Any, names: Names) -> dict[str, Any]:
        id = names.id_of(FIELDS, title)
        if value is None and names.types.get(id) == "multiselect":
            value = []
        return {"id": id, "value": value}


def custom_path(title: str) -> str:
    """The path of a custom field; a dot in its title is escaped."""
    return _path("custom_fields", title)


def _path(name: str, title: str) -> str:
    return f"{name}." + title.replace(".", r"\.")


def custom_value(value: Any) -> Any:
    """A custom field's value with lists in one order, and an empty text as none."""
    if isinstance(value, list):
        return sorted(value, key=str)
    return None if value == "" else value


def text(id: Any) -> str | None:
    """An id as the wire holds it."""
    return None if id is None else str(id)


def number(value: Any, path: str) -> int:
    """The inverse of `text`; raises Rejected for what no id can be."""
    if not str(value).isdecimal():
        raise Rejected(f"{path} {value!r} is no id in Zendesk")
    return int(value)


def leaves(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Values by path: custom fields have paths of their own."""
    flat: dict[str, Any] = {}
    for name, value in fields.items():
        inner = value if isinstance(value, Mapping) else None
        flat |= {name: value} if inner is None else {_path(name, k): v for k, v in inner.items()}
    return flat


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """The inverse of `leaves`."""
    patch: dict[str, Any] = {}
    for path, value in values.items():
        head, _, title = path.partition(".")
        if title:
            patch.setdefault(head, {})[title.replace(r"\.", ".")] = value
        else:
            patch[path] = value
    return patch


def same(one: Any, other: Any) -> bool:
    """Whether two wire values show the same; lists have no order, and what is empty is equal."""
    if _is_list(one) and _is_list(other):
        return sorted(map(str, one)) == sorted(map(str, other))
    return bool(one == other or (_empty(one) and _empty(other)))


def moved(expected: Mapping[str, Any], shown: Mapping[str, Any]) -> list[str]:
    """The paths at which another value is shown than was expected."""
    now = leaves(shown)
    return [path for path, value in leaves(expected).items() if not same(value, now.get(path))]


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _empty(value: Any) -> bool:
    return value is None or value == "" or value == [] or value == ()
