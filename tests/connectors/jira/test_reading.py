"""Reading Jira's changes: its lag, its minutes, its pages and its clock lose nothing."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from connectors.jira import JiraConnector
from syncline.sdk.connector import Missing, Record
from syncline.sdk.errors import AuthRequired, Misconfigured, Retriable
from syncline.simulation.clock import SkewedClock
from tests.connectors.jira.world import BOT, WRONG_TOKEN, JiraWorld, config, opened


async def told(connector: JiraConnector, cursor: str | None = None) -> tuple[dict[str, str], str]:
    """The titles that `changes` tells by id, and where it goes on."""
    titles: dict[str, str] = {}
    last = None
    async for page in connector.changes("issue", cursor):
        titles |= {record.id: record.fields["summary"] for record in page.records}
        last = page.cursor
    assert last is not None
    return titles, last


async def test_an_unchanged_project_costs_a_new_process_one_request(world: JiraWorld) -> None:
    await world.create({"summary": "as it is"})
    await world.settle()
    cursor = None
    for _ in range(2):
        async with opened(world) as connector:
            _, cursor = await told(connector, cursor)
        await world.settle()
    before = world.requests()
    async with opened(world) as connector:
        assert (await told(connector, cursor))[0] == {}
    assert world.requests() == (before.read + 1, before.write)


async def test_a_quiet_time_after_a_bulk_edit_costs_one_request_a_pass(
    world: JiraWorld, connector: JiraConnector
) -> None:
    for n in range(120):
        await world.create({"summary": f"all at once {n}"})
    await world.settle()
    _, cursor = await told(connector)
    await world.settle()
    for _ in range(3):
        before = world.requests().read
        titles, cursor = await told(connector, cursor)
        assert (titles, world.requests().read) == ({}, before + 1)
        world.clock.advance(300)


async def test_a_change_that_the_index_shows_late_is_told_after_newer_ones(
    world: JiraWorld,
) -> None:
    async with opened(world, search_lag=timedelta(minutes=2)) as connector:
        late, other = [await world.create({"summary": "as it was"}) for _ in range(2)]
        await world.settle()
        _, cursor = await told(connector)
        await world.edit(late, {"summary": "shown late"}, timedelta(seconds=100))
        world.clock.advance(20)
        await world.edit(other, {"summary": "shown at once"}, timedelta(0))
        first, cursor = await told(connector, cursor)
        assert first == {other: "shown at once"}
        world.clock.advance(100)
        second, _ = await told(connector, cursor)
        assert second[late] == "shown late"


async def test_an_account_on_the_other_side_of_the_earth_reads_the_same_moments(
    world: JiraWorld, connector: JiraConnector
) -> None:
    id = await world.create({"summary": "as it was"})
    _, cursor = await told(connector)
    for zone in ("Pacific/Auckland", "America/Los_Angeles"):
        world.change_user(BOT, zone=zone)
        await world.edit(id, {"summary": f"seen from {zone}"})
        await world.settle()
        titles, cursor = await told(connector, cursor)
        assert titles == {id: f"seen from {zone}"}
        record = (await connector.fetch("issue", [id]))[id]
        assert isinstance(record, Record) and record.updated_at is not None
        assert record.fields["updated"].endswith("Z")
        assert (
            record.updated_at.utcoffset()
            == record.updated_at.astimezone(ZoneInfo(zone)).utcoffset()
        )
        await world.settle()


async def test_a_clock_of_ours_that_is_wrong_leaves_no_gap(world: JiraWorld) -> None:
    id = await world.create({"summary": "as it was"})
    await world.settle()
    async with opened(world) as connector:
        _, cursor = await told(connector)
    await world.edit(id, {"summary": "edited meanwhile"})
    await world.settle()
    connector = JiraConnector.open(
        "jira", config(world), SkewedClock(world.clock, timedelta(hours=-5))
    )
    titles, _ = await told(connector, cursor)
    await connector.aclose()
    assert titles == {id: "edited meanwhile"}


async def test_a_page_that_jira_has_forgotten_is_asked_for_anew(
    world: JiraWorld, connector: JiraConnector
) -> None:
    ids = {await world.create({"summary": f"issue {n}"}) for n in range(130)}
    await world.settle()
    found: list[str] = []
    async for page in connector.changes("issue", None):
        if not found:
            world.clock.advance(8 * 86_400)
        found += [record.id for record in page.records]
    assert set(found) == ids
    assert len(found) == len(ids)


async def test_a_search_whose_pages_jira_always_refuses_ends(
    world: JiraWorld, connector: JiraConnector
) -> None:
    for n in range(130):
        await world.create({"summary": f"issue {n}"})
    await world.settle()
    with pytest.raises(Retriable, match="twice"):
        async for _ in connector.changes("issue", None):
            world.clock.advance(8 * 86_400)


async def test_a_search_that_refuses_the_project_names_the_scope(world: JiraWorld) -> None:
    async with opened(world, scope={"project": ["APP", "NOWHERE"]}) as connector:
        with pytest.raises(Misconfigured, match="'NOWHERE'"):
            await connector.describe()
        with pytest.raises(Misconfigured, match="NOWHERE"):
            await told(connector)


async def test_an_issue_keeps_its_id_when_it_moves_and_leaves_the_scope(
    world: JiraWorld, connector: JiraConnector
) -> None:
    id = await world.create({"summary": "on its way"})
    before = (await connector.fetch("issue", [id]))[id]
    await world.leave_scope(id)
    after = (await connector.fetch("issue", [id]))[id]
    assert isinstance(before, Record) and isinstance(after, Record)
    assert (before.key, after.key) == ("APP-1", "OPS-1")
    assert (before.in_scope, after.in_scope) == (True, False)
    assert after.url == f"{world.base_url}/browse/OPS-1"


async def test_nothing_counts_as_gone_while_its_project_is_closed(
    world: JiraWorld, connector: JiraConnector
) -> None:
    id = await world.create({"summary": "here"})
    await connector.fetch("issue", [id])
    await world.delete(id)
    await world.fault("status:404", "/rest/api/3/project/APP")
    with pytest.raises(Misconfigured, match="'APP'"):
        await connector.fetch("issue", [id])
    answer = (await connector.fetch("issue", [id]))[id]
    assert isinstance(answer, Missing) and answer.gone


async def test_the_census_reads_page_after_page(world: JiraWorld, connector: JiraConnector) -> None:
    ids = {await world.create({"summary": f"issue {n}"}) for n in range(130)}
    await world.settle()
    pages = [page.versions async for page in connector.census("issue")]
    assert len(pages) > 1
    assert {id for page in pages for id in page} == ids


async def test_the_reason_of_a_refused_login_is_told(world: JiraWorld) -> None:
    async with opened(world, WRONG_TOKEN) as stranger:
        with pytest.raises(AuthRequired, match="AUTHENTICATED_FAILED"):
            await stranger.describe()


async def test_the_schema_names_fields_options_and_the_site(
    world: JiraWorld, connector: JiraConnector
) -> None:
    schema = await connector.describe()
    fields = schema.records["issue"].fields
    assert schema.account == f"{world.base_url} account {BOT}"
    assert schema.text_format == "adf"
    assert fields["status"].options == (
        "To Do", "In Progress", "In Review", "Done", "Blocked", "Won't Do"
    )  # fmt: skip
    assert fields["custom_fields.Team"].options == ("Payments", "Platform", "Mobile")
    assert fields["custom_fields.Support key"].max_length == 255
    assert "custom_fields.Story points" not in fields
    assert schema.warnings == ()


async def test_a_field_that_is_not_there_is_named(world: JiraWorld) -> None:
    async with opened(world, custom_fields=["Team", "Tema"]) as connector:
        with pytest.raises(Misconfigured, match="'Tema'"):
            await connector.describe()


async def test_a_person_who_hides_their_address_is_nobody_s_guess(
    world: JiraWorld, connector: JiraConnector
) -> None:
    id, email = await world.somebody()
    world.change_user(id, email_hidden=True)
    assert await connector.find_people([email]) == {}
    assert (await connector.people([id]))[id].email is None
