"""Five tools in one sync: two desks, two trackers and a CRM, in which people work at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from syncline.store.findings import conflicts, parked
from tests.sandbox.request_tools import Place, open_for_business
from tests.support.in_step import Clocks, InStep, in_step

TOOLS = {
    "support": "zendesk",
    "helpdesk": "intercom",
    "tracker": "jira",
    "old_tracker": "jira data center",
    "crm": "hubspot",
}
TRACKERS = ("tracker", "old_tracker")
WIKI = "extends: builtin\nentity: ticket\nrecord: issue\ntext: wiki_markup\n"


class Company:
    """All five tools, and the hub between them."""

    def __init__(self, places: dict[str, Place], hub: InStep) -> None:
        self.places, self.hub = places, hub

    async def made(self, side: str, title: str) -> dict[str, str]:
        """Somebody writes it in one tool, and everybody has it; its ids by side."""
        before = {name: set(place.ids()) for name, place in self.places.items()}
        await self.places[side].ask(title=title)
        await self.hub.settled()
        new = {name: set(place.ids()) - before[name] for name, place in self.places.items()}
        assert {len(ids) for ids in new.values()} == {1}, new
        return {name: ids.pop() for name, ids in new.items()}

    def shown(self, ids: dict[str, str], field: str) -> dict[str, Any]:
        """What each tool shows of a record, where it has such a field."""
        return {
            name: place.shows(ids[name], field)
            for name, place in self.places.items()
            if field in place.words.fields
        }


@asynccontextmanager
async def company(folder: Path) -> AsyncIterator[Company]:
    async with AsyncExitStack() as stack:
        places = {
            side: await stack.enter_async_context(open_for_business(tool))
            for side, tool in TOOLS.items()
        }
        sides = {
            side: {"record": place.words.record, "create": "when_missing"}
            for side, place in places.items()
        }
        for side in TRACKERS:
            sides[side]["defaults"] = {"type": "task"}
        said = {
            "entity": "ticket",
            "sides": sides,
            "fields": {
                "title": {},
                "type": {},
                "body": {"on_uneditable": "note"},
                "status": {"authority": "support"},
                "priority": {},
            },
        }
        hub = await stack.enter_async_context(
            in_step(
                folder,
                {side: place.connector for side, place in places.items()},
                said,
                Clocks(*(place.advance for place in places.values())),
                own={"old_tracker": WIKI},
            )
        )
        yield Company(places, hub)


@pytest.fixture
async def five(tmp_path: Path) -> AsyncIterator[Company]:
    async with company(tmp_path) as all_five:
        yield all_five


async def test_a_record_of_any_tool_is_made_once_in_each_other(five: Company) -> None:
    for side in TOOLS:
        ids = await five.made(side, f"Written in {side}")
        assert set(five.shown(ids, "title").values()) == {f"Written in {side}"}
    await five.hub.nothing_is_left_over()


async def test_edits_in_all_five_at_once_are_everywhere_within_three_passes_and_nothing_is_left(
    five: Company,
) -> None:
    one = await five.made("support", "Login fails")
    other = await five.made("crm", "Exports are slow")
    edit = {side: place.edit for side, place in five.places.items()}
    await edit["support"](one["support"], status="pending")
    await edit["crm"](one["crm"], status="closed")
    await edit["tracker"](one["tracker"], title="Login fails on Mondays")
    await edit["old_tracker"](one["old_tracker"], priority="high")
    await edit["helpdesk"](one["helpdesk"], body="Since the last release.")
    await edit["helpdesk"](other["helpdesk"], title="Exports in minutes")
    await edit["old_tracker"](other["old_tracker"], body="Ten thousand rows.")
    await edit["crm"](other["crm"], priority="low")
    await edit["tracker"](other["tracker"], status="open")
    await five.hub.settled()
    for ids, title, status, priority, body in (
        (one, "Login fails on Mondays", "pending", "high", "Since the last release."),
        (other, "Exports in minutes", "open", "low", "Ten thousand rows."),
    ):
        assert set(five.shown(ids, "title").values()) == {title}
        assert set(five.shown(ids, "status").values()) == {status}
        assert set(five.shown(ids, "priority").values()) == {priority}
        shown = five.shown(ids, "body")
        assert {text for side, text in shown.items() if side != "support"} == {body}
        told = five.places["support"].world.comments(ids["support"])
        assert body in told[-1]["plain_body"]
    assert await five.hub.found(conflicts) == await five.hub.found(parked) == []
