"""What a run leaves behind in Prefect: progress while it works, then a summary and its changes.

An artifact that Prefect does not take is a pity and no failure: the pass is what counts.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from uuid import UUID

from prefect import get_run_logger
from prefect.artifacts import (
    acreate_markdown_artifact,
    acreate_progress_artifact,
    acreate_table_artifact,
    aupdate_progress_artifact,
)

from flows.summary import Summary
from syncline.sdk.clock import Clock

BEAT = 2.0
"""Seconds between two updates of the progress: each is a request and an event to Prefect."""


def key_of(sync: str) -> str:
    """The artifacts' key: runs of one sync share it, so Prefect shows them as a timeline."""
    return sync.replace("_", "-")


async def show(summary: Summary) -> None:
    """Leave the summary, and the changes as a table where there are any."""
    key = key_of(summary.report.sync)
    with optional():
        await acreate_markdown_artifact(summary.page(), key, summary.headline())
        if summary.report.actions:
            await acreate_table_artifact(summary.rows(), f"{key}-changes", summary.headline())


@asynccontextmanager
async def progress_shown(expected: int, clock: Clock) -> AsyncIterator[Callable[[int], None]]:
    """A progress artifact that follows what its function is told; none where nothing is expected.

    `expected` is an estimate of the links to work on, so 100 is shown only when the work is done.
    """
    done = 0

    def note(count: int) -> None:
        nonlocal done
        done = count

    made = await _begun(expected) if expected else None
    if made is None:
        yield note
        return
    follower = asyncio.create_task(_follow(made, lambda: 100.0 * done / expected, clock))
    try:
        yield note
    finally:
        follower.cancel()
        with suppress(asyncio.CancelledError):
            await follower
    with optional():
        await aupdate_progress_artifact(made, 100.0)


async def _begun(expected: int) -> UUID | None:
    with optional():
        return await acreate_progress_artifact(0.0, description=f"of about {expected} links")
    return None


async def _follow(made: UUID, percent: Callable[[], float], clock: Clock) -> None:
    shown = 0.0
    with optional():
        while True:
            await clock.sleep(BEAT)
            if percent() != shown:
                shown = percent()
                await aupdate_progress_artifact(made, min(99.0, shown))


@contextmanager
def optional() -> Iterator[None]:
    """What is shown to people must not fail a pass: an error here is logged and no more."""
    try:
        yield
    except Exception as error:
        get_run_logger().warning(
            "Prefect did not take what was to be shown (%s)", type(error).__name__
        )
