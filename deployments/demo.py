"""`syncline demo`: Zendesk, Jira, HubSpot and PostHog in step before your eyes, with no account.

The tools are the connectors' own fakes, on loopback, with the records of a made-up company. What
people do in them goes through their pages for people, so a sync takes it for the work of others;
what is told of it afterwards was read from the tools.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from deployments.stage import RECORDS, SEED, TOOLS, Demo, NotAsShown
from deployments.up import Prefect, Say, prefect, until_told
from syncline.cli.output import count
from syncline.config import load
from syncline.registry import fakes
from syncline.sandbox import running

FRESH = "Calendar shows yesterday in Auckland"
OURS = "syncline-demo"
"""A file that says a folder was made by the demo, which may so empty it."""


async def demo(
    folder: Path, *, once: bool = False, port: int | None = None, say: Say = print
) -> None:
    """Show the demo in `folder`, made anew, and keep it running until told to end, unless `once`.

    Raises NotAsShown, and NotUp of the sandbox or of Prefect.
    """
    _emptied(folder)
    say(f"Bramble, a small company, makes planning software. Its {RECORDS} cases are in a Zendesk,")
    say("a Jira and a HubSpot, and what it builds is in a PostHog: fakes of this machine, the")
    say("sandbox, that behave as the vendors' do.")
    modules = {tool: module for tool, module in fakes().items() if tool in TOOLS.values()}
    started = running.start(modules, folder / "sandbox", seed=SEED, records=RECORDS)
    try:
        with until_told():
            one = Demo(folder, started, say)
            configuration = await one.configure()
            home = folder / ".syncline" / "prefect"
            say(f"   Zendesk  {one.support.base_url}")
            say(f"   Jira     {one.tracker.base_url}")
            say(f"   HubSpot  {one.crm.base_url}")
            say(f"   PostHog  {one.analytics.base_url}")
            # What needs no Prefect is told while it starts. Its schedules are paused, or they would
            # do what is about to be told.
            up: list[str] = []
            async with (
                _meanwhile(_before(one)) as urgent,
                prefect(
                    load(configuration),
                    configuration,
                    home,
                    port=port,
                    schedules=not once,
                    paused=True,
                    say=up.append,
                ) as runs,
            ):
                await _tell(one, runs, await urgent, up)
                if not once:
                    await runs.resume()
                    say("")
                    say("Everything keeps running; the schedules run the syncs. Edit something in")
                    say("any tool and look into the others. Ctrl-C ends it all.")
                    await runs.watch()
    finally:
        running.end([one.process for one in started])


@asynccontextmanager
async def _meanwhile(work: Coroutine[Any, Any, str]) -> AsyncIterator[asyncio.Task[str]]:
    """Work that goes on beside the block, and ends with it."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _tell(one: Demo, runs: Prefect, urgent: str, up: Sequence[str]) -> None:
    one.step("The syncs, as Prefect runs.")
    for line in up:
        one.say(f"   {line}")
    ticket = f"support:{await _first(one, runs, urgent)}"
    wish = await _edits(one, runs)
    await _by_hand(one, wish)
    await _conflict(one)
    await _why(one, ticket)
    await _where_to_look(one, runs, ticket)


async def _before(one: Demo) -> str:
    """What people do, and what would be done about it; gives the title of what became urgent."""
    one.step("A customer's case is escalated in Zendesk, and another becomes urgent.")
    await one.support.make(
        "Chiara Bianchi",
        subject=FRESH,
        description="Since Monday.\n\nOnly on phones.",
        tags="escalated, calendar",
    )
    urgent, _ = await one.two_at_work()
    await one.support.edit(str(urgent["id"]), "Mateo Herrera", priority="urgent")
    await one.later()
    one.step("Before anything is written: is all in order, and what would be done?")
    checked = await one.syncline("check")
    one.expect(checked["ok"], "credentials, rights and mapped fields are in order", checked)
    plan = await one.syncline("plan", "escalations")
    for action in plan["actions"][:6]:
        one.say(f"     {action['side']} {action['record'] or 'new record'}: {_action(action)}")
    one.say(f"     {len(plan['actions'])} actions, {_requests(plan['requests'])}")
    return str(urgent["subject"])


async def _first(one: Demo, runs: Prefect, urgent: str) -> str:
    await _run(one, runs, "escalations", "requests")
    await one.pair(FRESH)
    ticket, issue = await one.pair(urgent)
    priority = issue["fields"]["priority"]
    one.expect(priority["name"] == "Highest", "the urgency is in Jira", priority)
    one.say(f"   {one.support.page(str(ticket['id']))}")
    one.say(f"   {one.tracker.page(issue['id'])}")
    return str(ticket["id"])


async def _edits(one: Demo, runs: Prefect) -> str:
    """What people do in three tools; gives the title that waits for the next pass of requests."""
    one.step("People work in three tools, two of them on the same title.")
    wish = await _wish(one)
    first, other = await one.two_at_work()
    issue, twin = [(await one.pair(t["subject"]))[1]["id"] for t in (first, other)]
    id, title = str(first["id"]), other["subject"]
    await one.support.say(id, "Leila Haddad", "They lose a day's work each time.", public=False)
    await one.tracker.edit(issue, "Jonas Weber", status="Blocked")
    await one.tracker.say(issue, "Mei Tanaka", "Waits for the new parser.", public=False)
    await one.support.edit(str(other["id"]), "Rosa Fernández", subject=f"{title}: three customers")
    await one.tracker.edit(twin, "Samuel Okafor", summary=f"{title}: cache too small")
    await one.later()
    await _run(one, runs, "escalations")
    ticket, _ = await one.pair(first["subject"])
    status = ticket["status"]
    one.expect(status in ("hold", "pending"), "that it is blocked is in Zendesk", status)
    return wish


