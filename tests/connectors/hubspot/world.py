"""HubSpot as people use it: the fake over HTTP for the connector, and its office for people.

People act inside the fake, so that all requests it counts are the connector's. The tool's clock
stands still and moves with the connector's: who waits, lets time pass in HubSpot.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx

from connectors.hubspot import HubSpotConnector
from connectors.hubspot.config import HubSpotConfig, JournalConfig
from connectors.hubspot.fake import HubSpotFake
from connectors.hubspot.fake import properties as p
from connectors.hubspot.fake.app import TOKEN
from connectors.hubspot.fake.journal import CLIENT_ID, CLIENT_SECRET
from connectors.hubspot.fake.office import KINDS, LINKS
from syncline.sandbox import Call, Endpoint, Hooks, State, ToolClock, serving
from syncline.sdk.connector import Record, Visibility, Wire
from syncline.sdk.secrets import Secret
from syncline.sdk.testing import Requests, Trouble

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
SUPPORT, ELSEWHERE = "Support Pipeline", "Returns"
ANN = "Ann Agent"
API = "/crm/objects/2026-03"


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


class Watched(HubSpotFake):
    """A fake that counts the requests it answers, by whether they are to change something."""

    def __init__(self, state: State, clock: ToolClock, hooks: Hooks) -> None:
        super().__init__(state, clock, hooks)
        self.seen = {False: 0, True: 0}

    def endpoints(self) -> Sequence[Endpoint]:
        return [replace(one, handler=self._counted(one)) for one in super().endpoints()]

    def _counted(self, endpoint: Endpoint) -> Callable[[Call], Any]:
        def handler(call: Call) -> Any:
            self.seen[bool(endpoint.mutating)] += 1
            return endpoint.handler(call)

        return handler


class HubSpotWorld:
    """People at HubSpot, among them Ann, of the support team, and one who has left."""

    secrets: Sequence[str] = (TOKEN, CLIENT_SECRET, "sandbox-hubspot-app-token")
    client = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}

    def __init__(self, fake: Watched, tool: ToolClock, base_url: str, record: str) -> None:
        self.fake, self.tool, self.base_url, self.record = fake, tool, base_url, record
        self.portal = fake.portal
        self.clock = TiedClock(tool)
        self.kind = KINDS[record]
        self._http = httpx.AsyncClient(base_url=base_url, trust_env=False)
        fake.prepare()
        for kind, name in ((p.CONTACTS, "biography"), (p.DEALS, "next_step")):
            mine = p.definition(name, "string", "textarea", hubspotDefined=False)
            self.portal.add_property(kind, mine)
        self.ann = fake.new_owner(ANN, "ann@acme.test")
        self.gone = fake.new_owner("Otto Gone", "otto@acme.test", archived=True)
        self.elsewhere = self.portal.add_pipeline(p.TICKETS, ELSEWHERE, "New", "Refunded")

    async def aclose(self) -> None:
        await self._http.aclose()

    def follow(self, *actions: str) -> None:
        """Subscribe the journal to these actions, or to all, of each record type."""
        ties = ("ASSOCIATION_ADDED", "ASSOCIATION_REMOVED")
        wanted = actions or ("CREATE", "UPDATE", "DELETE", "MERGE", "RESTORE", *ties)
        for kind in KINDS.values():
            told = {"portalId": p.PORTAL, "objectTypeId": p.TYPE_IDS[kind]}
            told |= {"associatedObjectTypeIds": [p.TYPE_IDS[p.COMPANIES]]}
            told |= {"properties": list(self.portal.definitions(kind)), "actions": list(wanted)}
            for type in ("OBJECT", "ASSOCIATION"):
                self.fake.journal.follow({"subscriptionType": type, **told})

    async def fault(self, method: str, path: str, action: str, times: int = 1) -> None:
        """Let this happen to the next requests of a path."""
        told = {"method": method, "path": path, "action": action, "times": times}
        (await self._http.post("/_sandbox/faults", json=told)).raise_for_status()

    async def requests_made(self) -> list[dict[str, Any]]:
        """Every request of the connector so far, as the sandbox tells them."""
        return list((await self._http.get("/_sandbox/requests")).json())

    def requests(self) -> Requests:
        return Requests(self.fake.seen[False], self.fake.seen[True])

    def shown(self, id: str) -> dict[str, Any]:
        """The properties of a record as they are in HubSpot."""
        found: dict[str, Any] = self.portal.get(self.kind, id)["properties"]
        return found

    def all(self) -> list[dict[str, Any]]:
        """Every record that is not archived."""
        return list(self.portal.live(self.kind))

    async def create(self, fields: Wire) -> str:
        return self.fake.make(self.record, ANN, self.wanted(fields))

    async def edit(self, id: str, patch: Wire) -> None:
        self.fake.edit(self.record, id, ANN, self.wanted(patch))

    def wanted(self, patch: Wire) -> dict[str, Any]:
        """A patch in the connector's words as HubSpot takes it."""
        wanted = {name: "" if value is None else value for name, value in patch.items()}
        stages = self.portal.state.table("pipelines").get(p.TICKETS)
        assert stages is not None
        if (label := wanted.get("hs_pipeline_stage")) is not None:
            ids = {s["label"]: s["id"] for s in stages["0"]["stages"]}
            wanted["hs_pipeline_stage"] = ids[label]
        return wanted

    async def delete(self, id: str) -> None:
        self.fake.act(self.record, id, ANN, "archive")

    async def hide(self, id: str) -> None:
        raise NotImplementedError("HubSpot hides no record here")

    async def leave_scope(self, id: str) -> None:
        stage = self.elsewhere["stages"][0]["id"]
        moved = {"hs_pipeline": self.elsewhere["id"], "hs_pipeline_stage": stage}
        self.portal.update(self.kind, id, moved, self.fake.by(ANN))

    async def comment(self, id: str, body: str, visibility: Visibility) -> None:
        self.fake.remark(self.record, id, ANN, body, visibility is Visibility.PUBLIC)

    async def links_shown(self, id: str) -> Sequence[str]:
        return [one.url for one in self.fake.sheet(self.record, id).links]

    async def somebody(self) -> tuple[str, str]:
        return self.ann, "ann@acme.test"

    async def settle(self) -> None:
        self.tool.advance(121)

    async def trouble(self, kind: Trouble) -> None:
        upsert = f"{API}/{self.kind}/batch/upsert"
        if kind is Trouble.LOST_ANSWER:
            await self.fault("POST", upsert, "drop_after_apply")
        elif kind is Trouble.RATE_LIMIT:
            await self.fault("POST", upsert, "rate_limit:10")
        else:
            await self.fault("POST", f"{API}/{self.kind}/batch/read", "status:503", times=1000)

    async def recover(self) -> None:
        (await self._http.delete("/_sandbox/faults")).raise_for_status()
        self.tool.advance(120)


