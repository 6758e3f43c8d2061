"""The stage of the demo: its tools as people see them, its configuration, how steps are told."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from deployments.up import Say
from syncline.sandbox import Company, running

TOOLS = {"support": "zendesk", "tracker": "jira", "crm": "hubspot", "analytics": "posthog"}
"""The connections, and whose fakes they lead to."""

RECORDS = 40
SEED = 21

SYNCS = """\
# Three syncs of a desk, a tracker, a CRM and the product; `syncline plan NAME` says what
# one would do.
workspace: bramble
connections: {connections}
# Whom an e-mail address does not identify, because their settings in Jira hide it.
people:
{people}syncs:
  escalations:
    entity: ticket
    sides:
      support: {record: ticket, where: {labels: {any: [escalated]}}}
      tracker: {record: issue, create: when_missing, defaults: {type: bug}}
    match: [reference, marker, {fields: [title]}]
    fields:
      title: {}                             # where both sides change it, a person decides
      body: {sides: {support: source}}      # Zendesk lets nobody edit a description
      status: {authority: tracker}
      priority: {authority: support}
      labels: {}
      assignee: {authority: tracker}
    comments: {visibility: [public, internal], as: internal}
    schedule: {every: 1m, reconcile: 24h}
  requests:
    entity: customer_request
    sides:
      support: {record: ticket, where: {labels: {none: [escalated]}}}
      tracker: {record: issue, where: {labels: {none: [escalated, roadmap]}}}
      crm: {record: ticket}                 # where sales follow what their customers ask for
    match: [reference, marker, {fields: [title]}]
    fields:
      title: {}
      status: {authority: tracker}
      priority: {authority: support}
      labels: {}
    schedule: {every: 5m, reconcile: 24h}
  roadmap:
    entity: roadmap_item
    sides:
      analytics: {record: early_access_feature}
      tracker:
        record: issue
        where: {issue_type: epic}
        create: when_missing
        defaults: {issue_type: epic, labels: [roadmap]}
    match: [reference, marker, {fields: [title]}]
    fields:
      title: {}
      body: {}
      status: {authority: tracker}
    schedule: {every: 5m, reconcile: 24h}
"""
LAG = 180
"""Seconds after which all tools' searches and exports tell of a change, and then some."""


class NotAsShown(Exception):
    """The demo did not come to what it shows; the message says what was seen instead."""


@dataclass(frozen=True, slots=True)
class Tool:
    """One fake, as the people who work with it see it."""

    name: str
    base_url: str
    record: str

    def page(self, id: str) -> str:
        """Where people see a record."""
        return f"{self.base_url}/records/{self.record}/{id}"

    async def records(self, type: str | None = None) -> list[Mapping[str, Any]]:
        """All records, or comments, as the vendor's API shows them."""
        answered = await self._ask("GET", f"/_sandbox/records/{type or self.record}")
        found: list[Mapping[str, Any]] = answered.json()
        return found

    async def wait(self, seconds: float) -> None:
        """Let time go by in the tool."""
        await self._ask("POST", "/_sandbox/clock", json={"advance": seconds})

    async def make(self, person: str, **fields: str) -> str:
        """A person makes a record; its id."""
        typed = {"person": person} | {f"field:{name}": value for name, value in fields.items()}
        answered = await self._ask("POST", f"/new/{self.record}", data=typed)
        return answered.headers["location"].rpartition("/")[2]

    async def edit(self, id: str, person: str, **fields: str) -> None:
        """A person changes fields of a record."""
        typed = {f"field:{name}": value for name, value in fields.items()}
        await self._do(id, {"do": "edit", "person": person, **typed})

    async def say(self, id: str, person: str, text: str, *, public: bool) -> None:
        """A person comments."""
        visibility = "public" if public else "internal"
        said = {"do": "remark", "person": person, "text": text, "visibility": visibility}
        await self._do(id, said)

    async def _do(self, id: str, typed: Mapping[str, str]) -> None:
        await self._ask("POST", f"/records/{self.record}/{id}", data=typed)

    async def _ask(self, method: str, path: str, **what: Any) -> httpx.Response:
        async with httpx.AsyncClient(base_url=self.base_url, trust_env=False) as client:
            answered = await client.request(method, path, timeout=30, **what)
        if answered.status_code >= 400:
            raise NotAsShown(f"{self.name} answered {answered.status_code} to {method} {path}.")
        return answered


