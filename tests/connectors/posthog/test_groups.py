"""Groups as accounts: usage counted for many at once, and properties that are set by events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.posthog import PostHogConnector
from connectors.posthog.capture import WAITS
from connectors.posthog.config import ingestion_host
from connectors.posthog.fake.project import READER
from connectors.posthog.queried import ROWS
from syncline.sdk.connector import (
    Create,
    CreateSearch,
    Found,
    Missing,
    Outcome,
    Record,
    Result,
    Update,
)
from syncline.sdk.errors import AuthRequired, Misconfigured
from tests.connectors.posthog.world import (
    API,
    COMPANY,
    START,
    GroupWorld,
    PostHogWorld,
    TiedClock,
    living,
    opened,
)

RECORD = "group"
MIDNIGHT = datetime(2026, 1, 5, tzinfo=UTC)
BATCH = "/batch/"


@pytest.fixture
async def world() -> AsyncIterator[PostHogWorld]:
    async with living(GroupWorld) as world:
        yield world


def company(world: PostHogWorld, key: str, **properties: Any) -> str:
    world.fake.analytics.group(COMPANY, key, properties)
    return key


def used(world: PostHogWorld, key: str, who: str, at: datetime) -> None:
    world.fake.analytics.happen("opened", who, {"$groups": {COMPANY: key}}, at)


async def shown(connector: PostHogConnector, id: str) -> Record:
    record = (await connector.fetch(RECORD, [id]))[id]
    assert isinstance(record, Record)
    return record


async def told(connector: PostHogConnector, cursor: str | None = None) -> tuple[list[str], str]:
    ids, last = list[str](), ""
    async for page in connector.changes(RECORD, cursor):
        ids += [one.id for one in page.records]
        last = page.cursor or last
    return ids, last


async def patched(connector: PostHogConnector, *changes: tuple[str, dict[str, Any]]) -> list[Any]:
    items = [Update(id, {"properties": values}, {}) for id, values in changes]
    return list(await connector.update(RECORD, items))


def set_events(world: PostHogWorld) -> int:
    events = world.fake.analytics.events.values()
    return sum(row["event"] == "$groupidentify" for row in events)


async def test_usage_is_counted_over_thirty_whole_days(
    connector: PostHogConnector, world: PostHogWorld
) -> None:
    key = company(world, "acme", name="Acme")
    days = [timedelta(seconds=-1), timedelta(), timedelta(days=7), timedelta(days=29, hours=23)]
    for number, before in enumerate(days):
        used(world, key, f"user {number % 3}", MIDNIGHT - before - timedelta(microseconds=1))
    used(world, key, "user 1", MIDNIGHT - timedelta(hours=5))
    used(world, key, "user 0", MIDNIGHT - timedelta(days=30, hours=1))
    used(world, company(world, "other"), "user 9", MIDNIGHT - timedelta(days=1))
    assert (await shown(connector, key)).fields["usage"] == {
        "events_30d": 4,
        "users_30d": 3,
        "users_7d": 1,
        "last_seen_at": "2026-01-04T23:59:59.999999+00:00",
    }
    assert (await shown(connector, "the-first")).fields["usage"] == {
        "events_30d": 0,
        "users_30d": 0,
        "users_7d": 0,
        "last_seen_at": None,
    }


async def test_the_usage_of_a_thousand_groups_is_one_query(
    connector: PostHogConnector, world: PostHogWorld
) -> None:
    ids = [company(world, f"group {n}") for n in range(ROWS)]
    for id in ids[:5]:
        used(world, id, f"user of {id}", MIDNIGHT - timedelta(days=1))
    await shown(connector, ids[0])
    before = world.requests()
    found = await connector.fetch(RECORD, ids)
    assert world.requests() == (before.read + 1, before.write)
    usage = [one.fields["usage"]["users_30d"] for one in found.values() if isinstance(one, Record)]
    assert usage == [1] * 5 + [0] * (ROWS - 5)


async def test_usage_changes_when_a_day_is_over_and_not_with_each_pass(
    connector: PostHogConnector, world: PostHogWorld
) -> None:
    key = company(world, "acme")
    _, cursor = await told(connector)
    used(world, key, "ann", world.tool.now())
    world.tool.advance(3600)
    assert await told(connector, cursor) == ([], cursor)
    world.tool.advance(17 * 3600)  # three in the morning, when the day before is counted
    ids, later = await told(connector, cursor)
    assert set(ids) == {key, "the-first"}
    assert (await shown(connector, key)).fields["usage"]["users_30d"] == 1
    assert await told(connector, later) == ([], later)


async def test_a_pass_costs_one_request_and_one_more_where_one_percent_changed(
    connector: PostHogConnector, world: PostHogWorld
) -> None:
    ids = [company(world, f"group {n:03d}") for n in range(300)]
    world.tool.advance(7200)
    _, cursor = await told(connector)
    _, cursor = await told(connector, cursor)
    before = world.requests().read
    assert await told(connector, cursor) == ([], cursor)
    assert world.requests().read - before == 1
    for id in ids[:3]:
        company(world, id, plan="pro")
    before = world.requests().read
    assert set((await told(connector, cursor))[0]) == set(ids[:3])
    assert world.requests().read - before == 2


async def test_a_batch_of_updates_is_one_request_and_is_seen_when_it_is_processed(
    connector: PostHogConnector, world: PostHogWorld
) -> None:
    ids = [company(world, f"group {n}", name="?") for n in range(50)]
    before, start = world.requests().write, world.tool.now()
    outcomes = await patched(connector, *((id, {"name": f"Name of {id}"}) for id in ids))
    assert {one.result for one in outcomes} == {Result.APPLIED}
    assert world.requests().write - before == 1
    assert world.tool.now() - start >= timedelta(seconds=20), "it waited for PostHog"
    names = [one.record.fields["properties"]["name"] for one in outcomes]
    assert names == [f"Name of {id}" for id in ids]


async def test_several_updates_of_one_group_are_all_applied(connector: PostHogConnector) -> None:
    outcomes = await patched(
        connector,
        ("the-first", {"name": "One", "plan": "pro"}),
        ("the-first", {"name": "Two"}),
    )
    assert [one.result for one in outcomes] == [Result.APPLIED, Result.APPLIED]
    properties = (await shown(connector, "the-first")).fields["properties"]
    assert properties == {"name": "Two", "plan": "pro"}


async def test_our_own_events_are_nobodys_and_no_usage(
    connector: PostHogConnector, world: PostHogWorld
) -> None:
    await patched(connector, ("the-first", {"name": "Renamed"}))
    assert len(world.fake.analytics.persons) == 0
    world.tool.advance(86_400)
    assert (await shown(connector, "the-first")).fields["usage"]["events_30d"] == 0


async def test_what_is_not_shown_in_time_may_still_come_and_a_repeat_harms_nothing(
    connector: PostHogConnector, world: PostHogWorld
) -> None:
    await world.fault("POST", BATCH, "lag:600")
    (late,) = await patched(connector, ("the-first", {"name": "Renamed"}))
    assert late.result is Result.AMBIGUOUS
    assert "does not show it yet" in late.reason
    item = Update("the-first", {"properties": {"name": "Renamed"}}, {})
    world.tool.advance(700)
    (again,) = await connector.update(RECORD, [item])
    assert again.result is Result.APPLIED
    assert set_events(world) == 1, "the same uuid on the same day is the same event"
    assert (await shown(connector, "the-first")).fields["properties"]["name"] == "Renamed"


async def test_a_group_that_is_gone_is_not_made_again_by_an_update(
    connector: PostHogConnector, world: PostHogWorld
) -> None:
    before = world.requests().write
    (outcome,) = await patched(connector, ("never was", {"name": "Ghost"}))
    assert outcome.result is Result.GONE
    assert world.requests().write == before
    found = (await connector.fetch(RECORD, ["never was"]))["never was"]
    assert isinstance(found, Missing) and found.gone


async def test_a_project_over_its_quota_is_told_apart_from_one_that_took_the_events(
    connector: PostHogConnector, world: PostHogWorld
) -> None:
    world.fake.asking.over_quota = True
    (outcome,) = await patched(connector, ("the-first", {"name": "Renamed"}))
    assert outcome.result is Result.RETRY
    assert "used up its quota" in outcome.reason


async def test_values_too_large_for_an_event_are_refused_and_their_neighbours_written(
    connector: PostHogConnector, world: PostHogWorld
) -> None:
    company(world, "acme")
    large, fine = await patched(
        connector, ("the-first", {"about": "x" * 950_000}), ("acme", {"about": "y"})
    )
    assert (large.result, fine.result) == (Result.REJECTED, Result.APPLIED)
    assert "too large" in large.reason


async def made(connector: PostHogConnector, *items: Create) -> list[Outcome]:
    return list(await connector.create(RECORD, items))


def create(of: str, **fields: Any) -> Create:
    return Create(of, {"properties": {"name": "Acme"}, **fields})


async def test_a_create_needs_a_key_of_its_own_and_refusals_harm_no_neighbour(
    connector: PostHogConnector, world: PostHogWorld
) -> None:
    keyless, first, twin, known, usage = await made(
        connector,
        create("sl-a"),
        create("sl-b", key="acme"),
        create("sl-c", key="acme"),
        create("sl-d", key="the-first"),
        create("sl-e", key="bolt", usage={"users_30d": 3}),
    )
    assert first.result is Result.APPLIED and first.record and first.record.marker == "sl-b"
    refused = (keyless, twin, known, usage)
    assert {one.result for one in refused} == {Result.REJECTED}
    assert "map one to `key`" in keyless.reason
    assert "already" in twin.reason and "already" in known.reason
    assert set(world.fake.analytics.groups) == {"0/the-first", "0/acme"}


@pytest.mark.parametrize("fault", ["drop_after_apply", "drop_before", "status_after_apply:500"])
async def test_a_create_that_was_cut_off_ends_in_one_group(
    connector: PostHogConnector, world: PostHogWorld, fault: str
) -> None:
    await world.fault("POST", BATCH, fault)
    (outcome,) = await made(connector, create("sl-cut", key="acme"))
    assert outcome.result is Result.AMBIGUOUS
    world.tool.advance(60)
    (answer,) = await connector.find(RECORD, [CreateSearch("sl-cut", {"key": "acme"}, START)])
    assert (answer.found is Found.YES) == (fault != "drop_before")
    (again,) = await made(connector, create("sl-cut", key="acme"))
    assert again.result is Result.APPLIED
    assert set(world.fake.analytics.groups) == {"0/the-first", "0/acme"}


async def test_the_key_of_a_create_is_not_part_of_the_properties(
    connector: PostHogConnector,
) -> None:
    await made(connector, create("sl-a", key="acme"))
    record = await shown(connector, "acme")
    assert record.fields["properties"] == {"name": "Acme"}
    (refused,) = await connector.update(RECORD, [Update("acme", {"key": "other"}, {})])
    assert refused.result is Result.REJECTED
    assert "cannot be changed" in refused.reason


async def test_a_group_type_that_is_not_there_stops_with_those_that_are(
    world: PostHogWorld,
) -> None:
    scope = {"project": 1, "group_type": "customer"}
    async with opened(world, scope=scope) as lost:
        with pytest.raises(Misconfigured, match="there are: company"):
            await told(lost)
        (warning,) = (await lost.describe()).warnings
        assert "no group type 'customer'" in warning


async def test_a_key_that_may_not_read_groups_still_describes_the_rest(
    world: PostHogWorld,
) -> None:
    async with opened(world, READER) as reader:
        schema = await reader.describe()
        assert schema.records.keys() == {"early_access_feature", "survey_response"}
        assert schema.warnings == (
            "early_access_feature records cannot be written: the key lacks "
            "early_access_feature:write, feature_flag:write.",
            "annotation records cannot be read: the key lacks annotation:read.",
            "group records cannot be read: the key lacks group:read, property_definition:read.",
            "person records cannot be read: the key lacks property_definition:read.",
        )
        with pytest.raises(AuthRequired, match="group:read"):
            await told(reader)


@pytest.mark.parametrize("action", ["status:404", "status:403"])
async def test_a_posthog_that_shows_no_key_to_itself_is_asked_for_what_it_has(
    world: PostHogWorld, action: str
) -> None:
    await world.fault("GET", "/api/personal_api_keys/@current/", action)
    async with opened(world, READER) as reader:
        schema = await reader.describe()
    assert "early_access_feature" in schema.records
    assert "missing required scope 'group:read'" in schema.warnings[0]


async def test_properties_that_groups_have_are_fields(
    connector: PostHogConnector, world: PostHogWorld
) -> None:
    company(world, "acme", seats=12, churned=False, syncline_key="sl-a")
    fields = (await connector.describe()).records[RECORD].fields
    assert fields["properties.seats"].type == "number"
    assert fields["properties.churned"].type == "bool"
    assert "properties.syncline_key" not in fields
    assert fields["usage.users_30d"].read_only


class Outage(TiedClock):
    """A clock by which PostHog goes down while a write is waited for."""

    def __init__(self, world: PostHogWorld) -> None:
        super().__init__(world.tool)
        self._world: PostHogWorld | None = world

    async def sleep(self, seconds: float) -> None:
        if seconds == WAITS[0] and self._world is not None:
            world, self._world = self._world, None
            await world.fault("POST", f"{API}query/", "status:503", times=1000)
        await super().sleep(seconds)


async def test_an_outage_after_the_write_leaves_it_unsettled(world: PostHogWorld) -> None:
    world.clock = Outage(world)
    async with opened(world) as connector:
        (outcome,) = await patched(connector, ("the-first", {"name": "Renamed"}))
    assert outcome.result is Result.AMBIGUOUS
    world.fake.analytics.ingest()
    (group,) = world.fake.analytics.groups.values()
    assert group["properties"]["name"] == "Renamed"


@pytest.mark.parametrize(
    ("base_url", "host"),
    [
        ("https://eu.posthog.com", "eu.i.posthog.com"),
        ("https://us.posthog.com/", "us.i.posthog.com"),
        ("https://posthog.acme.example", None),
    ],
)
def test_events_of_posthog_cloud_go_to_the_host_that_takes_them(
    base_url: str, host: str | None
) -> None:
    assert ingestion_host(base_url) == host
