"""One link between sides that are plain dicts, planned and applied by pure functions alone.

scene = Scene(a=TICKET, b=TICKET)
scene.show("a", title="One")
scene.settle()                      # b is created
scene.show("a", title="Two")        # a person edits
plan = scene.plan()                 # what would be done
scene.apply(plan)                   # what the tools then show, and what they answered
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from syncline.engine.decision import Answer, Evidence, UnitState, digest
from syncline.engine.plan import plan_link
from syncline.engine.planned import Clash, LinkPlan, Surroundings, Write
from syncline.engine.receipt import receive
from syncline.engine.spec import Policy, SideSpec, Sync, Where
from syncline.mapping.lens import NOBODY
from syncline.sdk.connector import Record
from syncline.simulation.wire import copied, patched
from syncline.store.rows import Link, LinkSide, Observation
from tests.support.world import compiled

TICKET = """\
entity: ticket
record: ticket
text: html
fields:
  title: {path: title}
  body: {path: body}
  status: {path: status, enum: {todo: [todo, reopened], in_progress: busy, done: done}}
  priority: {path: priority, enum: {urgent: urgent, high: high, medium: medium, low: low}}
  labels: {path: labels}
"""
"""A tool that shows everything as it is, and has two states for `todo`."""

FEW_WORDS = """\
entity: ticket
record: ticket
text: markdown
fields:
  title: {path: title, max_length: 5, overflow: truncate}
  body: {path: body}
  status: {path: status, enum: {todo: open, done: closed}}
  priority: {path: priority, enum: {high: high, low: low}, nearest: {urgent: high, medium: low}}
  labels: {path: labels, lossy: true, enum: {x: tag_x, y: tag_y, z: tag_z}}
"""
"""A tool that shows less: short titles, two priorities, three labels."""

TWO = {"a": TICKET, "b": TICKET}
THREE = {**TWO, "c": TICKET}


class Scene:
    """A link and what its sides show. `offline` sides answer nothing, `outside` ones left scope.

    `habits` are what a tool makes of a write, by side: from the wire record to another.
    """

    def __init__(
        self,
        *,
        modes: Mapping[tuple[str, str], str] | None = None,
        policies: Mapping[str, Policy] | None = None,
        specs: Mapping[str, Mapping[str, Any]] | None = None,
        where: Mapping[str, Where] | None = None,
        **mappings: str,
    ) -> None:
        sides = {
            name: SideSpec(
                name,
                "ticket",
                "html",
                where=(where or {}).get(name),
                **{"create": "when_missing", **(specs or {}).get(name, {})},
            )
            for name in mappings
        }
        units = compiled(sides, mappings, policies or {}, modes or {})
        self.sync = Sync("s", "ticket", sides, units)
        self.link = Link("L1", "s", "record", None, {}, {})
        self.wires: dict[str, dict[str, Any]] = {}
        self.versions: dict[str, int] = {}
        self.offline: set[str] = set()
        self.outside: set[str] = set()
        self.busy: set[tuple[str, str]] = set()
        self.answers: dict[str, Answer] = {}
        self.evidence: dict[str, Evidence] = {}
        self.habits: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {}
        self.people = dict.fromkeys(mappings, NOBODY)
        self.remap = False

    def show(self, side: str, **fields: Any) -> None:
        """A person makes the record of a side, or edits it; the link gets it if it lacks one."""
        self.wires[side] = patched(self.wires.get(side, {}), fields)
        self.versions[side] = self.versions.get(side, 0) + 1
        if side not in self.link.sides:
            sides = {**self.link.sides, side: LinkSide(side, f"{side}1")}
            self.link = Link("L1", "s", "record", None, sides, self.link.fields)

    def observed(self) -> dict[str, Observation]:
        return {
            side: Observation(
                "s",
                side,
                f"{side}1",
                "new",
                self.sync.read(side, wire),
                self.versions[side],
                "L1",
                in_scope=side not in self.outside,
            )
            for side, wire in self.wires.items()
            if side not in self.offline and side in self.link.sides
        }

    def around(self) -> Surroundings:
        here = frozenset(self.sync.sides) - self.offline
        return Surroundings(
            self.people,
            here,
            here,
            busy=frozenset(self.busy),
            answers=self.answers,
            evidence=self.evidence,
            remap=self.remap,
        )

    def plan(self) -> LinkPlan:
        return plan_link(self.sync, self.link, self.observed(), self.around())

    def apply(self, plan: LinkPlan, lost: frozenset[str] = frozenset()) -> None:
        """Carry a plan out; what is sent to a `lost` side never arrives."""
        self.link = plan.link
        for write in plan.writes:
            if write.side not in lost:
                self._write(write)

    def _write(self, write: Write) -> None:
        side = write.side
        wire = patched(self.wires.get(side, {}), write.patch)
        self.wires[side] = self.habits.get(side, copied)(wire)
        self.versions[side] = self.versions.get(side, 0) + 1
        record = Record(f"{side}1", self.wires[side], self.versions[side])
        self.link = receive(
            self.sync,
            self.link,
            side,
            write.units,
            record,
            self.people[side],
            created=write.kind == "create",
            atomic=True,
        ).link

    def step(self) -> LinkPlan:
        """One pass."""
        plan = self.plan()
        self.apply(plan)
        return plan

    def settle(self) -> list[LinkPlan]:
        """Pass until nothing is written or remembered any more, at most three times."""
        plans = []
        for _ in range(3):
            plans.append(self.step())
            again = self.plan()
            if not again.writes and again.link.fields == self.link.fields:
                return plans
        raise AssertionError("no rest after three passes")

    def answer(self, clash: Clash, value: Any) -> None:
        self.answers[clash.unit] = Answer(digest(clash.unit, clash.candidates), value)

    def state(self, unit: str) -> UnitState:
        return UnitState.unpack(self.link.fields.get(unit))

    def shown(self, field: str) -> dict[str, Any]:
        """What each side's people see in a wire field."""
        return {side: wire.get(field) for side, wire in self.wires.items()}


def linked(**options: Any) -> Scene:
    """A scene of sides a, b, … that all show one ticket and agree."""
    scene = Scene(**options)
    first = next(iter(scene.sync.sides))
    scene.show(first, title="One", status="todo", priority="low", labels=["x"], body="<p>Text</p>")
    scene.settle()
    return scene


def candidates(scene: Scene, unit: str = "title") -> set[tuple[str | None, Any]]:
    """The values that wait for a person, as (side, value)."""
    (clash,) = [c for c in scene.plan().clashes if c.unit == unit]
    return {(c.side, c.value) for c in clash.candidates}
