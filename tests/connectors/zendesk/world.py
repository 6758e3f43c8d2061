"""Zendesk as people use it: the fake over HTTP for the connector, and its desk for people.

People act inside the fake, so that all requests it counts are the connector's. The tool's clock
stands still and moves with the connector's: who waits, lets time pass in Zendesk.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx

from connectors.zendesk import ZendeskConnector
from connectors.zendesk.config import ZendeskConfig
from connectors.zendesk.fake import ZendeskFake
from connectors.zendesk.fake.account import Actor
from connectors.zendesk.fake.fields import new_field
from connectors.zendesk.fake.signing_in import HUB
from connectors.zendesk.fake.users import new_group, new_user
from syncline.sandbox import Call, Endpoint, Hooks, State, ToolClock, serving
from syncline.sdk.connector import Visibility, Wire
from syncline.sdk.secrets import Secret
from syncline.sdk.testing import Requests, Trouble

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
LINK_FIELD = "Linked records"
NOTES = "Notes"
SUPPORT, ELSEWHERE, CLOSED = "Support", "Elsewhere", "Board"
API = "/api/v2/"


class TiedClock:
    """The connector's clock: the tool's own, so that waiting lets time pass there."""

    def __init__(self, tool: ToolClock) -> None:
        self._tool = tool
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._tool.now()

    def monotonic(self) -> float:
        return (self._tool.now() - START).total_seconds()

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._tool.advance(seconds + 1e-6)  # the tool's clock knows no less than a microsecond
        await asyncio.sleep(0)


class Watched(ZendeskFake):
    """A fake that counts the requests it answers, by whether they are to change something."""

    def __init__(self, state: State, clock: ToolClock, hooks: Hooks) -> None:
        super().__init__(state, clock, hooks)
        self.seen = {False: 0, True: 0}

    def endpoints(self) -> Sequence[Endpoint]:
        return [replace(one, handler=self._counted(one)) for one in super().endpoints()]

    def _counted(self, endpoint: Endpoint) -> Callable[[Call], Any]:
        def handler(call: Call) -> Any:
            mutating = endpoint.mutating
            self.seen[mutating(call) if callable(mutating) else mutating] += 1
            return endpoint.handler(call)

        return handler


class ZendeskWorld:
    """People at Zendesk, among them Ann, an agent, and Carol, a customer."""

    def __init__(self, fake: Watched, tool: ToolClock, base_url: str) -> None:
        self.fake = fake
        self.office = fake.office
        self.account = fake.office.account
        self.tool = tool
        self.clock = TiedClock(tool)
        self.base_url = base_url
        self.secrets: Sequence[str] = (self.connection["auth"]["oauth_client_secret"],)
        self._http = httpx.AsyncClient(base_url=base_url, trust_env=False)
        self.groups = {
            SUPPORT: new_group(self.account, SUPPORT)["id"],
            ELSEWHERE: new_group(self.account, ELSEWHERE)["id"],
            CLOSED: new_group(self.account, CLOSED, public=False)["id"],
        }
        new_field(self.account, "textarea", LINK_FIELD)
        new_field(self.account, "text", NOTES)
        new_user(self.account, {"name": "Syncline", "email": HUB, "role": "admin"})
        ann = {"name": "Ann Agent", "email": "ann@acme.test", "role": "agent"}
        carol = {"name": "Carol Customer", "email": "carol@customer.test"}
        self.ann, self.carol = (Actor(new_user(self.account, who)) for who in (ann, carol))

    @property
    def connection(self) -> dict[str, Any]:
        """What a connection to this Zendesk takes."""
        return self.fake.connection()

    async def aclose(self) -> None:
        await self._http.aclose()

    async def requests_made(self) -> list[dict[str, Any]]:
        """Every request of the connector so far, as the sandbox tells them."""
        return list((await self._http.get("/_sandbox/requests")).json())

    async def fault(self, method: str, path: str, action: str, times: int = 1) -> None:
        """Let this happen to the next requests of a path."""
        told = {"method": method, "path": path, "action": action, "times": times}
        (await self._http.post("/_sandbox/faults", json=told)).raise_for_status()

    def requests(self) -> Requests:
        return Requests(self.fake.seen[False], self.fake.seen[True])

    def field_id(self, title: str) -> int:
        rows = self.account.fields.values()
        return int(next(row["id"] for row in rows if row["title"] == title))

    def wanted(self, patch: Wire) -> dict[str, Any]:
        """A patch in the connector's words as Zendesk takes it."""
        wanted = {n: v for n, v in patch.items() if n not in ("custom_fields", "group")}
        if "group" in patch:
            wanted["group_id"] = self.groups[patch["group"]]
        if "custom_fields" in patch:
            wanted["custom_fields"] = [
                {"id": self.field_id(title), "value": value}
                for title, value in patch["custom_fields"].items()
            ]
        return wanted

    def ticket(self, id: str) -> dict[str, Any]:
        """A ticket as it is in Zendesk."""
        found = self.office.store.tickets.get(id)
        assert found is not None, f"no ticket {id}"
        return found

    def comments(self, id: str) -> list[dict[str, Any]]:
        """A ticket's comments, the description first."""
        return self.office.store.comments_of(int(id))

    def tickets(self) -> list[dict[str, Any]]:
        """Every ticket that is not deleted."""
        return list(self.office.store.live())

    async def create(self, fields: Wire, by: Actor | None = None) -> str:
        wanted = {"group_id": self.groups[SUPPORT], **self.wanted(fields)}
        body = wanted.pop("description", "What a person wrote.")
        made, _ = self.office.desk.create(by or self.ann, {**wanted, "comment": {"body": body}})
        return str(made["id"])

    async def edit(self, id: str, patch: Wire) -> None:
        self.office.desk.update(self.ann, self.ticket(id), self.wanted(patch))

    async def delete(self, id: str) -> None:
        self.office.bin.delete(self.ann, self.ticket(id))

    async def hide(self, id: str) -> None:
        await self.edit(id, {"group": CLOSED})

    async def leave_scope(self, id: str) -> None:
        await self.edit(id, {"group": ELSEWHERE})

    async def comment(self, id: str, body: str, visibility: Visibility) -> None:
        said = {"html_body": body, "public": visibility is Visibility.PUBLIC}
        self.office.desk.update(self.ann, self.ticket(id), {"comment": said})

    async def links_shown(self, id: str) -> Sequence[str]:
        wanted = self.field_id(LINK_FIELD)
        fields = self.ticket(id)["custom_fields"]
        value = next(one["value"] for one in fields if one["id"] == wanted)
        return (value or "").split()

    async def somebody(self) -> tuple[str, str]:
        return str(self.ann.id), str(self.ann.user["email"])

    async def settle(self) -> None:
        self.tool.advance(120)

    async def trouble(self, kind: Trouble) -> None:
        if kind is Trouble.LOST_ANSWER:
            # The connector asks once more with the same key, and gets no answer then either.
            await self.fault("POST", f"{API}tickets", "drop_after_apply", times=2)
        elif kind is Trouble.RATE_LIMIT:
            await self.fault("POST", f"{API}tickets", "rate_limit:30")
        else:
            await self.fault("GET", API, "status:503", times=1000)

    async def recover(self) -> None:
        (await self._http.delete("/_sandbox/faults")).raise_for_status()
        self.tool.advance(120)


