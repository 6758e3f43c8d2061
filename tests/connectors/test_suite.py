"""The suite is worth having: each planted bug in a connector is caught by the test named for it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from syncline.sdk.connector import (
    CensusPage,
    Change,
    Comment,
    Create,
    CreateSearch,
    FindResult,
    Found,
    LinkCard,
    Missing,
    NewComment,
    Outcome,
    Page,
    Record,
    Result,
    Update,
    Visibility,
)
from syncline.sdk.errors import Retriable
from syncline.sdk.secrets import Secret
from syncline.sdk.testing import ConnectorTests
from syncline.simulation.connector import FULL, ManualClock, MemoryConnector, MemoryTool
from tests.sides.under_test import SHAPE, WRONG, ToolWorld


class CursorAfter(MemoryConnector):
    """Reads on behind the cursor's moment, not at it."""

    async def changes(self, record: str, cursor: str | None) -> AsyncIterator[Page]:
        async for page in super().changes(record, cursor):
            kept = [r for r in page.records if r.updated_at and r.updated_at.isoformat() != cursor]
            yield Page(kept, page.cursor)


class CursorTooSoon(MemoryConnector):
    """Gives the end's cursor with the first page."""

    async def changes(self, record: str, cursor: str | None) -> AsyncIterator[Page]:
        async for page in super().changes(record, cursor):
            yield Page(page.records, self.tool.clock.now().isoformat())


class ShiftingPages(MemoryConnector):
    """Counts pages of a listing that moves under it."""

    async def changes(self, record: str, cursor: str | None) -> AsyncIterator[Page]:
        at = 0
        while True:
            found = (await self._listed("changes"))[0][at : at + 100]
            last = self.tool.clock.now().isoformat()
            yield Page([self._record(*pair) for pair in found], last)
            at += 100
            if len(found) < 100:
                return


class BlindRetry(MemoryConnector):
    """Sends a create again when its answer was lost."""

    async def create(self, record: str, items: Sequence[Create]) -> Sequence[Outcome]:
        outcomes = await super().create(record, items)
        again = any(outcome.result is Result.AMBIGUOUS for outcome in outcomes)
        return await super().create(record, items) if again else outcomes


class WholeRecord(MemoryConnector):
    """Sends every field, with what the plan knew of the others."""

    async def update(self, record: str, items: Sequence[Update]) -> Sequence[Outcome]:
        known = SHAPE.sample("planned from this", {"body": "from the cache"})
        return await super().update(record, [replace(i, patch={**known, **i.patch}) for i in items])


class NoCompare(MemoryConnector):
    """Claims compare-and-set and does not do it."""

    async def update(self, record: str, items: Sequence[Update]) -> Sequence[Outcome]:
        return await super().update(record, [replace(item, expected={}) for item in items])


class AllOrNothing(MemoryConnector):
    """Takes one refused item for the failure of all."""

    async def create(self, record: str, items: Sequence[Create]) -> Sequence[Outcome]:
        outcomes = await super().create(record, items)
        bad = [o for o in outcomes if o.result is Result.REJECTED]
        return [bad[0]] * len(outcomes) if bad else outcomes


class HiddenIsGone(MemoryConnector):
    """Takes a hidden record for a deleted one."""

    async def fetch(self, record: str, ids: Sequence[str]) -> Mapping[str, Record | Missing]:
        answers = await super().fetch(record, ids)
        return {
            id: Missing(id, gone=True) if isinstance(answer, Missing) else answer
            for id, answer in answers.items()
        }


class FetchBySearch(MemoryConnector):
    """Reads records from the lagging index."""

    async def fetch(self, record: str, ids: Sequence[str]) -> Mapping[str, Record | Missing]:
        known = {item.id: self._record(item, state) for item, state in self.tool.listing()}
        return {id: known.get(id) or Missing(id, gone=True) for id in ids}


class AsciiOnly(MemoryConnector):
    """Drops what it cannot spell."""

    async def update(self, record: str, items: Sequence[Update]) -> Sequence[Outcome]:
        plain = [{k: _ascii(v) for k, v in item.patch.items()} for item in items]
        pairs = zip(items, plain, strict=True)
        return await super().update(record, [replace(item, patch=patch) for item, patch in pairs])


