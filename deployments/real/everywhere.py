"""A customer's request in every tool at once: two desks, two trackers, and the CRM.

The real Request Tracker, Redmine and Odoo are kept in step with each other and with the sandbox's
Zendesk and Jira by one sync, `everywhere`; a second, `requests`, shows what customers ask Zendesk
for in Odoo, as opportunities of their account. Without Odoo it is told of four tools.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deployments.real.hub import Hub
from deployments.real.office import Office
from deployments.real.people import Api, Desk, Tracker, wait
from deployments.real.sides import (
    DeskSide,
    JiraSide,
    OfficeSide,
    Shown,
    Side,
    SupportSide,
    TrackerSide,
)
from deployments.stage import LAG, Tool
from syncline.engine.report import Report
from syncline.registry import fakes
from syncline.sandbox import running

REAL = {"desk": "request_tracker", "tracker": "redmine", "office": "odoo"}
FAKE = {"support": "zendesk", "jira": "jira"}
CONFIGURATION = "syncline.yaml"
LABEL, SEED = "vip", 1
KEYS = {"desk": "ExternalKey", "tracker": "ExternalKey", "office": "x_syncline_key"}
VIP = {"labels": {"any": [LABEL]}}
SIDES: dict[str, dict[str, Any]] = {
    "desk": {"record": "ticket"},
    "tracker": {"record": "issue", "defaults": {"type": "bug"}},
    "support": {"record": "ticket"},
    "jira": {"record": "issue", "defaults": {"type": "bug"}},
    "office": {"record": "task"},
}
EVERYWHERE = {
    "title": {"authority": "jira"},
    "body": {"sides": {"desk": "source", "support": "source"}},
    "status": {"authority": "tracker"},
    "type": {"authority": "jira"},
    "priority": {"authority": "support"},
    "labels": {},
    "due_on": {},
    # The people of the real servers are not those of the sandbox's company.
    "assignee": {"sides": {"support": "off", "jira": "off"}},
}
REQUESTS = {
    "entity": "customer_request",
    "sides": {
        "support": {"record": "ticket", "where": {"labels": {"any": ["customer"]}}},
        "office": {"record": "opportunity", "create": "when_missing"},
    },
    "fields": {"title": {}, "requester": {"sides": {"support": "source"}}},
}


@dataclass
class Everywhere:
    """The tools as people use them, and the syncs between them.

    `postmaster` is Odoo's administrator, who alone sees mails. Both are None without Odoo.
    """

    root: Path
    folder: Path
    hub: Hub
    desk: Desk
    tracker: Tracker
    administrator: Tracker
    support: Tool
    jira: Tool
    jira_api: Api
    office: Office | None
    postmaster: Office | None
    sides: Mapping[str, Side]

    @classmethod
    @asynccontextmanager
    async def living(
        cls, root: Path, folder: Path, known: Mapping[str, Any]
    ) -> AsyncIterator[Everywhere]:
        """Both fakes without records, beside the real servers; the fakes end with the block."""
        folder.mkdir(parents=True, exist_ok=True)
        modules = {tool: module for tool, module in fakes().items() if tool in FAKE.values()}
        started = running.start(modules, folder / "sandbox", seed=SEED, records=0)
        try:
            about = {one.tool: dict(one.about) for one in started}
            path = _configured(folder, known, about)
            one = cls._of(root, folder, await Hub.open(path), known, about)
            try:
                yield one
            finally:
                await one.hub.aclose()
        finally:
            running.end([process.process for process in started])

    @classmethod
    def _of(
        cls, root: Path, folder: Path, hub: Hub, known: Mapping[str, Any], about: Mapping[str, Any]
    ) -> Everywhere:
        desk, tracker = Desk(known["request_tracker"], "ann"), Tracker(known["redmine"], "bob")
        support = Tool("Zendesk", about["zendesk"]["base_url"], "ticket")
        jira = Tool("Jira", about["jira"]["base_url"], "issue")
        office = Office(known["odoo"], "bob") if "odoo" in known else None
        sides: dict[str, Side] = {
            "desk": DeskSide(desk),
            "tracker": TrackerSide(tracker),
            "support": SupportSide(support),
            "jira": JiraSide(jira),
        }
        if office is not None:
            sides["office"] = OfficeSide(office)
        return cls(
            root=root,
            folder=folder,
            hub=hub,
            desk=desk,
            tracker=tracker,
            administrator=Tracker(known["redmine"]),
            support=support,
            jira=jira,
            jira_api=_jira_api(about["jira"]),
            office=office,
            postmaster=Office(known["odoo"]) if "odoo" in known else None,
            sides=sides,
        )

    async def one_pass(self, sync: str = "everywhere", **how: Any) -> Report:
        """A pass, after the tools' searches and exports have come to show what was done."""
        await self.later()
        return await self.hub.one_pass(sync, **how)

    async def syncline_anew(self) -> None:
        """Syncline itself is ended and started again."""
        await self.hub.aclose()
        self.hub = await Hub.open(self.folder / CONFIGURATION)

    async def later(self) -> None:
        """Real tools count whole seconds; the fakes' clocks are moved on."""
        await asyncio.to_thread(wait, 1.1)
        for tool in (self.support, self.jira):
            await tool.wait(LAG)

    def describe(self, issue: str, description: Mapping[str, Any]) -> None:
        """Write a description into Jira whole; the fake's page for people shows plain text."""
        fields = {"fields": {"description": description}}
        self.jira_api.call("PUT", f"/rest/api/3/issue/{issue}", fields)

    async def until_quiet(self, say: Callable[[str], None], most: int) -> tuple[int, Report]:
        """The passes that wrote something, at most `most`, and the one after them."""
        for number in range(most + 1):
            report = await self.one_pass()
            written = sum(asked["write"] for asked in report.requests.values())
            counts = {name: n for name, n in report.counts.items() if n}
            say(f"     pass {number + 1}: {written} writes, {json.dumps(counts)}")
            if not written and not report.stopped:
                return number, report
        return most + 1, report

    async def all(self) -> dict[str, list[Shown]]:
        """The records of every side."""
        return {name: await side.records() for name, side in self.sides.items()}

    async def times(self, title: str) -> dict[str, int]:
        """How many records of this title each side has."""
        shown = await self.all()
        return {name: sum(one.title == title for one in shown[name]) for name in shown}


