"""Links for the laws of the planner: one agreed state, perturbed on every side independently.

A `Case` is a story in few words, so that it can be told again with one edit less or with its sides
renamed. `Case.scene()` plays it up to the moment in which a plan is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from hypothesis import strategies as st

from syncline.engine.decision import Evidence, UnitState
from syncline.engine.planned import LinkPlan
from syncline.engine.spec import Mode, Policy
from syncline.mapping.lens import NOBODY, Unmappable
from syncline.schema.text import plain_text
from tests.unit.engine.scene import FEW_WORDS, TICKET, Scene, linked

FIELDS = ("title", "body", "status", "priority", "labels")

MAPPINGS = {"html": TICKET, "markdown": FEW_WORDS}

WORDS: Mapping[str, Mapping[str, st.SearchStrategy[Any]]] = {
    "html": {
        "title": st.sampled_from(["One", "Two", "Printer on fire", "", None]),
        "body": st.lists(st.sampled_from(["Text", "<b>Bold</b>", "More"]), max_size=3).map(
            lambda found: "".join(f"<p>{one}</p>" for one in found)
        ),
        "status": st.sampled_from(["todo", "reopened", "busy", "done", None, "unheard of"]),
        "priority": st.sampled_from(["urgent", "high", "medium", "low", None]),
        "labels": st.lists(st.sampled_from(["x", "y", "z", "odd"]), unique=True),
    },
    "markdown": {
        "title": st.sampled_from(["One", "Two", "Print", "", None]),
        "body": st.lists(st.sampled_from(["Text", "**Bold**", "- item"]), max_size=3).map(
            "\n\n".join
        ),
        "status": st.sampled_from(["open", "closed", None, "unheard of"]),
        "priority": st.sampled_from(["high", "low", None]),
        "labels": st.lists(st.sampled_from(["tag_x", "tag_y", "alien"]), unique=True),
    },
}

START = datetime(2026, 1, 1, tzinfo=UTC)

Edits = Mapping[str, Mapping[str, Any]]
"""What people type, by side and field."""


@dataclass(frozen=True)
class Case:
    """Sides that agreed, a first round of edits, and the edits that are to be planned.

    `lost`: sides at which nothing of the first round arrived. `shouting`: tools that turn a title
    into capitals, so that it deviates. `away` answer nothing, `outside` have left the scope, `busy`
    are (side, unit) with an open intent. `minutes`: when each side was edited, by its history.
    """

    texts: Mapping[str, str]
    modes: Mapping[tuple[str, str], Mode]
    policies: Mapping[str, Policy]
    shouting: frozenset[str]
    first: Edits
    lost: frozenset[str]
    edits: Edits
    away: frozenset[str]
    outside: frozenset[str]
    busy: frozenset[tuple[str, str]]
    minutes: Mapping[str, int]

    def scene(self) -> Scene:
        """The link and its sides at the moment of the plan."""
        mappings = {side: MAPPINGS[text] for side, text in self.texts.items()}
        scene = linked(modes=self.modes, policies=self.policies, **mappings)
        scene.habits = dict.fromkeys(self.shouting, shouted)
        type_in(scene, self.first)
        scene.apply(scene.plan(), lost=self.lost)
        type_in(scene, self.edits)
        scene.offline, scene.outside = set(self.away), set(self.outside)
        scene.busy = set(self.busy)
        at = {side: START + timedelta(minutes=n) for side, n in self.minutes.items()}
        scene.evidence = {unit: Evidence(dict(at)) for unit in FIELDS}
        return scene

    def without(self, *fields: str, side: str | None = None) -> Case:
        """The same, but for the last edits of these fields, on one side or on all."""
        edits = {
            s: said if side not in (s, None) else {f: v for f, v in said.items() if f not in fields}
            for s, said in self.edits.items()
        }
        return replace(self, edits=edits)

    def renamed(self, names: Mapping[str, str]) -> Case:
        """The same story of sides with other names."""
        return Case(
            texts={names[s]: text for s, text in self.texts.items()},
            modes={(field, names[s]): mode for (field, s), mode in self.modes.items()},
            policies={
                field: replace(p, authority=p.authority and names[p.authority])
                for field, p in self.policies.items()
            },
            shouting=frozenset(names[s] for s in self.shouting),
            first={names[s]: said for s, said in self.first.items()},
            lost=frozenset(names[s] for s in self.lost),
            edits={names[s]: said for s, said in self.edits.items()},
            away=frozenset(names[s] for s in self.away),
            outside=frozenset(names[s] for s in self.outside),
            busy=frozenset((names[s], unit) for s, unit in self.busy),
            minutes={names[s]: n for s, n in self.minutes.items()},
        )


def shouted(wire: dict[str, Any]) -> dict[str, Any]:
    title = wire.get("title")
    return {**wire, "title": title.upper() if title else title}


def type_in(scene: Scene, edits: Edits) -> None:
    """People type."""
    for side, said in edits.items():
        if said:
            scene.show(side, **said)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Two to four sides, each with its own edits, and anything else that a plan depends on."""
    sides = "abcd"[: draw(st.integers(2, 4))]
    texts = {side: draw(st.sampled_from(["html", "html", "markdown"])) for side in sides}
    some, places, typed = _some(sides), _places(sides), _typed(tuple(texts.items()))
    seldom = draw(st.booleans())
    return Case(
        texts=texts,
        modes=draw(_modes(sides)) if seldom else {},
        policies=draw(policies(sides)),
        shouting=draw(some),
        first=draw(typed) if draw(st.booleans()) else {},
        lost=draw(some),
        edits=draw(typed),
        away=draw(some) if seldom else frozenset(),
        outside=draw(some) if seldom else frozenset(),
        busy=frozenset((s, f) for f, s in draw(st.sets(places, max_size=1))) if seldom else set(),
        minutes=draw(st.dictionaries(st.sampled_from(sides), st.integers(0, 3))),
    )


