"""Plays stories and tells what came of them; many at once, in several processes."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from dataclasses import dataclass, field

from syncline.simulation.checks import judge
from syncline.simulation.story import Story
from syncline.simulation.world import World


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a story came to. `wrong`: (check, words); `trace`: everything that happened, a line
    each; `counts`: how often what happened."""

    wrong: tuple[tuple[str, str], ...]
    trace: tuple[str, ...]
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def fingerprint(self) -> str:
        """The same for the same trace."""
        return hashlib.sha256("\n".join(self.trace).encode()).hexdigest()


def steps_of(story: Story) -> list[bool]:
    """The steps that the last pass of a story takes; for each, whether it changes a tool."""
    return asyncio.run(_steps_of(story))


async def _steps_of(story: Story) -> list[bool]:
    world = World(story)
    try:
        for step in story.steps[:-1]:
            await world.do(step)
        world.taken.clear()
        await world.do(story.steps[-1])
        return list(world.taken)
    finally:
        await world.stop()
        world.database.close()


def play(story: Story) -> Outcome:
    """Play a story to its end and judge it."""
    return asyncio.run(_play(story))


async def _play(story: Story) -> Outcome:
    world = World(story)
    try:
        await world.play()
        await judge(world)
    finally:
        await world.stop()
        world.database.close()
    for tool in world.tools.values():
        world.counts.update(f"fault: {name}" for _, name in tool.faults.struck)
    return Outcome(tuple(world.wrong), tuple(world.trace), world.counts)
