"""Webhooks an administrator registers: signed, told once more, and about what was asked for."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.connectors.jira_fake.stage import Stage
from tests.connectors.jira_fake.words import adf

SECRET = "sandbox-hook"
HOOKS = "/rest/webhooks/1.0/webhook"
ALL = ["jira:issue_created", "jira:issue_updated", "jira:issue_deleted", "comment_created"]


class Inbox:
    """A receiver that answers with the statuses it is given, then with 200."""

    def __init__(self, *statuses: int) -> None:
        self._statuses = list(statuses)
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.url = ""

    async def take(self, request: Request) -> Response:
        self.got.append((dict(request.headers), await request.body()))
        return Response(status_code=self._statuses.pop(0) if self._statuses else 200)

    async def wait(self, count: int) -> list[dict[str, Any]]:
        async with asyncio.timeout(10):
            while len(self.got) < count:
                await asyncio.sleep(0.02)
        return [json.loads(body) for _, body in self.got]


@asynccontextmanager
async def receiving(*statuses: int) -> AsyncIterator[Inbox]:
    inbox = Inbox(*statuses)
    app = Starlette(routes=[Route("/hook", inbox.take, methods=["POST"])])
    config = uvicorn.Config(app, port=0, log_config=None, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    inbox.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/hook"
    try:
        yield inbox
    finally:
        server.should_exit = True
        await running


async def register(stage: Stage, url: str, **more: Any) -> dict[str, Any]:
    body = {"name": "ours", "url": url, "events": ALL, "secret": SECRET, **more}
    response = await stage.http.post(HOOKS, json=body)
    assert response.status_code == 201, response.text
    hook: dict[str, Any] = response.json()
    return hook


async def test_a_delivery_is_signed_over_its_raw_body(stage: Stage) -> None:
    async with receiving() as inbox:
        hook = await register(stage, inbox.url)
        assert SECRET not in json.dumps(hook) and hook["isSigned"]
        made = await stage.make(summary="Grüße", description=adf("Text"))
        (told,) = await inbox.wait(1)
    headers, raw = inbox.got[0]
    digest = hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()
    assert headers["x-hub-signature"] == f"sha256={digest}"
    assert headers["x-atlassian-webhook-flow"] == "Primary"
    assert told["webhookEvent"] == "jira:issue_created"
    assert told["issue"]["key"] == made["key"]
    assert told["issue"]["fields"]["description"] == "Text", "the older representation"


async def test_an_update_tells_who_changed_what(stage: Stage) -> None:
    made = await stage.make()
    async with receiving() as inbox:
        await register(stage, inbox.url)
        person = stage.fake.people()[0]
        stage.fake.edit("issue", made["id"], person, {"summary": "By hand"})
        (told,) = await inbox.wait(1)
    assert told["user"]["displayName"] == person
    (item,) = told["changelog"]["items"]
    assert (item["fieldId"], item["toString"]) == ("summary", "By hand")


async def test_a_failed_delivery_comes_again_under_the_same_identifier(stage: Stage) -> None:
    async with receiving(500, 503) as inbox:
        await register(stage, inbox.url)
        await stage.make()
        await inbox.wait(3)
    assert len({headers["x-atlassian-webhook-identifier"] for headers, _ in inbox.got}) == 1


async def test_deliveries_come_twice_and_out_of_order_when_asked_to(stage: Stage) -> None:
    asked = {"twice": True, "shuffle": True}
    (await stage.http.post("/_sandbox/webhooks", json=asked)).raise_for_status()
    async with receiving() as inbox:
        await register(stage, inbox.url)
        made = [await stage.make(summary=f"n {n}") for n in range(3)]
        told = await inbox.wait(6)
    keys = [t["issue"]["key"] for t in told]
    assert sorted(keys) == sorted([m["key"] for m in made] * 2)
    assert len({headers["x-atlassian-webhook-identifier"] for headers, _ in inbox.got}) == 3
    assert keys[0] != made[0]["key"]


async def test_only_what_was_asked_for_is_told(stage: Stage) -> None:
    async with receiving() as inbox:
        section = {"issue-related-events-section": "project = APP AND labels = ours"}
        await register(stage, inbox.url, filters=section, events=["jira:issue_created"])
        await stage.make()
        ours = await stage.make(labels=["ours"])
        await stage.ask("PUT", f"issue/{ours['id']}", 204, json={"fields": {"summary": "x"}})
        last = await stage.make(labels=["ours"])
        told = await inbox.wait(2)
        assert [t["issue"]["key"] for t in told] == [ours["key"], last["key"]]


async def test_comments_and_deletions_are_told(stage: Stage) -> None:
    made = await stage.make()
    async with receiving() as inbox:
        await register(stage, inbox.url)
        await stage.ask("POST", f"issue/{made['id']}/comment", 201, json={"body": adf("Hello")})
        await stage.ask("DELETE", f"issue/{made['id']}", 204)
        told = {t["webhookEvent"]: t for t in await inbox.wait(2)}
    assert told["comment_created"]["comment"]["body"] == "Hello"
    assert told["comment_created"]["issue"]["id"] == made["id"]
    assert told["jira:issue_deleted"]["issue"]["id"] == made["id"]


async def test_webhooks_are_listed_changed_and_taken_away(stage: Stage) -> None:
    hook = await register(stage, "http://127.0.0.1:1/hook", excludeBody=True)
    assert (await stage.http.get(HOOKS)).json() == [hook]
    where = hook["self"]
    changed = (await stage.http.put(where, json={"enabled": False})).json()
    assert changed["enabled"] is False and changed["isSigned"]
    assert (await stage.http.get(where)).json() == changed
    assert (await stage.http.delete(where)).status_code == 204
    assert (await stage.http.get(where)).status_code == 404
    for wrong in ({"events": ["invented"]}, {"url": "ftp://x"}, {"name": ""}):
        body = {"name": "x", "url": "http://127.0.0.1:1/hook", "events": ALL, **wrong}
        assert (await stage.http.post(HOOKS, json=body)).status_code == 400
    section = {"issue-related-events-section": "nothing = 1"}
    body = {"name": "x", "url": "http://127.0.0.1:1/hook", "events": ALL, "filters": section}
    assert (await stage.http.post(HOOKS, json=body)).status_code == 400