def config(world: HubSpotWorld, **more: Any) -> HubSpotConfig:
    """A connection to this world; `token` is another than the app's."""
    auth = {"access_token": Secret(more.pop("token", TOKEN))}
    options = {
        "auth": auth,
        "scope": {"pipeline": SUPPORT} if world.kind == p.TICKETS else {},
        "link_property": LINKS,
        **more,
    }
    return HubSpotConfig(
        connector="hubspot", base_url=world.base_url, private_network=True, **options
    )


def journal(world: HubSpotWorld, **more: Any) -> JournalConfig:
    """The journal of this world, by the client of the app that may read it."""
    secret = Secret(more.pop("client_secret", CLIENT_SECRET))
    options = {"client_id": CLIENT_ID, "files": world.fake.journal.files, **more}
    return JournalConfig(client_secret=secret, **options)


@asynccontextmanager
async def opened(world: HubSpotWorld, **more: Any) -> AsyncIterator[HubSpotConnector]:
    """A connector in this world, closed at the end."""
    connector = HubSpotConnector.open("crm", config(world, **more), world.clock)
    try:
        yield connector
    finally:
        await connector.aclose()


@asynccontextmanager
async def living(record: str = "ticket") -> AsyncIterator[HubSpotWorld]:
    """An account without records, served on loopback; `record` is what its people deal with."""
    tool = ToolClock(START)
    fake = Watched(State(), tool, Hooks())
    async with serving(fake) as base_url:
        world = HubSpotWorld(fake, tool, base_url, record)
        try:
            yield world
        finally:
            await world.aclose()


class Reading:
    """A connection that reads the journal, and how far it has come; None before the first pass."""

    def __init__(self, world: HubSpotWorld, hub: HubSpotConnector) -> None:
        self.world, self.hub = world, hub
        self.cursor: str | None = None

    async def told(self, record: str = "ticket") -> list[Record]:
        """A pass."""
        found: list[Record] = []
        async for page in self.hub.changes(record, self.cursor):
            found += page.records
            last = page.cursor
        assert last is not None
        self.cursor = last
        return found

    async def caught_up(self, record: str = "ticket") -> None:
        """Pass until nothing is told, with all time that the index may take."""
        for _ in range(3):
            self.world.tool.advance(121)
            if not await self.told(record):
                return
        raise AssertionError("told again and again")

    async def asked(self, start: int = 0) -> list[str]:
        """What was asked since so many requests, without their numbers."""
        made = (await self.world.requests_made())[start:]
        return [one["path"].rpartition("/")[2] for one in made]
