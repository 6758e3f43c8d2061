"""Usage by group: one question for all of them, read and never written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from connectors.mixpanel import MixpanelConnector
from connectors.mixpanel.fake.office import DATA_GROUP_ID, GROUP_KEY, HUB, HUB_SECRET, PROJECT
from connectors.mixpanel.usage import MOST
from syncline.engine.spec import SideSpec
from syncline.sdk.connector import Record, Result, Update
from tests.connectors.mixpanel.world import START, ProfileWorld, opened
from tests.support.world import World, compiled

RECORD = "group"
METRICS = {
    "active": {"event": "Opened"},
    "exports": {"event": "Exported", "count": "events", "days": 7},
}
GROUP = {"key": GROUP_KEY, "data_group_id": DATA_GROUP_ID, "usage": METRICS}
CRM = """\
entity: account
record: ticket
text: markdown
fields:
  name: {path: title}
  active: {kind: number, path: custom.active}
"""
ANALYTICS = """\
entity: account
record: group
text: plain
fields:
  name: {path: $name}
  active: {kind: number, path: usage.active, read_only: true}
"""


@pytest.fixture
async def connector(world: ProfileWorld) -> AsyncIterator[MixpanelConnector]:
    async with opened(world, scope={"project": PROJECT, "group": GROUP}) as connector:
        yield connector


def happened(world: ProfileWorld, event: str, user: str, group: Any, days_ago: int = 1) -> None:
    """An event of the product's."""
    number = world.fake.state.next("event")
    moment = START - timedelta(days=days_ago)
    has = {"time": int(moment.timestamp()), "distinct_id": user, "$insert_id": f"{number}"}
    told = {"event": event, "properties": {**has, GROUP_KEY: group}}
    world.fake.events.take(told, imported=True)


async def usage_of(connector: MixpanelConnector, id: str) -> Any:
    """What a record says of its usage."""
    now = (await connector.fetch(RECORD, [id]))[id]
    assert isinstance(now, Record)
    return now.fields["usage"]


async def test_users_are_counted_once_over_all_days_and_events_each_time(
    connector: MixpanelConnector, world: ProfileWorld
) -> None:
    for id in ("acme", "other", "idle"):
        await world.create({"group_id": id, "$name": id})
    for day in (1, 2, 30, 31, 0):  # the last two are outside: too long ago, and not over yet
        happened(world, "Opened", "ann", "acme", day)
        happened(world, "Exported", "ann", "acme", day)
    happened(world, "Opened", "bob", ["acme", "other"])
    assert await usage_of(connector, "acme") == {"active": 2, "exports": 2}
    assert await usage_of(connector, "other") == {"active": 1, "exports": 0}
    assert await usage_of(connector, "idle") == {"active": 0, "exports": 0}


async def test_each_metric_is_one_question_an_hour(
    connector: MixpanelConnector, world: ProfileWorld
) -> None:
    id = await world.create({"$name": "acme"})
    for _ in range(3):
        await usage_of(connector, id)
    assert world.requests().read == 3 + len(METRICS)
    world.tool.advance(3600)
    await usage_of(connector, id)
    assert world.requests().read == 4 + 2 * len(METRICS)


async def test_more_groups_are_counted_than_mixpanel_counts_unasked(
    connector: MixpanelConnector, world: ProfileWorld
) -> None:
    for n in range(70):
        happened(world, "Opened", "ann", f"group-{n}")
    await world.create({"group_id": "group-69"})
    assert (await usage_of(connector, "group-69"))["active"] == 1
    answer = await world.http.get(
        "/api/query/segmentation",
        params={
            "project_id": PROJECT, "event": "Opened", "on": f'properties["{GROUP_KEY}"]',
            "from_date": "2026-01-01", "to_date": "2026-01-05",
        },
        auth=(HUB, HUB_SECRET),
    )  # fmt: skip
    assert answer.json()["legend_size"] == 60, "the trap"


async def test_a_group_that_the_answer_has_no_room_for_is_not_said_to_be_idle(
    connector: MixpanelConnector, world: ProfileWorld
) -> None:
    for n in range(MOST):
        happened(world, "Opened", "ann", f"group-{n}")
    happened(world, "Opened", "ann", "one too many")
    for group in ("group-7", "one too many"):
        await world.create({"group_id": group})
    assert (await usage_of(connector, "group-7"))["active"] == 1
    assert await usage_of(connector, "one too many") == {"active": None, "exports": 0}


async def test_usage_cannot_be_written(connector: MixpanelConnector, world: ProfileWorld) -> None:
    id = await world.create({"$name": "acme"})
    (outcome,) = await connector.update(RECORD, [Update(id, {"usage": {"active": 7}}, {})])
    assert outcome.result is Result.REJECTED
    assert world.requests().write == 0
    fields = (await connector.describe()).records[RECORD].fields
    assert fields["usage.active"].read_only


async def test_usage_travels_into_the_crm_one_way(
    connector: MixpanelConnector, world: ProfileWorld
) -> None:
    office = await World.make(crm={"text_format": "markdown"}, analytics={})
    office.connectors["analytics"] = connector  # type: ignore[assignment]
    analytics = SideSpec("analytics", RECORD, "plain")
    sides = {**office.spec.sides, "analytics": analytics}
    units = compiled(sides, {"crm": CRM, "analytics": ANALYTICS}, {}, {})
    office.change(entity="account", sides=sides, units=units)
    await world.create({"group_id": "acme", "$name": "Acme"})
    happened(world, "Opened", "ann", "acme")
    await office.settled()
    (id,) = office.tools["crm"].items
    assert office.tools["crm"].fields(id)["custom"]["active"] == 1
    happened(world, "Opened", "bob", "acme")
    world.tool.advance(3600)
    await office.settled()
    assert office.tools["crm"].fields(id)["custom"]["active"] == 2
    assert world.requests().write == 0
    await office.store.aclose()
