"""Conflicts: concurrent values that wait for a policy's next chance or a person's answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, func, select, update

from syncline.store.codec import dumps, loads, maybe, moment_or_none, stamp_or_none
from syncline.store.errors import NotOne
from syncline.store.rows import Conflict
from syncline.store.sql import Tx, starts_with, upsert
from syncline.store.sql import update as updating
from syncline.store.tables import conflict

_COLUMNS = [column for column in conflict.columns if column.name != "workspace"]
_SHOWN = 5

_put = upsert(conflict, ("id",), keep=("created_at",))
_resolve = updating(conflict, ("state",), ("id",))


def put(tx: Tx, conflicts: Iterable[Conflict]) -> None:
    """Store conflicts; one with a known id is replaced and keeps the moment it was first seen."""
    _put.run(tx, (_values(one) for one in conflicts))


def of_links(tx: Tx, link_ids: Iterable[str]) -> dict[str, Sequence[Conflict]]:
    """The conflicts of links that are not resolved."""
    query = tx.select(*_COLUMNS).where(conflict.c.state != "resolved").order_by(conflict.c.id)
    found: dict[str, Sequence[Conflict]] = {}
    for row in tx.among(query, conflict.c.link_id, link_ids):
        found[row.link_id] = [*found.get(row.link_id, ()), _conflict(row)]
    return found


def of_link(tx: Tx, link_id: str) -> Sequence[Conflict]:
    """Every conflict that a link ever had, in any state, oldest first."""
    query = tx.select(*_COLUMNS).where(conflict.c.link_id == link_id)
    return [_conflict(row) for row in tx.rows(query.order_by(conflict.c.created_at, conflict.c.id))]


def list(tx: Tx, sync: str | None = None) -> Sequence[Conflict]:
    """The conflicts that are not resolved, of one sync or of all, oldest first."""
    query = tx.select(*_COLUMNS).where(conflict.c.state != "resolved")
    if sync is not None:
        query = query.where(conflict.c.sync == sync)
    return [_conflict(row) for row in tx.rows(query.order_by(conflict.c.created_at, conflict.c.id))]


def count(tx: Tx, sync: str) -> int:
    """How many conflicts of a sync are not resolved."""
    query = select(func.count()).where(tx.here(conflict), conflict.c.sync == sync)
    return tx.conn.scalar(query.where(conflict.c.state != "resolved")) or 0


def get(tx: Tx, prefix: str) -> Conflict | None:
    """The conflict whose id begins so, in any state. Raises NotOne where several do."""
    query = tx.select(*_COLUMNS).where(starts_with(conflict.c.id, prefix)).order_by(conflict.c.id)
    found = tx.rows(query.limit(_SHOWN))
    if len(found) > 1 and found[0].id != prefix:
        raise NotOne(prefix, [row.id for row in found])
    return _conflict(found[0]) if found else None


def answer(tx: Tx, id_: str, digest: str, answer: Mapping[str, Any]) -> bool:
    """Store a person's answer to exactly the candidates that `digest` names.

    False, and nothing is stored, where the candidates have changed since or it is resolved: show
    it again.
    """
    changed = tx.conn.execute(
        update(conflict)
        .where(
            tx.here(conflict),
            conflict.c.id == id_,
            conflict.c.digest == digest,
            conflict.c.state != "resolved",
        )
        .values(state="answered", answer=dumps(answer))
    )
    return changed.rowcount == 1


def resolve(tx: Tx, ids: Iterable[str]) -> None:
    """Note that conflicts are decided; their candidates stay readable."""
    _resolve.run(tx, (("resolved", id_) for id_ in ids))


def _values(one: Conflict) -> tuple[Any, ...]:
    return (
        one.id,
        one.sync,
        one.link_id,
        one.field,
        one.kind,
        dumps(one.candidates),
        one.digest,
        one.state,
        None if one.answer is None else dumps(one.answer),
        stamp_or_none(one.created_at),
    )


def _conflict(row: Row[Any]) -> Conflict:
    id_, sync, link_id, field, kind, candidates, digest, state, answer, created_at = row
    return Conflict(
        id_,
        sync,
        link_id,
        field,
        kind,
        tuple(loads(candidates)),
        digest,
        state,
        maybe(answer),
        moment_or_none(created_at),
    )
