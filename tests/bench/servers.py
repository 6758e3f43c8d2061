"""The requests to the real servers, beside the least there could be.

`python -m tests.bench.servers` measures those that are installed, seeded anew, and writes its part
of docs/benchmarks.md. It counts, and takes no times. `make bench` runs it where all three are.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from deployments.real.fault_proxy import FaultProxy
from deployments.real.hub import Hub
from deployments.real.odoo import Odoo
from deployments.real.office import Office
from deployments.real.people import Desk, Tracker
from deployments.real.redmine import Redmine
from deployments.real.request_tracker import RequestTracker
from deployments.real.server import Server
from syncline.sandbox import Fake, serving
from tests.bench.report import replaced
from tests.support.connections import fake_of
from tests.support.twins import OFFERS, pages, retitle

BEGIN, END = "<!-- requests of the real servers -->", "<!-- end of the servers' requests -->"
TEXT = """\
## Requests of the real servers

A real server, seeded anew, in one sync of tickets with the fake of Jira; people rename tickets on
both sides. A proxy before the server counts what it is sent (`deployments/real/fault_proxy.py`).
The *bound* of a pass with changes is a page of changes, a read by id before the writes, a write
for each record, and a read after them, since the calls that write do not answer with the record.
Request Tracker tells changes by its log: the tickets that it names, ours among them, are then read;
and its condition is in an answer for one ticket alone, so each is read before it is written.
Measured {when}.

"""
HEAD = (
    *("server", "links", "unchanged (bound)", "writes"),
    *("1 % changed on each side (bound)", "of bound (goal)", "pass after it (bound)"),
)
PAGE = 100
"""Records that each of the servers shows at once."""

SERVERS: Sequence[type[Server]] = (RequestTracker, Redmine, Odoo)
LATER, MOMENT = 3600.0, 2.0
SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "request_tracker": {"key_field": "ExternalKey"},
    "redmine": {"key_field": "ExternalKey"},
    "odoo": {"key_field": "x_syncline_key"},
}


class People(Protocol):
    """Who work in a server."""

    def create(self, title: str) -> str: ...

    def rename(self, id: str, title: str) -> None: ...


class AtTheDesk:
    def __init__(self, known: Mapping[str, Any]) -> None:
        self._desk = Desk(known, next(iter(known["people"])))

    def create(self, title: str) -> str:
        return self._desk.create(title, "<p>It burns.</p>", "cora@customer.test")

    def rename(self, id: str, title: str) -> None:
        self._desk.edit(id, Subject=title)


class AtTheTracker:
    def __init__(self, known: Mapping[str, Any]) -> None:
        self._tracker = Tracker(known)

    def create(self, title: str) -> str:
        return self._tracker.create(title, "It burns.")

    def rename(self, id: str, title: str) -> None:
        self._tracker.edit(id, subject=title)


class AtTheOffice:
    def __init__(self, known: Mapping[str, Any]) -> None:
        self._office = Office(known)
        projects = self._office.rows("project.project", fields=("name",))
        wanted = known["scope"]["project"]
        self._project = next(row["id"] for row in projects if row["name"] == wanted)

    def create(self, title: str) -> str:
        return str(self._office.create("project.task", name=title, project_id=self._project))

    def rename(self, id: str, title: str) -> None:
        self._office.edit("project.task", id, name=title)


PEOPLE: Mapping[str, type[Any]] = {
    "request_tracker": AtTheDesk,
    "redmine": AtTheTracker,
    "odoo": AtTheOffice,
}


@dataclass
class Pair:
    """The server and Jira, with the hub between them."""

    name: str
    people: People
    jira: Fake
    proxy: FaultProxy
    hub: Hub

    async def later(self) -> tuple[int, int]:
        """Time goes by, and then a pass: what the server was sent, and how much of it wrote."""
        self.jira.clock.advance(LATER)
        await asyncio.sleep(MOMENT)
        self.proxy.requests.clear()
        report = await self.hub.one_pass("tickets")
        assert not report.refused, report.refused
        assert not report.stopped, report.stopped
        return len(self.proxy.requests), report.requests["server"]["write"]


async def row(kind: type[Server], folder: Path, records: int) -> tuple[str, ...]:
    """One server's line of the table."""
    server = kind(folder)
    server.start()
    try:
        known = server.connection()
        people: People = PEOPLE[server.name](known)
        ids = [people.create(f"Ticket {n}") for n in range(records)]
        upstream = urlsplit(known["base_url"])
        address = str(upstream.hostname), int(upstream.port or 0)
        jira = fake_of("jira")
        async with FaultProxy(address) as proxy, serving(jira) as url:
            said = configuration(server.name, {**known, "base_url": proxy.base_url}, jira, url)
            path = folder / "syncline.yaml"
            path.write_text(json.dumps(said), "utf-8")
            hub = await Hub.open(path)
            try:
                pair = Pair(server.name, people, jira, proxy, hub)
                return await measured(pair, ids)
            finally:
                await hub.aclose()
    finally:
        server.stop()


