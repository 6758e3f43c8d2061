"""The journal: every hop of every value. It is only ever added to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, select

from syncline.store.codec import dumps, loads, moment, stamp, words, words_or_none
from syncline.store.rows import JournalEntry
from syncline.store.sql import Query, Tx, insert, word
from syncline.store.tables import journal

_COLUMNS = [column for column in journal.columns if column.name not in ("seq", "workspace")]

_append = insert(journal)

_OLDEST_FIRST = select(*_COLUMNS).order_by(journal.c.seq)
_of_link = Query(_OLDEST_FIRST, ("link_id",))
_of_field = Query(_OLDEST_FIRST, ("link_id", "field"))
_of_run = Query(_OLDEST_FIRST, ("run",))
_links_of_run = Query(select(journal.c.link_id).distinct(), ("run",))
_of_links = Query(_OLDEST_FIRST, among="link_id")
_of_field_of_links = Query(select(journal.c.seq, *_COLUMNS), ("field",), among="link_id")
_writes = Query(
    select(journal.c.seq, *_COLUMNS).where(
        journal.c.at >= bindparam("since"),
        journal.c.kind.in_((word("write"), word("retry"))),
    ),
    among="link_id",
)
_newest_edits = Query(
    select(*_COLUMNS)
    .where(
        journal.c.kind == word("edit"),
        journal.c.rule != word("answer"),
        journal.c.at >= bindparam("since"),
    )
    .order_by(journal.c.seq.desc())
    .limit(bindparam("limit")),
    ("sync",),
)


@cache
def _in_kinds(kinds: Sequence[str]) -> Query:
    listed = journal.c.kind.in_([word(kind) for kind in kinds])
    return Query(_OLDEST_FIRST.where(listed), among="link_id")


def append(tx: Tx, entries: Iterable[JournalEntry]) -> None:
    """Add entries, in this order."""
    _append.run(tx, (_values(one) for one in entries))


def of_link(tx: Tx, link_id: str, field: str | None = None) -> list[JournalEntry]:
    """The story of a link, or of one of its fields, oldest first."""
    if field is None:
        return [_entry(row) for row in _of_link.rows(tx, link_id=link_id)]
    return [_entry(row) for row in _of_field.rows(tx, link_id=link_id, field=field)]


def of_field(tx: Tx, link_ids: Iterable[str], field: str) -> list[JournalEntry]:
    """The story of a field of several links that are one by now, oldest first."""
    found = _of_field_of_links.among(tx, link_ids, field=field)
    rows = sorted(found, key=lambda row: int(row.seq))
    return [_entry(row[1:]) for row in rows]


def writes(
    tx: Tx, link_ids: Iterable[str], since: datetime
) -> Mapping[str, Sequence[JournalEntry]]:
    """What was written to the records of links since then, and what a person let be tried again,
    by link, oldest first."""
    rows = _writes.among(tx, link_ids, since=stamp(since))
    found: dict[str, list[JournalEntry]] = {}
    for row in sorted(rows, key=lambda row: int(row.seq)):
        found.setdefault(row.link_id, []).append(_entry(row[1:]))
    return found


def of_links(tx: Tx, link_ids: Iterable[str]) -> dict[str, list[JournalEntry]]:
    """The story of each of these links, oldest first; a link without any is left out."""
    found: dict[str, list[JournalEntry]] = {}
    for row in _of_links.among(tx, link_ids):
        found.setdefault(row.link_id, []).append(_entry(row))
    return found


def links_of_run(tx: Tx, run: str) -> list[str]:
    """The links of which a run told something, by id."""
    return sorted(row.link_id for row in _links_of_run.rows(tx, run=run))


def of_run(tx: Tx, run: str) -> list[JournalEntry]:
    """What a run decided and wrote, oldest first."""
    return [_entry(row) for row in _of_run.rows(tx, run=run)]


def newest_edits(tx: Tx, sync: str, since: datetime, limit: int) -> list[JournalEntry]:
    """The newest edits of a sync that a pass decided by itself since a moment, newest first."""
    rows = _newest_edits.rows(tx, sync=sync, since=stamp(since), limit=limit)
    return [_entry(row) for row in rows]


def of_kinds(tx: Tx, link_ids: Iterable[str], kinds: Sequence[str]) -> list[JournalEntry]:
    """What the journal says of links in entries of these kinds, oldest first."""
    return [_entry(row) for row in _in_kinds(tuple(kinds)).among(tx, link_ids)]


def _values(one: JournalEntry) -> tuple[Any, ...]:
    return (
        stamp(one.at),
        one.sync,
        one.run,
        one.link_id,
        one.side,
        one.record_id,
        one.field,
        one.kind,
        dumps(one.before),
        dumps(one.after),
        words_or_none(one.person),
        words(one.rule),
        one.intent_id,
    )


def _entry(row: Iterable[Any]) -> JournalEntry:
    values: list[Any] = list(row)
    values[0] = moment(values[0])
    values[8:10] = map(loads, values[8:10])
    return JournalEntry(*values)
