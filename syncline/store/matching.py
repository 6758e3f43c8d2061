"""Records without a link: fresh ones to be matched, and those that may be counterparts."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import bindparam, func, select, tuple_

from syncline.store import observations
from syncline.store.codec import words, words_or_none
from syncline.store.rows import Observation
from syncline.store.sql import Query, Tx, word
from syncline.store.sql import update as updating
from syncline.store.tables import observation, tombstone

_leave = updating(observation, ("state", "match_key"), ("sync", "side", "record_id"))

_PLACE = (observation.c.side, observation.c.record_id)
_LOOSE = observation.c.link_id.is_(None)
_NEW = (observation.c.state == word("new"), observation.c.link_id.is_not(None))
_fresh = Query(
    select(*observations.COLUMNS)
    .where(
        observation.c.state == word("new"),
        _LOOSE,
        tuple_(*_PLACE) > tuple_(bindparam("side"), bindparam("record_id")),
    )
    .order_by(*_PLACE)
    .limit(bindparam("limit")),
    ("sync",),
)
_BURIED = (
    select(tombstone.c.record_id)
    .where(
        tombstone.c.workspace == observation.c.workspace,
        tombstone.c.sync == observation.c.sync,
        tombstone.c.side == observation.c.side,
        tombstone.c.record_id == observation.c.record_id,
        tombstone.c.state == word("confirmed"),
        tombstone.c.reason == word("deleted"),
    )
    .exists()
)
_returning = Query(
    select(*observations.COLUMNS).where(observation.c.state == word("new"), _LOOSE, _BURIED),
    ("sync",),
)
_by_key = Query(select(*_PLACE).where(_LOOSE), ("sync",), among="match_key")
_by_url = Query(select(*observations.COLUMNS).where(_LOOSE), ("sync",), among="url")
_changed = Query(
    select(observation.c.side, func.count()).where(*_NEW).group_by(observation.c.side), ("sync",)
)
_deleted = Query(select(*observations.COLUMNS).where(*_NEW, observation.c.deleted), ("sync",))


def fresh(tx: Tx, sync: str, after: tuple[str, str] | None, limit: int) -> list[Observation]:
    """New records that belong to no link, by (side, record id) from `after` on."""
    side, record_id = after or ("", "")
    rows = _fresh.rows(tx, sync=sync, side=side, record_id=record_id, limit=limit)
    return [observations.of_row(row) for row in rows]


def returning(tx: Tx, sync: str) -> list[Observation]:
    """New records that belong to no link now and were deleted from one."""
    return [observations.of_row(row) for row in _returning.rows(tx, sync=sync)]


def by_key(
    tx: Tx, sync: str, keys: Iterable[str], read: Iterable[Observation] = ()
) -> dict[str, list[Observation]]:
    """All records without a link, fresh or left alone before, by match key.

    Those `read` a moment ago are not read again.
    """
    places = [tuple(row) for row in _by_key.among(tx, map(words, keys), sync=sync)]
    known = {(one.side, one.record_id): one for one in read}
    for side in sorted({side for side, _ in places}):
        ids = [id_ for s, id_ in places if s == side and (s, id_) not in known]
        rows = observations.of_records(tx, sync, side, ids)
        known |= {(side, id_): one for id_, one in rows.items()}
    found: dict[str, list[Observation]] = {}
    for place in places:
        found.setdefault(known[place].match_key or "", []).append(known[place])
    return found


def by_url(tx: Tx, sync: str, urls: Iterable[str]) -> dict[str, Observation]:
    """Records without a link, by the address at which people see them."""
    found = (observations.of_row(row) for row in _by_url.among(tx, urls, sync=sync))
    return {one.url: one for one in found if one.url}


def leave(tx: Tx, sync: str, records: Iterable[tuple[str, str, str | None]]) -> None:
    """Leave records alone, `(side, record_id, match_key)`: candidates for later ones."""
    _leave.run(
        tx,
        (("unlinked", words_or_none(key), sync, side, record) for side, record, key in records),
    )


def changed(tx: Tx, sync: str) -> dict[str, int]:
    """How many linked records show something new, by side."""
    return {side: number for side, number in _changed.rows(tx, sync=sync)}


def deleted(tx: Tx, sync: str) -> list[Observation]:
    """Linked records that their tool calls deleted, not yet judged."""
    return [observations.of_row(row) for row in _deleted.rows(tx, sync=sync)]
