"""What happens to links when a tool merges two records into one (I23).

The record that answers for both keeps its link, or takes the other one's place where it had none.
A counterpart that is left without a partner is neither deleted nor paired anew by guessing: what
it holds that the merged record never got is kept as a conflict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace

from syncline.engine import identity
from syncline.engine.book import Book, moot, observation_of
from syncline.engine.child_ports import child_id, split
from syncline.engine.children import SEEN
from syncline.engine.context import PassContext
from syncline.engine.decision import digest
from syncline.engine.owing import CHILD
from syncline.sdk.connector import Missing, Record
from syncline.sdk.errors import ConnectorError
from syncline.store import intents, links, observations
from syncline.store.findings import conflicts, parked, tombstones
from syncline.store.rows import (
    Conflict,
    Intent,
    JournalEntry,
    Link,
    LinkSide,
    Observation,
    Parked,
    Tombstone,
)
from syncline.store.sql import Tx

HOPS = 10
"""How long a chain of merges is followed."""

LIVE = ("in", "out")


@dataclass(frozen=True, slots=True)
class Merge:
    """A record of a link that its tool merged into another, which `into` names."""

    tombstone: Tombstone
    into: str


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows of a merge. `home` is the link of the record that answers for both, and
    `unsettled` the sides where a record of it may have been made that nobody has seen yet. `asked`:
    that record may itself be what another link asked its tool to make. `merged`: other sides
    whose record is one that another was merged into. `children` are the comments and files of
    `link`, `said` those of `home`."""

    link: Link | None
    home: Link | None
    unsettled: Set[str]
    buried: bool
    asked: bool
    merged: Set[str]
    observed: Mapping[str, Observation]
    intents: Sequence[Intent]
    parked: Sequence[Parked]
    conflicts: Sequence[Conflict]
    children: Sequence[Link]
    said: Sequence[Link]


async def carry_out(context: PassContext, merges: Sequence[Merge]) -> None:
    """Do to the links of merged records what was done to the records, one after the other."""
    for side in sorted({one.tombstone.side for one in merges}):
        mine = [one for one in merges if one.tombstone.side == side]
        try:
            survivors = await _survivors(context, side, {one.into for one in mine})
        except ConnectorError as error:
            context.stop(side, error)
            continue
        for one in mine:
            await _Merging(context, one.tombstone, survivors.get(one.into)).carry_out()


async def _survivors(context: PassContext, side: str, ids: set[str]) -> dict[str, Record]:
    """The record that answers for each id in the end: what was merged may be merged again."""
    found: dict[str, Record | Missing] = {}
    wanted = set(ids)
    for _ in range(HOPS):
        if not wanted:
            break
        record = context.sync.sides[side].record
        found |= await context.connectors[side].fetch(record, sorted(wanted))
        into = {r.merged_into for r in found.values() if isinstance(r, Record)}
        wanted = {id_ for id_ in into if id_ is not None} - found.keys()
    survivors = {}
    for id_ in ids:
        now = found.get(id_)
        for _ in range(HOPS):
            if not isinstance(now, Record) or now.merged_into is None:
                break
            now = found.get(now.merged_into)
        if isinstance(now, Record) and not now.deleted and now.merged_into is None:
            survivors[id_] = now
    return survivors


