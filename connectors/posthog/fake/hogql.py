"""HogQL, as far as ClickHouse and SQLite agree, on the events, persons and groups of the fake.

A query is run, not recognised: it is put into SQLite's words and run on tables with HogQL's names
(PostHog/posthog, posthog/hogql/database/schema). What would go unnoticed in SQLite is as in
ClickHouse: UUIDs are sorted by their second half (clickhouse.com/docs, "UUID"), times without a
zone are the project's, and what a JSON member is not is an empty text.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zlib import crc32
from zoneinfo import ZoneInfo

import orjson

from connectors.posthog.fake.analytics import GROUP_TYPES, Analytics
from connectors.posthog.fake.errors import invalid

UNTOLD, MOST = 100, 50_000
"""Rows without a LIMIT, and with any (posthog.com/docs/api/queries)."""
TIMEZONE = "America/New_York"

_LITERAL = re.compile(r"('(?:[^'\\]|\\.)*')")
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}")
_ARRAY = "\x00array"
_LIMIT = re.compile(r"\bLIMIT\s+(\{\w+\}|\d+)\s*\Z", re.IGNORECASE)
_WORDS: Sequence[tuple[re.Pattern[str], str]] = [
    (re.compile(r"\bperson\.properties\.(\w+)"), r"json_text(person_properties, '\1')"),
    (re.compile(r"\bproperties\.(\w+)"), r"json_text(properties, '\1')"),
    (re.compile(r"(?<![\w\"])\$group_(\d)"), r'"$group_\1"'),
    (re.compile(r"\bindex\b"), '"index"'),
    (re.compile(r"\bIN \{(\w+)\}"), r"IN (SELECT value FROM json_each(:\1))"),
    (re.compile(r"\{(\w+)\}"), r":\1"),
]
_GROUPS = ", ".join(f'"$group_{n}" TEXT' for n in range(GROUP_TYPES))
_TABLES = f"""
CREATE TABLE events (uuid TEXT COLLATE uuid, event TEXT, properties TEXT, timestamp TEXT,
    created_at TEXT, distinct_id TEXT, person_id TEXT COLLATE uuid, person_properties TEXT,
    {_GROUPS});
CREATE TABLE persons (id TEXT COLLATE uuid, properties TEXT, created_at TEXT);
CREATE TABLE person_distinct_ids (distinct_id TEXT, person_id TEXT COLLATE uuid);
CREATE TABLE groups ("index" INTEGER, "key" TEXT, properties TEXT, created_at TEXT,
    updated_at TEXT);
CREATE INDEX keys ON groups ("index", "key");
"""


class HogQL:
    """Queries over what was ingested."""

    def __init__(self, analytics: Analytics) -> None:
        self._analytics = analytics
        self._made: tuple[int, sqlite3.Connection] | None = None

    def run(self, text: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Columns and rows; raises Refused for what HogQL would refuse."""
        text = text.strip()
        if not text.upper().startswith("SELECT") or ";" in text:
            raise invalid("Only SELECT statements are supported.", None, "illegal_query")
        given = {name: _bound(value) for name, value in values.items()}
        limit, bare = _limited(text, given)
        try:
            cursor = self._database().execute(f"{_translated(bare)} LIMIT {limit + 1}", given)
            rows = [[_shown(value) for value in row] for row in cursor]
        except sqlite3.Error as error:
            raise invalid(f"Unable to resolve the query: {error}", None, "illegal_query") from None
        told = limit == UNTOLD and bare == text
        return {
            "columns": [one[0] for one in cursor.description],
            "results": rows[:limit],
            "hasMore": len(rows) > limit if told else None,
            "limit": UNTOLD if told else None,
        }

    def _database(self) -> sqlite3.Connection:
        if self._made is None or self._made[0] != self._analytics.edits:
            if self._made is not None:
                self._made[1].close()
            self._made = (self._analytics.edits, _filled(self._analytics))
        return self._made[1]


