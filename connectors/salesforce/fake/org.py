"""What is in the org: records by object, fields, record types, who may see what, and its limits."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from connectors.salesforce.fake.schema import OBJECTS, SYNCED, Column, columns_of
from syncline.sandbox import State, ToolClock

Row: TypeAlias = dict[str, Any]

ORG_ID = "00D000000000001EAA"
_DAY = timedelta(days=1)
_BIN = timedelta(days=15)
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


@dataclass(slots=True)
class Settings:
    """The org's switches.

    batch_size       rows in a page of a query; 2,000 in Salesforce, and not guaranteed
    daily_requests   what the org may send in 24 hours
    session_seconds  how long an access token is good after its last use
    duplicate_rules  an account or contact whose name is taken is refused
    """

    batch_size: int = 2_000
    daily_requests: int = 100_000
    session_seconds: int = 7_200
    duplicate_rules: bool = False


class Org:
    """One org: everything in it, whoever asks."""

    def __init__(self, state: State, clock: ToolClock) -> None:
        self.state = state
        self.clock = clock
        self.settings = Settings()
        self.base_url = ""
        self.deletions = state.table("deletions")
        self.hidden_fields = state.table("hidden_fields")
        self.private = state.table("private")
        self.revoked = state.table("revoked")
        self.locked: set[str] = set()
        self._custom = state.table("custom_fields")
        self._changed = state.table("changed_fields")
        self._held: dict[str, tuple[datetime, Row | None]] = {}
        self._requests: deque[datetime] = deque()

    # time and ids

    def stamp(self) -> str:
        """The org's time as it is kept: in whole seconds."""
        return stamp(self.clock.now())

    def new_id(self, source: str) -> str:
        """The next id of an object, 18 characters."""
        prefix = OBJECTS[source][0]
        return long_id(f"{prefix}{self.state.next(f'id {prefix}'):012d}")

    # records

    def rows(self, source: str) -> Any:
        """The table of an object."""
        return self.state.table(f"object {source}")

    def get(self, source: str, id: object) -> Row | None:
        """A record, deleted ones too."""
        found: Row | None = self.rows(source).get(str(id))
        return found

    def any(self, id: object) -> tuple[str, Row] | None:
        """The record of an id, whatever its object."""
        for source in sources(str(id)):
            if (row := self.get(source, id)) is not None:
                return source, row
        return None

    def put(self, source: str, row: Row) -> None:
        """Keep a record."""
        self.rows(source).put(row["Id"], row)

    def find(self, source: str, fits: Callable[[Row], bool]) -> Row | None:
        """The first record that fits and is not deleted."""
        live = (row for row in self.rows(source).values() if not row["IsDeleted"])
        return next((row for row in live if fits(row)), None)

    def listed(self, source: str) -> Iterator[Row]:
        """Records as queries see them, without what a transaction is still writing."""
        now = self.clock.now()
        self._held = {id: held for id, held in self._held.items() if held[0] > now}
        for id, row in self.rows(source).items():
            shown = self._held[id][1] if id in self._held else row
            if shown is not None:
                yield shown

    def hold(self, id: str, before: Row | None, lag: timedelta) -> None:
        """Let queries see what was just done to a record only so much later, with its old stamp."""
        self._held[id] = (self.clock.now() + lag, before)

    def empty_the_bin(self) -> None:
        """What was deleted fifteen days ago is gone for good."""
        until = stamp(self.clock.now() - _BIN)
        for source in OBJECTS:
            table = self.rows(source)
            rows = list(table.values())
            for row in rows:
                if row["IsDeleted"] and row["SystemModstamp"] < until:
                    table.delete(row["Id"])

    # fields

    def columns(self, source: str) -> dict[str, Column]:
        """All fields of an object by name."""
        custom = [
            Column.of(document["column"])
            for document in self._custom.values()
            if document["object"] == source
        ]
        changed = {one["name"]: one["to"] for one in self._changed.values() if one["of"] == source}
        return {
            one.name: Column.of(one.document() | changed[one.name]) if one.name in changed else one
            for one in (*columns_of(source), *custom)
        }

    def visible(self, source: str) -> dict[str, Column]:
        """The fields that field-level security shows to the integration user."""
        return {
            name: column
            for name, column in self.columns(source).items()
            if f"{source}.{name}" not in self.hidden_fields
        }

    def add_field(self, source: str, column: Column) -> None:
        """An administrator adds a custom field."""
        document = {"object": source, "column": column.document(), "id": self._field_id()}
        self._custom.put(f"{source}.{column.name}", document)

    def _field_id(self) -> str:
        return f"00N{self.state.next('id 00N'):012d}"

    def rename_field(self, source: str, name: str, to: str) -> None:
        """An administrator gives a custom field another API name."""
        known = self._custom.get(f"{source}.{name}")
        assert known is not None
        self.remove_field(source, name, keep=to)
        renamed = {**known, "column": {**known["column"], "name": to}}
        self._custom.put(f"{source}.{to}", renamed)

    def remove_field(self, source: str, name: str, *, keep: str = "") -> None:
        """An administrator deletes a custom field; its values stay under `keep`."""
        self._custom.delete(f"{source}.{name}")
        for row in list(self.rows(source).values()):
            left = {column: value for column, value in row.items() if column != name}
            self.put(source, left | ({keep: row.get(name)} if keep else {}))

    def change_field(self, source: str, name: str, to: Row) -> None:
        """An administrator changes how a field is defined."""
        known = self._changed.get(f"{source}.{name}") or {"of": source, "name": name, "to": {}}
        self._changed.put(f"{source}.{name}", {**known, "to": {**known["to"], **to}})

    def definitions(self) -> list[Row]:
        """The rows of FieldDefinition: a standard field is known by its name alone."""
        return [
            {
                "QualifiedApiName": name,
                "EntityDefinitionId": source,
                "DurableId": f"{source}.{custom['id'] if custom else name}",
            }
            for source in SYNCED
            for name in self.columns(source)
            for custom in (self._custom.get(f"{source}.{name}"),)
        ]

    def hide_field(self, source: str, name: str) -> None:
        """An administrator takes a field from the integration user."""
        self.hidden_fields.put(f"{source}.{name}", {})

    # limits

    def request(self) -> bool:
        """Count a request; whether it is within what a day allows."""
        now = self.clock.now()
        while self._requests and self._requests[0] <= now - _DAY:
            self._requests.popleft()
        if len(self._requests) >= self.settings.daily_requests:
            return False
        self._requests.append(now)
        return True

    def usage(self) -> str:
        """What every answer says of the day's requests."""
        return f"api-usage={len(self._requests)}/{self.settings.daily_requests}"

    def used(self) -> int:
        """The requests of the last 24 hours."""
        return len(self._requests)


def stamp(at: datetime) -> str:
    """A time as Salesforce writes it; it keeps whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def long_id(short: str) -> str:
    """The 18 characters of an id: three more that tell its upper case letters."""
    more = ""
    for at in range(0, 15, 5):
        bits = sum(1 << n for n, letter in enumerate(short[at : at + 5]) if letter.isupper())
        more += _ALPHABET[bits]
    return short + more


def sources(id: str) -> list[str]:
    """The objects whose ids begin like this one."""
    return [source for source, (prefix, _) in OBJECTS.items() if id[:3] == prefix]
