"""What a pass or a plan came to, for people and for machines."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from syncline.engine.context import PassContext
from syncline.engine.hops import before
from syncline.engine.planned import LinkPlan, Write
from syncline.engine.spec import Sync
from syncline.sdk.connector import Capabilities


@dataclass(frozen=True, slots=True)
class Action:
    """One field of one write; `record` None is a record to be made. `source` names the link."""

    side: str
    kind: str
    record: str | None
    field: str | None
    before: Any
    after: Any
    why: str
    source: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            "side": self.side,
            "kind": self.kind,
            "record": self.record,
            "field": self.field,
            "before": self.before,
            "after": self.after,
            "why": self.why,
            "source": dict(self.source),
        }


def actions_of(sync: Sync, plan: LinkPlan, context: PassContext) -> list[Action]:
    """A link's writes, a field each, as shared values."""
    source = {side: at.record_id for side, at in plan.link.sides.items()}
    return [
        Action(
            side=write.side,
            kind="remap" if write.why == "remap" else write.kind,
            record=write.record_id,
            field=name,
            before=before(context, sync, write, name),
            after=unit.value,
            why=unit.why or write.why,
            source=source,
        )
        for write in plan.writes
        for name, unit in write.units.items()
    ] + [
        Action(
            side=note.side,
            kind="note",
            record=plan.link.sides[note.side].record_id,
            field=note.unit,
            before=None,
            after=note.value,
            why="on_uneditable",
            source=source,
        )
        for note in plan.notes
    ]


def estimate(writes: Iterable[Write], capabilities: Mapping[str, Capabilities]) -> dict[str, int]:
    """Requests that these writes take on each side, reads before and after them included."""
    creates: dict[str, int] = {}
    updates: dict[str, int] = {}
    for write in writes:
        tally = creates if write.kind == "create" else updates
        tally[write.side] = tally.get(write.side, 0) + 1
    total = {}
    for side in sorted({*creates, *updates}):
        can = capabilities[side]
        made, patched = creates.get(side, 0), updates.get(side, 0)
        total[side] = -(-made // can.bulk_create) - (-patched // can.bulk_update)
        if not can.conditional_update:
            total[side] += -(-patched // can.bulk_fetch)
        if not can.answers_writes:
            total[side] += -(-(made + patched) // can.bulk_fetch)
    return total


@dataclass(frozen=True, slots=True)
class Report:
    """What a pass came to.

    `stopped` names sides that could not be used, with the reason; `forced` the guards that an
    operator overruled for this pass, kept with the run for good. `partial`: it was of a few
    links only.
    """

    run: str
    sync: str
    started_at: datetime
    finished_at: datetime
    counts: Mapping[str, int]
    requests: Mapping[str, Mapping[str, int]]
    refused: tuple[str, ...] = ()
    stopped: Mapping[str, str] = dataclasses.field(default_factory=dict)
    notes: tuple[str, ...] = ()
    forced: tuple[str, ...] = ()
    links: int = 0
    agreed: int = 0
    partial: bool = False
    actions: tuple[Action, ...] = ()

    @property
    def state(self) -> str:
        """done | attention (something needs a person) | refused (by a guard) | failed."""
        if self.stopped:
            return "failed"
        if self.refused:
            return "refused"
        waiting = sum(self.counts.get(name, 0) for name in ("conflicts", "parked", "unseen"))
        return "attention" if waiting else "done"

    def summary(self) -> dict[str, Any]:
        """What the store keeps of it."""
        return {
            "refused": list(self.refused),
            "stopped": dict(self.stopped),
            "notes": list(self.notes),
            "forced": list(self.forced),
            "links": self.links,
            "agreed": self.agreed,
            "partial": self.partial,
        }

    def to_json(self) -> dict[str, Any]:
        """What `sync --json` and `apply --json` print."""
        return {
            "run": self.run,
            "sync": self.sync,
            "state": self.state,
            "counts": {
                **{
                    name: self.counts.get(name, 0)
                    for name in ("created", "updated", "commented", "conflicts", "parked")
                },
                **self.counts,
            },
            "requests": {side: dict(counts) for side, counts in self.requests.items()},
            **self.summary(),
        }
