"""Why something is not the same everywhere: what waits, since when, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from syncline.engine.decision import UnitState
from syncline.engine.spec import Sync
from syncline.store import intents, observations, runs
from syncline.store.findings import conflicts, deviations, parked, tombstones
from syncline.store.rows import Link, LinkSide, Observation, Run, Tombstone
from syncline.store.sql import Tx


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that stands between a value and a side. `do` is what the operator can do.

    `waits` is false for what is so because the configuration says so.
    """

    what: str
    do: str
    side: str | None = None
    field: str | None = None
    since: datetime | None = None
    waits: bool = True

    def to_json(self) -> dict[str, Any]:
        return {
            "what": self.what,
            "side": self.side,
            "field": self.field,
            "since": self.since,
            "do": self.do,
            "waits": self.waits,
        }


def of_link(tx: Tx, sync: Sync, link: Link, units: Sequence[str]) -> list[Reason]:
    """Why these units of a link are not the same on every side; empty where they are."""
    one = _Link(tx, sync, link, units)
    return [*one.records(), *one.waiting(), *one.units_(), *_last_run(tx, sync, one.owing)]


def of_record(tx: Tx, sync: Sync, seen: Observation) -> list[Reason]:
    """Why a record without a link is not synced."""
    if seen.deleted or not seen.in_scope:
        what = (
            "the tool calls it deleted" if seen.deleted else "it is outside the scope of its side"
        )
        return [
            Reason(what, "nothing, unless it belongs in the sync", seen.side, None, seen.seen_at)
        ]
    place = {"side": seen.side, "value": seen.record_id}
    for asked in conflicts.list(tx, sync.name):
        if any(place.items() <= dict(one).items() for one in asked.candidates):
            what = {
                "match": "several records could be its counterpart, and Syncline does not guess",
                "create": "it has no counterpart, and a side with `create: ask` waits for a word",
            }.get(asked.kind, "a question about it waits")
            do = f"`syncline conflicts`; then `syncline adopt {sync.name} …`"
            if asked.kind == "create":
                do = f"`syncline adopt {sync.name} {seen.side}:{seen.record_id}` makes it there"
            return [Reason(what, do, seen.side, None, asked.created_at)]
    reasons = [_cut(sync, row) for row in _dead(tx, sync, seen)]
    if seen.state == "new":
        do = f"`syncline sync {sync.name}`"
        reasons.append(Reason("it was seen, and no pass has decided on it yet", do, seen.side))
    for side, spec in sync.sides.items():
        if side != seen.side and not reasons:
            what = f"it has no counterpart in {side}, where `create` is `{spec.create}`"
            do = f"`syncline adopt {sync.name} {seen.side}:{seen.record_id} {side}:…`"
            if spec.create == "never":
                do += f", or `create: when_missing` for {side}"
            reasons.append(Reason(what, do, side, None, seen.seen_at))
    return [*reasons, *_last_run(tx, sync, True)]


def _dead(tx: Tx, sync: Sync, seen: Observation) -> Sequence[Tombstone]:
    found = tombstones.of_records(tx, sync.name, seen.side, [seen.record_id])
    return found.get(seen.record_id, ())


def _cut(sync: Sync, row: Tombstone) -> Reason:
    if row.state == "suspected":
        return Reason(
            f"it looks deleted ({row.evidence}); a later pass looks again",
            f"`syncline sync {sync.name}`",
            row.side,
            None,
            row.first_seen_at,
        )
    what = f"{row.side}:{row.record_id} was {row.reason} ({row.evidence}), and its link was cut"
    do = f"`syncline adopt {sync.name} …` ties it again, if it exists"
    return Reason(what, do, row.side, None, row.confirmed_at)


