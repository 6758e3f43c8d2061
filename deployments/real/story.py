"""What `make real` tells: first an operator at the command line with two tools, then all tools.

Every step does something as a person in one of the tools, lets Syncline work, and then looks into
the other tools through their own APIs. What is not as promised ends the story.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deployments.real import servers
from deployments.real.everywhere import Everywhere
from deployments.real.people import Desk, Tracker, wait
from deployments.real.request import Telling

SYNC = "tickets"

CONFIGURATION = """\
workspace: real
connections:
  desk:
    connector: request_tracker
    base_url: {desk}
    auth: {{token: "${{env:DESK_TOKEN}}"}}
    scope: {{queue: Support}}
    key_field: ExternalKey
    search_lag: 1s
    private_network: true
  tracker:
    connector: redmine
    base_url: {tracker}
    auth: {{api_key: "${{env:TRACKER_KEY}}"}}
    scope: {{project: app}}
    key_field: ExternalKey
    search_lag: 1s
    private_network: true
syncs:
  tickets:
    entity: ticket
    sides:
      desk: {{record: ticket, create: when_missing}}
      tracker: {{record: issue, create: when_missing, defaults: {{type: bug}}}}
    comments: {{visibility: [public, internal], as: internal}}
    deletes: {{propagate: unlink}}
    schedule: {{every: 1m, reconcile: 24h}}
"""

SEVERITY = """\
extends: builtin
entity: ticket
record: {record}
fields:
  severity: {{kind: enum, path: {path}, enum: [low, medium, high, urgent]}}
"""


class NotAsPromised(Exception):
    """What a tool shows is not what was promised."""


class Story:
    """The working folder, the two tools of the operator's sync, and what was found so far."""

    def __init__(self, folder: Path, found: Mapping[str, Any]) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.connections = found
        self.desk = Desk(found["request_tracker"], "ann")
        self.tracker = Tracker(found["redmine"], "bob")
        self.administrator = Tracker(found["redmine"])
        self.environment = {
            **os.environ,
            "DESK_TOKEN": found["request_tracker"]["auth"]["token"],
            "TRACKER_KEY": found["redmine"]["auth"]["api_key"],
        }
        self.mail = Path(found["request_tracker"]["mail"])
        self.steps = 0

    def configure(self) -> None:
        """Write the operator's configuration, and forget what an earlier story left."""
        for old in self.folder.glob(".syncline/state.db*"):
            old.unlink()
        text = CONFIGURATION.format(desk=self.desk.web, tracker=self.tracker.web)
        (self.folder / "syncline.yaml").write_text(text, "utf-8")
        for tool, record, path in (
            ("request_tracker", "ticket", "CustomFields.Severity"),
            ("redmine", "issue", "custom_fields.Severity"),
        ):
            mapping = self.folder / "mappings" / tool / "ticket.yaml"
            mapping.parent.mkdir(parents=True, exist_ok=True)
            mapping.write_text(SEVERITY.format(record=record, path=path), "utf-8")

    def syncline(self, *arguments: str, codes: tuple[int, ...] = (0,)) -> Any:
        """Run a command as an operator would; its `--json` object."""
        print(f"   $ syncline {' '.join(arguments)}", flush=True)
        program = [str(Path(sys.executable).with_name("syncline")), *arguments, "--json"]
        ran = subprocess.run(
            program, cwd=self.folder, env=self.environment, capture_output=True, text=True
        )
        if ran.returncode not in codes:
            raise NotAsPromised(
                f"`syncline {' '.join(arguments)}` ended with exit code {ran.returncode}, "
                f"expected {' or '.join(map(str, codes))}:\n{ran.stdout}{ran.stderr}"
            )
        lines = ran.stdout.strip().splitlines()
        return json.loads(lines[-1]) if lines else None

    def sync(self, *more: str, codes: tuple[int, ...] = (0,)) -> Any:
        """One pass, told in one line. Tools count whole seconds, so a moment passes first."""
        wait(1.1)
        result = self.syncline("sync", SYNC, *more, codes=codes)
        counts = {name: n for name, n in result["counts"].items() if n}
        requests = ", ".join(
            f"{side} {r['read']} read {r['write']} written"
            for side, r in result["requests"].items()
        )
        print(f"     {result['state']}: {_plain(counts)} ({requests} requests)", flush=True)
        return result

    def step(self, text: str) -> None:
        self.steps += 1
        print(f"\n{self.steps}. {text}", flush=True)

    def expect(self, truth: bool, what: str, shown: Any = None) -> None:
        if not truth:
            raise NotAsPromised(f"expected: {what}; but the tool shows: {shown!r}")
        print(f"   ✓ {what}", flush=True)


