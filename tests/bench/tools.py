"""The two tools of the benchmark in their own process, with a small address for steering them.

    python -m tests.bench.tools RECORDS

prints one line of JSON with the addresses and serves until its input ends. Of the records, all are
in the paged tool and nine of ten in the feed tool: the tenth has to be made by the first link.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from syncline.simulation.clock import ManualClock
from syncline.simulation.tool import MemoryTool
from tests.sides.feed_app import feed_app
from tests.sides.paged import paged_app
from tests.sides.serving import served

TOKEN = "benchmark-token"
PEOPLE = 20

_PRIORITIES = ("urgent", "high", "medium", "low", "none")
_STATUSES = ("todo", "in_progress", "blocked", "done", "cancelled")
_SENTENCE = (
    "<p>The export of order {n} stops at line {line} with a time-out, and the report that is "
    "mailed at night misses <strong>the last {line} rows</strong>; see the attached log.</p>"
)


def fields(n: int) -> dict[str, Any]:
    """Record number `n`: about 4 KB as JSON, the same in every run."""
    return {
        "title": f"Order {n:06}: the export stops before the end",
        "body": "".join(_SENTENCE.format(n=n, line=line) for line in range(20)),
        "status": _STATUSES[n % 5],
        "priority": _PRIORITIES[n % 5],
        "labels": sorted({f"team-{n % 7}", f"area-{n % 11}", "export"}),
        "assignee": f"person{n % PEOPLE}",
        "custom": {"order": n, "region": "EU"},
    }


class World:
    """Both tools, their clock, and what people do to them."""

    def __init__(self, records: int) -> None:
        started = datetime.now(UTC).replace(microsecond=0)
        self.clock = ManualClock(started - timedelta(seconds=records + 3600))
        self.paged = MemoryTool(self.clock, name="paged", id_prefix="", token=TOKEN)
        self.feed = MemoryTool(self.clock, name="feed", id_prefix="F", token=TOKEN)
        self.records = records
        self.edits = 0
        for tool in (self.paged, self.feed):
            tool.automations.append(self._take_time)
            for n in range(PEOPLE):
                tool.add_person(f"person{n}", f"person{n}@example.com", f"Person {n}")
        for n in range(records):
            self.clock.advance(1)
            self.paged.create(fields(n))
            if n % 10:
                self.feed.create(fields(n))

    def edit(self, count: int) -> None:
        """People change the titles of `count` records in each tool, never of the same ones."""
        self.edits += 1
        self.clock.advance(3600)
        by_order = {i.now.fields["custom"]["order"]: i.id for i in self.feed.items.values()
                    if i.now.fields["custom"]}  # fmt: skip
        made_by_people = [n for n in range(self.records) if n % 10]
        for n in range(count):
            self.clock.advance(1)
            patch = {"title": f"{fields(n)['title']}, again ({self.edits})"}
            self.paged.edit(str(n + 1), patch)
            other = made_by_people[-1 - n]
            patch = {"title": f"{fields(other)['title']}, still ({self.edits})"}
            self.feed.edit(by_order[other], patch)

    def _take_time(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ten writes a second by the tool's clock: no real tool does hundreds in one."""
        self.clock.advance(0.1)
        return {}

    def counts(self) -> dict[str, dict[str, int]]:
        """Requests since the last time this was asked, by tool and kind."""
        result = {}
        for tool in (self.paged, self.feed):
            result[tool.name] = dict(Counter(call.kind for call in tool.log.calls))
            tool.log.clear()
        return result

    def differing(self) -> int:
        """How many records do not have the same title, priority and body in both tools."""
        shown = [
            Counter(
                (f["title"], f["priority"], f["body"])
                for f in (item.now.fields for item in tool.items.values())
            )
            for tool in (self.paged, self.feed)
        ]
        return (shown[0] - shown[1]).total() + (shown[1] - shown[0]).total()


def steering(world: World) -> Starlette:
    """What the benchmark tells the world to do."""
    acts: Mapping[str, Callable[[int], Any]] = {
        "edit": world.edit,
        "advance": world.clock.advance,
        "counts": lambda _: world.counts(),
        "differing": lambda _: world.differing(),
    }

    async def act(request: Request) -> JSONResponse:
        number = int(request.query_params.get("n", 0))
        return JSONResponse(acts[request.path_params["act"]](number))

    return Starlette(routes=[Route("/{act}", act, methods=["POST"])])


async def serve(records: int) -> None:
    """Serve until the input ends."""
    world = World(records)
    async with AsyncExitStack() as stack:
        addresses = {
            "paged": await stack.enter_async_context(served(paged_app(world.paged))),
            "feed": await stack.enter_async_context(served(feed_app(world.feed))),
            "steering": await stack.enter_async_context(served(steering(world))),
        }
        print(json.dumps(addresses), flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
