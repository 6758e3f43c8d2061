"""Every pass survives its death at every step, in every way; also when it dies twice (I13, G1).

A pass leaves nothing but the store and the tools, and most of its steps only read. So most deaths
leave the same as the one before: the gate dies once of each. SYNCLINE_EVERY_CRASH dies of all.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import os
from collections.abc import Iterator

import pytest

from syncline.simulation.crashes import killed, killed_again
from syncline.simulation.gate import Gate
from syncline.simulation.runner import play
from syncline.simulation.scenarios import scenarios
from syncline.simulation.story import Story, dump
from syncline.simulation.world import World

ALL = "SYNCLINE_EVERY_CRASH" in os.environ
EVERY = int(os.environ.get("SYNCLINE_EVERY_CRASH", "60"))
"""Of the first deaths and of the second ones, every how many-th is tried in pairs; 1: all pairs."""


def _survives(story: Story) -> None:
    outcome = play(story)
    assert outcome.wrong == (), dump(story)


class Watched(World):
    """A world that is looked at before and after each step of a hub."""

    def __init__(self, story: Story) -> None:
        super().__init__(story)
        self.seen: list[tuple[str, str]] = []

    def heard(self, hub: str, what: str, writes: bool) -> None:
        self.look("before")
        super().heard(hub, what, writes)

    def look(self, when: str) -> None:
        """Write down what the store and the tools hold."""
        held = hashlib.sha256(self.database.image())
        for tool in self.tools.values():
            held.update(repr((tool.items, tool.closed, tool.deeds)).encode())
        self.seen.append((when, held.hexdigest()))


def seen(story: Story) -> list[tuple[str, str]]:
    """What there is before and after each step of the last pass."""
    return asyncio.run(_seen(Watched(story)))


async def _seen(world: Watched) -> list[tuple[str, str]]:
    leave = Gate.leave

    def watched(gate: Gate) -> None:
        world.look("after")
        leave(gate)

    try:
        for step in world.story.steps[:-1]:
            await world.do(step)
        world.seen.clear()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Gate, "leave", watched)
            await world.do(world.story.steps[-1])
    finally:
        await world.stop()
        world.database.close()
    return world.seen


def deaths(story: Story) -> Iterator[Story]:
    """The story once for each death of its last pass that leaves something of its own."""
    left = [held for when, held in seen(story) if when == "before"]
    for one in killed(story):
        at, mode = one.steps[-1].crash, one.steps[-1].mode
        own = {
            "before": at == 1 or left[at - 1] != left[at - 2],
            "after": at == len(left),
            "torn": True,
        }
        if ALL or own[mode]:
            yield one


@pytest.mark.parametrize("name", scenarios())
def test_a_scenario_is_well_without_a_crash(name: str) -> None:
    _survives(scenarios()[name])


@pytest.mark.parametrize("name", scenarios())
def test_a_pass_may_die_at_every_step(name: str) -> None:
    points = list(deaths(scenarios()[name]))
    assert len(points) >= 8
    for story in points:
        _survives(story)


@pytest.mark.parametrize("name", scenarios())
def test_a_death_after_a_step_leaves_what_one_before_the_next_leaves(name: str) -> None:
    first, *within, last = seen(scenarios()[name])
    assert (first[0], last[0]) == ("before", "after")
    assert len(within) > 40
    for after, before in zip(within[::2], within[1::2], strict=True):
        assert (after[0], before[0]) == ("after", "before")
        assert after[1] == before[1]


@pytest.mark.parametrize("name", scenarios())
def test_the_pass_after_a_death_may_die_too(name: str) -> None:
    place = list(scenarios()).index(name) % EVERY
    for once in itertools.islice(killed(scenarios()[name]), place, None, EVERY):
        for twice in itertools.islice(killed_again(once), place, None, EVERY):
            _survives(twice)
