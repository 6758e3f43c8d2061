"""Responses to surveys: one request each, however many events it came in, and however late."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from connectors.posthog import PostHogConnector
from connectors.posthog.fake.project import TOKEN
from connectors.posthog.queried import ROWS
from syncline.sdk.connector import Create, CreateSearch, Found, Missing, Record, Result, Update
from syncline.sdk.errors import AuthRequired
from tests.connectors.posthog.world import COMPANY, START, WRONG, PostHogWorld, opened

RECORD = "survey_response"
SURVEY = {"$survey_id": "s-1", "$survey_name": "Wishes"}
QUESTIONS = [{"id": "q1", "question": "What is missing?"}, {"id": "q2", "question": "How bad?"}]


def answered(world: PostHogWorld, who: str = "ann", *, ago: float = 0, **properties: Any) -> str:
    """Somebody answers; the event's uuid."""
    at = world.tool.now() - timedelta(seconds=ago)
    return world.fake.analytics.happen("survey sent", who, {**SURVEY, **properties}, at)


async def captured(world: PostHogWorld, answer: str, **event: Any) -> None:
    """An answer as a device sends it, now."""
    said = {**SURVEY, "$survey_response": answer}
    one = {"event": "survey sent", "distinct_id": "ann", "properties": said, **event}
    await world.http.post("/batch/", json={"api_key": TOKEN, "batch": [one]})


async def told(
    connector: PostHogConnector, cursor: str | None = None
) -> tuple[Mapping[str, Mapping[str, Any]], str]:
    records, last = dict[str, Mapping[str, Any]](), ""
    async for page in connector.changes(RECORD, cursor):
        records |= {one.id: one.fields for one in page.records}
        last = page.cursor or last
    return records, last


async def titles(connector: PostHogConnector, cursor: str | None = None) -> list[str]:
    return sorted(fields["title"] for fields in (await told(connector, cursor))[0].values())


async def test_a_response_tells_who_asked_what_for_which_account(
    connector: PostHogConnector, world: PostHogWorld
) -> None:
    world.fake.analytics.person("ann", {"email": "ann@acme.io"})
    id = answered(
        world,
        **{"$survey_questions": QUESTIONS, "$survey_response_q1": "Dark mode\n\nAt night.",
           "$survey_response_q2": ["Very", "Every day"], "$groups": {COMPANY: "acme"}},
    )  # fmt: skip
    records, _ = await told(connector)
    assert records[id] == {
        "title": "Wishes: Dark mode",
        "text": "What is missing?\nDark mode\n\nAt night.\n\nHow bad?\nVery, Every day",
        "survey": "Wishes",
        "email": "ann@acme.io",
        "account": "acme",
        "created_at": START.isoformat(),
    }


async def test_answers_of_older_sdks_are_numbered(
    connector: PostHogConnector, world: PostHogWorld
) -> None:
    both = {"$survey_response": "Dark mode", "$survey_response_q1": "Dark mode"}
    answered(world, **both, **{"$survey_response_1": 4})
    answered(
        world,
        **{"$survey_questions": QUESTIONS, "$survey_response": "Export", "$survey_response_1": 9},
    )
    texts = {fields["text"] for fields in (await told(connector))[0].values()}
    assert texts == {"Dark mode\n\n4", "What is missing?\nExport\n\nHow bad?\n9"}


async def test_who_answered_nothing_and_belongs_nowhere_is_told_too(
    connector: PostHogConnector, world: PostHogWorld
) -> None:
    uuid = world.fake.analytics.happen("survey sent", "ghost", {}, START)
    world.fake.analytics.happen("survey dismissed", "ghost", SURVEY, START)
    records, _ = await told(connector)
    assert list(records) == [uuid]
    assert records[uuid]["title"] == "Survey response"
    assert records[uuid]["text"] is records[uuid]["email"] is records[uuid]["account"] is None


async def test_a_response_given_in_parts_is_told_once_and_when_it_is_complete(
    connector: PostHogConnector, world: PostHogWorld
) -> None:
    part = {"$survey_submission_id": "sub-1", "$survey_questions": QUESTIONS}
    first = {**part, "$survey_response_q1": "Dark mode"}
    answered(world, **first, **{"$survey_completed": False})
    records, cursor = await told(connector)
    assert records == {}
    world.tool.advance(60)
    answered(world, **first, **{"$survey_response_q2": "Very", "$survey_completed": True})
    records, cursor = await told(connector, cursor)
    assert list(records) == ["sub-1"]
    world.tool.advance(60)
    answered(world, **first, **{"$survey_response_q2": "Not any more", "$survey_completed": True})
    records, cursor = await told(connector, cursor)
    assert records["sub-1"]["text"].endswith("How bad?\nNot any more")
    assert (await told(connector, cursor))[0] == {}
    census = [page.versions async for page in connector.census(RECORD)]
    assert [list(versions) for versions in census] == [["sub-1"]]


