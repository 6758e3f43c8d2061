"""The same world as the swarm's, with Hypothesis at the wheel: it looks for trouble and, when it
finds some, makes the story short by itself."""

from __future__ import annotations

import asyncio
import itertools
import os
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from syncline.simulation.checks import judge
from syncline.simulation.draw import TROUBLES, WRITES
from syncline.simulation.gate import Mode
from syncline.simulation.story import (
    SIDES,
    Answer,
    Change,
    Create,
    Doom,
    Edit,
    Fate,
    How,
    Outage,
    Pass,
    Step,
    Story,
    Tool,
    Trouble,
    Wait,
    What,
    dump,
)
from syncline.simulation.world import World
from tests.unit.simulation.time_left import while_time_is_left

FIRST = int(os.environ.get("SYNCLINE_FIRST_MACHINE", "0"))
"""Another number, and Hypothesis draws others."""

MACHINES = int(os.environ.get("SYNCLINE_MACHINES", "15"))
BLOCK = 20
ALWAYS = 3
"""Blocks that are tried whatever the time."""

STEPS = 50

places = st.integers(0, 3)
tools = st.builds(
    Tool,
    text=st.sampled_from(("html", "markdown", "textile", "plain")),
    conditional=st.booleans(),
    history=st.booleans(),
    answers=st.booleans(),
    keyed=st.booleans(),
    bulk=st.sampled_from((1, 2, 10)),
    lag=st.sampled_from((0, 5, 300)),
    skew=st.sampled_from((0, -600, 600)),
    grain=st.sampled_from((0, 60)),
    workflow=st.booleans(),
)


class Machine(RuleBasedStateMachine):
    """People edit, tools misbehave, hubs run, die and are started again; nothing is lost."""

    records = Bundle("records")

    @initialize(
        told=st.lists(tools, min_size=2, max_size=4),
        title=st.sampled_from(("ask", "newest", "a")),
        deletes=st.sampled_from(("unlink", "close", "archive")),
        comments=st.booleans(),
        cost=st.sampled_from((0.0, 1.0)),
    )
    def begin(self, told: list[Tool], **how: Any) -> None:
        self.loop = asyncio.new_event_loop()
        self.steps: list[Step] = []
        self.numbers = itertools.count(1)
        self.sides = SIDES[: len(told)]
        self.story = Story(tools=dict(zip(self.sides, told, strict=True)), steps=(), **how)
        self.world = World(self.story)

    def do(self, step: Step) -> None:
        self.steps.append(step)
        self.loop.run_until_complete(self.world.do(step))

    def side(self, place: int) -> str:
        return self.sides[place % len(self.sides)]

    def token(self, kind: str) -> str:
        return f"{kind}{next(self.numbers)}"

    @rule(target=records, place=places)
    def somebody_makes_a_record(self, place: int) -> str:
        name = f"r{next(self.numbers)}"
        self.do(
            Create(
                record=name,
                side=self.side(place),
                title=self.token("t"),
                paragraph=self.token("p"),
            )
        )
        return name

    @rule(record=records, place=places, how=st.sampled_from(get_args(How)), pick=places)
    def somebody_edits(self, record: str, place: int, how: How, pick: int) -> None:
        kind = {"title": "t", "label": "l", "write": "p", "rewrite": "p", "comment": "c"}.get(how)
        value = self.token(kind) if kind else ""
        self.do(Edit(record=record, side=self.side(place), how=how, value=value, pick=pick))

    @rule(record=consumes(records), place=places, what=st.sampled_from(get_args(Doom)))
    def something_befalls(self, record: str, place: int, what: Doom) -> None:
        self.do(Fate(record=record, side=self.side(place), what=what))

    @rule(
        hub=st.sampled_from((0, 0, 0, 1)),
        steps=st.none() | st.integers(1, 50),
        full=st.booleans(),
        crash=st.none() | st.integers(1, 50),
        mode=st.sampled_from(get_args(Mode)),
    )
    def a_hub_works(self, **what: Any) -> None:
        self.do(Pass(**what))

    @rule(seconds=st.sampled_from((1, 6, 30, 400)))
    def time_passes(self, seconds: int) -> None:
        self.do(Wait(seconds=seconds))

    @rule(place=places, method=st.sampled_from(WRITES), action=st.sampled_from(TROUBLES))
    def a_call_goes_wrong(self, place: int, method: str, action: str) -> None:
        self.do(Trouble(side=self.side(place), method=method, action=action))

    @rule(place=places, what=st.sampled_from(get_args(What)))
    def a_tool_goes_or_comes_back(self, place: int, what: What) -> None:
        self.do(Outage(side=self.side(place), what=what))

    @rule(pick=places)
    def an_operator_answers(self, pick: int) -> None:
        self.do(Answer(pick=pick))

    @rule(policy=st.sampled_from((None, "ask", "newest", "a")), mapping=st.booleans())
    def an_operator_changes_the_sync(self, policy: str | None, mapping: bool) -> None:
        self.do(Change(policy=policy, mapping=mapping))

    @invariant()
    def nothing_is_broken(self) -> None:
        if hasattr(self, "world"):
            assert not self.world.wrong, self.told()

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        try:
            self.loop.run_until_complete(judge(self.world))
            assert not self.world.wrong, self.told()
        finally:
            self.loop.run_until_complete(self.world.stop())
            self.world.database.close()
            self.loop.close()

    def told(self) -> str:
        return dump(self.story.model_copy(update={"steps": tuple(self.steps)}))


@pytest.mark.stories
@pytest.mark.parametrize("block", range(0, MACHINES, BLOCK), ids=lambda first: f"from-{first}")
def test_no_history_that_hypothesis_draws_breaks_a_promise(block: int) -> None:
    if block >= ALWAYS * BLOCK:
        while_time_is_left(f"{BLOCK} histories")
    run_state_machine_as_test(
        seed(FIRST + block)(Machine),
        settings=settings(
            max_examples=min(BLOCK, MACHINES - block),
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
