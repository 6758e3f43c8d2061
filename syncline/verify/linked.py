"""Compares the records of every link, batch by batch.

What a listing shows may be behind, and passes may be at work meanwhile: nothing counts as different
or missing before it was read again by id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from syncline.sdk.connector import Change, Missing
from syncline.store import intents, journal, links
from syncline.store.findings import conflicts, deviations, parked, tombstones
from syncline.store.rows import Intent, Link, Run
from syncline.store.sql import Tx
from syncline.verify import compare
from syncline.verify.compare import Look, Notes
from syncline.verify.found import Disagreement, OneSided, Orphan, Tally, Verified
from syncline.verify.sides import Sides
from syncline.verify.spool import Shown

EVER = datetime(2000, 1, 1, tzinfo=UTC)

SKEW = timedelta(minutes=1)
"""How far a tool's clock may be from ours before an edit counts as seen that was not."""


@dataclass(slots=True)
class Compared:
    """A link with what its sides show now; `looks` has its units that do not agree."""

    link: Link
    shown: dict[str, Shown]
    looks: dict[str, Look] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the store says of links beside their fields, by link."""

    links: Mapping[str, Link]
    notes: Mapping[tuple[str, str], Notes]
    buried: frozenset[tuple[str, str]]
    creating: frozenset[tuple[str, str]]
    made: frozenset[tuple[str, str]]


class Linked:
    """The links of a sync. `last` is the newest pass that went through: what was changed after it
    is in flight."""

    def __init__(self, sides: Sides, found: Verified, last: Run | None) -> None:
        self.sides = sides
        self.sync = sides.sync
        self.found = found
        self.last = last

    def since(self, side: str) -> datetime:
        """From when on a change of this side may not have been seen by any pass."""
        if self.last is None:
            return EVER
        connector = self.sides.ports.connectors[side]
        lag = connector.capabilities_of(self.sync.sides[side].record).search_lag
        return self.last.started_at - lag - SKEW

    def recent(self, shown: Shown) -> bool:
        """Whether a record may have changed since the last pass."""
        return shown.updated_at is not None and shown.updated_at >= self.since(shown.side)

    async def compare(self, batch: Sequence[Link]) -> None:
        """Compare the records of some links and count what came of it."""
        self.sides.spool.tie(
            (side, at.record_id, link.id)
            for link in batch
            for side, at in link.sides.items()
            if at.state in ("in", "out")
        )
        both = await self._shown(batch)
        await self._know(both)
        doubtful: list[Link] = []
        for one in both:
            if self._looks_well(one):
                self._count(one, {})
            else:
                doubtful.append(one.link)
        if doubtful:
            await self._look_again(doubtful)

    async def _shown(self, batch: Sequence[Link]) -> list[Compared]:
        """What was listed of these links; what a listing missed is read by id."""
        shown: dict[str, dict[str, Shown | Missing]] = {}
        for side in self.sides.readable:
            ids = [link.sides[side].record_id for link in batch if _in(link, side)]
            listed = self.sides.spool.get(side, ids)
            missed = await self.sides.by_id(side, [i for i in ids if i not in listed])
            self.found.unlisted[side] += sum(
                isinstance(one, Shown) and one.live and one.in_scope for one in missed.values()
            )
            shown[side] = {**listed, **missed}
        return [Compared(link, _of_link(link, shown)) for link in batch]

    async def _know(self, both: Sequence[Compared]) -> None:
        for side in self.sides.readable:
            await self.sides.know(side, [o.shown[side].fields for o in both if side in o.shown])

    def _looks_well(self, one: Compared) -> bool:
        """Whether a link's records are all there, and nothing of them differs."""
        inside = [side for side in self.sides.readable if _in(one.link, side)]
        if any(side not in one.shown or not one.shown[side].live for side in inside):
            return False
        if any(n not in one.link.sides for n in self._makers()):
            return False
        return not self._differing(one)

    def _makers(self) -> list[str]:
        return [name for name, spec in self.sync.sides.items() if spec.create == "when_missing"]

    def _inside(self, one: Compared) -> dict[str, Shown]:
        """The link's records that belong to the sync now."""
        people = self.sides.people
        return {
            side: shown
            for side, shown in one.shown.items()
            if shown.live and compare.belongs(self.sync, side, shown.fields, shown.in_scope, people)
        }

    def _differing(self, one: Compared) -> dict[str, Look]:
        """The units of a link that do not agree."""
        slices = {side: shown.fields for side, shown in self._inside(one).items()}
        people = self.sides.people
        found = {}
        for name, unit in self.sync.units.items():
            seen = compare.look(unit, slices, people)
            if seen is not None and (
                not compare.agrees(seen, people) or compare.off_differs(seen, people)
            ):
                found[name] = seen
        return found

    async def _look_again(self, doubtful: Sequence[Link]) -> None:
        """Read doubtful links' records by id, and say what is wrong with them and what is known."""
        ids = [link.id for link in doubtful]
        waiting = await self.sides.ports.store.read(_waiting, self.sync.name, ids)
        now = list(waiting.links.values())
        answers: dict[str, dict[str, Shown | Missing]] = {}
        for side in self.sides.readable:
            wanted = [link.sides[side].record_id for link in now if _in(link, side)]
            answers[side] = await self.sides.by_id(side, wanted)
        both = [Compared(link, _of_link(link, answers)) for link in now]
        await self._know(both)
        for one in both:
            one.looks = self._differing(one)
        known = await self._known(both, waiting)
        for one in both:
            self._missing(one, answers, waiting)
            self._count(one, known[one.link.id])

    async def _known(
        self, both: Sequence[Compared], waiting: Waiting
    ) -> dict[str, dict[str, str | None]]:
        """Why each unit that differs may do so, by link; None where nothing explains it."""
        known: dict[str, dict[str, str | None]] = {one.link.id: {} for one in both}
        people = self.sides.people
        unclear: list[tuple[Compared, str]] = []
        for one in both:
            for name, seen in one.looks.items():
                if compare.agrees(seen, people):
                    known[one.link.id][name] = "off"
                    continue
                notes = waiting.notes.get((one.link.id, name), Notes())
                reason = compare.explained(seen, notes, people)
                known[one.link.id][name] = reason
                if reason is None:
                    unclear.append((one, name))
        histories = await self._histories(unclear, waiting)
        for one, name in unclear:
            known[one.link.id][name] = self._by_history(one, name, histories, waiting)
        return known

    async def _histories(
        self, unclear: Sequence[tuple[Compared, str]], waiting: Waiting
    ) -> dict[str, Mapping[str, Sequence[Change]] | None]:
        """The tools' histories of records whose difference may have to do with who edited when."""
        wanted: dict[str, list[str]] = {}
        for one, name in unclear:
            for side, shown in one.shown.items():
                made = (one.link.id, side) in waiting.made
                filled = made and None in one.looks[name].values.values()
                if filled or compare.modes_matter(self.sync.units[name]) or self.recent(shown):
                    wanted.setdefault(side, []).append(shown.id)
        return {s: await self.sides.history(s, ids, EVER) for s, ids in wanted.items()}

    def _by_history(
        self,
        one: Compared,
        name: str,
        histories: Mapping[str, Mapping[str, Sequence[Change]] | None],
        waiting: Waiting,
    ) -> str | None:
        seen, by_hand, filled = one.looks[name], {}, set()
        for side in seen.slices:
            shown = one.shown[side]
            told = histories.get(side)
            if told is None:
                if self.recent(shown):
                    return "in_flight"
                continue
            paths = seen.unit.lenses[side].paths
            changes = [c for c in told.get(shown.id, ()) if c.path in paths]
            if any(not c.by_us and c.at >= self.since(side) for c in changes):
                return "in_flight"
            last = {change.path: change for change in changes}
            made = (one.link.id, side) in waiting.made
            by_hand[side] = any(not c.by_us for c in last.values()) if last else not made
            if made and not last:
                filled.add(side)
        people = self.sides.people
        mode = compare.explained_by_mode(seen, by_hand, people)
        return mode or compare.explained_by_default(seen, filled)

    def _missing(
        self,
        one: Compared,
        answers: Mapping[str, Mapping[str, Shown | Missing]],
        waiting: Waiting,
    ) -> None:
        """Count the records of a link that are not there, and those it should have and has not."""
        link = one.link
        records = {side: at.record_id for side, at in link.sides.items()}
        for side, at in link.sides.items():
            answer = answers.get(side, {}).get(at.record_id)
            if at.state != "in" or side in self.sides.stopped or (link.id, side) in waiting.buried:
                continue
            why = _why_missing(answer)
            if why is not None:
                self.found.one_sided.add(OneSided(link.id, side, at.record_id, why, records))
                self.found.deletions_unseen += why in ("gone", "deleted")
        for name in self._makers():
            if name in link.sides or (link.id, name) in waiting.creating:
                continue
            for side, shown in list(self._inside(one).items())[:1]:
                if not self.recent(shown):
                    orphan = Orphan(side, shown.id, "no_counterpart", name, link.id)
                    self.found.orphans.add(orphan)

    def _count(self, one: Compared, known: Mapping[str, str | None]) -> None:
        """Count a link and each of its units, once."""
        inside = self._inside(one)
        slices = {side: shown.fields for side, shown in inside.items()}
        states = {at.state for at in one.link.sides.values() if at.state in ("in", "out")}
        if len(inside) < 2:
            live = sum(shown.live for shown in one.shown.values())
            self.found.out += "out" in states or live > len(inside)
            return
        for name, unit in self.sync.units.items():
            if name in known or compare.look(unit, slices, self.sides.people) is not None:
                tally = self.found.fields.setdefault(name, Tally())
                self._tally(tally, [known[name]] if name in known else [])
        self._tally(self.found.links, list(known.values()))
        for name, reason in known.items():
            if reason is None:
                seen = one.looks[name]
                self.found.disagreements.add(
                    Disagreement(
                        one.link.id,
                        name,
                        {s: one.shown[s].id for s in seen.slices},
                        dict(seen.values),
                        dict(seen.unreadable),
                    )
                )

    def _tally(self, tally: Tally, reasons: Sequence[str | None]) -> None:
        named = [reason for reason in reasons if reason is not None]
        if len(named) < len(reasons):
            tally.differing += 1
        elif named:
            tally.known[named[0]] += 1
        else:
            tally.agreeing += 1


