"""A fake Jira being served, its clock in the test's hand, every answer checked on its way out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import httpx
from jira import JIRA
from jsonschema import Draft202012Validator

from connectors.jira.fake import fake
from connectors.jira.fake.app import JiraFake
from connectors.jira.fake.seeding import BOT_EMAIL, BOT_TOKEN
from syncline.sandbox import Company, Hooks, State, ToolClock, serving
from tests.connectors.jira_fake.make_schema import nameless

START = datetime(2026, 11, 25, 9, 30, 20, tzinfo=UTC)
T = TypeVar("T")


@dataclass
class Stage:
    """The fake, its address, and a client that talks as the integration's account."""

    fake: JiraFake
    clock: ToolClock
    hooks: Hooks
    url: str
    http: httpx.AsyncClient
    checked: set[str]

    async def ask(self, method: str, path: str, expect: int = 200, **kwargs: Any) -> Any:
        """An answer's JSON, after checking its status and its shape."""
        response = await self.http.request(method, f"/rest/api/3/{path}", **kwargs)
        assert response.status_code == expect, response.text
        return response.json() if response.content else None

    async def search(self, jql: str, **asked: Any) -> list[dict[str, Any]]:
        """One page of a search."""
        found = await self.ask("POST", "search/jql", json={"jql": jql, **asked})
        issues: list[dict[str, Any]] = found["issues"]
        return issues

    async def ids(self, jql: str, **asked: Any) -> list[str]:
        """The ids on one page of a search."""
        return [issue["id"] for issue in await self.search(jql, maxResults=5000, **asked)]

    async def make(self, expect: int = 201, **fields: Any) -> dict[str, Any]:
        """A new issue (a task in APP unless said otherwise)."""
        given = {"project": {"key": "APP"}, "issuetype": {"name": "Task"}, "summary": "A task"}
        made: dict[str, Any] = await self.ask(
            "POST", "issue", expect, json={"fields": given | fields}
        )
        return made

    async def fault(self, action: str, path: str, method: str = "", times: int = 1) -> None:
        """Put a fault in force."""
        asked = {"method": method, "path": path, "action": action, "times": times}
        response = await self.http.post("/_sandbox/faults", json=asked)
        response.raise_for_status()

    async def requests(self, method: str, path: str) -> list[dict[str, Any]]:
        """What the journal says of requests to a path."""
        told = (await self.http.get("/_sandbox/requests")).json()
        rows = told if isinstance(told, list) else told["requests"]
        return [r for r in rows if r["method"] == method and r["path"] == path]

    async def by_client(self, work: Callable[[JIRA], T], **options: Any) -> T:
        """What the official client makes of it, in a thread of its own."""

        def run() -> T:
            about = {"rest_api_version": "3"}
            client = JIRA(self.url, about, basic_auth=(BOT_EMAIL, BOT_TOKEN), **options)
            with closing(client):
                return work(client)

        return await asyncio.to_thread(run)

    async def settle(self) -> None:
        """Let the search index catch up."""
        self.clock.advance(self.fake.site.search_lag.total_seconds())


@asynccontextmanager
async def staged(
    records: int = 30, limited: bool = False, path: str = ":memory:"
) -> AsyncIterator[Stage]:
    """A fake on a clock that stands still, seeded unless `records` is 0; without limits unless they
    are wanted."""
    clock, hooks = ToolClock(START), Hooks()
    jira = fake(State(path), clock, hooks)
    if records:
        jira.seed(Company.made(1, records))
    if not limited:
        jira.limits.lift()
    checked: set[str] = set()

    async def check(response: httpx.Response) -> None:
        await response.aread()
        if named := check_shape(jira, response):
            checked.add(named)

    async with (
        serving(jira) as url,
        httpx.AsyncClient(
            base_url=url,
            auth=(BOT_EMAIL, BOT_TOKEN),
            event_hooks={"response": [check]},
            trust_env=False,
        ) as http,
    ):
        yield Stage(jira, clock, hooks, url, http, checked)


@cache
def published() -> dict[str, Any]:
    """The extract of the published description."""
    text = (Path(__file__).parent / "schema.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


@cache
def validator(reference: str) -> Draft202012Validator:
    """A validator of one published schema; "unknown" properties fail where it is closed."""
    return Draft202012Validator({**json.loads(reference), "$defs": published()["$defs"]})


def check_shape(jira: JiraFake, response: httpx.Response) -> str | None:
    """Compare a JSON answer with the published description; names the operation it belongs to."""
    name = _operation(jira, response)
    if name is None:
        return None
    described = published()["answers"][name].get(str(response.status_code))
    if response.is_error:
        described = described or {"$ref": "#/$defs/ErrorCollection"}
    if response.content and "json" in response.headers["content-type"]:
        validator(json.dumps(described)).validate(response.json())
        for issue in _issues(response.json()):
            validator('{"$ref": "#/$defs/Fields"}').validate(_known(issue))
    return name


def _operation(jira: JiraFake, response: httpx.Response) -> str | None:
    method, path = response.request.method, response.request.url.path
    parts = path.split("/")
    for endpoint in jira.endpoints():
        template = endpoint.path.split("/")
        fits = len(parts) == len(template) and all(
            t.startswith("{") or t == p for t, p in zip(template, parts, strict=True)
        )
        if fits and endpoint.method == method:
            name = f"{method} {nameless(endpoint.path)}"
            return name if name in published()["answers"] else None
    return None


def _issues(shown: Any) -> list[dict[str, Any]]:
    if not isinstance(shown, dict):
        return []
    rows = shown.get("issues", [shown])
    return [r for r in rows if isinstance(r, dict) and {"id", "fields"} <= set(r)]


def _known(issue: dict[str, Any]) -> dict[str, Any]:
    """The fields of an issue that the description names, where they have a value."""
    names = published()["$defs"]["Fields"]["properties"]
    return {n: v for n, v in issue["fields"].items() if n in names and v is not None}
