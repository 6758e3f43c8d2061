"""Conflicts: concurrent values that wait for a policy's next chance or a person's answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select

from syncline.store.codec import dumps, loads, maybe, moment_or_none, stamp_or_none
from syncline.store.errors import NotOne
from syncline.store.rows import Conflict
from syncline.store.sql import Bulk, Query, Row, Tx, starts_with, upsert, word
from syncline.store.sql import update as updating
from syncline.store.tables import conflict

_COLUMNS = [column for column in conflict.columns if column.name != "workspace"]
_SHOWN = 5

_put = upsert(conflict, ("id",), keep=("created_at",))
_resolve = updating(conflict, ("state",), ("id",))
_answer = Bulk(
    "UPDATE conflict SET state = 'answered', answer = :p "
    "WHERE workspace = :p AND id = :p AND digest = :p AND state <> 'resolved'",
    1,
)

_WAITING = conflict.c.state != word("resolved")
_OLDEST_FIRST = select(*_COLUMNS).order_by(conflict.c.created_at, conflict.c.id)
_LIST = _OLDEST_FIRST.where(_WAITING)
_of_link = Query(_OLDEST_FIRST, ("link_id",))
_of_links = Query(select(*_COLUMNS).where(_WAITING).order_by(conflict.c.id), among="link_id")
_list = Query(_LIST)
_list_of_sync = Query(_LIST, ("sync",))
_count = Query(select(func.count()).select_from(conflict).where(_WAITING), ("sync",))
_every = Query(select(*_COLUMNS).order_by(conflict.c.id))
_named = Query(
    select(*_COLUMNS).where(starts_with(conflict.c.id)).order_by(conflict.c.id).limit(_SHOWN)
)


def put(tx: Tx, conflicts: Iterable[Conflict]) -> None:
    """Store conflicts; one with a known id is replaced and keeps the moment it was first seen."""
    _put.run(tx, (_values(one) for one in conflicts))


def of_links(tx: Tx, link_ids: Iterable[str]) -> dict[str, Sequence[Conflict]]:
    """The conflicts of links that are not resolved."""
    found: dict[str, Sequence[Conflict]] = {}
    for row in _of_links.among(tx, link_ids):
        found[row.link_id] = [*found.get(row.link_id, ()), _conflict(row)]
    return found


def of_link(tx: Tx, link_id: str) -> Sequence[Conflict]:
    """Every conflict that a link ever had, in any state, oldest first."""
    return [_conflict(row) for row in _of_link.rows(tx, link_id=link_id)]


def list(tx: Tx, sync: str | None = None) -> Sequence[Conflict]:
    """The conflicts that are not resolved, of one sync or of all, oldest first."""
    rows = _list.rows(tx) if sync is None else _list_of_sync.rows(tx, sync=sync)
    return [_conflict(row) for row in rows]


def every(tx: Tx) -> Sequence[Conflict]:
    """Every conflict there ever was, in any state."""
    return [_conflict(row) for row in _every.rows(tx)]


def count(tx: Tx, sync: str) -> int:
    """How many conflicts of a sync are not resolved."""
    return _count.number(tx, sync=sync)


def get(tx: Tx, prefix: str) -> Conflict | None:
    """The conflict whose id begins so, in any state. Raises NotOne where several do."""
    found = _named.rows(tx, prefix=prefix)
    if len(found) > 1 and found[0].id != prefix:
        raise NotOne(prefix, [row.id for row in found])
    return _conflict(found[0]) if found else None


def answer(tx: Tx, id_: str, digest: str, answer: Mapping[str, Any]) -> bool:
    """Store a person's answer to exactly the candidates that `digest` names.

    False, and nothing is stored, where the candidates have changed since or it is resolved: show
    it again.
    """
    return _answer.run(tx, [(dumps(answer), id_, digest)]) == 1


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


def _conflict(row: Row) -> Conflict:
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
