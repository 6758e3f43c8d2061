"""Salesforce as people use it: the fake over HTTP for the connector, and its rules for people.

People act inside the fake, so that all requests it counts are the connector's. The org's clock
stands still and moves with the connector's: who waits, lets time pass in Salesforce.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx

from connectors.salesforce import SalesforceConnector
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.fake import SalesforceFake
from connectors.salesforce.fake.app import LINK_FIELD
from connectors.salesforce.fake.schema import long
from syncline.sandbox import Call, Endpoint, Hooks, State, ToolClock, serving
from syncline.sdk.connector import Visibility, Wire
from syncline.sdk.secrets import Secret
from syncline.sdk.testing import Requests, Trouble

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
API = "/services/data/v67.0"
NOTES = "Notes__c"
HERE, ELSEWHERE = "Support", "Back_Office"


class TiedClock:
    """The connector's clock: the org's own, so that waiting lets time pass there."""

    def __init__(self, tool: ToolClock) -> None:
        self._tool = tool

    def now(self) -> datetime:
        return self._tool.now()

    def monotonic(self) -> float:
        return (self._tool.now() - START).total_seconds()

    async def sleep(self, seconds: float) -> None:
        self._tool.advance(seconds + 1e-6)  # the tool's clock knows no less than a microsecond
        await asyncio.sleep(0)


class Watched(SalesforceFake):
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


class SalesforceWorld:
    """People at Salesforce, among them Ann, a user; `record` is the object that is looked at."""

    def __init__(self, fake: Watched, tool: ToolClock, base_url: str, record: str) -> None:
        self.fake = fake
        self.org = fake.org
        self.rules = fake.rules
        self.tool = tool
        self.clock = TiedClock(tool)
        self.base_url = base_url
        self.record = record
        self.secrets: Sequence[str] = (self.connection["auth"]["client_secret"],)
        self._http = httpx.AsyncClient(base_url=base_url, trust_env=False)
        self.org.add_field(record, long(NOTES))
        self.ann = self._made("User", Name="Ann Agent", Email="ann@acme.test")
        self.queue = self._made("Group", Name="Support queue", Type="Queue")
        self.types = {
            name: self._made("RecordType", DeveloperName=name, Name=name, SobjectType=record)
            for name in (HERE, ELSEWHERE)
        }

    def _made(self, source: str, **values: Any) -> str:
        return str(self.rules.create(source, values, "")["Id"])

    @property
    def connection(self) -> dict[str, Any]:
        """What a connection to this org takes."""
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

    def row(self, id: str) -> dict[str, Any]:
        """A record as it is in Salesforce."""
        found = self.org.any(id)
        assert found is not None, f"no record {id}"
        return found[1]

    def rows(self) -> list[dict[str, Any]]:
        """Every record of the object that is not deleted."""
        return [row for row in self.org.rows(self.record).values() if not row["IsDeleted"]]

    def comments(self, id: str) -> list[dict[str, Any]]:
        """A record's comments."""
        source = "CaseComment" if self.record == "Case" else "FeedItem"
        return [row for row in self.org.rows(source).values() if row["ParentId"] == id]

    def wanted(self, patch: Wire) -> dict[str, Any]:
        """A patch in the connector's words as Salesforce takes it."""
        wanted = dict(patch)
        if self.record == "Contact" and "Name" in wanted:
            wanted["LastName"] = wanted.pop("Name")
        if "Owner" in wanted:
            wanted["OwnerId"] = wanted.pop("Owner")
        return wanted

    async def create(self, fields: Wire) -> str:
        values = {"RecordTypeId": self.types[HERE], "OwnerId": self.queue, **self.wanted(fields)}
        return str(self.rules.create(self.record, values, self.ann)["Id"])

    async def edit(self, id: str, patch: Wire) -> None:
        self.rules.update(self.record, id, self.wanted(patch), self.ann)

    async def delete(self, id: str) -> None:
        self.rules.delete(self.record, id, self.ann)

    async def hide(self, id: str) -> None:
        self.org.private.put(id, {})

    async def leave_scope(self, id: str) -> None:
        await self.edit(id, {"RecordTypeId": self.types[ELSEWHERE]})

    async def comment(self, id: str, body: str, visibility: Visibility) -> None:
        public = visibility is Visibility.PUBLIC
        self.fake.web.remark(self.record, id, "Ann Agent", body, public)

    async def links_shown(self, id: str) -> Sequence[str]:
        return str(self.row(id)[LINK_FIELD] or "").split()

    async def somebody(self) -> tuple[str, str]:
        return self.ann, "ann@acme.test"

    async def settle(self) -> None:
        self.tool.advance(700)

    async def trouble(self, kind: Trouble) -> None:
        creates = f"{API}/composite/sobjects/{self.record}/"
        if kind is Trouble.LOST_ANSWER:
            await self.fault("PATCH", creates, "drop_after_apply")
        elif kind is Trouble.RATE_LIMIT:
            await self.fault("PATCH", creates, "rate_limit:30")
        else:
            await self.fault("", API, "status:503", times=1000)

    async def recover(self) -> None:
        (await self._http.delete("/_sandbox/faults")).raise_for_status()
        self.tool.advance(600)


def config(world: SalesforceWorld, **more: Any) -> SalesforceConfig:
    """A connection to this world; `secret` is another than the app's."""
    auth = dict(world.connection["auth"])
    secret = more.pop("secret", auth["client_secret"])
    options = {
        "auth": {**auth, "client_secret": Secret(secret)},
        "scope": {"record_types": {world.record: [HERE]}},
        "link_field": LINK_FIELD,
        **more,
    }
    return SalesforceConfig(
        connector="salesforce", base_url=world.base_url, private_network=True, **options
    )


@asynccontextmanager
async def opened(world: SalesforceWorld, **more: Any) -> AsyncIterator[SalesforceConnector]:
    """A connector in this world, closed at the end."""
    connector = SalesforceConnector.open("crm", config(world, **more), world.clock)
    try:
        yield connector
    finally:
        await connector.aclose()


@asynccontextmanager
async def living(record: str = "Case") -> AsyncIterator[SalesforceWorld]:
    """An empty org, served on loopback."""
    tool = ToolClock(START)
    fake = Watched(State(), tool, Hooks())
    async with serving(fake) as base_url:
        world = SalesforceWorld(fake, tool, base_url, record)
        try:
            yield world
        finally:
            await world.aclose()
