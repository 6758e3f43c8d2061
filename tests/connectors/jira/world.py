"""Jira as people use it: the fake over HTTP, its clock tied to the connector's.

Syncline has the account of the fake's seed, whose time zone is another than UTC. People act past
the interface, so that every request is one of the connector's.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Self

import httpx
from starlette.responses import Response

from connectors.jira import JiraConnector
from connectors.jira.config import JiraConfig
from connectors.jira.fake import fake as JiraFake
from connectors.jira.fake import workflow
from connectors.jira.fake.data_center import TOKEN, JiraDataCenterFake
from connectors.jira.fake.editing import Request
from connectors.jira.fake.limits import limited
from connectors.jira.fake.seeding import BOT_EMAIL, BOT_TOKEN, account_id
from connectors.jira.fake.site import Doc, changed
from connectors.jira.fake.vocabulary import CUSTOM_FIELDS
from syncline.sandbox import Call, Company, Fake, Hooks, State, ToolClock, serving
from syncline.schema.text import adf_object, adf_source
from syncline.sdk.connector import Visibility, Wire
from syncline.sdk.secrets import Secret
from syncline.sdk.testing import Requests, Trouble
from syncline.simulation.clock import START, ManualClock

WRONG_TOKEN = "not-the-token-of-anybody"
LAG = timedelta(seconds=2)
BOT = account_id(BOT_EMAIL)
ASKING = ("/search/jql", "/bulkfetch", "/search")  # by POST, and change nothing


class TiedClock(ManualClock):
    """The connector's clock, which takes the tool's along."""

    def __init__(self, tool: ToolClock) -> None:
        super().__init__()
        self._tool = tool

    def advance(self, seconds: float) -> None:
        super().advance(seconds)
        self._tool.advance(max(0.0, seconds))


def document(text: str) -> dict[str, Any]:
    """Plain text as an Atlassian document: a paragraph for each block."""
    content = [
        {"type": "paragraph", "content": [{"type": "text", "text": block}]}
        for block in text.split("\n\n")
    ]
    return {"type": "doc", "version": 1, "content": content}


def written(text: str) -> str:
    """Plain text as it stands in the wire record."""
    return adf_source(document(text)) or ""


def plain(value: Any) -> str:
    """The plain text of what stands there."""
    found = adf_object(value) or {"content": []}
    blocks = ["".join(n["text"] for n in block["content"]) for block in found["content"]]
    return "\n\n".join(blocks)


class Counted(Fake):
    """A fake that counts the requests that reach it."""

    read = written = 0

    def authorised(self, call: Call) -> Response | None:
        asks = call.request.method == "GET" or call.request.url.path.endswith(ASKING)
        self.read += asks
        self.written += not asks
        return super().authorised(call)


class CountedDataCenter(Counted, JiraDataCenterFake):
    """Data Center."""


class CountedJira(Counted, JiraFake):
    """Cloud."""

    rate_reason = "jira-burst-based"

    def rate_limited(self, seconds: float) -> Response:
        if seconds <= 0:
            return super().rate_limited(seconds)
        return limited(self.rate_reason, seconds, self.site.now(), 100)


class JiraWorld:
    """People at the fake."""

    secrets: Sequence[str] = (BOT_TOKEN, WRONG_TOKEN)
    made: type[CountedJira | CountedDataCenter] = CountedJira

    def __init__(self, records: int = 0) -> None:
        self.tool_clock = ToolClock(START)
        self.clock = TiedClock(self.tool_clock)
        self.fake = self.made(State(), self.tool_clock, Hooks())
        self.fake.seed(Company.made(1, records))
        self.fake.limits.lift()
        self.site = self.fake.site
        self.site.search_lag = LAG
        self.base_url = ""
        self._http = httpx.AsyncClient(trust_env=False)
        staff = [u for u in self.site.users.values() if u["active"] and u["id"] != BOT]
        self.ann, self.bob = (u["id"] for u in staff[:2])

    @classmethod
    @asynccontextmanager
    async def serving(cls, records: int = 0) -> AsyncIterator[Self]:
        world = cls(records)
        async with serving(world.fake) as world.base_url:
            yield world
        await world._http.aclose()

    # what the connector asked

    async def log(self) -> list[dict[str, Any]]:
        """Every request so far."""
        answer = await self._http.get(f"{self.base_url}/_sandbox/requests")
        rows: list[dict[str, Any]] = answer.json()
        return rows

    def requests(self) -> Requests:
        return Requests(self.fake.read, self.fake.written)

    def configured(self, token: str) -> dict[str, Any]:
        """What a connection says of the deployment and of who asks."""
        return {"auth": {"email": BOT_EMAIL, "api_token": Secret(token)}}

    # what people do

    def doc(self, id: str) -> Doc:
        """An issue as the site keeps it."""
        found = self.site.find(id)
        assert found is not None
        return found

    async def create(self, fields: Wire) -> str:
        given = {"project": {"key": "APP"}, "issuetype": {"name": "Task"}}
        given = {**given, **self.given(fields)}
        doc = self.fake.editing.create(Request(given, {}, {}), self.ann)
        return str(doc["id"])

    async def edit(self, id: str, patch: Wire, lag: timedelta | None = None) -> None:
        """As a person; searches show it after `lag`."""
        self.fake.editing.edit(self.doc(id), Request(self.given(patch), {}, {}), self.ann, lag)

    async def walk(self, id: str, *transitions: str, **fields: Any) -> None:
        """Take transitions by name, as a person who knows the workflow."""
        for name in transitions:
            told = self.doc(id)["fields"]
            steps = workflow.available(told["issuetype"], told["status"])
            step = next(step for step in steps if step.name == name)
            given = {n: v for n, v in fields.items() if n in step.screen}
            self.fake.editing.transition(self.doc(id), Request(given, {}, {}, step.id), self.ann)

    async def bugs_on_their_way(self) -> None:
        """A bug in progress and one in review, of which the workflow can be learned."""
        for transitions in (("Start work",), ("Start work", "Send to review")):
            id = await self.create({"summary": "on its way", "issuetype": "Bug"})
            await self.walk(id, *transitions)
        await self.settle()

    async def act(self, id: str, action: str) -> None:
        """Do what the web page offers."""
        person = self.site.users.get(self.ann)
        assert person is not None
        self.fake.act("issue", id, person["name"], action)

    async def delete(self, id: str) -> None:
        await self.act(id, "delete")

    async def hide(self, id: str) -> None:
        await self.act(id, "hide")

    async def leave_scope(self, id: str) -> None:
        await self.act(id, "move to OPS")

    async def comment(self, id: str, body: str, visibility: Visibility) -> None:
        internal = {"key": "sd.public.comment", "value": {"internal": True}}
        properties = [internal] if visibility is Visibility.INTERNAL else []
        given = {"body": self.rich(body), "properties": properties}
        self.fake.commenting.add(self.doc(id), given, self.ann)

    async def links_shown(self, id: str) -> Sequence[str]:
        return [link["object"]["url"] for link in self.doc(id)["links"]]

    async def somebody(self) -> tuple[str, str]:
        user = self.site.users.get(self.bob)
        assert user is not None
        return self.handle(user["id"]), user["email"]

    def handle(self, id: str) -> str:
        """Who somebody is to the connector."""
        return str(next(iter(self.site.face.reference(self.site.users.get(id) or {}).values())))

    def change_user(self, id: str, **parts: Any) -> None:
        """Let somebody hide their address, leave, or move to another time zone."""
        user = self.site.users.get(id)
        assert user is not None
        self.site.users.put(id, changed(user, **parts))

    def rich(self, source: Any) -> Any:
        """A record's text as the interface takes it."""
        return adf_object(source)

    def given(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """A wire record's fields as the interface takes them."""
        given = dict(fields)
        if "description" in given:
            given["description"] = self.rich(given["description"])
        for name, value in given.pop("custom_fields", {}).items():
            given[next(f.id for f in CUSTOM_FIELDS if f.name == name)] = value
        for name in ("priority", "issuetype"):
            if name in given:
                given[name] = {"name": given[name]}
        return given

    # what goes wrong

    async def fault(self, action: str, path: str = "", method: str = "", times: int = 1) -> None:
        """The next requests that match meet this."""
        asked = {"action": action, "path": path, "method": method, "times": times}
        answer = await self._http.post(f"{self.base_url}/_sandbox/faults", json=asked)
        answer.raise_for_status()

    async def settle(self) -> None:
        self.clock.advance(3600)

    async def trouble(self, kind: Trouble) -> None:
        match kind:
            case Trouble.LOST_ANSWER:
                await self.fault("drop_after_apply", f"{self.site.face.api}/issue", "POST")
            case Trouble.RATE_LIMIT:
                await self.fault("rate_limit:7", f"{self.site.face.api}/issue", "POST")
            case Trouble.DOWN:
                await self.fault("status:503", times=1000)

    async def recover(self) -> None:
        await self._http.delete(f"{self.base_url}/_sandbox/faults")
        self.clock.advance(3600)


class DataCenterWorld(JiraWorld):
    """People at the fake of Data Center; its texts stand as they are."""

    secrets = (TOKEN, WRONG_TOKEN)
    made = CountedDataCenter

    def rich(self, source: Any) -> Any:
        return source

    def configured(self, token: str) -> dict[str, Any]:
        return {"deployment": "data_center", "auth": {"token": Secret(token)}}


def config(world: JiraWorld, token: str = "", **more: Any) -> JiraConfig:
    """A connection to this world."""
    return JiraConfig(
        **{
            "connector": "jira",
            "base_url": world.base_url,
            "private_network": True,
            **world.configured(token or world.secrets[0]),
            "scope": {"project": "APP"},
            "search_lag": LAG,
            "transition_fields": {"Resolution": "Done"},
            **more,
        }
    )


@asynccontextmanager
async def opened(world: JiraWorld, token: str = "", **more: Any) -> AsyncIterator[JiraConnector]:
    """A connector in this world, closed at the end."""
    connector = JiraConnector.open("jira", config(world, token, **more), world.clock)
    try:
        yield connector
    finally:
        await connector.aclose()
