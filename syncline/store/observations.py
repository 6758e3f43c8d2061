"""Observations: what a side was seen to show and no decision has taken into account yet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import bindparam, select

from syncline.store.codec import dumps, loads, moment_or_none, stamp_or_none, words_or_none
from syncline.store.rows import Observation
from syncline.store.sql import Query, Row, Tx, upsert, word
from syncline.store.sql import delete as deleting
from syncline.store.sql import update as updating
from syncline.store.tables import observation

COLUMNS = [column for column in observation.columns if column.name != "workspace"]
_KEY = ("sync", "side", "record_id")

_put = upsert(observation, _KEY)
_attach = updating(observation, ("link_id", "state"), _KEY)
_set_state = updating(observation, ("state",), _KEY)
_delete = deleting(observation, _KEY)

_NEW = (observation.c.state == word("new"), observation.c.link_id.is_not(None))
_BY_LINK = (observation.c.link_id, observation.c.side, observation.c.record_id)
_pending = Query(
    select(*COLUMNS)
    .where(*_NEW, observation.c.link_id > bindparam("after"))
    .order_by(*_BY_LINK)
    .limit(bindparam("limit")),
    ("sync",),
)
_new_of_link = Query(select(*COLUMNS).where(*_NEW).order_by(*_BY_LINK), ("sync", "link_id"))
_undecided = Query(
    select(*COLUMNS)
    .where(observation.c.state.in_((word("new"), word("held"))))
    .order_by(observation.c.seen_at),
    ("sync",),
    among="link_id",
)
_of_records = Query(select(*COLUMNS), ("sync", "side"), among="record_id")
_by_name = Query(
    select(*COLUMNS).where(
        observation.c.link_id.is_(None),
        (observation.c.record_id == bindparam("name")) | (observation.c.key == bindparam("name")),
    ),
    ("sync", "side"),
)
_held = Query(
    select(observation.c.side, observation.c.record_id).where(observation.c.state == word("held")),
    ("sync",),
    among="link_id",
)


def put(tx: Tx, rows: Iterable[Observation]) -> None:
    """Store observations; one of the same record replaces what was there."""
    _put.run(tx, (_values(one) for one in rows))


def pending(tx: Tx, sync: str, limit: int, after: str | None = None) -> list[Observation]:
    """New observations of links, those of one link together, by link id from `after` on.

    About `limit` of them: the last link is never cut in two, so its id is the next `after`.
    """
    rows = _pending.rows(tx, sync=sync, after=after or "", limit=limit)
    found = [of_row(row) for row in rows]
    if found and len(found) == limit:
        last = found[-1].link_id
        while found and found[-1].link_id == last:
            found.pop()
        found += [of_row(row) for row in _new_of_link.rows(tx, sync=sync, link_id=last)]
    return found


def of_links(tx: Tx, sync: str, link_ids: Iterable[str]) -> dict[str, dict[str, Observation]]:
    """What is known and undecided of links, by side; of two records of a side the later seen."""
    found: dict[str, dict[str, Observation]] = {}
    for row in _undecided.among(tx, link_ids, sync=sync):
        found.setdefault(row.link_id, {})[row.side] = of_row(row)
    return found


def of_records(tx: Tx, sync: str, side: str, ids: Iterable[str]) -> dict[str, Observation]:
    """The observations of a side's records; a record without one is left out."""
    rows = _of_records.among(tx, ids, sync=sync, side=side)
    return {row.record_id: of_row(row) for row in rows}


def by_name(tx: Tx, sync: str, side: str, name: str) -> Observation | None:
    """What was seen of a side's record with this id or key, if it has no link."""
    row = _by_name.first(tx, sync=sync, side=side, name=name)
    return None if row is None else of_row(row)


def attach(tx: Tx, sync: str, links: Iterable[tuple[str, str, str]]) -> None:
    """Give records a link, `(side, record_id, link_id)`: they are new, to be planned."""
    _attach.run(tx, ((link_id, "new", sync, side, record) for side, record, link_id in links))


def hold(tx: Tx, sync: str, records: Iterable[tuple[str, str]]) -> None:
    """Set observations aside, `(side, record_id)`: planned, and waiting for an answer."""
    _set_state.run(tx, (("held", sync, side, record) for side, record in records))


def release_held(tx: Tx, sync: str, link_ids: Iterable[str]) -> None:
    """What was held of these links is to be planned again."""
    held = list(_held.among(tx, link_ids, sync=sync))
    _set_state.run(tx, (("new", sync, row.side, row.record_id) for row in held))


def delete(tx: Tx, sync: str, records: Iterable[tuple[str, str]]) -> None:
    """Forget observations, `(side, record_id)`: a decision took them into account."""
    _delete.run(tx, ((sync, side, record) for side, record in records))


def of_row(row: Row) -> Observation:
    """The observation of a row of `COLUMNS`."""
    values: list[Any] = list(row)
    values[4] = loads(values[4])
    values[10:12] = map(bool, values[10:12])
    values[12] = moment_or_none(values[12])
    return Observation(*values)


def _values(one: Observation) -> tuple[Any, ...]:
    return (
        one.sync,
        one.side,
        one.record_id,
        one.state,
        dumps(one.fields),
        one.version,
        one.link_id,
        words_or_none(one.match_key),
        words_or_none(one.key),
        words_or_none(one.url),
        one.in_scope,
        one.deleted,
        stamp_or_none(one.seen_at),
    )
