"""The journal: every hop of every value. It is only ever added to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select

from syncline.store.codec import dumps, loads, moment, stamp, words, words_or_none
from syncline.store.rows import JournalEntry
from syncline.store.sql import Tx, insert
from syncline.store.tables import journal

_COLUMNS = [column for column in journal.columns if column.name not in ("seq", "workspace")]

_append = insert(journal)


def append(tx: Tx, entries: Iterable[JournalEntry]) -> None:
    """Add entries, in this order."""
    _append.run(tx, (_values(one) for one in entries))


def of_link(tx: Tx, link_id: str, field: str | None = None) -> list[JournalEntry]:
    """The story of a link, or of one of its fields, oldest first."""
    query = tx.select(*_COLUMNS).where(journal.c.link_id == link_id)
    if field is not None:
        query = query.where(journal.c.field == field)
    return _read(tx, query)


def of_field(tx: Tx, link_ids: Iterable[str], field: str) -> list[JournalEntry]:
    """The story of a field of several links that are one by now, oldest first."""
    query = tx.select(journal.c.seq, *_COLUMNS).where(journal.c.field == field)
    rows = sorted(tx.among(query, journal.c.link_id, link_ids), key=lambda row: int(row.seq))
    return [_entry(row[1:]) for row in rows]


def writes(
    tx: Tx, link_ids: Iterable[str], since: datetime
) -> Mapping[str, Sequence[JournalEntry]]:
    """What was written to the records of links since then, and what a person let be tried again,
    by link, oldest first."""
    query = tx.select(journal.c.seq, *_COLUMNS).where(
        journal.c.at >= stamp(since), journal.c.kind.in_(("write", "retry"))
    )
    rows = sorted(tx.among(query, journal.c.link_id, link_ids), key=lambda row: int(row.seq))
    found: dict[str, list[JournalEntry]] = {}
    for row in rows:
        found.setdefault(row.link_id, []).append(_entry(row[1:]))
    return found


def of_links(tx: Tx, link_ids: Iterable[str]) -> dict[str, list[JournalEntry]]:
    """The story of each of these links, oldest first; a link without any is left out."""
    query = tx.select(*_COLUMNS).order_by(journal.c.seq)
    found: dict[str, list[JournalEntry]] = {}
    for row in tx.among(query, journal.c.link_id, link_ids):
        found.setdefault(row.link_id, []).append(_entry(row))
    return found


def links_of_run(tx: Tx, run: str) -> list[str]:
    """The links of which a run told something, by id."""
    query = tx.select(journal.c.link_id).where(journal.c.run == run).distinct()
    return sorted(row.link_id for row in tx.rows(query))


def of_run(tx: Tx, run: str) -> list[JournalEntry]:
    """What a run decided and wrote, oldest first."""
    return _read(tx, tx.select(*_COLUMNS).where(journal.c.run == run))


def newest_edits(tx: Tx, sync: str, since: datetime, limit: int) -> list[JournalEntry]:
    """The newest edits of a sync that a pass decided by itself since a moment, newest first."""
    query = tx.select(*_COLUMNS).where(
        journal.c.sync == sync,
        journal.c.kind == "edit",
        journal.c.rule != "answer",
        journal.c.at >= stamp(since),
    )
    return [_entry(row) for row in tx.rows(query.order_by(journal.c.seq.desc()).limit(limit))]


def of_kinds(tx: Tx, link_ids: Iterable[str], kinds: Sequence[str]) -> list[JournalEntry]:
    """What the journal says of links in entries of these kinds, oldest first."""
    query = tx.select(*_COLUMNS).where(journal.c.kind.in_(kinds)).order_by(journal.c.seq)
    return [_entry(row) for row in tx.among(query, journal.c.link_id, link_ids)]


def _read(tx: Tx, query: Select[Any]) -> list[JournalEntry]:
    return [_entry(row) for row in tx.rows(query.order_by(journal.c.seq))]


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
