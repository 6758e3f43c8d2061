"""How PostHog takes events: everything with 200, and what is wrong with one without a word."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.posthog.fake.analytics import GROUP_TYPES
from connectors.posthog.fake.project import TOKEN
from tests.connectors.posthog.world import PostHogWorld

UUID = "0190a0de-0000-7000-8000-0000000000aa"


async def captured(world: PostHogWorld, *events: dict[str, Any], token: str = TOKEN) -> Any:
    """The answer to a batch, which is processed then."""
    body = {"api_key": token, "batch": list(events)}
    answer = await world.http.post("/batch/", json=body)
    world.tool.advance(30)
    world.fake.analytics.ingest()
    return answer


def event(**more: Any) -> dict[str, Any]:
    return {"event": "opened", "distinct_id": "ann", "properties": {}, **more}


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(event(uuid="no uuid"), id="a uuid that is none"),
        pytest.param(event(distinct_id=""), id="nobody"),
        pytest.param(event(event=""), id="no name"),
        pytest.param(event(properties={"much": "x" * 1_000_000}), id="a megabyte"),
        pytest.param("opened", id="no event"),
    ],
)
async def test_a_wrong_event_is_taken_and_dropped(world: PostHogWorld, wrong: Any) -> None:
    answer = await captured(world, wrong, event(distinct_id="bob"))
    assert (answer.status_code, answer.json()) == (200, {"status": "Ok"})
    (row,) = world.fake.analytics.events.values()
    assert row["distinct_id"] == "bob"


async def test_another_projects_token_is_taken_too_and_a_missing_one_is_not(
    world: PostHogWorld,
) -> None:
    assert (await captured(world, event(), token="phc_of_another")).status_code == 200
    assert (await captured(world, event(), token="")).status_code == 401
    assert len(world.fake.analytics.events) == 0


async def test_a_project_over_its_quota_drops_events_with_200(world: PostHogWorld) -> None:
    world.fake.asking.over_quota = True
    answer = await captured(world, event())
    assert (answer.status_code, answer.json()["quota_limited"]) == (200, ["events"])
    assert len(world.fake.analytics.events) == 0


async def test_a_time_in_seconds_is_replaced_by_that_of_the_arrival(world: PostHogWorld) -> None:
    now = world.tool.now().isoformat(" ", "microseconds").removesuffix("+00:00")
    await captured(world, event(timestamp=1_600_000_000))
    (row,) = world.fake.analytics.events.values()
    assert row["timestamp"] == now


async def test_an_event_that_came_twice_is_one_on_the_same_day_only(world: PostHogWorld) -> None:
    for at in ("2026-01-05T08:00:00Z", "2026-01-05T09:00:00Z", "2026-01-04T09:00:00Z"):
        await captured(world, event(uuid=UUID, timestamp=at))
    days = sorted(row["timestamp"][:10] for row in world.fake.analytics.events.values())
    assert days == ["2026-01-04", "2026-01-05"]


async def test_a_sixth_group_type_is_ignored(world: PostHogWorld) -> None:
    for number in range(GROUP_TYPES + 1):
        said = {"$group_type": f"type {number}", "$group_key": "one", "$group_set": {}}
        await captured(world, event(event="$groupidentify", properties=said))
    assert len(world.fake.analytics.types) == GROUP_TYPES
    assert len(world.fake.analytics.groups) == GROUP_TYPES


async def test_events_of_one_sender_are_processed_in_the_order_they_came(
    world: PostHogWorld,
) -> None:
    await world.fault("POST", "/batch/", "lag:300")
    for name in ("Acme", "Acme Inc."):
        said = {"$group_type": "company", "$group_key": "acme", "$group_set": {"name": name}}
        await captured(world, event(event="$groupidentify", properties=said))
    assert len(world.fake.analytics.groups) == 0
    world.tool.advance(300)
    world.fake.analytics.ingest()
    (group,) = world.fake.analytics.groups.values()
    assert group["properties"]["name"] == "Acme Inc."
