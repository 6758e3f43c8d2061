"""One sync over four sides: the sandbox's Jira and Zendesk, the real Request Tracker and Redmine.

The command line refuses to mix a sandbox with real tools, and rightly: made-up records would get
into them. Both real servers here were made for this show, so the passes are run by the engine
itself, past that check, with everything else as it is for an operator.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from deployments.demo import LAG, Tool
from deployments.real.people import Api, Desk, Tracker, wait
from deployments.real.rich_text import PLAIN, document, replaced
from syncline.checking import mapping_of
from syncline.config import load
from syncline.config.secrets import connection_config
from syncline.engine.compile import compile_sync
from syncline.engine.passes import Environment, Options, Report, open_pass
from syncline.observability import SystemClock, new_id
from syncline.registry import Registry, fakes
from syncline.sandbox import running
from syncline.store.store import Store

SYNC = "everywhere"
PASSES = 3
LABEL = "vip"

CONFIGURATION = """\
workspace: four
connections: {connections}
syncs:
  everywhere:
    entity: ticket
    sides:
      desk: {{record: ticket, where: {{labels: {{any: [vip]}}}}, create: when_missing}}
      tracker: {{record: issue, where: {{labels: {{any: [vip]}}}}, create: when_missing,
                defaults: {{type: bug}}}}
      support: {{record: ticket, where: {{labels: {{any: [vip]}}}}, create: when_missing}}
      jira: {{record: issue, where: {{labels: {{any: [vip]}}}}, create: when_missing,
             defaults: {{type: bug}}}}
    fields:
      title: {{authority: jira}}
      body: {{sides: {{desk: source, support: source}}}}
      status: {{authority: tracker}}
      type: {{authority: jira}}
      priority: {{authority: support}}
      labels: {{}}
    comments: {{visibility: [public, internal], as: internal}}
"""

Expect = Callable[[bool, str, Any], None]


class Four:
    """The four tools as people use them, and the sync between them."""

    def __init__(
        self, desk: Desk, tracker: Tracker, support: Tool, jira: Tool, jira_api: Api
    ) -> None:
        self.desk, self.tracker, self.support, self.jira = desk, tracker, support, jira
        self._jira_api = jira_api
        self._environment: Environment | None = None
        self._sync: Any = None

    @classmethod
    @asynccontextmanager
    async def living(
        cls, folder: Path, known: Mapping[str, Any], desk: Desk, tracker: Tracker
    ) -> AsyncIterator[Four]:
        """Both fakes without records, beside the real servers; all of it ended with the block."""
        folder.mkdir(parents=True, exist_ok=True)
        modules = {tool: module for tool, module in fakes().items() if tool in ("jira", "zendesk")}
        started = running.start(modules, folder / "sandbox", seed=1, records=0)
        try:
            about = {one.tool: dict(one.about) for one in started}
            one = cls(
                desk,
                tracker,
                Tool("Zendesk", about["zendesk"]["base_url"], "ticket"),
                Tool("Jira", about["jira"]["base_url"], "issue"),
                _jira_api(about["jira"]),
            )
            path = _configured(folder, known, about)
            store = await Store.open(f"sqlite:///{folder / 'four.db'}", "four", SystemClock())
            try:
                await one._open(path, store)
                yield one
            finally:
                await one._close()
                await store.aclose()
        finally:
            running.end([process.process for process in started])

    async def _open(self, path: Path, store: Store) -> None:
        clock, registry, config = SystemClock(), Registry(()), load(path)
        connectors, mappings = {}, {}
        for name, settings in config.connections.items():
            tool = registry.get(settings.connector, config.places.of(("connections", name)))
            said = connection_config(config, name, tool.config_model, None)
            connectors[name] = tool.open(name, said, clock)
            mapping = mapping_of(config, name, "ticket")
            assert mapping is not None
            mappings[name] = mapping
        self._environment = Environment(
            store=store,
            clock=clock,
            new_id=new_id,
            secret=b"a signing key of this show alone",
            holder="four sides",
            connectors=connectors,
        )
        schemas = {name: await one.describe() for name, one in connectors.items()}
        capabilities = {name: one.capabilities for name, one in connectors.items()}
        self._sync = compile_sync(config, SYNC, mappings, capabilities, schemas)

    async def _close(self) -> None:
        for connector in self._environment.connectors.values() if self._environment else ():
            await connector.aclose()

    async def one_pass(self) -> Report:
        """A pass, after the tools' searches and exports have come to show what was done."""
        assert self._environment is not None
        await asyncio.to_thread(wait, 1.1)
        for tool in (self.support, self.jira):
            await tool.wait(LAG)
        async with open_pass(self._environment, self._sync, Options()) as one:
            await one.settle()
            await one.observe()
            await one.judge()
            await one.carry_out()
            return await one.finish()

    def describe(self, issue: str, description: Mapping[str, Any]) -> None:
        """Write a description into Jira whole; the fake's page for people shows plain text."""
        fields = {"fields": {"description": description}}
        self._jira_api.call("PUT", f"/rest/api/3/issue/{issue}", fields)

    def _desk_all(self) -> list[dict[str, Any]]:
        shown = (self.desk.show(str(ticket["id"])) for ticket in self.desk.all())
        return [t for t in shown if LABEL in t["CustomFields"].get("Labels", ())]

    def _tracker_all(self) -> list[dict[str, Any]]:
        shown = (self.tracker.show(str(issue["id"])) for issue in self.tracker.all())
        return [i for i in shown if LABEL in (i["custom_fields"].get("Labels") or ())]

    async def found(self) -> tuple[dict[str, Any], dict[str, Any], Any, Any]:
        """The one record of each tool."""
        (desk,), (tracker,) = self._desk_all(), self._tracker_all()
        (support,) = [t for t in await self.support.records() if LABEL in t["tags"]]
        (jira,) = [i for i in await self.jira.records() if LABEL in i["fields"]["labels"]]
        return desk, tracker, support, jira