class _Merging:
    """One merged record; `survivor` None where nobody can see the record that answers for it."""

    def __init__(self, context: PassContext, tombstone: Tombstone, survivor: Record | None) -> None:
        self.context = context
        self.sync = context.sync
        self.side = tombstone.side
        self.tombstone = tombstone
        self.survivor = survivor
        self.book = Book(context.sync.name, context.run, context.now())

    async def carry_out(self) -> None:
        known = await self.context.read(_known, self.tombstone, self.survivor)
        link = known.link
        if link is None or link.sides[self.side].record_id != self.tombstone.record_id:
            return
        self._clear(known)
        if self.survivor is not None and known.home is not None:
            if not await self._join(link, known.home, self.survivor, known):
                return  # the tombstone stays suspected, so that the next pass comes here again
        elif known.asked:
            return  # it has a link as soon as its create is settled; the next pass looks again
        elif self.survivor is not None and not known.buried and not self._apart(link, known):
            self._move(link, self.survivor, known)
        else:
            rest = identity.buried(link, self.side)
            self._end(link, rest, known)
            if not known.buried:
                self._say("while another tool merged it into something else", rest)
        self.context.counts["merged"] += 1
        await self.context.commit(self.book.write)

    def _apart(self, link: Link, known: Known) -> Set[str]:
        """Sides whose tool merged its record of the link too, into one that the record merged here
        never heard of: each is the same as what it had been, and nobody has said that they are the
        same as each other. A person is told; neither gets what the other shows."""
        observed = {s: one for s, one in known.observed.items() if s in known.merged}
        people = self.context.people
        unheard = identity.unheard(self.sync, link, observed, self.side, people)
        return known.merged if known.merged and unheard else frozenset()

    def _clear(self, known: Known) -> None:
        """What was sent to the merged record, or refused by it, is over; it is not read again."""
        into = self.survivor.id if self.survivor is not None else "a record nobody can see"
        why = f"merged into {into} by the tool"
        self.book.tombstones.append(replace(self.tombstone, evidence=why))
        self.book.done.append((self.side, self.tombstone.record_id))
        for intent in known.intents:
            if intent.side == self.side:
                self.book.close(intent, "superseded", why)
        self.book.unparked += [row.id for row in known.parked if row.side == self.side]
        link_id = self.tombstone.link_id
        self.book.conforming += [(link_id, self.side, name) for name in self.sync.units]
        self._enter(link_id)

    def _enter(self, link_id: str) -> None:
        """The merge as a hop of a link's story."""
        was, now = self.tombstone.record_id, self.survivor.id if self.survivor is not None else None
        at, sync, run = self.book.at, self.book.sync, self.book.run
        place = (at, sync, run, link_id, self.side, was, None)
        hop = JournalEntry(*place, "merge", was, now, None, "merged by the tool")
        self.book.entries.append(hop)

    def _move(self, link: Link, survivor: Record, known: Known) -> None:
        """Nobody's record takes the merged one's place, and shows what it shows (rule 1)."""
        at = LinkSide(self.side, survivor.id, "in", None, survivor.key, survivor.url)
        after = identity.moved(self.sync, link, self.side, at)
        self.book.links[link.id] = _unread(after)
        self._observe(self.side, survivor, link.id)
        for child in known.children:
            self.book.links[child.id] = self._said_there(child, survivor)

    def _said_there(self, child: Link, survivor: Record) -> Link:
        """A comment or file of the merged record, where the record that answers for it shows it."""
        said = child.sides.get(self.side)
        record_id, id_ = split(said.record_id) if said is not None else ("", "")
        if said is None or record_id != self.tombstone.record_id:
            return child
        place = replace(said, record_id=child_id(survivor.id, id_))
        return replace(child, sides={**child.sides, self.side: place})

    def _bring(
        self, home: Link, rest: Link, survivor: Record, spare: Sequence[str], known: Known
    ) -> None:
        """What was said about records goes with them to their new link, so that none of it is said
        again; where others of its records stay, the new link finds its part out by itself."""
        side, gone = self.side, {name: LinkSide(name, "", "cut") for name in spare}
        said = {(c.kind, c.sides[side].record_id): c for c in known.said if side in c.sides}
        for child in known.children:
            moved = self._said_there(child, survivor)
            twin = said.get((child.kind, moved.sides[side].record_id)) if moved != child else None
            if twin is not None:
                free = [s for s in spare if s in child.sides and s not in twin.sides]
                self.book.links[twin.id], child = identity.joined(twin, child, free)
            if twin is not None or _places(rest):
                self.book.links[child.id] = replace(child, sides={**child.sides, **gone})
            else:
                self.book.links[child.id] = _of(home, moved, {side, *spare})

    async def _join(self, link: Link, home: Link, survivor: Record, known: Known) -> bool:
        """Two links become one: the survivor's has both histories, the other one ends here.

        False where that has to wait for a tool: without the record that the survivor's link lacks,
        it would have another one made there.
        """
        cut = identity.buried(link, self.side)
        spare = await self._spare(cut, home, known.unsettled | self._apart(link, known))
        if spare is None:
            return False
        kept, rest = identity.joined(home, cut, spare)
        self.book.links[home.id] = _unread(kept) if spare else kept
        self._enter(home.id)
        if spare:
            self._bring(home, rest, survivor, spare, known)
        self._end(link, rest, known)
        self._say(f"which is linked with {_places(home, but=self.side) or 'nothing'}", rest)
        return True

    def _say(self, what: str, rest: Link) -> None:
        """Tells of records that are left alone, if any are; `what`: of the one that answers."""
        left = _places(rest)
        if left and self.survivor is not None:
            self.context.notes.append(
                f"{self.side}: {self.tombstone.record_id} was merged into {self.survivor.id}, "
                f"{what}; {left} stays as it is, without a partner there"
            )

    async def _spare(self, link: Link, home: Link, unsettled: Set[str]) -> list[str] | None:
        """Sides of a link that ends whose record the other link lacks: it goes there.

        Not where the other link's own record may exist already: that one would have no link. None
        where a tool cannot tell now whether it still has the record.
        """
        spare = []
        for other, at in link.sides.items():
            taken = other in home.sides or other in unsettled
            if taken or at.state not in LIVE or other not in self.sync.sides:
                continue
            record = self.sync.sides[other].record
            try:
                found = await self.context.connectors[other].fetch(record, [at.record_id])
            except ConnectorError as error:
                self.context.stop(other, error)
                return None
            shown = found.get(at.record_id)
            if isinstance(shown, Record):
                self._observe(other, shown, home.id)
                spare.append(other)
        return spare

    def _observe(self, side: str, record: Record, link_id: str) -> None:
        self.book.seen.append(observation_of(self.sync, side, record, link_id, self.book.at))

    def _end(self, link: Link, after: Link, known: Known) -> None:
        """A link whose record on this side has ended; what it never got is kept for a person."""
        self.book.links[link.id] = after
        live = {s: at for s, at in after.sides.items() if at.state in LIVE}
        if not live:
            self.book.resolved += [one.id for one in known.conflicts]
            # A record that may have been made is still somewhere, for a person to tell.
            self.book.unparked += [row.id for row in known.parked if row.digest != "lost"]
            return
        self.book.resolved += moot(known.conflicts, live)
        observed = {s: one for s, one in known.observed.items() if s in live}
        # What waited for an answer between the two is planned again without the one that ended.
        self.book.attached += [(s, o.record_id, after.id) for s, o in observed.items()]
        people = self.context.people
        edits = identity.unheard(self.sync, link, observed, self.side, people)
        if edits:
            self.book.conflicts.append(self._kept(link, live, edits))

    def _kept(
        self, link: Link, live: Mapping[str, LinkSide], edits: Mapping[str, object]
    ) -> Conflict:
        """Names the records that hold the edits, with these, and the one that never got them."""
        answers = self.survivor.id if self.survivor is not None else self.tombstone.record_id
        nobody = {"at": None, "person": None}
        holders = [
            {"side": at.side, "value": at.record_id, **nobody, "edits": dict(edits)}
            for at in live.values()
        ]
        return Conflict(
            id=self.context.sign(f"{link.id}/{self.side}/merged")[-10:],
            sync=self.book.sync,
            link_id=link.id,
            field="",
            kind="merged",
            candidates=(*holders, {"side": self.side, "value": answers, **nobody}),
            digest=digest(link.id, ()),
            created_at=self.book.at,
        )


