"""Records without a link: fresh ones to be matched, and those that may be counterparts."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, select, tuple_

from syncline.store import observations
from syncline.store.codec import words, words_or_none
from syncline.store.rows import Observation
from syncline.store.sql import Tx
from syncline.store.sql import update as updating
from syncline.store.tables import observation, tombstone

_leave = updating(observation, ("state", "match_key"), ("sync", "side", "record_id"))


def fresh(tx: Tx, sync: str, after: tuple[str, str] | None, limit: int) -> list[Observation]:
    """New records that belong to no link, by (side, record id) from `after` on."""
    query = tx.select(*observations.COLUMNS).where(
        observation.c.sync == sync,
        observation.c.state == "new",
        observation.c.link_id.is_(None),
    )
    if after is not None:
        query = query.where(tuple_(observation.c.side, observation.c.record_id) > after)
    query = query.order_by(observation.c.side, observation.c.record_id).limit(limit)
    return [observations.of_row(row) for row in tx.rows(query)]


def returning(tx: Tx, sync: str) -> list[Observation]:
    """New records that belong to no link now and were deleted from one."""
    buried = (
        select(tombstone.c.record_id)
        .where(
            tx.here(tombstone),
            tombstone.c.sync == observation.c.sync,
            tombstone.c.side == observation.c.side,
            tombstone.c.record_id == observation.c.record_id,
            tombstone.c.state == "confirmed",
            tombstone.c.reason == "deleted",
        )
        .exists()
    )
    query = tx.select(*observations.COLUMNS).where(
        observation.c.sync == sync,
        observation.c.state == "new",
        observation.c.link_id.is_(None),
        buried,
    )
    return [observations.of_row(row) for row in tx.rows(query)]


def by_key(
    tx: Tx, sync: str, keys: Iterable[str], read: Iterable[Observation] = ()
) -> dict[str, list[Observation]]:
    """All records without a link, fresh or left alone before, by match key.

    Those `read` a moment ago are not read again.
    """
    query = tx.select(observation.c.side, observation.c.record_id).where(
        observation.c.sync == sync, observation.c.link_id.is_(None)
    )
    places = [tuple(row) for row in tx.among(query, observation.c.match_key, map(words, keys))]
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
    query = tx.select(*observations.COLUMNS).where(
        observation.c.sync == sync, observation.c.link_id.is_(None)
    )
    found = (observations.of_row(row) for row in tx.among(query, observation.c.url, urls))
    return {one.url: one for one in found if one.url}


def leave(tx: Tx, sync: str, records: Iterable[tuple[str, str, str | None]]) -> None:
    """Leave records alone, `(side, record_id, match_key)`: candidates for later ones."""
    _leave.run(
        tx,
        (("unlinked", words_or_none(key), sync, side, record) for side, record, key in records),
    )


def changed(tx: Tx, sync: str) -> dict[str, int]:
    """How many linked records show something new, by side."""
    query = (
        select(observation.c.side, func.count())
        .where(
            tx.here(observation),
            observation.c.sync == sync,
            observation.c.state == "new",
            observation.c.link_id.is_not(None),
        )
        .group_by(observation.c.side)
    )
    return {side: number for side, number in tx.rows(query)}


def deleted(tx: Tx, sync: str) -> list[Observation]:
    """Linked records that their tool calls deleted, not yet judged."""
    query = tx.select(*observations.COLUMNS).where(
        observation.c.sync == sync,
        observation.c.state == "new",
        observation.c.link_id.is_not(None),
        observation.c.deleted,
    )
    return [observations.of_row(row) for row in tx.rows(query)]
