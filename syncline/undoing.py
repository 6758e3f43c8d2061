"""Undo as people ask for it: a run, or what was written to a record or a field in a time.

It is planned like everything else, and done under the sync's lease in a run of its own, which can
be undone like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from syncline.engine.decision import Candidate, digest
from syncline.engine.guards import Refused, judge
from syncline.engine.passes import Environment, Options, Pass, open_pass
from syncline.engine.planned import LinkPlan
from syncline.engine.removal import Created, Removal
from syncline.engine.report import actions_of, estimate
from syncline.engine.spec import Sync
from syncline.engine.undo import BATCH, Looked, Place, Undo
from syncline.engine.undone import Extent, Left
from syncline.mapping.lens import Unmappable
from syncline.plans import Plan
from syncline.store import links
from syncline.store.rows import JournalEntry, Link

if TYPE_CHECKING:
    from syncline.hub import Hub, Progress


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants undone. `dry` only plans; `only` are the places seen in such a plan.

    `created` says what becomes of records that were made: archive | delete | unlink, None leaves
    them. `by` names who asks.
    """

    extent: Extent
    by: str = ""
    dry: bool = False
    created: str | None = None
    force: tuple[str, ...] = ()
    only: frozenset[Place] | None = None


@dataclass(frozen=True, slots=True)
class Undone:
    """What an undo did, or would do: a plan whose conflicts are what it leaves alone.

    `run` is the undo's own, None where nothing was to be done; `already` counts fields that an
    undo had taken back before. `places` name what goes back.
    """

    plan: Plan
    run: str | None
    runs: tuple[str, ...]
    created: tuple[Created, ...] = ()
    untouched: tuple[JournalEntry, ...] = ()
    already: int = 0
    places: frozenset[Place] = frozenset()

    @property
    def going(self) -> list[Created]:
        """The records that are taken away, or cut off."""
        return [one for one in self.created if one.fate != "kept"]

    @property
    def state(self) -> str:
        """done | attention (something was left alone) | refused | failed."""
        if self.plan.stopped:
            return "failed"
        if self.plan.refused:
            return "refused"
        return "attention" if self.plan.conflicts or self.plan.parked else "done"

    def to_json(self) -> dict[str, Any]:
        """What `undo --json` prints: as `plan`, with `run`."""
        body = self.plan.to_json()
        del body["format"]
        return {
            **body,
            "run": self.run,
            "undone": list(self.runs),
            "state": self.state,
            "already": self.already,
            "created": [
                {"side": c.side, "record": c.record, "fate": c.fate, "reason": c.reason}
                for c in self.created
            ],
            "untouched": [
                {"side": hop.side, "record": hop.record_id, "kind": hop.kind, "at": hop.at}
                for hop in self.untouched
            ],
        }


async def undo(hub: Hub, name: str, asked: Asked, progress: Progress) -> Undone:
    """Take back what is asked for, or only say what would be. Raises LeaseHeld."""
    sync = await hub.sync(name)
    return await undo_in(await hub.environment(sync), sync, asked, progress)


async def undo_in(env: Environment, sync: Sync, asked: Asked, progress: Progress) -> Undone:
    """The same for a compiled sync, with the ports that it is given."""
    options = Options(kind="plan" if asked.dry else "undo", force=asked.force)
    async with open_pass(env, sync, options) as one:
        progress("settle", 0)
        await one.settle()
        work = _Work(one, asked)
        await work.plan(progress)
        one.refused += await work.guards()
        if not asked.dry and not one.refused:
            await work.carry_out(progress)
        found = await work.undone()
        await one.finish()
    return found