async def tell(four: Four, say: Callable[[str], None], expect: Expect) -> None:
    """People work in all four at once; at most three passes bring them to the same."""
    four.desk.create(
        "Export loses umlauts",
        "<p>Since <b>Monday</b>.</p><p>Only in CSV.</p>",
        "cora@customer.test",
        CustomFields={"Labels": [LABEL]},
    )
    report = await four.one_pass()
    made = report.counts.get("created")
    expect(made == 3, "a ticket of the desk was made in all three others", report)
    desk, tracker, support, jira = await four.found()
    four.desk.edit(str(desk["id"]), CustomFields={"Labels": [LABEL, "export"]})
    four.desk.say(str(desk["id"]), "<p>We look into it.</p>", public=True)
    four.tracker.status(str(tracker["id"]), "In Progress")
    four.tracker.edit(str(tracker["id"]), subject="Export: umlauts, says Redmine")
    await four.support.edit(str(support["id"]), "Leila Haddad", priority="urgent")
    await four.support.say(str(support["id"]), "Leila Haddad", "They may leave us.", public=False)
    await four.jira.edit(jira["id"], "Jonas Weber", summary="Export: encoding, says Jira")
    await four.jira.say(jira["id"], "Jonas Weber", "Found the encoder.", public=False)
    passes = await _until_quiet(four, say)
    expect(passes <= PASSES, f"edits on all four sides at once took {passes} passes", passes)
    await _the_same(four, expect)
    await _only_the_block(four, expect)
    quiet = await four.one_pass()
    written = {side: asked["write"] for side, asked in quiet.requests.items()}
    expect(not any(written.values()), "the next pass writes nothing anywhere", written)