class Demo:
    """The folder of the demo, its tools, and how its steps are told."""

    def __init__(self, folder: Path, started: Sequence[running.Running], say: Say) -> None:
        about = {one.tool: dict(one.about) for one in started}
        self._about = {name: about[tool] for name, tool in TOOLS.items()}
        at = {name: str(told["base_url"]) for name, told in self._about.items()}
        self.folder = folder
        self.say = say
        self.support = Tool("Zendesk", at["support"], "ticket")
        self.tracker = Tool("Jira", at["tracker"], "issue")
        self.crm = Tool("HubSpot", at["crm"], "ticket")
        self.analytics = Tool("PostHog", at["analytics"], "early_access_feature")
        self._steps = 0
        self._at_work: list[Any] = []

    async def configure(self) -> Path:
        """Write what an operator would have written; gives the file."""
        connections = {
            name: {"connector": tool, **_without_pid(self._about[name])}
            for name, tool in TOOLS.items()
        }
        # A field of its own for links: else each would be an internal note.
        connections["support"]["link_field"] = "Linked records"
        listed = "\n  ".join(yaml.safe_dump(connections, sort_keys=False).splitlines())
        path = self.folder / "syncline.yaml"
        people = yaml.safe_dump(await self._hidden(), allow_unicode=True, sort_keys=False)
        text = SYNCS.replace("{connections}", f"\n  {listed}").replace("{people}", people)
        path.write_text(text, "utf-8")
        return path

    async def _hidden(self) -> list[dict[str, Any]]:
        """People whose e-mail address Jira keeps to itself, as the company's own list has them."""
        emails = {one.name: one.email for one in Company.made(SEED, RECORDS).people}
        found: dict[str, dict[str, Any]] = {}
        for issue in await self.tracker.records():
            for person in (issue["fields"].get(role) for role in ("assignee", "reporter")):
                if person and not person.get("emailAddress") and person["displayName"] in emails:
                    name = person["displayName"]
                    handles = {"tracker": person["accountId"]}
                    found[name] = {"name": name, "email": emails[name], "handles": handles}
        return list(found.values())

    def step(self, text: str) -> None:
        self._steps += 1
        self.say("")
        self.say(f"{self._steps}. {text}")

    def expect(self, truth: bool, what: str, shown: object) -> None:
        """What the tools show, as promised; NotAsShown where they show something else."""
        if not truth:
            raise NotAsShown(f"Expected: {what}. The tool shows: {shown!r}")
        self.say(f"   ✓ {what}")

    async def syncline(self, *arguments: str) -> Any:
        """A command as an operator runs it in the demo's folder; what it prints as JSON."""
        self.say(f"   $ syncline {' '.join(arguments)}")
        ran = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "syncline",
            *arguments,
            "--json",
            cwd=self.folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await ran.communicate()
        lines = out.decode().strip().splitlines()
        if ran.returncode not in (0, 3) or not lines:
            raise NotAsShown(f"`syncline {' '.join(arguments)}`: {out.decode()}{err.decode()}")
        return json.loads(lines[-1])

    async def pair(self, title: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """The ticket and the issue with this title."""
        ticket = [t for t in await self.support.records() if t["subject"] == title]
        issue = [i for i in await self.tracker.records() if i["fields"]["summary"] == title]
        self.expect(
            len(ticket) == len(issue) == 1,
            f"“{title}” is one ticket and one issue",
            (len(ticket), len(issue)),
        )
        return ticket[0], issue[0]

    async def two_at_work(self) -> list[Mapping[str, Any]]:
        """Two escalated tickets that somebody works on: always the same two."""
        tickets = await self.support.records()
        escalated = [t for t in tickets if "escalated" in t["tags"] and t["status"] == "open"]
        self._at_work = self._at_work or [ticket["id"] for ticket in escalated[:2]]
        return [ticket for ticket in tickets if ticket["id"] in self._at_work]

    async def later(self) -> None:
        """Let the tools' searches and exports come to show what was written."""
        for tool in (self.support, self.tracker, self.crm, self.analytics):
            await tool.wait(LAG)


def _without_pid(about: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in about.items() if name != "pid"}
