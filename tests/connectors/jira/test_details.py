"""What the mapping-rot guard asks of Jira beyond its description: ids, demands, workflows."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from connectors.jira import JiraConnector
from syncline.rot.snapshot import Details, TellsDetails
from tests.connectors.jira.world import LAG, DataCenterWorld, JiraWorld


@pytest.fixture(params=[JiraWorld, DataCenterWorld], ids=["cloud", "data center"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[JiraWorld]:
    async with request.param.serving() as found:
        yield found


async def told(connector: JiraConnector) -> Details:
    assert isinstance(connector, TellsDetails)
    await connector.describe()
    return Details.of(await connector.details("issue"))


async def test_ids_outlive_the_names_of_options_and_fields(
    world: JiraWorld, connector: JiraConnector
) -> None:
    before = await told(connector)
    world.fake.administer("rename", {"field": "status", "option": "Done", "to": "Finished"})
    world.fake.administer("rename", {"field": "Team", "option": "Mobile", "to": "Apps"})
    world.fake.administer("rename", {"field": "Platform", "to": "System"})
    after = await told(connector)
    assert before.options["status"]["Done"] == after.options["status"]["Finished"] == "10002"
    team = "custom_fields.Team"
    assert before.options[team]["Mobile"] == after.options[team]["Apps"]
    assert before.fields["custom_fields.Platform"] == after.fields["custom_fields.System"]
    assert set(after.options) >= {"status", "priority", "issuetype", "resolution"}


async def test_each_type_has_its_own_demands(world: JiraWorld, connector: JiraConnector) -> None:
    assert "custom_fields.Team" not in (await told(connector)).required["Bug"]
    world.fake.administer("require", {"type": "Bug", "fields": ["Team", "Due date"]})
    required = (await told(connector)).required
    assert {"custom_fields.Team", "duedate", "summary"} <= set(required["Bug"])
    assert "custom_fields.Team" not in required["Task"]


async def test_a_field_counts_as_required_only_where_every_type_requires_it(
    world: JiraWorld, connector: JiraConnector
) -> None:
    async def required() -> bool:
        fields = (await connector.describe()).records["issue"].fields
        return fields["custom_fields.Team"].required

    types = ("Sub-task", "Bug", "Task", "Story", "Epic")
    for kind in types:
        assert not await required(), kind
        world.fake.administer("require", {"type": kind, "fields": ["Team"]})
    assert await required()


async def test_a_workflow_is_what_issues_are_offered_and_no_more_is_claimed(
    world: JiraWorld, connector: JiraConnector
) -> None:
    await world.create({"summary": "one", "issuetype": "Bug"})
    world.tool_clock.advance(LAG.total_seconds())
    details = await told(connector)
    assert details.kind == "issuetype"
    assert details.moves == {"Bug": {"To Do": ("In Progress", "Won't Do")}}
    step = {"type": "Bug", "from": "To Do", "to": "In Progress"}
    world.fake.administer("close_transition", step)
    assert (await told(connector)).moves == {"Bug": {"To Do": ("Won't Do",)}}


async def test_details_cost_a_search_for_each_status_and_write_nothing(
    world: JiraWorld, connector: JiraConnector
) -> None:
    await connector.describe()
    before = connector.requests()
    await connector.details("issue")
    after = connector.requests()
    # Six searches, and the lists of statuses, priorities and resolutions once more.
    assert after["read"] - before["read"] == 6 + 3
    assert after["write"] == before["write"]
