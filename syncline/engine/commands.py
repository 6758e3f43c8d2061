"""What people tell the engine between passes: answers, ties, cuts, retries; a transaction each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime
from typing import Any

from syncline.engine.attempts import PUT_OFF
from syncline.engine.child_ports import split
from syncline.engine.children import SEEN
from syncline.engine.identity import buried, forgotten
from syncline.engine.owing import WANTED
from syncline.store import intents, journal, links, observations
from syncline.store.findings import conflicts, deviations, parked, tombstones
from syncline.store.rows import JournalEntry, Link, LinkSide, Tombstone
from syncline.store.sql import Tx
from syncline.store.store import Store

UNLINKED = "unlinked by an operator"
RETRIED = "tried again by an operator"


async def answer_conflict(store: Store, id_: str, digest: str, value: Any, by: str = "") -> bool:
    """Store an answer, and who gave it; the next pass delivers it. False if the candidates have
    changed since."""
    return await store.write(_answer, id_, digest, {"value": value, "by": by or None})


def _answer(tx: Tx, id_: str, digest: str, answer: Mapping[str, Any]) -> bool:
    if not conflicts.answer(tx, id_, digest, answer):
        return False
    found = conflicts.get(tx, id_)
    if found is not None and found.link_id is not None:
        observations.release_held(tx, found.sync, [found.link_id])
    return True


async def adopt(
    store: Store,
    sync: str,
    records: Sequence[tuple[str, str]],
    link_id: str,
    at: datetime,
    by: str = "",
) -> Link:
    """Tie records `(side, record id)` of different sides; lifts what tombstones they have.

    A record that is in a link already brings that link; `link_id` names a new one. A single
    record becomes a link of its own and is made on the sides that ask before they create. Raises
    ValueError where two of them are in different links, or a side would have two records.
    """
    return await store.write(_adopt, sync, records, link_id, at, by)


def _adopt(
    tx: Tx, sync: str, records: Sequence[tuple[str, str]], link_id: str, at: datetime, by: str
) -> Link:
    found: dict[str, str] = {}
    for side, id_ in records:
        found |= {f"{side}:{r}": link for r, link in links.find(tx, sync, side, [id_]).items()}
    homes = set(found.values())
    if len(homes) > 1:
        raise ValueError(
            "these records are in different links already: "
            + ", ".join(f"{record} in {link}" for record, link in sorted(found.items()))
            + "; `syncline unlink` one of them first"
        )
    link = links.load(tx, homes)[homes.pop()] if homes else None
    fresh = link is None
    link = link or Link(link_id, sync, "record", None, {}, {})
    for side, id_ in records:
        was = link.sides.get(side)
        if was is not None and was.record_id != id_ and was.state in ("in", "out"):
            raise ValueError(
                f"link {link.id} has {side}:{was.record_id} already; `syncline unlink` it first"
            )
        if was is not None and was.record_id != id_:
            link = forgotten(link, side)
        if was is None or was.record_id != id_:
            link = _take_along(tx, link, side, id_)
    tombstones.lift(tx, [(sync, side, id_) for side, id_ in records])
    sides = {**link.sides, **{s: LinkSide(s, id_) for s, id_ in records}}
    fields = {**link.fields, WANTED: True} if len(records) == 1 else link.fields
    link = replace(link, sides=sides, fields=fields, dirty=True, revision=link.revision + 1)
    (links.insert if fresh else links.update)(tx, [link])
    _note_parked(tx, link)
    _note_answered(tx, sync, set(records))
    place = (at, sync, "", link.id, *records[0], None)
    tied = JournalEntry(*place, "link", None, dict(records), by or None, "adopt")
    journal.append(tx, [tied])
    observations.attach(tx, sync, [(side, id_, link.id) for side, id_ in records])
    return link


def _take_along(tx: Tx, link: Link, side: str, id_: str) -> Link:
    """The link that is to read the comments and files of a record anew: as older than the tie, so
    that none is mailed to anybody. The links that the record was in have them no more."""
    buried = tombstones.of_records(tx, link.sync, side, [id_]).get(id_, ())
    known = links.children(tx, {one.link_id for one in buried} - {link.id})
    theirs = [one for group in known.values() for one in group if side in one.sides]
    mine = [one for one in theirs if split(one.sides[side].record_id)[0] == id_]
    cut = LinkSide(side, "", "cut")
    links.update(tx, [replace(forgotten(c, side), sides={**c.sides, side: cut}) for c in mine])
    if SEEN not in link.fields:
        return link
    seen = [name for name in link.fields[SEEN] if name != side]
    return replace(link, fields={**link.fields, SEEN: seen})


def _note_parked(tx: Tx, link: Link) -> None:
    """A create that was lost is found now: neither parked nor open any more."""
    rows = parked.of_links(tx, [link.id]).get(link.id, ())
    parked.clear(tx, [row.id for row in rows if row.side in link.sides and row.action == "create"])


def _note_answered(tx: Tx, sync: str, records: Set[tuple[str, str]]) -> None:
    """Questions about these records are answered by tying them."""
    asked = [c for c in conflicts.list(tx, sync) if c.kind in ("match", "create")]
    conflicts.resolve(
        tx,
        [c.id for c in asked if records & {(one["side"], one["value"]) for one in c.candidates}],
    )


async def unlink(store: Store, link: Link, side: str, at: datetime, by: str = "") -> Link:
    """Cut one side off its link for good: a tombstone keeps the pair apart until `adopt`, and what
    waited for the record or was told of it is over."""
    return await store.write(_unlink, link, side, at, by)


def _unlink(tx: Tx, link: Link, side: str, at: datetime, by: str) -> Link:
    record_id = link.sides[side].record_id
    tombstones.put(
        tx,
        [
            Tombstone(
                link.sync, link.id, side, record_id, "confirmed", "unlinked",
                UNLINKED, at, at,
            )
        ],
    )  # fmt: skip
    after = buried(link, side, "cut")
    links.update(tx, [after])
    place = (at, link.sync, "", link.id, side, record_id, None)
    journal.append(tx, [JournalEntry(*place, "unlink", record_id, None, by or None, UNLINKED)])
    observations.delete(tx, link.sync, [(side, record_id)])
    waiting = parked.of_links(tx, [link.id]).get(link.id, ())
    parked.clear(tx, [row.id for row in waiting if row.side == side])
    told = deviations.of_links(tx, [link.id]).get(link.id, ())
    deviations.clear(tx, [(row.link_id, row.side, row.field) for row in told if row.side == side])
    return after


async def retry_parked(store: Store, id_: str, at: datetime, by: str = "") -> bool:
    """Let a parked action be tried again by the next pass; False if there is none."""
    return await store.write(_retry, id_, at, by)


def _retry(tx: Tx, id_: str, at: datetime, by: str) -> bool:
    row = next((p for p in parked.list(tx) if p.id == id_), None)
    if row is None:
        return False
    over = intents.of_links(tx, [row.link_id], ("parked", PUT_OFF))
    for intent in over.get(row.link_id, []):
        if intent.side == row.side:
            intents.close(tx, [(intent.id, "superseded", RETRIED)], at)
    link = links.load(tx, [row.link_id]).get(row.link_id)
    if link is not None:
        links.update(tx, [_reopened(link, row.side, row.field)])
    parked.clear(tx, [id_])
    at_side = link.sides.get(row.side) if link is not None else None
    record_id = at_side.record_id if at_side is not None else None
    place = (at, row.sync, "", row.link_id, row.side, record_id, row.field or None)
    journal.append(tx, [JournalEntry(*place, "retry", None, None, by or None, RETRIED)])
    return True


def _reopened(link: Link, side: str, unit: str) -> Link:
    fields = dict(link.fields)
    packed = fields.get(unit)
    if isinstance(packed, dict) and side in packed.get("deviates", {}):
        fields[unit] = {
            **packed,
            "delivered": [s for s in packed["delivered"] if s != side],
            "deviates": {s: why for s, why in packed["deviates"].items() if s != side},
        }
    return replace(link, fields=fields, dirty=True, revision=link.revision + 1)