def _in(link: Link, side: str) -> bool:
    return side in link.sides and link.sides[side].state == "in"


def _of_link(link: Link, shown: Mapping[str, Mapping[str, Shown | Missing]]) -> dict[str, Shown]:
    found = {}
    for side, at in link.sides.items():
        one = shown.get(side, {}).get(at.record_id) if at.state == "in" else None
        if isinstance(one, Shown):
            found[side] = one
    return found


def _why_missing(answer: Shown | Missing | None) -> str | None:
    """Why a record is not there; None where it is, or where its side could not say."""
    if isinstance(answer, Missing):
        return "gone" if answer.gone else "hidden"
    if answer is None or answer.live:
        return None
    return "deleted" if answer.deleted else "merged"


def _waiting(tx: Tx, sync: str, ids: Sequence[str]) -> Waiting:
    """What the store says of links beside their fields: findings, open intents, who was made."""
    notes: dict[tuple[str, str], Notes] = {}
    held = parked.of_links(tx, ids)
    writing = intents.of_links(tx, ids, ["open"])
    asking = conflicts.of_links(tx, ids)
    told = deviations.of_links(tx, ids)
    for id_ in ids:
        units = {c.field for c in asking.get(id_, ())} | {p.field for p in held.get(id_, ())}
        units |= {d.field for d in told.get(id_, ())}
        units |= {unit for i in writing.get(id_, ()) for unit in _units(i)}
        for name in units:
            notes[id_, name] = Notes(
                conflict=any(c.field == name for c in asking.get(id_, ())),
                unsettled=any(name in _units(i) for i in writing.get(id_, ())),
                parked=frozenset(p.side for p in held.get(id_, ()) if p.field == name),
                deviations={d.side: d for d in told.get(id_, ()) if d.field == name},
            )
    return Waiting(
        links={i: one for i, one in links.load(tx, ids).items() if one.sync == sync},
        notes=notes,
        buried=frozenset((i, t.side) for i, ts in tombstones.of_links(tx, ids).items() for t in ts),
        creating=frozenset(
            [(i, p.side) for i, rows in held.items() for p in rows if p.action == "create"]
            + [(i, w.side) for i, rows in writing.items() for w in rows if w.kind == "create"]
        ),
        made=frozenset((e.link_id, e.side) for e in journal.of_kinds(tx, ids, ["create"])),
    )


def _units(intent: Intent) -> Sequence[str]:
    return tuple(intent.payload.get("units") or ())