class _Link:
    """One link, with all that the store knows to be in its way."""

    def __init__(self, tx: Tx, sync: Sync, link: Link, units: Sequence[str]) -> None:
        self.sync = sync
        self.link = link
        self.names = [name for name in units if name in sync.units]
        ids = [link.id]
        self.asked = conflicts.of_links(tx, ids).get(link.id, ())
        self.parked = parked.of_links(tx, ids).get(link.id, ())
        self.deviating = deviations.of_links(tx, ids).get(link.id, ())
        self.dead = tombstones.of_links(tx, ids).get(link.id, ())
        self.open = intents.of_links(tx, ids, ("open",)).get(link.id, ())
        self.seen = observations.of_links(tx, sync.name, ids).get(link.id, {})
        self.owing = False

    def records(self) -> Iterator[Reason]:
        """Sides without a record, or with one that is not read and written."""
        yield from (_cut(self.sync, row) for row in self.dead)
        for side, spec in self.sync.sides.items():
            at = self.link.sides.get(side)
            if at is None:
                yield from self._missing(side, spec.create)
            elif at.state == "out":
                what = f"{side}:{at.record_id} is outside the scope of {side}, or its `where`"
                yield Reason(what, "nothing, unless it belongs in the sync", side)
            elif not at.record_id and not self.dead:
                what = f"the record that {side} lacks was given up"
                yield Reason(what, f"`syncline adopt {self.sync.name} …`", side)

    def _missing(self, side: str, create: str) -> Iterator[Reason]:
        if any(row.side == side and row.action == "create" for row in self.parked):
            return
        what = f"{side} has no counterpart, and `create` is `{create}` there"
        if create == "never":
            yield Reason(what, f"`create: when_missing` for {side}, or `syncline adopt`", side)
        elif create == "ask":
            yield Reason(what, "`syncline conflicts`, then `syncline adopt`", side)
        else:
            self.owing = True
            sent = [one for one in self.open if one.side == side and one.kind == "create"]
            if sent:
                what = f"a record for {side} was sent, and its answer was lost"
            do = f"`syncline sync {self.sync.name}`"
            yield Reason(what, do, side, None, sent[0].created_at if sent else None)

    def waiting(self) -> Iterator[Reason]:
        """Conflicts, and what is parked."""
        for row in self.asked:
            if row.kind != "field" or row.field in self.names:
                sides = ", ".join(str(one["side"] or "current") for one in row.candidates)
                what = f"in conflict ({sides}); it waits for a person"
                if row.state == "answered":
                    what = "its conflict is answered, and the next pass delivers that"
                do = f"`syncline conflicts answer {row.id} --digest {row.digest} --use …`"
                yield Reason(what, do, None, row.field or None, row.created_at)
        for held in self.parked:
            if held.field in ("", *self.names):
                what = f"parked ({held.action}): {held.reason}"
                do = f"put it right, then `syncline quarantine retry {held.id}`"
                yield Reason(what, do, held.side, held.field or None, held.created_at)

    def units_(self) -> Iterator[Reason]:
        """What is in the way of each unit on each side."""
        since = {(row.side, row.field): row.created_at for row in self.deviating}
        parked_at = {(row.side, row.field) for row in self.parked}
        for name in self.names:
            state = UnitState.unpack(self.link.fields.get(name))
            for side, why in state.deviates.items():
                if (side, name) not in parked_at:
                    do = "edit the field in any tool"
                    yield Reason(
                        f"it shows another value: {why}", do, side, name, since.get((side, name))
                    )
            for side, at in self.link.sides.items():
                yield from self._unit(name, side, at, state)

    def _unit(self, name: str, side: str, at: LinkSide, state: UnitState) -> Iterator[Reason]:
        unit = self.sync.units[name]
        mode = unit.modes.get(side)
        config = f"`fields.{name}` of {self.sync.name} in the configuration"
        if side not in unit.lenses:
            what = f"{side} does not map it"
            yield Reason(what, "map it, if the tool has it", side, name, waits=False)
        elif mode != "both":
            what = {
                "off": "is switched off there",
                "source": "is only read there, never written",
                "target": "is only written there; an edit there does not travel",
            }[mode or "off"]
            yield Reason(f"{name} {what}", config, side, name, waits=False)
        if at.state != "in" or side not in unit.lenses:
            return
        seen = self.seen.get(side)
        if seen is not None and seen.state == "new":
            do = f"`syncline sync {self.sync.name}`"
            yield Reason(
                "what it shows was seen, and is not decided yet", do, side, name, seen.seen_at
            )
            self.owing = True
        sent = [i for i in self.open if i.side == side and name in i.payload["units"]]
        owed = state.known and unit.writable(side) and side in state.seen
        if sent:
            do = f"`syncline sync {self.sync.name}` finds out"
            yield Reason(
                "a write was sent, and its answer was lost", do, side, name, sent[0].created_at
            )
        elif owed and side not in state.delivered and not any(a.field == name for a in self.asked):
            self.owing = True
            do = f"`syncline sync {self.sync.name}`"
            yield Reason("the value was decided, and is still to be delivered", do, side, name)


def _last_run(tx: Tx, sync: Sync, owing: bool) -> Iterator[Reason]:
    """What kept the last pass from doing its work."""
    passes = [r for r in runs.list(tx, sync.name, 20) if r.kind not in ("plan", "undo")]
    if not passes:
        yield Reason("the sync never ran", f"`syncline sync {sync.name}`")
        return
    last: Run = passes[0]
    report: Mapping[str, Any] = last.report or {}
    for reason in report.get("refused", ()) if last.state == "refused" else ():
        name = str(reason).partition(":")[0]
        do = f"look at `syncline plan {sync.name}`; if it is meant, `--force {name}`"
        yield Reason(f"held by the guard {reason}", do, None, None, last.started_at)
    for side, reason in report.get("stopped", {}).items() if owing else ():
        yield Reason(
            f"{side} could not be used in the last pass: {reason}", "`syncline check`", side
        )
    if owing and report.get("error"):
        yield Reason(
            f"the last pass ended with {report['error']}",
            "run it again",
            None,
            None,
            last.started_at,
        )