def _filled(of: Analytics) -> sqlite3.Connection:
    database = sqlite3.connect(":memory:")
    database.create_collation("uuid", _by_second_half)
    for name, count, function in _FUNCTIONS:
        database.create_function(name, count, function, deterministic=True)
    for name, count, made in _AGGREGATES:
        database.create_aggregate(name, count, made)
    database.executescript(_TABLES)
    persons = {id: _text(row["properties"]) for id, row in of.persons.items()}
    lives = {id: row["person"] for id, row in of.ids.items()}
    database.executemany(
        "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                row["uuid"], row["event"], _text(row["properties"]), row["timestamp"],
                row["created_at"], row["distinct_id"],
                # An event is its person's of now: ids move in a merge.
                lives.get(row["distinct_id"]) if row["person"] else row["uuid"],
                persons.get(lives.get(row["distinct_id"], ""), "{}") if row["person"] else "{}",
                *(row["groups"].get(str(n), "") for n in range(GROUP_TYPES)),
            )
            for row in of.events.values()
        ],
    )  # fmt: skip
    database.executemany(
        "INSERT INTO persons VALUES (?, ?, ?)",
        [(r["id"], _text(r["properties"]), r["created_at"]) for r in of.persons.values()],
    )
    database.executemany("INSERT INTO person_distinct_ids VALUES (?, ?)", lives.items())
    database.executemany(
        "INSERT INTO groups VALUES (?, ?, ?, ?, ?)",
        [
            (r["index"], r["key"], _text(r["properties"]), r["created_at"], r["updated_at"])
            for r in of.groups.values()
        ],
    )
    return database


def _translated(text: str) -> str:
    parts = _LITERAL.split(text)
    for place in range(0, len(parts), 2):
        for pattern, words in _WORDS:
            parts[place] = pattern.sub(words, parts[place])
    return "".join(parts)


def _limited(text: str, given: Mapping[str, Any]) -> tuple[int, str]:
    """How many rows are given, and the query without its limit."""
    found = _LIMIT.search(text)
    if found is None:
        return UNTOLD, text
    said = found[1]
    number = given.get(said[1:-1], 0) if said.startswith("{") else said
    return min(int(number), MOST), text[: found.start()]


def _bound(value: Any) -> Any:
    return _text(value) if isinstance(value, list | dict) else value


def _text(value: Any) -> str:
    return orjson.dumps(value).decode()


def _shown(value: Any) -> Any:
    """A value as JSON shows it: times in the project's zone, whatever was asked for."""
    if isinstance(value, str) and value.startswith(_ARRAY):
        return orjson.loads(value.removeprefix(_ARRAY))
    if isinstance(value, str) and _TIME.fullmatch(value):
        return _local(value).isoformat()
    return value


def _local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).astimezone(ZoneInfo(TIMEZONE))


def _by_second_half(one: str, other: str) -> int:
    left, right = ((text[19:], text[:19]) for text in (one, other))
    return (left > right) - (left < right)


def _time(text: str, zone: str = TIMEZONE) -> str:
    given = datetime.fromisoformat(text)
    aware = given if given.tzinfo else given.replace(tzinfo=ZoneInfo(zone))
    return aware.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _to_string(value: Any) -> str:
    if isinstance(value, str) and _TIME.fullmatch(value):
        return _local(value).replace(tzinfo=None).isoformat(" ", "microseconds")
    return str(value)


def _member(json: str, name: str) -> Any:
    return orjson.loads(json).get(name)


def _json_text(json: str, name: str) -> str | None:
    value = _member(json, name)
    return value if value is None or isinstance(value, str) else _text(value)


def _json_string(json: str, name: str) -> str:
    value = _member(json, name)
    return value if isinstance(value, str) else ""


_FUNCTIONS: Sequence[tuple[str, int, Callable[..., Any]]] = [
    ("json_text", 2, _json_text),
    ("JSONExtractString", 2, _json_string),
    ("JSONExtractBool", 2, lambda json, name: int(_member(json, name) is True)),
    ("JSONHas", 2, lambda json, name: int(name in orjson.loads(json))),
    ("toString", 1, _to_string),
    ("cityHash64", 1, lambda text: crc32(text.encode())),
    ("toDateTime", 1, lambda text: f"{_time(text)[:19]}.000000"),
    ("toDateTime", 2, lambda text, zone: f"{_time(text, zone)[:19]}.000000"),
    ("toDateTime64", 3, lambda text, _, zone: _time(text, zone)),
]


class _ArgMax:
    """The value where the other one is the largest."""

    def __init__(self) -> None:
        self._best: tuple[Any, Any] | None = None

    def step(self, value: Any, by: Any) -> None:
        if self._best is None or by > self._best[1]:
            self._best = (value, by)

    def finalize(self) -> Any:
        return self._best[0] if self._best else None


class _Any:
    """Whichever value comes first."""

    def __init__(self) -> None:
        self._value: Any = None

    def step(self, value: Any) -> None:
        self._value = value if self._value is None else self._value

    def finalize(self) -> Any:
        return self._value


class _GroupArray:
    """All values."""

    def __init__(self) -> None:
        self._values: list[Any] = []

    def step(self, value: Any) -> None:
        self._values.append(value)

    def finalize(self) -> str:
        return _ARRAY + _text(self._values)


_AGGREGATES: Sequence[tuple[str, int, Any]] = [
    ("argMax", 2, _ArgMax),
    ("any", 1, _Any),
    ("groupArray", 1, _GroupArray),
]
