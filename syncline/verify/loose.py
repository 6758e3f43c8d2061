"""Records that are in no link though they should be, and records that say they are the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from syncline.store import links
from syncline.store.findings import conflicts, tombstones
from syncline.store.sql import Tx
from syncline.verify import compare
from syncline.verify.found import Duplicate, Orphan
from syncline.verify.linked import Linked
from syncline.verify.sides import BATCH
from syncline.verify.spool import Shown


class Loose:
    """What the links leave over, when all of them were compared."""

    def __init__(self, linked: Linked) -> None:
        self.linked = linked
        self.sides = linked.sides
        self.sync = linked.sync
        self.found = linked.found
        self.doubled: set[tuple[str, str]] = set()

    async def duplicates(self) -> None:
        """Live records of one side with one marker of ours, one reference, or two links."""
        for side, marker, ids in list(self.sides.spool.same_marker()):
            if self._ours(side, marker) is not None:
                await self._doubled(side, ids, "marker", marker)
        if "reference" in self.sync.match:
            for side, url, ids in list(self.sides.spool.same_reference()):
                await self._doubled(side, ids, "reference", url)
        for side, id_, tied in self.sides.spool.tied_twice():
            self.found.duplicates.add(Duplicate(side, (id_,), "two_links", " ".join(tied)))

    async def _doubled(self, side: str, ids: Sequence[str], why: str, of: str) -> None:
        now = await self.sides.by_id(side, ids)
        live = [id_ for id_, one in now.items() if isinstance(one, Shown) and one.live]
        if len(live) > 1:
            self.doubled |= {(side, id_) for id_ in live}
            self.found.duplicates.add(Duplicate(side, tuple(live), why, of))

    async def orphans(self) -> None:
        """Records that no link has, though another side makes what is missing, or though they bear
        a marker of ours."""
        asked = await self.sides.ports.store.read(_asked, self.sync.name)
        for side in self.sides.readable:
            after = ""
            while rows := self.sides.spool.loose(side, after, BATCH):
                after = rows[-1].id
                free = [r for r in rows if (side, r.id) not in asked | self.doubled]
                await self._orphans(side, free)

    async def _orphans(self, side: str, rows: Sequence[Shown]) -> None:
        """Those of a batch that are still there when they are read again, and still without a
        link."""
        maybe = [row for row in rows if not self.linked.recent(row)]
        await self.sides.know(side, [row.fields for row in maybe])
        maybe = [row for row in maybe if self._should_be_linked(row)]
        ids = [row.id for row in maybe]
        now = await self.sides.by_id(side, ids)
        there = [one for one in now.values() if isinstance(one, Shown) and one.live]
        tied = await self.sides.ports.store.read(_tied, self.sync.name, side, ids)
        for row in there:
            if row.id in tied or self.linked.recent(row) or not self._should_be_linked(row):
                continue
            link = self._ours(side, row.marker)
            why = "marker" if link is not None else "unlinked"
            self.found.orphans.add(Orphan(side, row.id, why, self._missing_in(side), link))

    def _should_be_linked(self, row: Shown) -> bool:
        people = self.sides.people
        inside = compare.belongs(self.sync, row.side, row.fields, row.in_scope, people)
        wanted = self._missing_in(row.side) is not None
        return inside and (wanted or self._ours(row.side, row.marker) is not None)

    def _missing_in(self, side: str) -> str | None:
        """A side that makes records which exist only elsewhere."""
        makers = (n for n, s in self.sync.sides.items() if n != side and s.create == "when_missing")
        return next(makers, None)

    def _ours(self, side: str, marker: str | None) -> str | None:
        """The link that a marker of ours names; None where we did not sign it for this side."""
        parts = marker.split("-") if marker else []
        if len(parts) != 3 or marker != self.sides.ports.sign(parts[1]):
            return None
        link, _, of = parts[1].partition(":")
        return link if of == side else None


def _asked(tx: Tx, sync: str) -> set[tuple[str, str]]:
    """Records of which a person is asked what they belong to."""
    return {
        (str(candidate["side"]), str(candidate["value"]))
        for one in conflicts.list(tx, sync)
        if one.link_id is None
        for candidate in one.candidates
    }


def _tied(tx: Tx, sync: str, side: str, ids: Iterable[str]) -> set[str]:
    """Records that have a link by now, or a tombstone that keeps them apart."""
    wanted = list(ids)
    buried = tombstones.of_records(tx, sync, side, wanted)
    return {*links.find(tx, sync, side, wanted), *buried}