async def test_more_responses_than_a_page_at_one_moment_are_all_told(
    connector: PostHogConnector, world: PostHogWorld
) -> None:
    ids = {answered(world, f"user {n}", **{"$survey_response": str(n)}) for n in range(ROWS + 5)}
    pages = [page async for page in connector.changes(RECORD, None)]
    assert [len(page.records) for page in pages] == [ROWS, 5, 0]
    assert {one.id for page in pages for one in page.records} == ids
    assert [len(page.versions) async for page in connector.census(RECORD)] == [ROWS, 5]


async def test_a_response_that_a_device_kept_for_days_is_not_missed(
    connector: PostHogConnector, world: PostHogWorld
) -> None:
    answered(world, **{"$survey_response": "First"})
    _, cursor = await told(connector)
    world.tool.advance(86_400)
    at = (world.tool.now() - timedelta(days=20)).isoformat()
    await captured(world, "From the mountains", timestamp=at)
    world.tool.advance(60)
    assert await titles(connector, cursor) == ["Wishes: From the mountains"]


async def test_a_response_that_was_received_before_one_that_was_seen_before_is_not_missed(
    connector: PostHogConnector, world: PostHogWorld
) -> None:
    """Rows become visible out of the order in which PostHog received them."""
    await world.fault("POST", "/batch/", "lag:900")
    await captured(world, "Stuck", distinct_id="bob")
    world.tool.advance(10)
    await captured(world, "Fast")
    world.tool.advance(60)
    records, cursor = await told(connector)
    assert [one["title"] for one in records.values()] == ["Wishes: Fast"]
    world.tool.advance(900)
    assert await titles(connector, cursor) == ["Wishes: Stuck"]


async def test_a_pass_without_answers_is_one_request_and_with_some_one_more(
    connector: PostHogConnector, world: PostHogWorld
) -> None:
    for n in range(200):
        answered(world, f"user {n}", **{"$survey_response": str(n)})
    _, cursor = await told(connector)
    before = world.requests()
    assert await told(connector, cursor) == ({}, cursor)
    assert world.requests() == (before.read + 1, before.write)
    world.tool.advance(7200)
    for n in range(2):
        answered(world, f"user {n}", **{"$survey_response": "more"})
    before = world.requests()
    assert len((await told(connector, cursor))[0]) == 2
    assert world.requests() == (before.read + 2, before.write)


async def test_fetch_reads_many_at_once_and_tells_what_is_deleted(
    connector: PostHogConnector, world: PostHogWorld
) -> None:
    ids = [answered(world, f"user {n}", **{"$survey_response": str(n)}) for n in range(30)]
    await connector.fetch(RECORD, ids)
    before = world.requests().read
    found = await connector.fetch(RECORD, ids)
    assert world.requests().read - before == 1
    assert [one.id for one in found.values() if isinstance(one, Record)] == ids
    for place in list(world.fake.analytics.events):
        world.fake.analytics.forget(place)
    gone = (await connector.fetch(RECORD, ids[:1]))[ids[0]]
    assert isinstance(gone, Missing) and gone.gone


async def test_responses_are_read_and_never_written(
    connector: PostHogConnector, world: PostHogWorld
) -> None:
    id = answered(world, **{"$survey_response": "Dark mode"})
    made = await connector.create(RECORD, [Create("sl-a", {"title": "?"})])
    changed = await connector.update(RECORD, [Update(id, {"title": "?"}, {})])
    removed = await connector.remove(RECORD, [id], "delete")
    assert [one.result for one in (*made, *changed, *removed)] == [Result.REJECTED] * 3
    assert "can only be read" in made[0].reason
    (search,) = await connector.find(RECORD, [CreateSearch("sl-a", {}, START)])
    assert search.found is Found.UNKNOWN
    assert world.requests().write == 0


async def test_a_wrong_key_stops_the_reading_of_responses(world: PostHogWorld) -> None:
    async with opened(world, WRONG) as stranger:
        with pytest.raises(AuthRequired):
            await told(stranger)
        with pytest.raises(AuthRequired):
            await stranger.fetch(RECORD, ["sub-1"])