def _jira_api(about: Mapping[str, Any]) -> Api:
    auth = about["auth"]
    basic = base64.b64encode(f"{auth['email']}:{auth['api_token']}".encode()).decode()
    return Api(about["base_url"], {"Authorization": f"Basic {basic}"})


def plain(text: str) -> str:
    """Words alone, without marks of any tool."""
    return re.sub(r"<[^>]*>|\s+", " ", text)


def _configured(
    folder: Path, known: Mapping[str, Any], about: Mapping[str, Mapping[str, Any]]
) -> Path:
    """The configuration; the real secrets in files of their own, as an operator may keep them."""
    connections: dict[str, Any] = {}
    for name, tool in REAL.items():
        if tool in known:
            connections[name] = _real(folder, name, known[tool], tool)
    for name, tool in FAKE.items():
        said = {key: value for key, value in about[tool].items() if key != "pid"}
        connections[name] = {"connector": tool, **said}
    sides = {
        name: {**side, "where": VIP, "create": "when_missing"}
        for name, side in SIDES.items()
        if name in connections
    }
    comments = {"visibility": ["public", "internal"], "as": "internal"}
    syncs: dict[str, Any] = {
        "everywhere": {
            "entity": "ticket",
            "sides": sides,
            "fields": EVERYWHERE,
            "comments": comments,
        }
    }
    if "office" in connections:
        syncs["requests"] = REQUESTS
    path = folder / CONFIGURATION
    settings = {"workspace": "show", "connections": connections, "syncs": syncs}
    path.write_text(json.dumps(settings, indent=2), "utf-8")
    return path


def _real(folder: Path, name: str, known: Mapping[str, Any], tool: str) -> dict[str, Any]:
    ((key, value),) = known["auth"].items()
    secret = folder / f"{name}.secret"
    secret.touch(mode=0o600)
    secret.write_text(value, "utf-8")
    more = {"database": known["database"]} if "database" in known else {}
    return {
        "connector": tool,
        "base_url": known["base_url"],
        "auth": {key: f"${{file:{secret.name}}}"},
        "scope": known["scope"],
        "key_field": KEYS[name],
        # What servers of this machine need; the defaults are for busy ones far away.
        "search_lag": "1s",
        "private_network": True,
        **more,
    }
