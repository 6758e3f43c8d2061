"""Finding a link by what people call a record: the tool's own key (APP-123), or part of an id."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, select

from syncline.store.errors import NotOne
from syncline.store.findings import tombstones
from syncline.store.sql import Query, Tx, starts_with, word
from syncline.store.tables import link, link_side

_SHOWN = 5
_ALIKE = 2
_HINTS = 500

_by_name = Query(
    select(link_side.c.link_id, link_side.c.state)
    .where(
        link_side.c.kind == word("record"),
        (link_side.c.record_id == bindparam("name")) | (link_side.c.key == bindparam("name")),
    )
    .order_by(link_side.c.link_id),
    ("sync", "side"),
)
_alike = [
    Query(
        select(column)
        .where(link_side.c.kind == word("record"), starts_with(column))
        .order_by(column)
        .limit(_HINTS),
        ("sync", "side"),
    )
    for column in (link_side.c.key, link_side.c.record_id)
]
_by_id = Query(
    select(link.c.id).where(starts_with(link.c.id)).order_by(link.c.id).limit(_SHOWN), ("sync",)
)


def by_name(tx: Tx, sync: str, side: str, name: str) -> Sequence[str]:
    """The links in which a side's record has this id or key; those it was cut off come last.

    Where none has it any more, those in which another record took its place.
    """
    rows = _by_name.rows(tx, sync=sync, side=side, name=name)
    if not rows:
        return [one.link_id for one in tombstones.of_records(tx, sync, side, [name]).get(name, ())]
    return [row.link_id for row in sorted(rows, key=lambda row: row.state in ("cut", "gone"))]


def names(tx: Tx, sync: str, side: str, like: str) -> Sequence[str]:
    """Ids and keys of a side's records that begin as a name does, for a hint where it is wrong."""
    prefix = like[:_ALIKE]
    return [
        name for query in _alike for (name,) in query.rows(tx, sync=sync, side=side, prefix=prefix)
    ]


def by_id(tx: Tx, sync: str, prefix: str) -> str | None:
    """The link of a sync whose id begins so. Raises NotOne where several do."""
    found = [row.id for row in _by_id.rows(tx, sync=sync, prefix=prefix)]
    if len(found) > 1 and found[0] != prefix:
        raise NotOne(prefix, found)
    return found[0] if found else None
