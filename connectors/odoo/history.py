"""Field changes, from what Odoo tracks: who changed what when, and what stood there before.

The value that a write replaced is read in the same transaction, so where a write of ours met an
edit nobody had seen, it is told here. Odoo tracks only some fields: not rich text, not tags; and
people where they are several only by name. Those are left out.
(addons/mail/models/mail_tracking_value.py of 19.0)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.odoo.client import Client, Row, moment, stamp
from connectors.odoo.people import People
from connectors.odoo.records import LOST, TASK_OPEN, TASK_STATES, Field, Kind, RecordType
from connectors.odoo.wire import plain, status
from syncline.sdk.connector import Change, Person
from syncline.sdk.errors import NotFound

MODEL = "mail.tracking.value"
FIELDS = "ir.model.fields"

_COLUMNS = ("integer", "float", "char", "text", "datetime")
_ASKED: Mapping[str, Any] = {
    **{f"{when}_value_{column}": {} for when in ("old", "new") for column in _COLUMNS},
    "field_id": {"fields": {"name": {}}},
    "create_date": {},
    "create_uid": {},
    "mail_message_id": {
        "fields": {"res_id": {}, "author_id": {"fields": {"display_name": {}}}},
    },
}
_COLUMN = {
    Kind.TEXT: "char",
    Kind.CHOICE: "char",
    Kind.DOMAIN: "char",
    Kind.NUMBER: "float",
    Kind.DATE: "datetime",
    Kind.DATETIME: "datetime",
    Kind.PARTNER: "integer",
    Kind.USER: "integer",
    Kind.NAMED: "char",
}
_STATES = {label: key for key, label in TASK_STATES.items()}
_WON_STATUS = {LOST: "lost"}


class History:
    """Reads the history for one connection; nothing where the account may not."""

    def __init__(self, client: Client, people: People) -> None:
        self._client = client
        self._people = people

    async def readable(self) -> bool:
        """Whether this account may read what is tracked, and of which fields it is."""
        try:
            await self._client.search(MODEL, [], _ASKED, limit=1)
        except NotFound:
            return False
        return True

    async def of_records(
        self, kind: RecordType, rows: Mapping[str, Row], since: datetime, me: int
    ) -> dict[str, list[Change]]:
        """The changes of records at `since` or later, oldest first."""
        domain = [
            ["mail_message_id.model", "=", kind.model],
            ["mail_message_id.res_id", "in", [int(id) for id in rows]],
            ["create_date", ">=", stamp(since)],
        ]
        try:
            tracked = await self._client.all(MODEL, domain, _ASKED) if rows else []
        except NotFound:
            return {id: [] for id in rows}
        users = (v["old_value_integer"] for v in tracked), (v["new_value_integer"] for v in tracked)
        if any(field.kind is Kind.USER for field in kind.fields):
            await self._people.know(u for both in users for u in both if u)
        by_record: dict[str, list[Row]] = defaultdict(list)
        for value in tracked:
            by_record[str(value["mail_message_id"]["res_id"])].append(value)
        return {id: self._changes(kind, row, by_record[id], me) for id, row in rows.items()}

    def _changes(self, kind: RecordType, row: Row, tracked: Sequence[Row], me: int) -> list[Change]:
        """Worked out backwards from what the record shows: a status has two parts."""
        now = _Standing(row)
        told: list[Change] = []
        for message in reversed(_by_message(tracked)):
            found: list[tuple[str, Any, Any]] = []
            after = now.status
            for value in reversed(message):
                if now.steps_back(value):
                    continue
                field = next((f for f in kind.fields if f.name == _name(value)), None)
                if field is not None and field.kind in _COLUMN:
                    both = (self._value(field, value, when) for when in ("old", "new"))
                    found.append((field.path, *both))
            if now.status != after:
                found.append(("status", now.status, after))
            first = message[0]
            author = first["mail_message_id"]["author_id"]
            by = Person(str(author["id"]), name=author["display_name"]) if author else Person("")
            at, by_us = moment(first["create_date"]), first["create_uid"] == me
            told += [Change(str(row["id"]), p, b, a, at, by, by_us) for p, b, a in found]
        return told[::-1]

    def _value(self, field: Field, value: Row, when: str) -> Any:
        held = value[f"{when}_value_{_COLUMN[field.kind]}"]
        if field.kind is Kind.NUMBER:
            return held
        if not held:
            return None
        if field.kind is Kind.USER:
            return self._people.handle(held)
        if field.kind is Kind.DATE:
            return str(held)[:10]
        return held if field.kind is Kind.CHOICE else plain(field, held)


class _Standing:
    """Stage and state of a record while its history is walked backwards."""

    def __init__(self, row: Row) -> None:
        self._stage = row["stage_id"]["display_name"] if row.get("stage_id") else None
        self._row = {name: row[name] for name in ("state", "won_status") if name in row}

    @property
    def status(self) -> str | None:
        return status(self._row, self._stage)

    def steps_back(self, value: Row) -> bool:
        """Take one change back, if it is of stage or state."""
        name, before = _name(value), value["old_value_char"] or None
        if name == "stage_id":
            self._stage = before
        elif name == "state":
            self._row["state"] = _STATES.get(before or "", TASK_OPEN)
        elif name == "won_status":
            self._row["won_status"] = _WON_STATUS.get(before or "", "pending")
        else:
            return False
        return True


def _name(value: Row) -> str:
    return str(value["field_id"]["name"]) if value["field_id"] else ""


def _by_message(tracked: Sequence[Row]) -> list[list[Row]]:
    """What was changed together, in the order of the messages that say so."""
    messages: dict[int, list[Row]] = defaultdict(list)
    for value in tracked:
        messages[value["mail_message_id"]["id"]].append(value)
    return [messages[id] for id in sorted(messages)]
