"""Intercom as people use it: the fake over HTTP for the connector, and its desk for people.

People act inside the fake, so that all requests it counts are the connector's. The tool's clock
stands still and moves with the connector's: who waits, lets time pass in Intercom.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx

from connectors.intercom import IntercomConnector
from connectors.intercom.config import IntercomConfig
from connectors.intercom.fake import IntercomFake
from connectors.intercom.fake.app import TOKEN
from connectors.intercom.fake.seeding import ATTRIBUTES, HUB, KEY, LINKS, prepare
from connectors.intercom.fake.workspace import DESCRIPTION, TITLE
from syncline.sandbox import Call, Endpoint, Hooks, State, ToolClock, serving
from syncline.sdk.connector import Visibility, Wire
from syncline.sdk.secrets import Secret
from syncline.sdk.testing import Requests, Trouble

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
BUG, ELSEWHERE, NOTES = "Bug", "Question", "Notes"
WRONG = "a-token-that-nobody-was-given"


class TiedClock:
    """The connector's clock: the tool's own, so that waiting lets time pass there."""

    def __init__(self, tool: ToolClock) -> None:
        self._tool = tool

    def now(self) -> datetime:
        return self._tool.now()

    def monotonic(self) -> float:
        return (self._tool.now() - START).total_seconds()

    async def sleep(self, seconds: float) -> None:
        self._tool.advance(seconds + 1e-6)  # the tool's clock knows no less than a microsecond
        await asyncio.sleep(0)


class Watched(IntercomFake):
    """A fake that counts the requests it answers, by whether they are to change something."""

    def __init__(self, state: State, clock: ToolClock, hooks: Hooks) -> None:
        super().__init__(state, clock, hooks)
        self.seen = {False: 0, True: 0}
        self.after_search: Callable[[], Awaitable[None]] | None = None

    def endpoints(self) -> Sequence[Endpoint]:
        return [replace(one, handler=self._counted(one)) for one in super().endpoints()]

    def _counted(self, endpoint: Endpoint) -> Callable[[Call], Any]:
        async def handler(call: Call) -> Any:
            self.seen[bool(endpoint.mutating)] += 1
            answered = endpoint.handler(call)
            reading = endpoint.path.endswith("/search") or endpoint.path.endswith("/scroll")
            if reading and self.after_search is not None:
                happens, self.after_search = self.after_search, None
                await happens()
            return answered

        return handler


class IntercomWorld:
    """People at Intercom, among them Ann, a teammate, and Carol, a contact."""

    secrets: Sequence[str] = (TOKEN, WRONG)

    def __init__(self, fake: Watched, tool: ToolClock, base_url: str) -> None:
        self.fake = fake
        self.workspace = fake.workspace
        self.tool = tool
        self.clock = TiedClock(tool)
        self.base_url = base_url
        self._http = httpx.AsyncClient(base_url=base_url, trust_env=False)
        prepare(self.workspace)
        self.ann = self.workspace.new_admin("Ann Agent", "ann@acme.test")
        carol = {"email": "carol@customer.test", "name": "Carol Customer"}
        self.carol = fake.contacts.create(carol, lag=0)
        own = (*ATTRIBUTES, {"name": NOTES})
        self.bug = self.workspace.new_type(BUG, "Back-office", own)
        self.question = self.workspace.new_type(ELSEWHERE, "Customer", own)

    async def aclose(self) -> None:
        await self._http.aclose()

    async def requests_made(self) -> list[dict[str, Any]]:
        """Every request of the connector so far, as the sandbox tells them."""
        return list((await self._http.get("/_sandbox/requests")).json())

    async def fault(self, method: str, path: str, action: str, times: int = 1) -> None:
        """Let this happen to the next requests of a path."""
        told = {"method": method, "path": path, "action": action, "times": times}
        (await self._http.post("/_sandbox/faults", json=told)).raise_for_status()

    def after_search(self, happens: Callable[[], Awaitable[None]]) -> None:
        """Let this happen once the next search or page of a scroll was answered."""
        self.fake.after_search = happens

    def requests(self) -> Requests:
        return Requests(self.fake.seen[False], self.fake.seen[True])

    def ticket(self, id: str) -> dict[str, Any]:
        """A ticket as it is in Intercom."""
        found = self.workspace.tickets.get(id)
        assert found is not None, f"no ticket {id}"
        return found

    def tickets(self) -> list[dict[str, Any]]:
        """Every ticket."""
        return list(self.workspace.tickets.values())

    def titles(self) -> list[str]:
        """The titles of every ticket, in the order of the alphabet."""
        return sorted(one["attributes"][TITLE] for one in self.tickets())

    def state_of(self, id: str) -> str:
        """What teammates call the ticket's state."""
        ticket = self.ticket(id)
        states = self.workspace.type(ticket["type"])["states"]
        return str(next(s["internal_label"] for s in states if s["id"] == ticket["state"]))

    def wanted(self, type: dict[str, Any], patch: Wire) -> dict[str, Any]:
        """A patch in the connector's words as Intercom takes it."""
        attributes = dict(patch.get("attributes", {}))
        names = {"title": TITLE, "description": DESCRIPTION, "reference": LINKS}
        attributes |= {names[path]: value for path, value in patch.items() if path in names}
        wanted: dict[str, Any] = {"ticket_attributes": attributes}
        if "state" in patch:
            labels = {one["internal_label"]: one["id"] for one in type["states"]}
            wanted["ticket_state_id"] = labels[patch["state"]]
        if "assignee" in patch:
            wanted["assignee_id"] = patch["assignee"]
        return wanted

    async def create(self, fields: Wire, type: str = BUG) -> str:
        row = self.workspace.type_named(type)
        wanted = self.wanted(row, {n: v for n, v in fields.items() if n != "state"})
        wanted |= {"ticket_type_id": row["id"], "contacts": [{"id": self.carol["id"]}]}
        made = self.fake.desk.create(self.ann, wanted)
        if "state" in fields:
            await self.edit(made["id"], {"state": fields["state"]})
        return str(made["id"])

    async def edit(self, id: str, patch: Wire) -> None:
        ticket = self.ticket(id)
        wanted = self.wanted(self.workspace.type(ticket["type"]), patch)
        self.fake.desk.update(self.ann, ticket, wanted)

    async def delete(self, id: str) -> None:
        self.fake.desk.delete(self.ticket(id))

    async def hide(self, id: str) -> None:
        raise NotImplementedError("Intercom hides no record here")

    async def leave_scope(self, id: str) -> None:
        self.fake.desk.move(self.ticket(id), ELSEWHERE)

    async def comment(self, id: str, body: str, visibility: Visibility) -> None:
        kind = "comment" if visibility is Visibility.PUBLIC else "note"
        self.fake.desk.reply(self.ann, self.ticket(id), kind, body)

    async def links_shown(self, id: str) -> Sequence[str]:
        return (self.ticket(id)["attributes"][LINKS] or "").split()

    async def somebody(self) -> tuple[str, str]:
        return self.ann["id"], self.ann["email"]

    async def settle(self) -> None:
        self.tool.advance(130)

    async def trouble(self, kind: Trouble) -> None:
        if kind is Trouble.LOST_ANSWER:
            await self.fault("POST", "/tickets", "drop_after_apply")
        elif kind is Trouble.RATE_LIMIT:
            await self.fault("POST", "/tickets", "rate_limit:30")
        else:
            await self.fault("GET", "/", "status:503", times=1000)

    async def recover(self) -> None:
        (await self._http.delete("/_sandbox/faults")).raise_for_status()
        self.tool.advance(120)


def config(world: IntercomWorld, **more: Any) -> IntercomConfig:
    """A connection to this world; `token` is another than the app's."""
    options = {
        "auth": {"access_token": Secret(more.pop("token", TOKEN))},
        "scope": {"ticket_type": BUG},
        "key_attribute": KEY,
        "link_attribute": LINKS,
        "contact": HUB,
        **more,
    }
    return IntercomConfig(
        **{"connector": "intercom", "base_url": world.base_url, "private_network": True, **options}
    )


@asynccontextmanager
async def opened(world: IntercomWorld, **more: Any) -> AsyncIterator[IntercomConnector]:
    """A connector in this world, closed at the end."""
    connector = IntercomConnector.open("support", config(world, **more), world.clock)
    try:
        yield connector
    finally:
        await connector.aclose()


W = TypeVar("W", bound=IntercomWorld)


@asynccontextmanager
async def living(kind: type[W]) -> AsyncIterator[W]:
    """An empty workspace, served on loopback; `kind` is what its people deal with."""
    tool = ToolClock(START)
    fake = Watched(State(), tool, Hooks())
    async with serving(fake) as base_url:
        world = kind(fake, tool, base_url)
        try:
            yield world
        finally:
            await world.aclose()