class _Work:
    """One undo on its way through a pass."""

    def __init__(self, one: Pass, asked: Asked) -> None:
        self.one = one
        self.asked = asked
        self.undo = Undo(one, asked.extent, asked.by, asked.only)
        self.removal = Removal(one.context, asked.extent, asked.created)
        self.ids: list[str] = []
        self.looked: list[Looked] = []
        self.created: list[Created] = []
        self.untouched: list[JournalEntry] = []

    async def plan(self, progress: Progress) -> None:
        """Look at everything that the extent covers."""
        self.ids = await self.undo.links()
        for part in self._parts(progress, "look"):
            made = await self.removal.look(part)
            self.undo.gone |= {(one.link, one.side) for one in made if one.fate != "kept"}
            self.created += made
            self.untouched += await self.undo.untouched(part)
            self.looked += await self.undo.look(part)

    async def guards(self) -> list[Refused]:
        """The guards that refuse: another account, another mapping, too many records removed."""
        one, limits = self.one, self.one.sync.deletes
        total = await one.context.read(links.total, one.sync.name)
        refused = judge(
            one.sync,
            links=total,
            changed={},
            deletes=0,
            fingerprint_moved=one.remap,
            accounts_moved=await one.accounts_moved(),
            forced=self.asked.force,
        )
        going = sum(record.fate != "kept" for record in self.created)
        many = going > limits.max and 100 * going > limits.max_percent * total
        if many and "deletes" not in self.asked.force:
            reason = (
                f"{going} records that were made would go, of {total} links (allowed {limits.max} "
                f"or {limits.max_percent:.0f} %)"
            )
            refused.append(Refused("deletes", reason))
        return refused

    async def carry_out(self, progress: Progress) -> None:
        """Do it, batch by batch; records that were made go first, their fields go with them."""
        self.created = await self.removal.carry_out(self.created)
        self.looked = []
        for part in self._parts(progress, "take back"):
            self.looked += await self.undo.carry_out(part)

    async def undone(self) -> Undone:
        """What it came to."""
        found = {looked.link.id: looked.link for looked in self.looked}
        left = [(found[looked.link.id], item) for looked in self.looked for item in looked.left]
        plan = self._plan(left)
        return Undone(
            plan,
            None if self.asked.dry else self.one.context.run,
            tuple(sorted(self._runs())),
            tuple(self.created),
            tuple(self.untouched),
            sum(item.kind == "undone" for _, item in left),
            frozenset(
                (looked.link.id, restore.written.side, restore.written.unit)
                for looked in self.looked
                for restore in looked.restores
            ),
        )

    def _plan(self, left: Sequence[tuple[Link, Left]]) -> Plan:
        one = self.one
        writes = [write for looked in self.looked for write in looked.writes]
        capabilities = {side: one.context.can(side) for side in one.context.connectors}
        conflicts = [self._conflict(link, item) for link, item in left if item.kind == "changed"]
        parked = [_parked(link, item) for link, item in left if item.kind == "again"]
        gone = sum(record.fate in ("archived", "deleted") for record in self.created)
        return Plan(
            sync=one.sync.name,
            fingerprint=one.sync.fingerprint,
            made_at=one.context.now(),
            accounts={},
            remap=False,
            actions=tuple(action.to_json() for action in self._actions()),
            counts={
                "created": 0,
                "updated": len(writes),
                "deleted": gone,
                "conflicts": len(conflicts),
                "parked": len(parked),
            },
            conflicts=tuple(conflicts),
            parked=tuple(parked),
            requests=estimate(writes, capabilities),
            refused=tuple(f"{guard.name}: {guard.reason}" for guard in one.refused),
            stopped=dict(one.context.stopped),
            notes=tuple(one.context.notes),
        )

    def _actions(self) -> Iterable[Any]:
        for looked in self.looked:
            if looked.writes:
                plan = LinkPlan(looked.link, looked.writes)
                yield from actions_of(self.one.sync, plan, self.one.context)

    def _runs(self) -> set[str]:
        """The runs whose writes are taken back."""
        runs = {self.asked.extent.run} if self.asked.extent.run else set()
        for looked in self.looked:
            runs |= {restore.written.last.run for restore in looked.restores}
        return runs

    def _conflict(self, link: Link, item: Left) -> dict[str, Any]:
        """What is left alone, in the shape of a plan's conflicts: what holds, what was before."""
        at, shown = item.written, self._value(item)
        candidates = [
            Candidate(at.side, shown if shown is not None else at.last.after),
            Candidate(None, at.first.before),
        ]
        return {
            "sides": {side: one.record_id for side, one in link.sides.items()},
            "field": at.unit,
            "candidates": [candidate.to_json() for candidate in candidates],
            "digest": digest(at.unit, candidates),
            "side": at.side,
            "record": at.record,
            "written": at.last.after,
            "shown": shown,
            "reason": item.reason,
        }

    def _value(self, item: Left) -> Any:
        at = item.written
        unit = self.one.sync.units.get(at.unit)
        if item.shown is None or unit is None or at.side not in unit.lenses:
            return None
        try:
            return unit.lenses[at.side].get(item.shown, self.one.context.people[at.side])
        except Unmappable:
            return dict(item.shown)

    def _parts(self, progress: Progress, step: str) -> Iterable[list[str]]:
        for start in range(0, len(self.ids), BATCH):
            progress(step, start)
            yield self.ids[start : start + BATCH]


def _parked(link: Link, item: Left) -> dict[str, Any]:
    return {
        "sides": {side: at.record_id for side, at in link.sides.items()},
        "side": item.written.side,
        "field": item.written.unit,
        "action": "undo",
        "reason": item.reason,
    }