def _plain(counts: dict[str, int]) -> str:
    return ", ".join(f"{n} {name}" for name, n in counts.items()) or "nothing to do"


def tell(story: Story, root: Path, *, short: bool) -> None:
    """The whole story, in order; a short one leaves out what others of the gate's tests try too."""
    ticket, issue = create_on_both_sides(story)
    ticket_of_issue, issue_of_ticket = pair(story)
    edit_both_sides(story, ticket, issue_of_ticket)
    comments(story, ticket, issue_of_ticket)
    if not short:
        files(story, ticket, issue_of_ticket)
        conflict(story, ticket, issue_of_ticket)
        restart(story, root, issue, ticket_of_issue)
        delete(story, issue, ticket_of_issue)
        quiet(story)
    everywhere(story, root, short=short)
    if not short:
        prefect(story)


def create_on_both_sides(story: Story) -> tuple[str, str]:
    story.step("A customer writes to the desk; a developer files a bug in the tracker.")
    ticket = story.desk.create(
        "Printer on fire 🔥",
        "<p>It <b>burns</b> since 9 o'clock.</p><ul><li>smoke</li><li>noise</li></ul>",
        "cora@customer.test",
        Priority=50,
        CustomFields={"Severity": "high"},
    )
    issue = story.tracker.create(
        "Crash on login", "h2. Steps\r\n\r\n* open the page\r\n* *boom*\r\n"
    )
    story.syncline("check")
    story.syncline("plan", SYNC)
    result = story.sync()
    story.expect(result["counts"]["created"] == 2, "one record was made on each side")
    return ticket, issue


def pair(story: Story) -> tuple[str, str]:
    """The ticket of the tracker's issue, and the issue of the desk's ticket."""
    ticket = next(t for t in story.desk.all() if t["Subject"] == "Crash on login")
    issue = next(i for i in story.tracker.all() if i["subject"].startswith("Printer"))
    shown = story.tracker.show(str(issue["id"]))
    story.expect("It *burns*" in shown["description"], "the text arrived as Textile", shown)
    story.expect(shown["custom_fields"]["Severity"] == "high", "the custom field arrived", shown)
    print(f"     {story.desk.page(str(ticket['id']))}\n     {story.tracker.page(str(issue['id']))}")
    return str(ticket["id"]), str(issue["id"])


def edit_both_sides(story: Story, ticket: str, issue: str) -> None:
    story.step("Both sides edit the same record at the same time, in different fields.")
    story.desk.edit(ticket, Subject="Printer on fire again", CustomFields={"Severity": "urgent"})
    story.tracker.status(issue, "In Progress")
    story.tracker.edit(issue, due_date="2027-01-15")
    story.sync()
    shown = story.tracker.show(issue)
    story.expect(shown["subject"] == "Printer on fire again", "the title travelled", shown)
    story.expect(shown["custom_fields"]["Severity"] == "urgent", "so did the custom field", shown)
    there = story.desk.show(ticket)
    story.expect(there["Status"] == "open", "the status travelled back", there["Status"])
    story.expect(there["Due"].startswith("2027-01-15"), "and the due date", there["Due"])


def comments(story: Story, ticket: str, issue: str) -> None:
    story.step("Comments: a reply to the customer, an internal remark, a developer's note.")
    mailed = _mails(story)
    story.desk.say(ticket, "<p>We are <b>on it</b>.</p>", public=True)
    story.desk.say(ticket, "<p>Third time this year.</p>", public=False)
    replied = _mails(story)
    story.tracker.note(issue, "Loose cable, *secret* supplier", private=True)
    story.sync()
    notes = story.tracker.notes(issue)
    for text in ("We are *on it*", "Third time this year"):
        found = [n for n in notes if text in n[2]]
        story.expect(
            len(found) == 1 and "Ann" in found[0][2], f"the tracker shows “{text}” and who wrote it"
        )
    texts = story.desk.texts(ticket)
    secret = [t for t in texts if "supplier" in t[2]]
    story.expect(
        [kind for kind, _, _ in secret] == ["Comment"],
        "the private note is an internal comment at the desk, not a reply",
        texts,
    )
    story.expect(replied > mailed, "the desk mailed Ann's own reply to the customer")
    story.expect(_mails(story) == replied, "and nothing that Syncline copied was mailed to anybody")


def _mails(story: Story) -> int:
    """Mails the desk has sent to the customer."""
    if not story.mail.exists():
        return 0
    return story.mail.read_text("utf-8", "replace").count("To: cora@customer.test")