async def _by_hand(one: Demo, wish: str) -> None:
    one.step("By hand this time: what sales wrote, and an epic for what is in early access.")
    await one.syncline("sync", "requests")
    await one.pair(wish)
    await one.syncline("sync", "roadmap")
    built = {feature["name"] for feature in await one.analytics.records()}
    issues = [issue["fields"] for issue in await one.tracker.records()]
    epics = {it["summary"] for it in issues if it["issuetype"]["name"] == "Epic"}
    one.expect(epics == built, "each feature of PostHog is an epic in Jira", epics ^ built)


async def _wish(one: Demo) -> str:
    """Sales say more in HubSpot of what a customer asks for; gives the new title."""
    asked = [t for t in await one.support.records() if "escalated" not in t["tags"]]
    titles = {ticket["subject"] for ticket in asked if ticket["status"] == "open"}
    known = {t["id"]: t["properties"]["subject"] for t in await one.crm.records()}
    id, title = next((id, title) for id, title in known.items() if title in titles)
    said = f"{title} (asked for again)"
    await one.crm.edit(id, "Rosa Fernández", subject=said)
    return said


async def _conflict(one: Demo) -> None:
    one.step("The same title was changed in both tools. Nothing is guessed: it waits for a person.")
    conflicts = (await one.syncline("conflicts"))["conflicts"]
    for conflict in conflicts:
        for candidate in conflict["candidates"]:
            one.say(f"     {candidate['side']}: {candidate['value']!r}")
    one.expect(len(conflicts) == 1, "one conflict, with both values kept", conflicts)
    one.say("   Answer it, in the demo's folder:")
    answer = f"conflicts answer {conflicts[0]['id']} --digest {conflicts[0]['digest']}"
    one.say(f"     $ cd {one.folder} && {_program()} {answer} --use tracker")


async def _why(one: Demo, ticket: str) -> None:
    one.step("Why does a field show what it shows?")
    why = await one.syncline("why", f"{ticket}.priority")
    for hop in why["hops"]:
        one.say(f"     {hop['at'][:19]}  {_hop(hop)}: {hop['why']}")
    one.expect(bool(why["hops"]), "every hop of the value is told", why)


async def _where_to_look(one: Demo, runs: Prefect, ticket: str) -> None:
    one.step("Nobody did anything since, so nothing is left to write.")
    plan = await one.syncline("plan", "escalations")
    one.expect(not plan["actions"], "the plan is empty", plan["actions"])
    one.say("")
    one.say("Where to look:")
    one.say(f"   the desk           {one.support.base_url}")
    one.say(f"   the tracker        {one.tracker.base_url}")
    one.say(f"   the CRM            {one.crm.base_url}")
    one.say(f"   the product        {one.analytics.base_url}")
    one.say(f"   Prefect's runs     {runs.page}")
    one.say(f"   the configuration  {one.folder / 'syncline.yaml'}")
    one.say(f"   a value's story    $ cd {one.folder} && {_program()} why {ticket}.status")


async def _run(one: Demo, runs: Prefect, *syncs: str) -> None:
    """Runs of Prefect, each told in a line.

    One after the other, which takes no longer on two cores: two at once can have Prefect's SQLite
    wait for its own lock for minutes.
    """
    for sync in syncs:
        (ran,) = await runs.run(sync)
        one.say(f"   {ran.sync}: {ran.name}. {ran.message}  {ran.url}")
        one.expect(ran.state == "COMPLETED", f"the run of {ran.sync} completed", ran.message)


def _emptied(folder: Path) -> None:
    """An empty folder; what an earlier demo left in it is gone. NotAsShown for anybody else's."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / OURS).exists():
            raise NotAsShown(f"{folder} is not empty and not the demo's. Name another folder.")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / OURS).touch()


def _action(action: Mapping[str, Any]) -> str:
    if action["field"] is None:
        return str(action["kind"])
    return f"{action['field']} {_words(action['before'])} → {_words(action['after'])}"


def _hop(hop: Mapping[str, Any]) -> str:
    """What a hop did: to one field, or to which records it tied."""
    place = f"{hop['side']}:{hop['record']}" if hop["side"] else "all sides"
    after = hop["after"]
    if hop["field"]:
        return f"{place}  {_words(hop['before'])} → {_words(after)}"
    if isinstance(after, dict):
        return " + ".join(f"{side}:{record}" for side, record in after.items())
    return place


def _words(value: Any) -> str:
    return repr(value["source"]) if isinstance(value, dict) and "source" in value else repr(value)


def _requests(requests: Mapping[str, Any]) -> str:
    return " and ".join(f"about {count(n, 'request')} to {side}" for side, n in requests.items())


def _program() -> str:
    return str(Path(sys.executable).with_name("syncline"))
