"""What a connector does not offer is answered for it: nothing was done, and nothing is there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Self

import pytest

from syncline.sdk.clock import Clock
from syncline.sdk.connector import (
    Attachment,
    CensusPage,
    CommentEdit,
    ConnectionConfig,
    Connector,
    Create,
    CreateSearch,
    Found,
    LinkCard,
    Missing,
    NewAttachment,
    NewComment,
    Outcome,
    Page,
    Record,
    Result,
    Schema,
    Update,
    Visibility,
)
from syncline.sdk.errors import (
    Ambiguous,
    AuthRequired,
    Conflict,
    ConnectorError,
    Misconfigured,
    NotFound,
    RateLimited,
    Rejected,
    Retriable,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
INTERNAL = Visibility.INTERNAL


class Wall(Connector):
    """A tool with records and nothing else; none can be made or changed."""

    name = "wall"

    @classmethod
    def open(cls, connection: str, config: ConnectionConfig, clock: Clock) -> Self:
        return cls()

    async def describe(self) -> Schema:
        raise Misconfigured("a wall has no schema")

    async def changes(self, record: str, cursor: str | None) -> AsyncIterator[Page]:
        yield Page([], "1")

    async def census(self, record: str) -> AsyncIterator[CensusPage]:
        yield CensusPage({})

    async def fetch(self, record: str, ids: Sequence[str]) -> Mapping[str, Record | Missing]:
        return {}

    async def create(self, record: str, items: Sequence[Create]) -> Sequence[Outcome]:
        return [Outcome(Result.REJECTED) for _ in items]

    async def update(self, record: str, items: Sequence[Update]) -> Sequence[Outcome]:
        return [Outcome(Result.REJECTED) for _ in items]

    async def aclose(self) -> None:
        pass


async def test_each_write_that_a_connector_does_not_offer_is_refused_item_by_item() -> None:
    wall = Wall()
    said = NewComment("k", "1", "hello", INTERNAL)
    file = NewAttachment("k", "1", "a", b"", "text/plain", INTERNAL)
    card = LinkCard("1", "desk", "D-1", "title", "https://desk.example/1")
    told = [
        *await wall.remove("brick", ["1", "2"], "archive"),
        *await wall.comment("brick", [said, said]),
        *await wall.edit_comments("brick", [CommentEdit("c", "1", "new", "old", INTERNAL)] * 2),
        *await wall.attach("brick", [file, file]),
        *await wall.show_links("brick", [card, card], [card]),
    ]
    assert [one.result for one in told] == [Result.REJECTED] * 11
    assert all(one.reason for one in told)


async def test_what_a_connector_cannot_read_is_empty_and_not_an_error() -> None:
    wall = Wall()
    nothing = {"1": (), "2": ()}
    assert await wall.history("brick", ["1", "2"], NOW) == nothing
    assert await wall.comments("brick", ["1", "2"]) == nothing
    assert await wall.attachments("brick", ["1", "2"]) == nothing
    assert await wall.people(["ann"]) == await wall.find_people(["ann@example.com"]) == {}
    assert wall.requests() == {"read": 0, "write": 0}


async def test_a_create_that_a_connector_cannot_look_for_stays_unknown() -> None:
    (found,) = await Wall().find("brick", [CreateSearch("k", {}, NOW)])
    assert (found.found, found.record) == (Found.UNKNOWN, None)


async def test_a_file_of_a_connector_without_files_is_refused() -> None:
    file = Attachment("f", "1", "a", 0, "text/plain", INTERNAL, NOW)
    with pytest.raises(Rejected, match="wall has no attachments"):
        await Wall().download("brick", file)


@pytest.mark.parametrize(
    "error", [AuthRequired("ended"), Misconfigured("wrong"), ConnectorError("?")]
)
def test_an_error_of_the_whole_connection_is_no_outcome_of_an_item(error: ConnectorError) -> None:
    with pytest.raises(type(error)):
        Outcome.of_error(error)


LATER = datetime(2026, 1, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("error", "result"),
    [
        (RateLimited("slow down", retry_at=LATER), Result.RETRY),
        (Retriable("restarting"), Result.RETRY),
        (Ambiguous("the answer was lost"), Result.AMBIGUOUS),
        (Conflict("it has moved"), Result.CONFLICT),
        (NotFound("no such record"), Result.GONE),
        (Rejected("no such option"), Result.REJECTED),
    ],
)
def test_an_error_of_one_item_is_its_outcome_in_the_tools_words(
    error: ConnectorError, result: Result
) -> None:
    outcome = Outcome.of_error(error)
    assert (outcome.result, outcome.reason) == (result, str(error))
    assert outcome.retry_at == (LATER if isinstance(error, RateLimited) else None)
