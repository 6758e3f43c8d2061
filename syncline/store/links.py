"""Links and their sides. A link is stored whole: its field states are one packed column."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import bindparam, func, select

from syncline.store import texts
from syncline.store.codec import words_or_none
from syncline.store.errors import StoreIntegrity
from syncline.store.rows import Link, LinkSide
from syncline.store.sql import Bulk, Query, Row, Tx, word
from syncline.store.sql import delete as deleting
from syncline.store.sql import insert as inserting
from syncline.store.sql import update as updating
from syncline.store.tables import link, link_side, link_total

_VALUES = ("sync", "kind", "parent", "fields", "revision", "dirty", "agreed")
_COLUMNS = [link.c[name] for name in ("id", *_VALUES)]
_SIDE_COLUMNS = [
    link_side.c[name] for name in ("link_id", "side", "record_id", "state", "version", "key", "url")
]
_LIVE = (link_side.c.state != word("cut"), link_side.c.state != word("gone"))
_PAGE = (
    select(*_COLUMNS)
    .where(link.c.id > bindparam("after"))
    .order_by(link.c.id)
    .limit(bindparam("limit"))
)
_VERSIONS = (
    select(link_side.c.record_id, link_side.c.version)
    .where(link_side.c.kind == word("record"), link_side.c.record_id > bindparam("after"), *_LIVE)
    .order_by(link_side.c.record_id)
    .limit(bindparam("limit"))
)
_HOW_MANY = select(func.count()).select_from(link)

_load = Query(select(*_COLUMNS), among="id")
_children = Query(select(*_COLUMNS), among="parent")
_sides = Query(select(*_SIDE_COLUMNS), among="link_id")
_find = Query(
    select(link_side.c.record_id, link_side.c.link_id).where(*_LIVE),
    ("sync", "side", "kind"),
    among="record_id",
)
_by_url = Query(
    select(link_side.c.url, link_side.c.link_id).where(*_LIVE), ("sync", "kind"), among="url"
)
_dirty = Query(_PAGE.where(link.c.dirty), ("sync",))
_page = Query(_PAGE, ("sync", "kind"))
_versions = Query(_VERSIONS, ("sync", "side"))
_versions_in = Query(_VERSIONS, ("sync", "side", "state"))
_total = Query(select(link_total.c.links), ("sync", "kind"))
_differing = Query(_HOW_MANY.where(~link.c.agreed), ("sync", "kind"))
_undelivered = Query(_HOW_MANY.where(link.c.dirty), ("sync", "kind"))
_ties = Query(select(link.c.id, link.c.sync, link.c.kind), among="id")

_insert_links = inserting(link)
_update_links = updating(link, _VALUES, ("id",))
_delete_links = deleting(link, ("id",))
_insert_sides = inserting(link_side)
_delete_sides = deleting(link_side, ("link_id", "side"))
_add_total = Bulk(
    "INSERT INTO link_total (workspace, sync, kind, links) VALUES (:p, :p, :p, :p) "
    "ON CONFLICT (workspace, sync, kind) DO UPDATE SET links = link_total.links + excluded.links",
    0,
)


def insert(tx: Tx, links: Sequence[Link]) -> None:
    """Store new links with their sides. A record is in one link of its sync at most: StoreIntegrity
    otherwise (sides that are `cut` or `gone` do not count)."""
    _insert_links.run(tx, ((one.id, *_values(one)) for one in links))
    _insert_sides.run(tx, (_side_row(one, side) for one in links for side in one.sides.values()))
    _count(tx, Counter((one.sync, one.kind) for one in links))


def load(tx: Tx, ids: Iterable[str]) -> dict[str, Link]:
    """Links by id; an unknown id is left out."""
    return _assemble(tx, _load.among(tx, ids))


def find(
    tx: Tx, sync: str, side: str, record_ids: Iterable[str], kind: str = "record"
) -> dict[str, str]:
    """The link of each record that is in one now; `{record_id: link_id}`."""
    rows = _find.among(tx, record_ids, sync=sync, side=side, kind=kind)
    return {row.record_id: row.link_id for row in rows}


def by_url(tx: Tx, sync: str, urls: Iterable[str]) -> dict[str, Link]:
    """The link of each record that people see at one of these addresses."""
    ids = {row.url: row.link_id for row in _by_url.among(tx, urls, sync=sync, kind="record")}
    found = load(tx, ids.values())
    return {url: found[id_] for url, id_ in ids.items()}


def update(tx: Tx, links: Sequence[Link]) -> None:
    """Store links whole; of the sides only those that changed. StoreIntegrity where one is gone."""
    if _update_links.run(tx, ((*_values(one), one.id) for one in links)) != len(links):
        raise StoreIntegrity(
            "A link to be stored is no longer there: it was removed while this step was deciding. "
            "The whole transaction was undone; the next pass decides anew."
        )
    stored = _sides_of(tx, (one.id for one in links))
    changed = [
        (one, side)
        for one in links
        for side in one.sides.values()
        if stored.get(one.id, {}).get(side.side) != side
    ]
    vanished = [
        (one.id, name) for one in links for name in stored.get(one.id, {}) if name not in one.sides
    ]
    # All old rows go first: a record may move from one link to another within the batch.
    _delete_sides.run(tx, [*vanished, *((one.id, side.side) for one, side in changed)])
    _insert_sides.run(tx, (_side_row(one, side) for one, side in changed))


def dirty(tx: Tx, sync: str, after: str | None, limit: int) -> list[Link]:
    """Links with something to deliver, of every kind, by id from `after` on."""
    rows = _dirty.rows(tx, sync=sync, after=after or "", limit=limit)
    return list(_assemble(tx, rows).values())


def page(tx: Tx, sync: str, after: str | None, limit: int, kind: str = "record") -> list[Link]:
    """Links of a sync by id from `after` on."""
    rows = _page.rows(tx, sync=sync, kind=kind, after=after or "", limit=limit)
    return list(_assemble(tx, rows).values())


def children(tx: Tx, parent_ids: Iterable[str]) -> dict[str, list[Link]]:
    """The comments and attachments of links, by id; a link without any is left out."""
    found = _assemble(tx, _children.among(tx, parent_ids))
    by_parent: dict[str, list[Link]] = {}
    for one in sorted(found.values(), key=lambda child: child.id):
        assert one.parent is not None  # they were asked for by their parents
        by_parent.setdefault(one.parent, []).append(one)
    return by_parent


def versions(
    tx: Tx,
    sync: str,
    side: str,
    after: str | None = None,
    limit: int | None = None,
    *,
    state: str | None = None,
) -> dict[str, int | None]:
    """The newest known version of every linked record of a side, in the order of record ids.

    A large side is read in pages: `after` is the last record id of the page before. `state`
    restricts them to sides in this state.
    """
    page = {"sync": sync, "side": side, "after": after or "", "limit": limit or sys.maxsize}
    rows = (
        _versions.rows(tx, **page) if state is None else _versions_in.rows(tx, **page, state=state)
    )
    return {row.record_id: row.version for row in rows}


def total(tx: Tx, sync: str, kind: str = "record") -> int:
    """How many links there are."""
    row = _total.first(tx, sync=sync, kind=kind)
    return int(row.links) if row is not None else 0


def count(tx: Tx, sync: str, kind: str = "record") -> dict[str, int]:
    """How many `links`, how many of them `agreed`, how many `dirty`; not slower with more links."""
    links = total(tx, sync, kind)
    differing = _differing.number(tx, sync=sync, kind=kind)
    undelivered = _undelivered.number(tx, sync=sync, kind=kind)
    return {"links": links, "agreed": links - differing, "dirty": undelivered}


def delete(tx: Tx, ids: Iterable[str]) -> None:
    """Remove links with their sides; an unknown id is nothing."""
    found = list(_ties.among(tx, ids))
    _delete_links.run(tx, ((row.id,) for row in found))
    _count(tx, Counter({key: -n for key, n in Counter((r.sync, r.kind) for r in found).items()}))


def _values(one: Link) -> tuple[Any, ...]:
    return (
        one.sync,
        one.kind,
        one.parent,
        texts.pack(one.fields),
        one.revision,
        one.dirty,
        one.agreed,
    )


def _side_row(one: Link, side: LinkSide) -> tuple[Any, ...]:
    return (
        one.id,
        side.side,
        one.sync,
        one.kind,
        side.record_id,
        side.state,
        side.version,
        words_or_none(side.key),
        words_or_none(side.url),
    )


def _sides_of(tx: Tx, ids: Iterable[str]) -> dict[str, dict[str, LinkSide]]:
    by_link: dict[str, dict[str, LinkSide]] = {}
    for link_id, side, *rest in _sides.among(tx, ids):
        by_link.setdefault(link_id, {})[side] = LinkSide(side, *rest)
    return by_link


def _assemble(tx: Tx, rows: Iterable[Row]) -> dict[str, Link]:
    found = list(rows)
    sides = _sides_of(tx, (row.id for row in found))
    return {
        id_: Link(
            id_,
            sync,
            kind,
            parent,
            sides.get(id_, {}),
            texts.unpack(fields),
            revision,
            bool(dirty),
            bool(agreed),
        )
        for id_, sync, kind, parent, fields, revision, dirty, agreed in found
    }


def _count(tx: Tx, changes: Counter[tuple[str, str]]) -> None:
    _add_total.run(tx, ((*key, changes[key]) for key in sorted(changes)))
