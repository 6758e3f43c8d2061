"""The fake with its callers: each answer is compared with what Intercom publishes of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import httpx
from intercom import Intercom
from jsonschema import Draft202012Validator

from connectors.intercom.fake import IntercomFake
from connectors.intercom.fake.app import TOKEN
from connectors.intercom.fake.workspace import TITLE
from syncline.sandbox import Company, Hooks, State, ToolClock, serving
from tests.connectors.intercom_fake.make_schema import nameless

START = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)

T = TypeVar("T")


@dataclass
class Stage:
    """A served fake and whom to ask."""

    fake: IntercomFake
    clock: ToolClock
    hooks: Hooks
    url: str
    http: httpx.AsyncClient
    checked: set[str]

    async def ask(self, method: str, path: str, expect: int = 200, **options: Any) -> Any:
        """The JSON of an answer, which has the status expected."""
        response = await self.http.request(method, path, **options)
        assert response.status_code == expect, response.text
        return response.json()

    async def refused(self, method: str, path: str, expect: int = 400, **options: Any) -> str:
        """The code of a refusal."""
        told = await self.ask(method, path, expect, **options)
        return str(told["errors"][0]["code"])

    async def search(self, query: Any, what: str = "tickets", **options: Any) -> Any:
        """A search as it is answered."""
        return await self.ask("POST", f"/{what}/search", json={"query": query, **options})

    async def make(self, title: str = "Made", type: str = "Bug", **more: Any) -> dict[str, Any]:
        """A ticket, made by the API."""
        body = {
            "ticket_type_id": self.fake.workspace.type_named(type)["id"],
            "contacts": [{"email": "new@customer.test"}],
            "ticket_attributes": {TITLE: title},
            **more,
        }
        made: dict[str, Any] = await self.ask("POST", "/tickets", json=body)
        return made

    def settle(self) -> None:
        """Let the indexes catch up."""
        settings = self.fake.workspace.settings
        self.clock.advance(max(settings.search_lag, settings.contact_lag))

    async def by_client(self, work: Callable[[Intercom], T], token: str = TOKEN) -> T:
        """What the official client makes of it, in a thread of its own."""

        def run() -> T:
            with httpx.Client(trust_env=False, timeout=20) as http:
                return work(Intercom(token=token, base_url=self.url, httpx_client=http))

        return await asyncio.to_thread(run)


@asynccontextmanager
async def staged(records: int = 0, limited: bool = False) -> AsyncIterator[Stage]:
    """A seeded fake on a clock that stands still; without limits unless they are wanted."""
    clock, hooks = ToolClock(START), Hooks()
    fake = IntercomFake(State(), clock, hooks)
    fake.seed(Company.made(1, records))
    fake.workspace.settings.limits = limited
    checked: set[str] = set()

    async def check(response: httpx.Response) -> None:
        await response.aread()
        checked.add(check_shape(fake, response))

    headers = {"Authorization": f"Bearer {TOKEN}", "Intercom-Version": "2.15"}
    async with (
        serving(fake) as url,
        httpx.AsyncClient(
            base_url=url, headers=headers, event_hooks={"response": [check]}, trust_env=False
        ) as http,
    ):
        yield Stage(fake, clock, hooks, url, http, checked)


@cache
def published() -> dict[str, Any]:
    """The extract of the published description."""
    found: dict[str, Any] = json.loads((Path(__file__).parent / "schema.json").read_text("utf-8"))
    return found


@cache
def validator(reference: str) -> Draft202012Validator:
    """A validator of one published schema."""
    return Draft202012Validator({**json.loads(reference), "$defs": published()["$defs"]})


def check_shape(fake: IntercomFake, response: httpx.Response) -> str:
    """Compare an answer with the published description; names the operation it belongs to."""
    name = _operation(fake, response)
    shape = published()["answers"][name]
    if response.is_error:
        shape = {"$ref": "#/$defs/error"}
    validator(json.dumps(shape)).validate(response.json())
    return name


def _operation(fake: IntercomFake, response: httpx.Response) -> str:
    method, parts = response.request.method, response.request.url.path.split("/")
    for endpoint in fake.endpoints():
        template = endpoint.path.split("/")
        fits = len(parts) == len(template) and all(
            t.startswith("{") or t == p for t, p in zip(template, parts, strict=True)
        )
        if fits and endpoint.method == method:
            return f"{method} {nameless(endpoint.path)}"
    raise AssertionError(f"the fake has no {method} {response.request.url.path}")
