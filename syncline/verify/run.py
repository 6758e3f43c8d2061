"""One verification of one sync, from the first page to the report. It takes no lease: passes may
run beside it, and what they move meanwhile is in flight."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from syncline.store import links, runs
from syncline.store.rows import Run
from syncline.verify.found import Lag, Verified
from syncline.verify.lag import measure
from syncline.verify.linked import Linked
from syncline.verify.loose import Loose
from syncline.verify.sides import BATCH, Ports, Sides
from syncline.verify.spool import Spool

WINDOW = timedelta(days=7)
"""Edits of how long ago count for the lag."""


async def verify(ports: Ports, window: timedelta = WINDOW) -> Verified:
    """Read all sides and say how far they agree. Nothing is written but the run itself, at its end:
    nobody could tell later that one which says it runs was killed."""
    now = ports.clock.now()
    found = Verified(ports.sync.name, ports.new_id(), now, now, Lag(window))
    before = {side: dict(c.requests()) for side, c in ports.connectors.items()}
    try:
        with Spool() as spool:
            await _verify(Sides(ports, spool), found, window)
    except BaseException as error:
        report = {"error": f"{type(error).__name__}: {error}"}
        found.finished_at = ports.clock.now()
        await ports.store.write(runs.start, _run(found, "failed", report))
        raise
    found.finished_at = ports.clock.now()
    found.requests = {
        side: {kind: n - before[side].get(kind, 0) for kind, n in connector.requests().items()}
        for side, connector in ports.connectors.items()
    }
    await ports.store.write(runs.start, _run(found, found.state, found.summary()))
    return found


async def _verify(sides: Sides, found: Verified, window: timedelta) -> None:
    ports = sides.ports
    last = await ports.store.read(runs.last_pass, sides.sync.name)
    found.since = last.started_at if last is not None else None
    await sides.list_all()
    linked = Linked(sides, found, last)
    after: str | None = None
    done = 0
    while page := await ports.store.read(links.page, sides.sync.name, after, BATCH):
        after = page[-1].id
        await linked.compare(page)
        done += len(page)
        ports.progress("compared", done)
    loose = Loose(linked)
    await loose.duplicates()
    await loose.orphans()
    found.read = dict(sides.read)
    found.stopped = dict(sides.stopped)
    # Last, so that a history that cannot be read costs the lag its precision and nothing else.
    found.lag = await measure(sides, window)


def _run(found: Verified, state: str, report: Mapping[str, Any]) -> Run:
    return Run(
        id=found.run,
        sync=found.sync,
        kind="verify",
        state=state,
        started_at=found.started_at,
        finished_at=found.finished_at,
        counts=found.counts(),
        requests=found.requests or None,
        report=report,
    )
