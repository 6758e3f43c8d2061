"""Makes a failing story as short as it can be while the same promise stays broken.

Delta debugging over the steps (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing
Input", 2002): leave out ever smaller runs of steps; then make each tool and each pass plainer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from syncline.simulation.story import Pass, Story, Tool

PLAYS = 400
"""Stories that are tried at most."""


def shrink(story: Story, check: str, play: Callable[[Story], set[str]]) -> Story:
    """The shortest story found that still breaks `check`; `play` tells what a story breaks."""
    tries = iter(range(PLAYS))

    def fails(shorter: Story) -> bool:
        return next(tries, None) is not None and check in play(shorter)

    before = None
    while before != story:
        before = story
        story = _fewer_steps(story, fails)
        for plainer in _plainer(story):
            if fails(merged := plainer(story)):
                story = merged
    return story


def _fewer_steps(story: Story, fails: Callable[[Story], bool]) -> Story:
    size = max(1, len(story.steps) // 2)
    while size:
        start = 0
        while start < len(story.steps):
            shorter = story.without(start, start + size)
            if fails(shorter):
                story = shorter
            else:
                start += size
        size //= 2
    return story


def _plainer(story: Story) -> Iterator[Callable[[Story], Story]]:
    """Ways to make a story plainer, each to be applied to what the others left of it."""
    for side in story.tools:
        if len(story.tools) > 2:
            yield lambda s, side=side: _changed_tools(  # type: ignore[misc]
                s, {n: t for n, t in s.tools.items() if n != side}
            )
        for name, plain in Tool().model_dump().items():
            if getattr(story.tools[side], name) != plain:
                yield lambda s, side=side, name=name, plain=plain: _with_tool(  # type: ignore[misc]
                    s, side, name, plain
                )
    for number, step in enumerate(story.steps):
        if isinstance(step, Pass) and (step.full or step.plan):
            yield lambda s, number=number: _plain_pass(s, number)  # type: ignore[misc]
    for name, plain in (
        ("title", "ask"),
        ("comments", False),
        ("deletes", "unlink"),
        ("cost", 0.0),
    ):
        if getattr(story, name) != plain:
            yield lambda s, name=name, plain=plain: s.model_copy(update={name: plain})  # type: ignore[misc]


def _changed_tools(story: Story, tools: dict[str, Tool]) -> Story:
    return story.model_copy(update={"tools": tools})


def _with_tool(story: Story, side: str, name: str, plain: object) -> Story:
    if side not in story.tools:
        return story
    tool = story.tools[side].model_copy(update={name: plain})
    return _changed_tools(story, {**story.tools, side: tool})


def _plain_pass(story: Story, number: int) -> Story:
    steps = list(story.steps)
    if number < len(steps) and isinstance(steps[number], Pass):
        steps[number] = steps[number].model_copy(update={"full": False, "plan": False})
    return story.model_copy(update={"steps": tuple(steps)})