async def _only_the_block(four: Four, expect: Expect) -> None:
    """A description with what Textile cannot show, edited in Redmine and then in Jira."""
    _, tracker, _, jira = await four.found()
    written = document()
    four.describe(jira["id"], written)
    await four.one_pass()
    textile = (await four.found())[1]["description"]
    four.tracker.edit(str(tracker["id"]), description=textile.replace(PLAIN, f"{PLAIN} *Always.*"))
    await four.one_pass()
    shown = (await four.found())[3]["fields"]["description"]
    pairs = zip(written["content"], shown["content"], strict=True)
    changed = [before for before, after in pairs if before != after]
    block = [{"type": "paragraph", "content": [{"type": "text", "text": PLAIN}]}]
    expect(changed == block, "Redmine's edit changed its own block of Jira's description", shown)
    four.describe(jira["id"], replaced(shown, "Always.", "Always, since Monday."))
    await four.one_pass()
    now = (await four.found())[1]["description"]
    wanted = textile.replace(PLAIN, f"{PLAIN} *Always, since Monday.*")
    expect(now == wanted, "and Jira's edit its own block of Redmine's Textile", now)


async def _until_quiet(four: Four, say: Callable[[str], None]) -> int:
    """Passes that wrote something."""
    for number in range(PASSES + 2):
        report = await four.one_pass()
        written = sum(asked["write"] for asked in report.requests.values())
        say(f"     pass {number + 1}: {written} writes, {json.dumps(dict(report.counts))}")
        if not written:
            return number
    return PASSES + 1


async def _the_same(four: Four, expect: Expect) -> None:
    desk, tracker, support, jira = await four.found()
    fields = jira["fields"]
    titles = {desk["Subject"], tracker["subject"], support["subject"], fields["summary"]}
    expect(titles == {"Export: encoding, says Jira"}, "all show the title Jira decides", titles)
    states = (tracker["status"]["name"], support["status"], fields["status"]["name"])
    statuses = (desk["Status"], *states)
    wanted = ("open", "In Progress", "open", "In Progress")
    expect(statuses == wanted, "all show the status that Redmine decides", statuses)
    urgency = (tracker["priority"]["name"], support["priority"], fields["priority"]["name"])
    expect(urgency == ("Urgent", "urgent", "Highest"), "and the priority of Zendesk", urgency)
    labels = [
        sorted(desk["CustomFields"]["Labels"]),
        sorted(tracker["custom_fields"]["Labels"]),
        sorted(support["tags"]),
        sorted(fields["labels"]),
    ]
    expect(all(one == ["export", LABEL] for one in labels), "and all labels", labels)
    said = await four.support.records("comment")
    secret = [one["public"] for one in said if "encoder" in one["plain_body"]]
    expect(secret == [False], "what a developer said in Jira is internal in Zendesk", said)
    texts = four.desk.texts(str(desk["id"]))
    kinds = [kind for kind, _, text in texts if "encoder" in text]
    expect(kinds == ["Comment"], "and no reply to anybody in Request Tracker", texts)


def _jira_api(about: Mapping[str, Any]) -> Api:
    auth = about["auth"]
    basic = base64.b64encode(f"{auth['email']}:{auth['api_token']}".encode()).decode()
    return Api(about["base_url"], {"Authorization": f"Basic {basic}"})


def _configured(
    folder: Path, known: Mapping[str, Any], about: Mapping[str, Mapping[str, Any]]
) -> Path:
    """The configuration; the real secrets in files of their own, as an operator may keep them."""
    real = {
        "desk": ("request_tracker", "token", {"scope": {"queue": "Support"}}),
        "tracker": ("redmine", "api_key", {"scope": {"project": "app"}}),
    }
    connections: dict[str, Any] = {}
    for name, (tool, key, more) in real.items():
        secret = folder / f"{name}.secret"
        secret.touch(mode=0o600)
        secret.write_text(known[tool]["auth"][key], "utf-8")
        connections[name] = {
            "connector": tool,
            "base_url": known[tool]["base_url"],
            "auth": {key: f"${{file:{secret}}}"},
            "key_field": "ExternalKey",
            "private_network": True,
            **more,
        }
    for name, tool in (("support", "zendesk"), ("jira", "jira")):
        said = {key: value for key, value in about[tool].items() if key != "pid"}
        connections[name] = {"connector": tool, **said}
    path = folder / "syncline.yaml"
    path.write_text(CONFIGURATION.format(connections=json.dumps(connections)), "utf-8")
    return path
