"""Ways through a workflow, for tools in which a status is reached step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def steps_to(
    workflow: Mapping[Any, Sequence[str]] | None, current: str | None, status: str | None
) -> Sequence[str] | None:
    """The shortest way through a workflow to `status`, itself included; None: no way there."""
    if workflow is None or current == status:
        return (status,) if status is not None else ()
    ways: list[tuple[str, ...]] = [(step,) for step in workflow.get(current, ())]
    seen = {current}
    for way in ways:
        if way[-1] == status:
            return way
        if way[-1] not in seen:
            seen.add(way[-1])
            ways.extend((*way, step) for step in workflow.get(way[-1], ()))
    return None
