"""The search for tickets and contacts: its query language, its pages, and indexes that lag.

Intercom's OpenAPI, `POST /tickets/search` and `POST /contacts/search`: fields and operators by
type, two levels and fifteen filters a group at most, 150 rows a page at most, 20 by default. A
contact's times are matched by the calendar day of the workspace. A page's pointer counts rows, so
that they move under whoever follows it (reported: intercom/intercom-node#211).
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as BadBase64
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.intercom.fake.errors import invalid
from connectors.intercom.fake.workspace import DESCRIPTION, TITLE, Row, Workspace

_MOST_LEVELS, _MOST_FILTERS, _MOST_ROWS = 2, 15, 150
_DAY = 86_400
TICKET_INDEX, CONTACT_INDEX, COMPANY_INDEX = "index", "contact_index", "company_index"
_TICKET_FIELDS: Mapping[str, tuple[str, Callable[[Row], Any]]] = {
    "id": ("string", lambda row: row["id"]),
    "created_at": ("date", lambda row: row["created_at"]),
    "updated_at": ("date", lambda row: row["updated_at"]),
    "title": ("string", lambda row: row["attributes"].get(TITLE)),
    "description": ("string", lambda row: row["attributes"].get(DESCRIPTION)),
    "ticket_type_id": ("string", lambda row: row["type"]),
    "contact_ids": ("string", lambda row: row["contacts"]),
    "admin_assignee_id": ("string", lambda row: row["admin"]),
    "team_assignee_id": ("string", lambda row: row["team"]),
}
_CONTACT_FIELDS: Mapping[str, tuple[str, Callable[[Row], Any]]] = {
    "id": ("string", lambda row: row["id"]),
    "email": ("string", lambda row: row["email"]),
    "name": ("string", lambda row: row["name"]),
    "role": ("string", lambda row: row["role"]),
    "external_id": ("string", lambda row: row["external_id"]),
    "created_at": ("day", lambda row: row["created_at"]),
    "updated_at": ("day", lambda row: row["updated_at"]),
}
_OPERATORS = {
    "string": {"=", "!=", "IN", "NIN", "~", "!~", "^", "$"},
    "date": {"=", "!=", "<", ">", "<=", ">="},
    "day": {"=", "<", ">"},
}


class Index:
    """What lists show: each record as it was some seconds ago."""

    def __init__(self, workspace: Workspace, name: str) -> None:
        self._workspace = workspace
        self._name = name

    def take(self, id: str, row: Row | None, lag: float | None = None) -> None:
        """A record has changed, or is gone; searches show it after the lag."""
        settings = self._workspace.settings
        table = self._workspace.state.table(self._name)
        # New contacts are found minutes later (Intercom's OpenAPI, `POST /contacts/search`).
        slow = self._name == CONTACT_INDEX and id not in table
        usual = settings.contact_lag if slow else settings.search_lag
        due = self._workspace.clock.now().timestamp() + (usual if lag is None else lag)
        entry = table.get(id) or {"shown": None, "coming": []}
        entry = {"shown": entry["shown"], "coming": [*entry["coming"], [due, row]]}
        table.put(id, entry)

    def rows(self) -> list[Row]:
        """The records that a search finds now, as it knows them."""
        now = self._workspace.clock.now().timestamp()
        table = self._workspace.state.table(self._name)
        for id, entry in list(table.items()):
            if any(due <= now for due, _ in entry["coming"]):
                due_now = [row for due, row in entry["coming"] if due <= now]
                rest = [one for one in entry["coming"] if one[0] > now]
                if due_now[-1] is None and not rest:
                    table.delete(id)
                else:
                    table.put(id, {"shown": due_now[-1], "coming": rest})
        return [entry["shown"] for entry in table.values() if entry["shown"] is not None]


@dataclass(frozen=True, slots=True)
class Hits:
    """A page of what was found."""

    rows: Sequence[Row]
    total: int
    pages: Mapping[str, Any]


class Search:
    """One search as it was asked for; raises Refused."""

    def __init__(self, workspace: Workspace, contacts: bool) -> None:
        self._workspace = workspace
        self._fields = _CONTACT_FIELDS if contacts else _TICKET_FIELDS

    def found(self, rows: Sequence[Row], asked: Any) -> Hits:
        """The page that was asked for."""
        if not isinstance(asked, Mapping) or "query" not in asked:
            raise invalid("query is required", "parameter_not_found")
        fits = self._test(asked["query"], 0)
        found = [row for row in rows if fits(row)]
        sort = asked.get("sort") or {"field": "created_at", "order": "descending"}
        _, key = self._field(str(sort.get("field")))
        found.sort(key=lambda row: (key(row), row["id"]))
        if sort.get("order") != "ascending":
            found.reverse()
        size, start = _window(asked.get("pagination") or {})
        pages: dict[str, Any] = {"type": "pages", "page": start // size + 1, "per_page": size}
        pages["total_pages"] = -(-len(found) // size)
        if start + size < len(found):
            pages["next"] = {"per_page": size, "starting_after": _pointer(start + size)}
        return Hits(found[start : start + size], len(found), pages)

    def _test(self, query: Any, level: int) -> Callable[[Row], bool]:
        if not isinstance(query, Mapping):
            raise invalid("query must be an object", "invalid_query")
        operator, value = query.get("operator"), query.get("value")
        if operator not in ("AND", "OR"):
            return self._single(str(query.get("field")), str(operator), value)
        if not isinstance(value, list) or len(value) > _MOST_FILTERS:
            raise invalid("A group has fifteen filters at most", "too_many_filters")
        if level == _MOST_LEVELS:
            raise invalid("Filters are nested too deep", "too_deep")
        tests = [self._test(one, level + 1) for one in value]
        whole = all if operator == "AND" else any
        return lambda row: whole(test(row) for test in tests)

    def _single(self, field: str, operator: str, value: Any) -> Callable[[Row], bool]:
        kind, read = self._field(field)
        if operator not in _OPERATORS[kind]:
            raise invalid(f"{operator} is not valid for {field}", "invalid_operator")
        if operator in ("IN", "NIN") and not isinstance(value, list):
            raise invalid(f"{operator} takes a list", "invalid_value")
        if kind == "string":
            return lambda row: _matches(read(row), operator, value)
        wanted = _seconds(field, value)
        if kind == "date":
            return lambda row: _compares(read(row), operator, wanted)
        # Both sides are cut to the day, so `>` begins with the next one.
        return lambda row: _compares(read(row) // _DAY, operator, wanted // _DAY)

    def _field(self, name: str) -> tuple[str, Callable[[Row], Any]]:
        prefix, _, rest = name.partition(".")
        if prefix == "ticket_attribute" and self._fields is _TICKET_FIELDS:
            if not rest.isdecimal():
                # Reported: intercom/Intercom-OpenAPI#139.
                raise invalid(
                    "The request ticket attribute ID is not a valid integer", "field_not_found"
                )
            names = {a["id"]: a["name"] for a in self._attributes()}
            if rest not in names:
                raise invalid(f"There is no ticket attribute {rest}", "field_not_found")
            return "string", lambda row: row["attributes"].get(names[rest])
        if name not in self._fields:
            raise invalid(f"Field {name} cannot be searched", "field_not_found")
        return self._fields[name]

    def _attributes(self) -> Iterator[Row]:
        for type in self._workspace.types.values():
            yield from type["attributes"]


def _matches(shown: Any, operator: str, wanted: Any) -> bool:
    """Texts regardless of case; `=` also finds a text by one of its words."""
    values = [str(one).casefold() for one in (shown if isinstance(shown, list) else [shown])]
    texts = [str(one).casefold() for one in (wanted if isinstance(wanted, list) else [wanted])]
    if operator in ("IN", "NIN"):
        return any(value in texts for value in values) == (operator == "IN")
    (text,) = texts
    if operator in ("~", "!~"):
        return any(text in value for value in values) == (operator == "~")
    if operator == "^":
        return any(value.startswith(text) for value in values)
    if operator == "$":
        return any(value.endswith(text) for value in values)
    equal = any(text == value or text in value.split() for value in values)
    return equal == (operator == "=")


def _compares(shown: int, operator: str, wanted: int) -> bool:
    return {
        "=": shown == wanted,
        "!=": shown != wanted,
        "<": shown < wanted,
        ">": shown > wanted,
        "<=": shown <= wanted,
        ">=": shown >= wanted,
    }[operator]


def _seconds(field: str, value: Any) -> int:
    if isinstance(value, bool) or not str(value).lstrip("-").isdecimal():
        raise invalid(f"The value of {field} is no time", "invalid_value")
    return int(value)


def _window(asked: Mapping[str, Any]) -> tuple[int, int]:
    size = asked.get("per_page", 20)
    if not isinstance(size, int) or not 1 <= size <= _MOST_ROWS:
        raise invalid(f"per_page is 1 to {_MOST_ROWS}", "invalid_page_size")
    pointer = asked.get("starting_after")
    if pointer is None:
        return size, 0
    try:
        return size, int(json.loads(urlsafe_b64decode(str(pointer)))[0])
    except (BadBase64, ValueError, TypeError, LookupError) as error:
        raise invalid("starting_after is not valid", "invalid_starting_after") from error


def _pointer(row: int) -> str:
    return urlsafe_b64encode(json.dumps([row]).encode()).decode()
