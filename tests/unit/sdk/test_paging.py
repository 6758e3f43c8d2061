"""Listings that never end are cut off, and long ones are not."""

from __future__ import annotations

import itertools
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

import pytest

from syncline.sdk import paging
from syncline.sdk.connector import CensusPage, Page, Record
from syncline.sdk.errors import Retriable
from syncline.sdk.paging import answered, ending_pages, question
from syncline.simulation.connector import MemoryConnector
from tests.support.world import World


async def read(pages: Callable[[], AsyncIterator[Any]]) -> int:
    return len([page async for page in ending_pages(pages)()])


def a_page(number: int, cursor: str | None = None) -> Page:
    return Page([Record(f"R-{number}", {}, 1)], cursor)


async def test_a_listing_that_goes_round_in_circles_is_cut_off() -> None:
    async def round_and_round() -> AsyncIterator[Page]:
        while True:
            for number in range(3):
                yield a_page(number)

    with pytest.raises(Retriable, match=f"for ever: {paging.AGAIN + 3} pages of a list"):
        await read(round_and_round)


async def test_empty_pages_that_lead_nowhere_are_cut_off() -> None:
    async def empty() -> AsyncIterator[CensusPage]:
        while True:
            yield CensusPage({})

    with pytest.raises(Retriable, match="for ever"):
        await read(empty)


async def test_a_listing_that_begins_anew_half_way_is_read_to_its_end() -> None:
    async def twice() -> AsyncIterator[Page]:
        for number in [*range(paging.AGAIN - 1), *range(5_000)]:
            yield a_page(number)

    assert await read(twice) == paging.AGAIN - 1 + 5_000


async def test_a_page_of_the_same_records_that_changed_meanwhile_is_another() -> None:
    async def growing() -> AsyncIterator[Page]:
        for version in range(2 * paging.AGAIN):
            yield Page([Record("R-1", {}, version)])

    assert await read(growing) == 2 * paging.AGAIN


async def test_pages_that_are_made_up_for_ever_are_cut_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def made_up() -> AsyncIterator[Page]:
        for number in itertools.count():
            yield a_page(number)

    monkeypatch.setattr(paging, "MOST", 50)
    with pytest.raises(Retriable, match="50 pages"):
        await read(made_up)


async def test_who_reads_no_further_ends_the_listing_at_once() -> None:
    ended = []

    async def long() -> AsyncIterator[Page]:
        try:
            for number in range(9):
                yield a_page(number)
        finally:
            ended.append(True)

    pages = ending_pages(long)()
    assert isinstance(pages, AsyncGenerator)
    async with aclosing(pages):
        await anext(pages)
        assert not ended
    assert ended


def test_the_same_answer_over_and_over_ends_a_question_and_not_the_next_one() -> None:
    for _ in range(2):
        with question():
            for number in range(paging.AGAIN - 1):
                answered("GET /list", b"the same")
                answered("GET /list", b"another %d" % number)
                answered(f"GET /records/{number}", b"the same")
            with pytest.raises(Retriable, match=f"{paging.AGAIN} answers to GET /list"):
                answered("GET /list", b"the same")
    for _ in range(paging.AGAIN + 1):
        answered("GET /list", b"asked by nobody's question")


class Circling(MemoryConnector):
    """A tool whose listings never end."""

    async def changes(self, record: str, cursor: str | None) -> AsyncIterator[Page]:
        while True:
            async for page in super().changes(record, None):
                yield page

    async def census(self, record: str) -> AsyncIterator[CensusPage]:
        while True:
            async for page in super().census(record):
                yield page


@pytest.mark.parametrize("full", [False, True])
async def test_a_tool_without_an_end_stops_alone_and_what_it_told_is_kept(full: bool) -> None:
    world = await World.make(a={}, b={}, c={})
    world.a.create({"title": "One"})
    await world.settled()
    can = world.connectors["a"].capabilities
    world.connectors["a"] = Circling(world.a, can)
    world.a.edit("A-1", {"title": "Two"})
    world.b.edit("B-1", {"status": "done"})
    report = await world.sync(full=full)
    assert "for ever" in report.stopped["a"]
    assert world.c.fields("C-1")["status"] == "done"
    world.connectors["a"] = MemoryConnector(world.a, can)
    await world.settled()
    assert {world.tools[s].fields(f"{s.upper()}-1")["title"] for s in "abc"} == {"Two"}