class EverythingPublic(MemoryConnector):
    """Writes each comment for everybody to read."""

    async def comment(self, record: str, items: Sequence[NewComment]) -> Sequence[Outcome]:
        public = [replace(item, visibility=Visibility.PUBLIC) for item in items]
        return await super().comment(record, public)


class Anonymous(MemoryConnector):
    """Takes every comment and change for its own."""

    async def comments(self, record: str, ids: Sequence[str]) -> Mapping[str, Sequence[Comment]]:
        found = await super().comments(record, ids)
        return {id: [replace(c, by_us=True) for c in cs] for id, cs in found.items()}

    async def history(
        self, record: str, ids: Sequence[str], since: Any
    ) -> Mapping[str, Sequence[Change]]:
        found = await super().history(record, ids, since)
        return {id: [replace(c, by_us=True) for c in cs] for id, cs in found.items()}


class GuessingFind(MemoryConnector):
    """Finds the latest record, whatever was asked for."""

    async def find(self, record: str, items: Sequence[CreateSearch]) -> Sequence[FindResult]:
        last = self._record(*self.tool.listing()[-1])
        return [FindResult(Found.YES, last) for _ in items]


class SecondCard(MemoryConnector):
    """Adds a card each time it is shown."""

    async def show_links(
        self, record: str, cards: Sequence[LinkCard], gone: Sequence[LinkCard] = ()
    ) -> Sequence[Outcome]:
        for card in cards:
            shown = self.tool.item(card.record_id).cards
            shown[card.connection, f"{card.key}{len(shown)}"] = card
        return [Outcome.applied(card.record_id) for card in cards]


class SilentCard(MemoryConnector):
    """Takes cards off, and says nothing of it."""

    async def show_links(
        self, record: str, cards: Sequence[LinkCard], gone: Sequence[LinkCard] = ()
    ) -> Sequence[Outcome]:
        return (await super().show_links(record, cards, gone))[: len(cards)]


class CensusOfAll(MemoryConnector):
    """Lists ids from a cache that forgets nothing."""

    async def census(self, record: str) -> AsyncIterator[CensusPage]:
        made = self.tool._made
        yield CensusPage({f"T-{n + 1}": None for n in range(made)})


class ReadsTwice(MemoryConnector):
    """Asks twice where once will do."""

    async def changes(self, record: str, cursor: str | None) -> AsyncIterator[Page]:
        await self._read("changes")
        async for page in super().changes(record, cursor):
            yield page


class ShowsItsToken(MemoryConnector):
    """Prints its credential."""

    def __repr__(self) -> str:
        return f"<connector {self.tool.token}>"


class TakesAnyToken(MemoryConnector):
    """Never looks at the credential."""

    def _authenticated(self) -> None:
        return


class Optimist(MemoryConnector):
    """Takes an unreachable tool for an empty one."""

    async def fetch(self, record: str, ids: Sequence[str]) -> Mapping[str, Record | Missing]:
        try:
            return await super().fetch(record, ids)
        except Retriable:
            return {id: Missing(id, gone=True) for id in ids}


def _ascii(value: Any) -> Any:
    return value.encode("ascii", "ignore").decode() if isinstance(value, str) else value


class Suite(ConnectorTests):
    """The suite's own tests, called by name. Not collected: its name does not start with Test."""

    shape = SHAPE


BUGS: list[tuple[type[MemoryConnector], str]] = [
    (CursorAfter, "test_a_change_right_after_the_cursor_is_told"),
    (CursorTooSoon, "test_the_cursor_of_every_page_resumes_without_a_gap"),
    (ShiftingPages, "test_changes_are_complete_over_ties_and_shifting_pages"),
    (BlindRetry, "test_a_create_whose_answer_is_lost_is_found_and_made_once"),
    (GuessingFind, "test_a_create_that_was_never_sent_is_not_found"),
    (WholeRecord, "test_an_update_changes_only_its_patch"),
    (WholeRecord, "test_our_write_leaves_what_a_person_wrote_elsewhere_meanwhile"),
    (NoCompare, "test_a_write_planned_from_an_old_view_is_refused_or_the_window_admitted"),
    (AllOrNothing, "test_a_refused_item_of_a_batch_harms_no_neighbour"),
    (HiddenIsGone, "test_fetch_tells_hidden_from_gone"),
    (FetchBySearch, "test_fetch_is_current_when_searches_lag"),
    (EverythingPublic, "test_comments_keep_their_words_order_and_visibility"),
    (Anonymous, "test_comments_keep_their_words_order_and_visibility"),
    (Anonymous, "test_the_history_names_who_changed_what"),
    (SecondCard, "test_a_link_shown_twice_is_one_and_can_be_taken_off"),
    (SilentCard, "test_a_link_shown_twice_is_one_and_can_be_taken_off"),
    (CensusOfAll, "test_the_census_is_everything_with_the_versions_of_now"),
    (ReadsTwice, "test_an_unchanged_tool_costs_one_request"),
    (Optimist, "test_a_tool_that_is_down_is_tried_again_later"),
]


