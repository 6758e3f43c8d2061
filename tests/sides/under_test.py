"""A `MemoryTool` as the connector suite wants it: people act on the tool, past the connector."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

from syncline.sdk.connector import Visibility, Wire
from syncline.sdk.secrets import Secret
from syncline.sdk.testing import Requests, Shape, Trouble
from syncline.simulation.connector import FieldRule, ManualClock, MemoryTool, TokenAuth
from tests.sides.http_side import HttpSide, HttpSideConfig

WORKFLOW: dict[str | None, tuple[str, ...]] = {
    None: ("todo",),
    "todo": ("in_progress", "cancelled"),
    "in_progress": ("todo", "done"),
    "done": ("in_progress",),
}

PRIORITIES = FieldRule("enum", options=("urgent", "high", "medium", "low", "none"))

SHAPE = Shape(
    record="ticket",
    title="title",
    text="body",
    clearable="assignee",
    refused={"priority": "no such priority"},
    far_status=("status", "done"),
    base={"status": "todo"},
)


class ToolWorld:
    """People at a `MemoryTool`, whatever stands between it and the connector."""

    # A trouble strikes whatever is asked next, so reads are spared by naming the writes.
    WRITES = ("create", "update")

    def __init__(self, tool: MemoryTool, clock: ManualClock) -> None:
        self.tool = tool
        self.clock = clock
        self.secrets: Sequence[str] = (tool.token, WRONG)
        tool.rules["priority"] = PRIORITIES
        tool.workflow = WORKFLOW

    def requests(self) -> Requests:
        log = self.tool.log
        return Requests(log.count(mutating=False), log.count(mutating=True))

    async def create(self, fields: Wire) -> str:
        return self.tool.create(fields)

    async def edit(self, id: str, patch: Wire) -> None:
        self.tool.edit(id, patch)

    async def delete(self, id: str) -> None:
        self.tool.delete(id)

    async def hide(self, id: str) -> None:
        self.tool.hide(id)

    async def leave_scope(self, id: str) -> None:
        self.tool.move(id, in_scope=False)

    async def comment(self, id: str, body: str, visibility: Visibility) -> None:
        self.tool.comment(id, body, visibility)

    async def links_shown(self, id: str) -> Sequence[str]:
        return [card.url for card in self.tool.item(id).cards.values()]

    async def somebody(self) -> tuple[str, str]:
        self.tool.add_person("bea", "bea@example.com", "Bea")
        return "bea", "bea@example.com"

    async def settle(self) -> None:
        self.clock.advance(3600)

    async def trouble(self, kind: Trouble) -> None:
        match kind:
            case Trouble.LOST_ANSWER:
                for method in self.WRITES:
                    self.tool.faults.add(method, "drop_after_apply")
            case Trouble.RATE_LIMIT:
                for method in self.WRITES:
                    self.tool.faults.add(method, "retry")
            case Trouble.DOWN:
                self.tool.faults.add("*", "down", times=1_000)

    async def recover(self) -> None:
        self.tool.faults.clear()
        self.clock.advance(3600)


WRONG = "a-token-nobody-gave-out"


class HttpWorld(ToolWorld):
    """The same behind HTTP."""

    def __init__(self, tool: MemoryTool, clock: ManualClock, address: str) -> None:
        super().__init__(tool, clock)
        self.address = address


C = TypeVar("C", bound=HttpSide)


@asynccontextmanager
async def opened(connector: type[C], world: HttpWorld, token: str) -> AsyncIterator[C]:
    """The connector on this world's address, closed at the end."""
    config = HttpSideConfig(
        connector=connector.name,
        base_url=world.address,
        private_network=True,
        search_lag=world.tool.search_lag,
        auth=TokenAuth(token=Secret(token)),
    )
    side = connector.open(connector.name, config, world.clock)
    try:
        yield side
    finally:
        await side.aclose()