# To make a strategy takes longer than to draw from it: one for each set of sides.


@cache
def _some(sides: str) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(sides), max_size=1)


@cache
def _places(sides: str) -> st.SearchStrategy[tuple[str, str]]:
    return st.tuples(st.sampled_from(FIELDS), st.sampled_from(sides))


@cache
def _typed(texts: tuple[tuple[str, str], ...]) -> st.SearchStrategy[Edits]:
    return st.fixed_dictionaries(
        {side: st.fixed_dictionaries({}, optional=WORDS[text]) for side, text in texts}
    )


@cache
def _modes(sides: str) -> st.SearchStrategy[Mapping[tuple[str, str], Mode]]:
    return st.dictionaries(_places(sides), st.sampled_from(MODES), max_size=2)


MODES: tuple[Mode, ...] = ("source", "target", "off")


@cache
def policies(sides: str) -> st.SearchStrategy[dict[str, Policy]]:
    """A policy for every field that need not ask or merge."""
    authority = st.sampled_from([None, *sides])
    anyone = st.builds(Policy, st.sampled_from(["ask", "authority", "newest"]), authority)
    ranked = st.builds(
        Policy, st.just("state"), authority, st.sampled_from([("todo", "done"), ("todo",)])
    )
    merged = st.builds(Policy, st.just("merge"), authority)
    return st.fixed_dictionaries(
        {},
        optional={
            "title": anyone,
            "status": ranked | anyone,
            "body": merged | anyone,
            "labels": merged | anyone,
        },
    )


# What is said of a plan, to compare it with another.


def written(plan: LinkPlan) -> dict[tuple[str, str], Any]:
    """Every unit that is written, by side, with its shared value."""
    return {(w.side, name): part.value for w in plan.writes for name, part in w.units.items()}


def spelt(value: Any) -> Any:
    """A value in words: which of two spellings of one text holds is a tie that names may break."""
    if isinstance(value, Mapping):
        return plain_text(value)
    return tuple(value) if isinstance(value, list) else value


def told(plan: LinkPlan, names: Mapping[str, str]) -> dict[str, Any]:
    """All that a plan says, by unit, its sides under these names."""
    every: Mapping[str | None, str | None] = {**names, None: None}
    states = {unit: UnitState.unpack(plan.link.fields[unit]) for unit in FIELDS}
    writes = {(names[side], unit): spelt(v) for (side, unit), v in written(plan).items()}

    def candidates(found: Any) -> dict[str, set[Any]]:
        return {
            one.unit: {(every[c.side], spelt(c.value)) for c in one.candidates} for one in found
        }

    clashes, losers = candidates(plan.clashes), candidates(plan.losers)
    return {
        unit: {
            "writes": {side: v for (side, name), v in writes.items() if name == unit},
            "value": (state.known, spelt(state.value)),
            "delivered": {names[side] for side in state.delivered},
            "seen": {names[side]: slice_ for side, slice_ in state.seen.items()},
            "deviates": {names[side]: why for side, why in state.deviates.items()},
            "clash": clashes.get(unit),
            "losers": losers.get(unit),
            "refusals": {(names[r.side], r.action) for r in plan.refusals if r.unit == unit},
            "hops": {(names[h.side], spelt(h.after), h.rule) for h in plan.hops if h.unit == unit},
            "drift": {names[side] for side, name in plan.drift if name == unit},
        }
        for unit, state in states.items()
    }


def shown(scene: Scene, side: str, unit: str) -> Any:
    """What a side shows as a shared value, None where nobody understands it."""
    lens = scene.sync.units[unit].lenses[side]
    try:
        return lens.get(lens.read(scene.wires[side]), NOBODY)
    except Unmappable:
        return None