async def measured(pair: Pair, ids: Sequence[str]) -> tuple[str, ...]:
    """A sync is begun, then rests; people rename tickets; then it rests again."""
    for _ in range(4):
        await pair.later()
    work, writes = await pair.later()
    changed = max(1, len(ids) // 100)
    for id in ids[:changed]:
        pair.people.rename(id, f"Ticket {id}, renamed in {pair.name}")
    issues = [one for one in pair.jira.board() if one.title.startswith("Ticket")]
    assert len(issues) == len(ids), "not every ticket is an issue"
    for one in sorted(issues, key=lambda one: int(one.id))[-changed:]:
        retitle(pair.jira, one, f"{one.title}, renamed in Jira")
    moved, wrote = await pair.later()
    assert wrote == changed, f"{wrote} writes for {changed} renamed issues"
    after, _ = await pair.later()
    told, least = bounds(pair.name, changed)
    return (
        *(OFFERS[pair.name].title, f"{len(ids):,}", f"{work} (1)", str(writes)),
        *(f"{moved} ({least})", f"{moved / least:.2f} (≤ 1.2)", f"{after} ({told})"),
    )


def bounds(name: str, changed: int) -> tuple[int, int]:
    """The least that tells of so many changes, and the least of a pass that writes as many more."""
    if name == RequestTracker.name:
        told = 1 + pages(changed, PAGE)
        return told, told + 2 * changed + pages(changed, PAGE)
    return 1, 1 + 2 * pages(changed, PAGE) + changed


def configuration(name: str, known: Mapping[str, Any], jira: Fake, url: str) -> dict[str, Any]:
    """A sync of titles; the server's secret from the environment, as an operator would have it."""
    ((key, secret),) = known["auth"].items()
    os.environ["SYNCLINE_BENCH_SECRET"] = secret
    return {
        "workspace": "bench",
        "connections": {
            "server": {
                "connector": name,
                "base_url": known["base_url"],
                "auth": {key: "${env:SYNCLINE_BENCH_SECRET}"},
                "scope": known["scope"],
                "search_lag": "1s",
                "private_network": True,
                **({"database": known["database"]} if "database" in known else {}),
                **SETTINGS[name],
            },
            "jira": {
                "connector": "jira",
                "base_url": url,
                "private_network": True,
                **jira.connection(),
            },
        },
        "syncs": {
            "tickets": {
                "entity": "ticket",
                "sides": {
                    "server": {},
                    "jira": {"create": "when_missing", "defaults": {"type": "bug"}},
                },
                "fields": {"title": {"authority": "server"}},
                "links": "off",
                "guards": {"max_changed_percent": 100},
            }
        },
    }


def section(records: int) -> str:
    """The part of the page, measured now; printed line by line as it comes."""
    when = f"{datetime.now(UTC):%Y-%m-%d}"
    lines = [f"| {' | '.join(line)} |" for line in (HEAD, ["---"] * len(HEAD))]
    print(*lines, sep="\n")
    for kind in SERVERS:
        with tempfile.TemporaryDirectory(prefix="syncline-bench-") as folder:
            Path(folder).chmod(0o755)  # Odoo's database has a user of its own
            lines.append(f"| {' | '.join(asyncio.run(row(kind, Path(folder), records)))} |")
        print(lines[-1], flush=True)
    return f"{BEGIN}\n{TEXT.format(when=when)}" + "\n".join(lines) + f"\n{END}\n"


def known_section(page: str) -> str:
    """What the page says already, for a machine without the servers; may be empty."""
    found = re.search(f"{BEGIN}.*?{END}\n", page, flags=re.DOTALL)
    return found[0] if found else ""


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.servers")
    parser.add_argument("--records", type=int, default=200)
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    chosen = parser.parse_args()
    page = chosen.out.read_text("utf-8") if chosen.out.is_file() else ""
    chosen.out.write_text(replaced(page, section(chosen.records), BEGIN, END), encoding="utf-8")


if __name__ == "__main__":
    main()
