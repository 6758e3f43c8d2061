"""A tracker that is a real server, or a recording of one, in one sync with two desks in memory.

What makes a person of the tracker differ by tool is a `Tracker`; the engine is the real one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

from syncline.engine.passes import signer
from syncline.engine.spec import CommentPolicy, SideSpec
from syncline.sdk.connector import Connector, Record, Visibility, Wire
from syncline.simulation.connector import MemoryTool
from syncline.simulation.syncs import compiled
from syncline.store.rows import Link
from tests.support.recorded import Stage
from tests.support.world import World
from tests.unit.engine.pairs import link_of

MAPPING = """\
entity: ticket
record: {record}
text: {text}
fields:
  title: {{path: {title}}}
  body: {{path: {body}{more}}}
"""
DESKS = ("desk", "mail")
SIDES = (*DESKS, "tracker")


class People(Protocol):
    """People at the tracker, as the world of its connector's tests has them."""

    async def settle(self) -> None: ...
    async def create(self, fields: Wire) -> str: ...
    async def delete(self, id: str) -> None: ...

    @property
    def stage(self) -> Stage: ...


@dataclass(frozen=True)
class Tracker:
    """How a tool calls what the sync has, and what is more about its body."""

    record: str
    text: str
    title: str
    body: str
    more: str = ""

    @property
    def mapping(self) -> str:
        return MAPPING.format(
            record=self.record, text=self.text, title=self.title, body=self.body, more=self.more
        )


DESK = Tracker("ticket", "html", "title", "body")


class Office(World):
    """Both desks by their names, and the tracker behind its connector."""

    desk: MemoryTool
    mail: MemoryTool
    people: People
    tool: Tracker
    tracker: Connector

    @classmethod
    @asynccontextmanager
    async def opened(
        cls, tool: Tracker, people: People, connector: AbstractAsyncContextManager[Connector]
    ) -> AsyncIterator[Office]:
        office = await cls.make(
            **{name: {} for name in DESKS},
            mappings={name: DESK.mapping for name in DESKS},
            match=("marker",),
            comments=CommentPolicy((Visibility.INTERNAL,), "internal"),
        )
        assert isinstance(office, Office)
        async with office.store, connector as office.tracker:
            office.people, office.tool = people, tool
            office.connectors["tracker"] = office.tracker  # type: ignore[assignment]
            side = SideSpec("tracker", tool.record, tool.text, create="when_missing")
            sides = {**office.spec.sides, "tracker": side}
            mappings = {**dict.fromkeys(DESKS, DESK.mapping), "tracker": tool.mapping}
            office.change(sides=sides, units=compiled(sides, mappings, {}, {}))
            yield office

    def shows_links(self) -> None:
        """From now on the tracker's people are shown what the desks have."""
        side = replace(self.spec.sides["tracker"], cards=True)
        self.change(sides={**self.spec.sides, "tracker": side})

    def only_desks_make_records(self) -> None:
        """From now on the sync makes none in the tracker."""
        side = replace(self.spec.sides["tracker"], create="never")
        self.change(sides={**self.spec.sides, "tracker": side})

    async def quiet(self, **options: Any) -> None:
        """Time goes by; then passes until nothing is written any more."""
        await self.people.settle()
        self.clock.advance(3600)
        if options:
            await self.sync(**options)
        await self.settled()

    async def link(self, side: str, id: str) -> Link:
        return await link_of(self, side, id)

    def key(self, link: Link, side: str = "tracker", workspace: str | None = None) -> str:
        """What the hub signs for a link's side, or would in another workspace."""
        sign = signer(self.environment().secret, workspace or self.store.workspace)
        return sign(f"{link.id}:{side}")

    async def shown(self) -> Mapping[str, Record]:
        """Every record of the tracker that the hub may see, as it is now."""
        ids = [id async for page in self.tracker.census(self.tool.record) for id in page.versions]
        found = await self.tracker.fetch(self.tool.record, ids)
        return {id: one for id, one in found.items() if isinstance(one, Record)}
