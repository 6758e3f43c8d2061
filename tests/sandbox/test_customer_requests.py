"""A customer's request in a support desk and in the CRM: every desk with every CRM of the fakes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from syncline.store.findings import conflicts, deviations
from tests.sandbox.request_tools import CAROL, Place, open_for_business
from tests.support.in_step import Clocks, InStep, in_step, values

PAIRS = [
    ("zendesk", "hubspot"),
    ("intercom", "salesforce"),
    ("zendesk", "salesforce"),
    ("intercom", "hubspot"),
]
EVERY_PAIR = pytest.mark.parametrize("tools", PAIRS, ids="+".join)
TWO_PAIRS = pytest.mark.parametrize("tools", PAIRS[:2], ids="+".join)


class Business:
    """The people of both tools, and the hub between them."""

    def __init__(self, support: Place, crm: Place, hub: InStep) -> None:
        self.support, self.crm, self.hub = support, crm, hub

    async def asked(self, **fields: Any) -> tuple[str, str]:
        """A customer has asked the desk, and sales see it."""
        id = await self.support.ask(title="Dark mode", **fields)
        await self.hub.settled()
        return id, self.crm.only()

    def place(self, side: str) -> tuple[Place, Place]:
        """A side, and the other one."""
        return (self.support, self.crm) if side == "support" else (self.crm, self.support)


@asynccontextmanager
async def business(folder: Path, tools: tuple[str, str], **sync: Any) -> AsyncIterator[Business]:
    async with open_for_business(tools[0]) as support, open_for_business(tools[1]) as crm:
        places = {"support": support, "crm": crm}
        fields: dict[str, Any] = {
            "title": {},
            "body": {"on_uneditable": "note"} if support.tool == "zendesk" else {},
            "status": {"authority": "support"},
        }
        if all("priority" in place.words.fields for place in places.values()):
            fields["priority"] = {}
        said = {
            "entity": "customer_request",
            "sides": {
                side: {"record": place.words.record, "create": "when_missing"}
                for side, place in places.items()
            },
            "fields": fields,
            **sync,
        }
        connectors = {side: place.connector for side, place in places.items()}
        clock = Clocks(*(place.advance for place in places.values()))
        async with in_step(folder, connectors, said, clock) as hub:
            yield Business(support, crm, hub)


@EVERY_PAIR
async def test_requests_of_both_tools_are_shown_in_both_and_edits_of_either_meet(
    tmp_path: Path, tools: tuple[str, str]
) -> None:
    async with business(tmp_path, tools) as one:
        first, shown = await one.asked(body="For the night.")
        assert one.crm.seen(shown, "title", "body") == {
            "title": "Dark mode",
            "body": "For the night.",
        }
        sold = await one.crm.ask(title="Faster export", body="Ten times.", status="open")
        await one.hub.settled()
        (other,) = (id for id in one.support.ids() if id != first)
        assert one.support.seen(other, "title", "body", "status") == {
            "title": "Faster export",
            "body": "Ten times.",
            "status": "open",
        }
        # At once: each side edits what the other does not, in both requests.
        await one.support.edit(first, status="open")
        await one.crm.edit(shown, title="Dark mode for everybody")
        await one.support.edit(other, title="Exports in minutes")
        await one.crm.edit(sold, status="closed")
        await one.hub.settled()
        for at, ours, theirs in ((one.support, first, other), (one.crm, shown, sold)):
            assert at.seen(ours, "title", "status") == {
                "title": "Dark mode for everybody",
                "status": "open",
            }
            assert at.seen(theirs, "title", "status") == {
                "title": "Exports in minutes",
                "status": "closed",
            }
        await one.hub.nothing_is_left_over()


@TWO_PAIRS
async def test_a_title_that_both_change_waits_for_a_person_whose_answer_reaches_both(
    tmp_path: Path, tools: tuple[str, str]
) -> None:
    async with business(tmp_path, tools) as one:
        ticket, deal = await one.asked()
        await one.support.edit(ticket, title="Night mode", status="open")
        await one.crm.edit(deal, title="Midnight mode")
        await one.hub.settled()
        found = await one.hub.conflict()
        assert (found.field, values(found)) == (
            "title",
            {"support": "Night mode", "crm": "Midnight mode"},
        )
        assert one.support.shows(ticket, "title") == "Night mode"
        assert one.crm.shows(deal, "title") == "Midnight mode"
        assert one.crm.shows(deal, "status") == "open", "what is not in question travels"
        await one.hub.answer("crm")
        await one.hub.settled()
        assert one.support.shows(ticket, "title") == one.crm.shows(deal, "title") == "Midnight mode"
        await one.hub.nothing_is_left_over()


async def test_a_status_that_both_change_is_the_one_of_who_has_the_say(tmp_path: Path) -> None:
    async with business(tmp_path, PAIRS[1]) as one:
        ticket, deal = await one.asked(status="open")
        await one.support.edit(ticket, status="closed")
        await one.crm.edit(deal, status="new")
        await one.hub.settled()
        assert one.crm.shows(deal, "status") == one.support.shows(ticket, "status") == "closed"
        assert await one.hub.found(conflicts) == []


@pytest.mark.parametrize(
    ("tools", "asked", "shown"),
    [
        # Zendesk has two words for waiting, and HubSpot one.
        (("zendesk", "hubspot"), "hold", "pending"),
        # Salesforce has no word for waiting, so what is nearest stands there.
        (("intercom", "salesforce"), "pending", "open"),
    ],
    ids=["zendesk+hubspot", "intercom+salesforce"],
)
async def test_a_status_that_the_crm_lacks_is_shown_as_the_nearest_and_not_sent_back(
    tmp_path: Path, tools: tuple[str, str], asked: str, shown: str
) -> None:
    async with business(tmp_path, tools) as one:
        ticket, deal = await one.asked(status=asked)
        assert one.crm.shows(deal, "status") == shown
        await one.crm.edit(deal, title="Night mode")
        await one.hub.settled()
        assert one.support.seen(ticket, "title", "status") == {
            "title": "Night mode",
            "status": asked,
        }
        await one.crm.edit(deal, status="closed")
        await one.hub.settled()
        assert one.support.shows(ticket, "status") == "closed"


async def test_a_status_that_only_the_crm_has_stays_while_the_desk_says_nothing_else(
    tmp_path: Path,
) -> None:
    async with business(tmp_path, PAIRS[1]) as one:
        ticket, deal = await one.asked(status="open")
        await one.crm.edit(deal, status="Escalated")
        await one.support.edit(ticket, title="Night mode")
        await one.hub.settled()
        assert one.support.shows(ticket, "status") == "open"
        assert one.crm.seen(deal, "title", "status") == {
            "title": "Night mode",
            "status": "Escalated",
        }
        await one.support.edit(ticket, status="closed")
        await one.hub.settled()
        assert one.crm.shows(deal, "status") == "closed"


@pytest.mark.parametrize(
    ("tools", "side", "propagate"),
    [
        (PAIRS[0], "support", "archive"),
        (PAIRS[0], "crm", "close"),
        (PAIRS[0], "crm", "archive"),
        (PAIRS[1], "crm", "unlink"),
        (PAIRS[1], "support", "close"),
        (PAIRS[1], "support", "archive"),
        (PAIRS[1], "crm", "archive"),
    ],
    ids=lambda one: "+".join(one) if isinstance(one, tuple) else one,
)
async def test_a_request_that_is_deleted_does_to_the_other_what_the_sync_says(
    tmp_path: Path, tools: tuple[str, str], side: str, propagate: str
) -> None:
    async with business(tmp_path, tools, deletes={"propagate": propagate}) as one:
        ids = dict(zip(("support", "crm"), await one.asked(status="open"), strict=True))
        here, there = one.place(side)
        (other,) = ids.keys() - {side}
        await here.delete(ids[side])
        # A pass misses it, the next one believes it, and may tell the other.
        reports = [await one.hub.later(full=True), *await one.hub.settled()]
        assert here.ids() == [], "it is not made again"
        # Intercom can neither archive nor delete; the report says so.
        archived = propagate == "archive" and there.tool != "intercom"
        assert there.ids() == ([] if archived else [ids[other]])
        if not archived:
            status = "closed" if propagate == "close" else "open"
            assert there.shows(ids[other], "status") == status
        notes = [note for report in reports for note in report.notes]
        refused = propagate == "archive" and not archived
        assert any(f"{other}: {ids[other]}" in note for note in notes) is refused


async def test_an_edit_that_a_deleted_request_never_got_keeps_the_other_and_asks(
    tmp_path: Path,
) -> None:
    async with business(tmp_path, PAIRS[0], deletes={"propagate": "archive"}) as one:
        ticket, deal = await one.asked()
        await one.support.delete(ticket)
        await one.crm.edit(deal, title="Sales need this")
        await one.hub.later(full=True)
        await one.hub.settled()
        assert (await one.hub.conflict()).kind == "deleted"
        assert one.crm.shows(one.crm.only(), "title") == "Sales need this"
        assert one.support.ids() == []


@pytest.mark.parametrize("side", ["support", "crm"])
@pytest.mark.parametrize(
    ("tools", "meanwhile"),
    [(PAIRS[0], ("priority", "high")), (PAIRS[1], ("body", "For cinemas."))],
    ids=["+".join(PAIRS[0]), "+".join(PAIRS[1])],
)
async def test_a_request_that_leaves_the_scope_is_left_alone_and_meets_its_other_when_it_is_back(
    tmp_path: Path, tools: tuple[str, str], meanwhile: tuple[str, str], side: str
) -> None:
    name, value = meanwhile
    async with business(tmp_path, tools) as one:
        ids = dict(zip(("support", "crm"), await one.asked(status="open"), strict=True))
        (here, there), (other,) = one.place(side), ids.keys() - {side}
        await here.leave(ids[side])
        await one.hub.settled()
        await here.edit(ids[side], **{name: value})
        await there.edit(ids[other], title="Asked again")
        await one.hub.later(full=True)
        await one.hub.settled()
        assert here.shows(ids[side], "title") == "Dark mode"
        assert there.shows(ids[other], name) != value
        assert len(there.ids()) == 1
        await here.come_back(ids[side])
        await one.hub.settled()
        expected = {"title": "Asked again", name: value}
        assert here.seen(ids[side], *expected) == there.seen(ids[other], *expected) == expected
        assert here.shows(ids[side], "status") == there.shows(ids[other], "status")
        assert (len(here.ids()), len(there.ids())) == (1, 1)
        await one.hub.nothing_is_left_over()


async def test_a_description_that_zendesk_lets_nobody_edit_is_said_there_in_a_note_once(
    tmp_path: Path,
) -> None:
    async with business(tmp_path, PAIRS[0]) as one:
        ticket, deal = await one.asked(body="For the night.")
        await one.crm.edit(deal, body="For the night, and for cinemas.")
        await one.hub.settled()
        await one.hub.settled()
        said = one.support.world.comments(ticket)
        assert one.support.shows(ticket, "body") == "For the night."
        (note,) = [one for one in said[1:] if "cinemas" in one["html_body"]]
        assert note["public"] is False
        assert [row.field for row in await one.hub.found(deviations)] == ["body"]


@pytest.mark.parametrize("tools", [PAIRS[1], PAIRS[2]], ids="+".join)
async def test_who_asked_is_the_same_customer_in_both_tools(
    tmp_path: Path, tools: tuple[str, str]
) -> None:
    async with business(tmp_path, tools, fields={"title": {}, "requester": {}}) as one:
        carol, known = one.support.carol, {"LastName": "Customer", "Email": CAROL}
        contact = str(one.crm.world.rules.create("Contact", known, one.crm.world.ann)["Id"])
        _, deal = await one.asked(requester=carol)
        assert one.crm.shows(deal, "requester") == contact
        await one.crm.ask(title="Faster export", requester=contact)
        await one.hub.settled()
        asked = [one.support.shows(id, "requester") for id in one.support.ids()]
        assert asked == [carol, carol]
        await one.hub.nothing_is_left_over()
