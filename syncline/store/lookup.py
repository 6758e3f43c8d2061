"""Finding a link by what people call a record: the tool's own key (APP-123), or part of an id."""

from __future__ import annotations

from collections.abc import Sequence

from syncline.store.errors import NotOne
from syncline.store.findings import tombstones
from syncline.store.sql import Tx, starts_with
from syncline.store.tables import link, link_side

_SHOWN = 5
_ALIKE = 2
_HINTS = 500


def by_name(tx: Tx, sync: str, side: str, name: str) -> Sequence[str]:
    """The links in which a side's record has this id or key; those it was cut off come last.

    Where none has it any more, those in which another record took its place.
    """
    query = (
        tx.select(link_side.c.link_id, link_side.c.state)
        .where(
            link_side.c.sync == sync,
            link_side.c.side == side,
            link_side.c.kind == "record",
            (link_side.c.record_id == name) | (link_side.c.key == name),
        )
        .order_by(link_side.c.link_id)
    )
    rows = sorted(tx.rows(query), key=lambda row: row.state in ("cut", "gone"))
    if not rows:
        return [one.link_id for one in tombstones.of_records(tx, sync, side, [name]).get(name, ())]
    return [row.link_id for row in rows]


def names(tx: Tx, sync: str, side: str, like: str) -> Sequence[str]:
    """Ids and keys of a side's records that begin as a name does, for a hint where it is wrong."""
    found: list[str] = []
    for column in (link_side.c.key, link_side.c.record_id):
        query = tx.select(column).where(
            link_side.c.sync == sync,
            link_side.c.side == side,
            link_side.c.kind == "record",
            starts_with(column, like[:_ALIKE]),
        )
        found += [row[0] for row in tx.rows(query.order_by(column).limit(_HINTS))]
    return found


def by_id(tx: Tx, sync: str, prefix: str) -> str | None:
    """The link of a sync whose id begins so. Raises NotOne where several do."""
    query = tx.select(link.c.id).where(link.c.sync == sync, starts_with(link.c.id, prefix))
    found = [row.id for row in tx.rows(query.order_by(link.c.id).limit(_SHOWN))]
    if len(found) > 1 and found[0] != prefix:
        raise NotOne(prefix, found)
    return found[0] if found else None