def files(story: Story, ticket: str, issue: str) -> None:
    story.step("Files, both ways.")
    story.desk.say(
        ticket, "<p>See the picture.</p>", public=False, files={"smoke.png": b"\x89PNG" * 99}
    )
    story.tracker.attach(issue, "stack trace.txt", "Ünïcode\n".encode() * 40)
    story.sync()
    there = story.tracker.files(issue)
    story.expect("smoke.png" in there, "the picture is in the tracker", there)
    here = story.desk.files(ticket)
    story.expect("stack trace.txt" in here, "the stack trace is at the desk", here)


def conflict(story: Story, ticket: str, issue: str) -> None:
    story.step("A conflict: two people change the same title. Nothing is guessed.")
    story.desk.edit(ticket, Subject="Printer burnt down")
    story.tracker.edit(issue, subject="Printer: loose cable")
    result = story.sync(codes=(3,))
    story.expect(result["counts"]["conflicts"] == 1, "it waits for a person (exit code 3)")
    (one,) = story.syncline("conflicts", codes=(0, 3))["conflicts"]
    for candidate in one["candidates"]:
        print(f"     {candidate['side']}: {candidate['value']!r}")
    story.syncline("conflicts", "answer", one["id"], "--digest", one["digest"], "--use", "tracker")
    story.sync()
    shown = story.desk.show(ticket)["Subject"]
    story.expect(shown == "Printer: loose cable", "the answer is on both sides", shown)
    why = story.syncline("why", f"desk:{ticket}.title")
    story.expect(bool(why["hops"]), f"`why` tells its {len(why['hops'])} hops")


def restart(story: Story, root: Path, issue: str, ticket: str) -> None:
    story.step("Redmine is restarted in the middle of a pass.")
    for number in range(12):
        story.desk.create(f"Ticket {number}", "<p>One of many.</p>", "cora@customer.test")
    story.desk.edit(ticket, Subject="Crash on login, every time")
    command = ["restart", "redmine", "--root", str(root)]
    again = threading.Timer(2.5, servers.main, [command])
    again.start()
    result = story.sync(codes=(0, 1, 3))
    again.join()
    story.sync(codes=(0, 3))
    if result["counts"].get("ambiguous"):
        wait(12)  # what was not answered counts as never sent after ten seconds and the tool's lag
    for _ in range(2):
        story.sync(codes=(0, 3))
    subjects = sorted(i["subject"] for i in story.tracker.all())
    wanted = [s for s in subjects if s.startswith("Ticket ")]
    story.expect(len(wanted) == len(set(wanted)) == 12, "every ticket exists once", subjects)
    story.expect("Crash on login, every time" in subjects, "and the edit arrived", subjects)


def delete(story: Story, issue: str, ticket: str) -> None:
    story.step("The bug is deleted in the tracker. The desk's ticket stays; the link is cut.")
    story.administrator.delete(issue)
    story.sync("--full")
    wait(1.1)  # longer than a search of Redmine may lag: before that an absence proves nothing
    result = story.sync()
    story.expect(result["counts"].get("deleted") == 1, "a second look confirmed the deletion")
    story.desk.edit(ticket, Subject="Still here")
    story.sync(codes=(0, 3))
    subjects = [i["subject"] for i in story.tracker.all()]
    story.expect("Still here" not in subjects, "it is not made again in the tracker", subjects)
    shown = story.desk.show(ticket)["Status"]
    story.expect(shown != "deleted", "and the desk's ticket was not deleted", shown)


def quiet(story: Story) -> None:
    story.step("Nothing happens, so nothing is written.")
    wait(3)
    story.sync()
    result = story.sync()
    for side, requests in result["requests"].items():
        story.expect(requests["write"] == 0, f"no write to {side}", requests)
        story.expect(requests["read"] == 1, f"one request to {side}", requests)


def everywhere(story: Story, root: Path, *, short: bool) -> None:
    """People work in the servers and in a made-up Jira and Zendesk at once."""

    async def told() -> None:
        folder = story.folder / "everywhere"
        shutil.rmtree(folder, ignore_errors=True)
        async with Everywhere.living(root, folder, story.connections) as one:
            await Telling(one, print, story.step, story.expect).tell(short=short)

    asyncio.run(told())


def prefect(story: Story) -> None:
    story.step("The same, as a Prefect run.")
    began = time.monotonic()
    program = [str(Path(sys.executable).with_name("syncline")), "up", "--once"]
    ran = subprocess.run(
        program, cwd=story.folder, env=story.environment, capture_output=True, text=True
    )
    print("   " + "\n   ".join(ran.stdout.strip().splitlines()[-6:]))
    # 3: what was edited in Redmine only, and Request Tracker never changes, waits for a person.
    story.expect(ran.returncode in (0, 3), "the flow run completed", ran.stdout + ran.stderr)
    print(f"     {time.monotonic() - began:.0f} s with starting and stopping Prefect")