def _of(home: Link, child: Link, sides: Set[str]) -> Link:
    """A comment or file in another link, of whose records it knows those on these sides: as what
    the others show it is settled when they are read with it."""
    meta = child.fields[CHILD]
    shown = {side: how for side, how in meta["as"].items() if side in sides}
    fields = {**child.fields, CHILD: {**meta, "as": shown}}
    return replace(child, parent=home.id, fields=fields)


def _unread(link: Link) -> Link:
    """The link with a record whose comments are older than it: none is to be mailed to anybody."""
    return replace(link, fields={n: v for n, v in link.fields.items() if n != SEEN})


def _places(link: Link, but: str = "") -> str:
    live = [at for at in link.sides.values() if at.state in LIVE and at.side != but]
    return ", ".join(f"{at.side}:{at.record_id}" for at in live)


def _known(tx: Tx, tombstone: Tombstone, survivor: Record | None) -> Known:
    sync, side, id_ = tombstone.sync, tombstone.side, tombstone.link_id
    home: Link | None = None
    buried = False
    if survivor is not None:
        homes = links.find(tx, sync, side, [survivor.id])
        home = next(iter(links.load(tx, homes.values()).values()), None)
        buried = bool(tombstones.dead(tx, sync, side, [survivor.id]))
    at_home = [home.id] if home is not None else []
    sent = [one for some in intents.of_links(tx, at_home, ("open",)).values() for one in some]
    lost = [one for some in parked.of_links(tx, at_home).values() for one in some]
    made = [] if survivor is None or home is not None else intents.open(tx, sync)
    link = links.load(tx, [id_]).get(id_)
    ended = {t.side for t in tombstones.of_links(tx, [id_]).get(id_, ()) if t.reason == "merged"}
    live = {s for s, at in link.sides.items() if at.state in LIVE} if link is not None else set()
    return Known(
        link=link if link is not None and side in link.sides else None,
        home=home,
        unsettled={one.side for one in sent if one.kind == "create"}
        | {one.side for one in lost if one.digest == "lost"},
        buried=buried,
        asked=any(_may_have_made(intent, side, survivor) for intent in made if survivor),
        merged=(live & ended) - {side},
        observed=observations.of_links(tx, sync, [id_]).get(id_, {}),
        intents=intents.of_links(tx, [id_], ("open",)).get(id_, ()),
        parked=parked.of_links(tx, [id_]).get(id_, ()),
        conflicts=conflicts.of_links(tx, [id_]).get(id_, ()),
        children=links.children(tx, [id_]).get(id_, ()),
        said=[one for some in links.children(tx, at_home).values() for one in some],
    )


def _may_have_made(intent: Intent, side: str, record: Record) -> bool:
    """Whether a record may be the one of a create whose answer was lost. A tool without keys, or
    whose record has lost its key, leaves that open."""
    sent = intent.kind == "create" and intent.side == side and intent.record_id is None
    return sent and record.marker in (None, intent.key)