def config(world: ZendeskWorld, **more: Any) -> ZendeskConfig:
    """A connection to this world; `secret` is another than the client's."""
    auth = dict(world.connection["auth"])
    secret = more.pop("secret", auth["oauth_client_secret"])
    options = {
        "auth": {**auth, "oauth_client_secret": Secret(secret)},
        "scope": {"group": [SUPPORT]},
        "link_field": LINK_FIELD,
        **more,
    }
    return ZendeskConfig(
        connector="zendesk", base_url=world.base_url, private_network=True, **options
    )


@asynccontextmanager
async def opened(world: ZendeskWorld, **more: Any) -> AsyncIterator[ZendeskConnector]:
    """A connector in this world, closed at the end."""
    connector = ZendeskConnector.open("support", config(world, **more), world.clock)
    try:
        yield connector
    finally:
        await connector.aclose()


W = TypeVar("W", bound=ZendeskWorld)


@asynccontextmanager
async def living_as(kind: type[W]) -> AsyncIterator[W]:
    """An empty account, served on loopback; `kind` is what its people deal with."""
    tool = ToolClock(START)
    fake = Watched(State(), tool, Hooks())
    async with serving(fake) as base_url:
        world = kind(fake, tool, base_url)
        try:
            yield world
        finally:
            await world.aclose()


@asynccontextmanager
async def living() -> AsyncIterator[ZendeskWorld]:
    """As `living_as`, where people deal with tickets."""
    async with living_as(ZendeskWorld) as world:
        yield world
