"""Kills the last pass of a story at every step it takes, in every way there is (I13).

Not a sample: SQLite's authors make the n-th call fail for every n until none is left, and so is
it done here (sqlite.org/testing.html, "Anomaly Testing").
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from syncline.simulation.gate import Mode
from syncline.simulation.runner import steps_of
from syncline.simulation.story import Pass, Story, Wait


def killed(story: Story) -> Iterator[Story]:
    """The story once for each step of its last pass and each way to die there."""
    for at, writes in enumerate(steps_of(story), start=1):
        for mode in get_args(Mode):
            if mode != "torn" or writes:
                yield _with(story, at, mode)


def killed_again(story: Story) -> Iterator[Story]:
    """A killed story once for each step of the pass that comes after, and each way to die there."""
    last = story.steps[-1]
    assert isinstance(last, Pass)
    after = last.model_copy(update={"crash": None, "steps": None, "hub": 0})
    yield from killed(story.model_copy(update={"steps": (*story.steps, Wait(seconds=30), after)}))


def _with(story: Story, at: int, mode: Mode) -> Story:
    last = story.steps[-1].model_copy(update={"crash": at, "mode": mode})
    return story.model_copy(update={"steps": (*story.steps[:-1], last)})
