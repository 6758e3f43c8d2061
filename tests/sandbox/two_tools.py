"""A made-up Zendesk and Jira as processes, a sync between them, and what they were sent.

What is counted stands in the fakes' own logs of requests; what people do goes through their pages.
Time passes in both tools and in the hub at once, so that nobody's clock is wrong.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import yaml

from syncline.engine.report import Report
from syncline.hub import Hub, open_hub
from syncline.registry import fakes
from syncline.sandbox import running

SIDES = {"support": "zendesk", "tracker": "jira"}
SYNC = "all"
SEED = 3

SESSION = {
    "support": re.compile(
        r"/oauth/|/api/v2/(users|(ticket|user|organization)_fields|custom_statuses|groups)"
    ),
    "tracker": re.compile(
        r"/rest/api/[23]/(myself|serverInfo|project|priority|resolution|mypermissions|field|user"
        r"|status|issue/createmeta)"
    ),
}
"""Requests that open a session: cached afterwards, listed apart."""


@dataclass
class Clock:
    """Real time that can be put on."""

    ahead: timedelta = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead.total_seconds()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass(frozen=True)
class Sent:
    """What one side was sent: the requests of the pass, those of the session, and the writes."""

    work: int
    session: int
    writes: int
    calls: Counter[str] = field(default_factory=Counter)


class TwoTools:
    """Both fakes at work, by side."""

    def __init__(self, folder: Path, about: dict[str, dict[str, Any]]) -> None:
        self.folder = folder
        self.clock = Clock()
        self._about = about
        self.http = httpx.Client(trust_env=False, timeout=60)

    def ask(self, side: str, method: str, path: str, **what: Any) -> Any:
        """Call something of a fake's own, or post a form as a person."""
        answer = self.http.request(method, self._about[side]["base_url"] + path, **what)
        assert answer.status_code < 400, (side, path, answer.status_code, answer.text[:300])
        return answer.json() if "json" in answer.headers.get("content-type", "") else None

    def later(self, seconds: float = 600) -> None:
        """Let time go by everywhere, beyond every lag and lookback."""
        self.clock.ahead += timedelta(seconds=seconds)
        for side in SIDES:
            self.ask(side, "POST", "/_sandbox/clock", json={"advance": seconds})

    def tickets(self) -> list[dict[str, Any]]:
        """Zendesk's tickets that can still be edited."""
        found = self.ask("support", "GET", "/_sandbox/records/ticket")
        return [t for t in found if t["status"] != "closed"]

    def issues(self) -> list[dict[str, Any]]:
        """Jira's issues of the project in scope."""
        found = self.ask("tracker", "GET", "/_sandbox/records/issue")
        return [i for i in found if i["key"].startswith("APP-")]

    def retitle(self, side: str, id: str, title: str) -> None:
        """A person changes the title of a record."""
        record, name = ("ticket", "subject") if side == "support" else ("issue", "summary")
        typed = {"do": "edit", "person": "Leila Haddad", f"field:{name}": title}
        self.ask(side, "POST", f"/records/{record}/{id}", data=typed)

    def forget(self) -> None:
        """Empty the logs of requests."""
        for side in SIDES:
            self.ask(side, "DELETE", "/_sandbox/requests")

    def sent(self, side: str) -> Sent:
        """What a side was sent since the last `forget`."""
        log = self.ask(side, "GET", "/_sandbox/requests")
        session = [one for one in log if SESSION[side].match(one["path"])]
        work = [one for one in log if not SESSION[side].match(one["path"])]
        calls = Counter(
            f"{o['method']} {re.sub(r'[0-9a-f]{8,}|[0-9]+', '…', o['path'])}" for o in work
        )
        return Sent(len(work), len(session), sum(one["mutating"] for one in work), calls)

    @asynccontextmanager
    async def hub(self) -> AsyncIterator[Hub]:
        """The hub of the configuration, in the time of the tools."""
        async with open_hub(self.folder, clock=self.clock) as one:
            yield one

    async def run(self, hub: Hub) -> Report:
        """One pass, with the logs emptied before."""
        self.forget()
        report = await hub.run(SYNC)
        assert not report.refused, report.refused
        assert not report.stopped, report.stopped
        return report


@contextmanager
def two_tools(
    folder: Path,
    records: int,
    *,
    search_lag: str | None = None,
    store: str = "sqlite:///.syncline/state.db",
    **sync: Any,
) -> Iterator[TwoTools]:
    """Both fakes with so many cases each, and a configuration with one sync between them.

    `search_lag` is how long a look-up of a create is not believed, of our clock, which real
    processes cannot put on.
    """
    modules = {tool: module for tool, module in fakes().items() if tool in SIDES.values()}
    started = running.start(modules, folder / "sandbox", seed=SEED, records=records)
    try:
        about = {one.tool: dict(one.about) for one in started}
        by_side = {side: about[tool] for side, tool in SIDES.items()}
        connections = {
            side: {"connector": SIDES[side], **{k: v for k, v in said.items() if k != "pid"}}
            for side, said in by_side.items()
        }
        if search_lag is not None:
            for connection in connections.values():
                connection["search_lag"] = search_lag
        written = {
            "workspace": "two",
            "store": store,
            "connections": connections,
            "syncs": {SYNC: sync},
        }
        (folder / "syncline.yaml").write_text(yaml.safe_dump(written), "utf-8")
        tools = TwoTools(folder, by_side)
        with tools.http:
            yield tools
    finally:
        running.end([one.process for one in started])