@pytest.mark.parametrize(("bug", "name"), BUGS, ids=lambda value: getattr(value, "__name__", value))
async def test_a_planted_bug_is_caught(bug: type[MemoryConnector], name: str) -> None:
    connector, world = planted(bug)
    test: Callable[..., Awaitable[None]] = getattr(Suite(), name)
    with pytest.raises((AssertionError, KeyError, pytest.fail.Exception)):
        await called(test, connector=connector, world=world, record="ticket")


async def test_a_planted_loss_of_letters_is_caught() -> None:
    connector, _ = planted(AsciiOnly)
    with pytest.raises(AssertionError):
        await Suite().test_hard_texts_arrive_unchanged(connector, "emoji")


async def test_a_connector_that_shows_its_token_is_caught(
    caplog: pytest.LogCaptureFixture,
) -> None:
    connector, world = planted(ShowsItsToken)
    stranger = ShowsItsToken(world.tool, FULL, Secret(WRONG))
    with pytest.raises(AssertionError):
        await Suite().test_no_secret_shows_in_text_log_or_error(
            connector, stranger, world, "ticket", caplog
        )


async def test_a_connector_that_takes_any_credential_is_caught() -> None:
    connector, world = planted(TakesAnyToken)
    with pytest.raises(pytest.fail.Exception):
        await Suite().test_wrong_credentials_stop_everything(connector, connector, world, "ticket")


def planted(bug: type[MemoryConnector]) -> tuple[MemoryConnector, ToolWorld]:
    """A connector with a bug, on a tool whose searches lag where the bug needs that to show."""
    clock = ManualClock()
    tool = MemoryTool(clock)
    if bug is FetchBySearch:
        tool = MemoryTool(clock, search_lag=timedelta(hours=1))
    return bug(tool, FULL, Secret(tool.token)), ToolWorld(tool, clock)


async def called(test: Callable[..., Awaitable[None]], **fixtures: object) -> None:
    """Call a test with those of the fixtures it names."""
    names = test.__code__.co_varnames[: test.__code__.co_argcount]
    await test(**{name: fixtures[name] for name in names if name in fixtures})


EXEMPTIONS = """
from tests.connectors.test_memory_side import TestMemorySide

class TestSaid(TestMemorySide):
    exempt = {
        "test_fetch_tells_hidden_from_gone": "nothing can be hidden here",
        "test_hard_texts_arrive_unchanged[emoji]": "the tool has three-byte letters only",
    }

class TestUnsaid(TestMemorySide):
    exempt = {"test_fetch_tells_hidden_from_gone": " "}

class TestUnknown(TestMemorySide):
    exempt = {"test_of_old": "it was renamed"}
"""


def test_an_exemption_needs_a_reason_a_real_test_and_is_printed(tmp_path: Path) -> None:
    file = tmp_path / "test_exemptions.py"
    file.write_text(EXEMPTIONS)
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "pytest", f"--rootdir={root}", f"-c{root}/pyproject.toml"]
    chosen = [str(file), "-p", "no:cacheprovider", "-k", "fetch_tells_hidden or hard_texts"]
    run = subprocess.run([*command, *chosen], cwd=root, capture_output=True, text=True, check=False)
    told = run.stdout
    assert "test_fetch_tells_hidden_from_gone: exempt: nothing can be hidden here" in told
    assert "[emoji]: exempt: the tool has three-byte letters only" in told
    assert "test_fetch_tells_hidden_from_gone is exempt without a reason" in told
    assert "exempt names tests that do not exist: ['test_of_old']" in told
    assert "TestSaid" not in told.partition("short test summary")[2]
