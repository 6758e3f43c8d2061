"""Writing to Jira: each issue made once, statuses by their transitions, refusals in its words."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from connectors.jira import JiraConnector
from syncline.sdk.connector import (
    Create,
    CreateSearch,
    Found,
    Outcome,
    Record,
    Result,
    Update,
    Wire,
)
from tests.connectors.jira.world import JiraWorld, opened, written


def create(key: str, **fields: object) -> Create:
    return Create(key, {"summary": key, "issuetype": "Task", **fields})


async def patch(connector: JiraConnector, id: str, patch: Wire) -> Outcome:
    shown = (await connector.fetch("issue", [id]))[id]
    assert isinstance(shown, Record)
    expected = {name: shown.fields[name] for name in patch if name != "custom_fields"}
    (outcome,) = await connector.update("issue", [Update(id, patch, expected, shown.version)])
    return outcome


async def find(connector: JiraConnector, since: datetime, *keys: str) -> list[Found]:
    found = await connector.find("issue", [CreateSearch(key, {}, since) for key in keys])
    return [one.found for one in found]


# Creates


@pytest.mark.parametrize("keys", [("k0",), ("k0", "k1", "k2")], ids=["single", "bulk"])
async def test_a_create_whose_answer_is_lost_is_found_once_the_index_shows_it(
    world: JiraWorld, keys: tuple[str, ...]
) -> None:
    world.site.search_lag = timedelta(seconds=400)
    async with opened(world, search_lag=timedelta(seconds=400)) as connector:
        since = world.clock.now()
        await world.create({"summary": "somebody else's"})
        await world.fault("drop_after_apply", "/rest/api/3/issue/bulk", "POST")
        outcomes = await connector.create("issue", [create(key) for key in keys])
        assert {o.result for o in outcomes} == {Result.AMBIGUOUS}
        assert Found.NO in await find(connector, since, *keys)
        world.clock.advance(connector.capabilities.search_lag.total_seconds())
        assert set(await find(connector, since, *keys)) == {Found.YES}
        assert len(world.site.issues) == 1 + len(keys)


async def test_a_create_that_moved_to_another_project_is_still_found(
    world: JiraWorld, connector: JiraConnector
) -> None:
    (made,) = await connector.create("issue", [create("k")])
    await world.leave_scope(made.id or "")
    await world.settle()
    (found,) = await connector.find("issue", [CreateSearch("k", {}, world.clock.now())])
    assert found.found is Found.NO  # created an hour ago: not since then
    since = world.clock.now() - timedelta(hours=2)
    (found,) = await connector.find("issue", [CreateSearch("k", {}, since)])
    assert found.record is not None
    assert (found.record.id, found.record.in_scope) == (made.id, False)


async def test_fifty_issues_are_made_in_one_request_and_each_refusal_names_its_field(
    world: JiraWorld, connector: JiraConnector
) -> None:
    await connector.fetch("issue", [])
    too_long = {"custom_fields": {"Support key": "x" * 256}}
    items = [create(f"k{n}", **(too_long if n in (0, 7, 49) else {})) for n in range(50)]
    before = world.requests().write
    outcomes = await connector.create("issue", items)
    assert world.requests().write == before + 1
    refused = [n for n, o in enumerate(outcomes) if o.result is Result.REJECTED]
    assert refused == [0, 7, 49]
    assert "Support key: The entered text is too long" in outcomes[7].reason
    titles = [o.record.fields["summary"] for o in outcomes if o.record]
    assert titles == [f"k{n}" for n in range(50) if n not in refused]


async def test_a_new_issue_reaches_its_status_and_resolution(
    world: JiraWorld, connector: JiraConnector
) -> None:
    await world.bugs_on_their_way()
    done = {"status": "Done", "resolution": "Done"}
    outcomes = await connector.create(
        "issue", [create("bug", issuetype="Bug", **done), create("task", status="Blocked")]
    )
    shown = [o.record.fields for o in outcomes if o.record]
    assert [fields["status"] for fields in shown] == ["Done", "Blocked"]
    assert shown[0]["resolution"] == "Done"


async def test_in_a_young_project_new_issues_find_their_way_themselves(
    world: JiraWorld, connector: JiraConnector
) -> None:
    items = [create(f"bug {n}", issuetype="Bug", status="Done") for n in range(3)]
    outcomes = await connector.create("issue", items)
    assert [o.record.fields["status"] for o in outcomes if o.record] == ["Done"] * 3
    assert [o.reason for o in outcomes] == [""] * 3


async def test_a_new_issue_whose_status_cannot_be_reached_exists_all_the_same(
    world: JiraWorld,
) -> None:
    async with opened(world, transition_fields={}) as connector:
        items = [create("bug", issuetype="Bug", status="Won't Do")]
        (made,) = await connector.create("issue", items)
    assert made.result is Result.APPLIED
    assert made.record is not None
    assert made.record.fields["status"] == "To Do"
    assert "'Resolution'" in made.reason and "'Reject'" in made.reason


async def test_an_issue_goes_nowhere_outside_the_scope(connector: JiraConnector) -> None:
    (outcome,) = await connector.create("issue", [create("k", project="OPS")])
    assert outcome.result is Result.REJECTED
    assert "'OPS'" in outcome.reason


async def test_an_issue_without_a_type_is_a_task(connector: JiraConnector) -> None:
    (made,) = await connector.create("issue", [Create("k", {"summary": "plain"})])
    assert made.record is not None
    assert made.record.fields["issuetype"] == "Task"


# Statuses


async def test_a_status_goes_along_the_shortest_path(
    world: JiraWorld, connector: JiraConnector
) -> None:
    await world.bugs_on_their_way()
    id = await world.create({"summary": "to be closed", "issuetype": "Bug"})
    outcome = await patch(connector, id, {"status": "Done"})
    assert outcome.result is Result.APPLIED
    history = await connector.history("issue", [id], world.clock.now() - timedelta(minutes=1))
    steps = [change.after for change in history[id] if change.path == "status"]
    assert steps == ["In Progress", "In Review", "Done"]


async def test_a_required_field_that_nobody_gave_is_named_and_nothing_is_written(
    world: JiraWorld,
) -> None:
    await world.bugs_on_their_way()
    id = await world.create({"summary": "to be closed", "issuetype": "Bug"})
    async with opened(world, transition_fields={}) as connector:
        outcome = await patch(connector, id, {"status": "Done", "summary": "not written either"})
    assert outcome.result is Result.REJECTED
    for word in ("'Close'", "'Done'", "'Resolution'", "transition_fields", "Won't Do"):
        assert word in outcome.reason
    assert world.doc(id)["histories"] == []


async def test_a_configured_value_that_the_screen_does_not_have_is_named(
    world: JiraWorld,
) -> None:
    id = await world.create({"summary": "to be dropped", "issuetype": "Bug"})
    async with opened(world, transition_fields={"Resolution": "Nope"}) as connector:
        outcome = await patch(connector, id, {"status": "Won't Do"})
    assert outcome.result is Result.REJECTED
    assert "no 'Nope'" in outcome.reason
    assert world.doc(id)["histories"] == []


async def test_a_resolution_comes_with_the_status_it_belongs_to(
    world: JiraWorld, connector: JiraConnector
) -> None:
    id = await world.create({"summary": "to be dropped", "issuetype": "Bug"})
    outcome = await patch(connector, id, {"status": "Won't Do", "resolution": "Won't Do"})
    assert outcome.record is not None
    assert outcome.record.fields["resolution"] == "Won't Do"


async def test_a_status_without_a_path_is_refused_with_what_is_offered(
    world: JiraWorld, connector: JiraConnector
) -> None:
    id = await world.create({"summary": "a bug", "issuetype": "Bug"})
    outcome = await patch(connector, id, {"status": "Done", "summary": "not written either"})
    assert outcome.result is Result.REJECTED
    assert "In Progress (by 'Start work')" in outcome.reason
    assert world.doc(id)["histories"] == []


async def test_a_path_that_breaks_off_half_way_is_ambiguous(
    world: JiraWorld, connector: JiraConnector
) -> None:
    await world.bugs_on_their_way()
    id = await world.create({"summary": "to be closed", "issuetype": "Bug"})
    await patch(connector, id, {"summary": "known by now"})
    await world.fault("status:409", f"/rest/api/3/issue/{id}/transitions", "POST", times=2)
    outcome = await patch(connector, id, {"status": "Done", "summary": "written before"})
    assert outcome.result is Result.AMBIGUOUS
    assert world.doc(id)["fields"]["summary"] == "written before"


async def test_a_status_comes_with_its_new_type(world: JiraWorld, connector: JiraConnector) -> None:
    await world.bugs_on_their_way()
    id = await world.create({"summary": "a bug after all"})
    outcome = await patch(connector, id, {"issuetype": "Bug", "status": "In Review"})
    assert outcome.record is not None
    shown = outcome.record.fields
    assert (shown["issuetype"], shown["status"]) == ("Bug", "In Review")


async def test_a_status_costs_three_requests_and_one_to_read_what_became_of_it(
    world: JiraWorld, connector: JiraConnector
) -> None:
    id = await world.create({"summary": "a task"})
    await connector.fetch("issue", [id])
    before = world.requests()
    item = Update(id, {"status": "In Progress"}, {"status": "To Do"})
    await connector.update("issue", [item])
    assert world.requests() == (before.read + 3, before.write + 1)


async def test_a_status_that_moved_since_it_was_read_is_a_conflict(
    world: JiraWorld, connector: JiraConnector
) -> None:
    id = await world.create({"summary": "a task"})
    await world.walk(id, "Blocked")
    item = Update(id, {"status": "Done"}, {"status": "To Do"})
    (outcome,) = await connector.update("issue", [item])
    assert outcome.result is Result.CONFLICT
    assert "status" in outcome.reason


# Fields


async def test_a_field_on_no_screen_is_refused_by_its_name(world: JiraWorld) -> None:
    id = await world.create({"summary": "to be estimated"})
    async with opened(world, custom_fields=["Story points", "Team"]) as connector:
        outcome = await patch(connector, id, {"custom_fields": {"Story points": 5}})
    assert outcome.result is Result.REJECTED
    assert "Story points: Field" in outcome.reason
    assert "not on the appropriate screen" in outcome.reason


async def test_every_kind_of_field_is_read_as_it_was_written(
    world: JiraWorld, connector: JiraConnector
) -> None:
    id = await world.create({"summary": "all of them"})
    custom = {
        "Support key": "ZD-7",
        "Team": "Platform",
        "Platform": ["Web", "iOS"],
        "Customer impact": written("They cannot pay."),
        "Promised on": "2026-03-31",
    }
    outcome = await patch(
        connector,
        id,
        {
            "description": written("First.\n\nSecond."),
            "priority": "Low",
            "labels": ["b", "a"],
            "assignee": world.bob,
            "duedate": "2026-03-01",
            "custom_fields": custom,
        },
    )
    assert outcome.record is not None
    shown = outcome.record.fields
    assert shown["custom_fields"] == custom
    assert shown["description"] == written("First.\n\nSecond.")
    assert (shown["priority"], shown["labels"]) == ("Low", ["a", "b"])
    assert (shown["assignee"], shown["duedate"]) == (world.bob, "2026-03-01")
    empty: dict[str, object] = {name: [] if name == "Platform" else None for name in custom}
    outcome = await patch(connector, id, {"assignee": None, "custom_fields": empty})
    assert outcome.record is not None
    assert outcome.record.fields["custom_fields"] == empty
    assert outcome.record.fields["assignee"] is None


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"description": written("x" * 32_768)}, "exceeds the allowed limit of 32,767"),
        ({"custom_fields": {"Team": "Nobody's"}}, "Team: Option value 'Nobody's' is not valid"),
        ({"custom_fields": {"No such field": 1}}, "no one custom field 'No such field'"),
        ({"created": "2026-01-01"}, "'created' is read-only"),
        ({"colour": "red"}, "'colour' cannot be written"),
        ({"description": "no document"}, "text: adf"),
        ({"labels": ["two words"]}, "contains spaces"),
    ],
    ids=["too long", "option", "field", "read-only", "unknown", "not adf", "label"],
)
async def test_what_jira_does_not_take_is_refused_in_its_words(
    world: JiraWorld, connector: JiraConnector, fields: Wire, said: str
) -> None:
    id = await world.create({"summary": "as it was"})
    (outcome,) = await connector.update("issue", [Update(id, fields, {})])
    assert outcome.result is Result.REJECTED
    assert said in outcome.reason
    assert world.doc(id)["histories"] == []


async def test_a_person_who_cannot_be_assigned_is_refused(
    world: JiraWorld, connector: JiraConnector
) -> None:
    id = await world.create({"summary": "whose?"})
    world.change_user(world.bob, assignable=False)
    outcome = await patch(connector, id, {"assignee": world.bob})
    assert outcome.result is Result.REJECTED
    assert "cannot be assigned issues" in outcome.reason


async def test_two_edits_that_meet_inside_jira_are_a_conflict(
    world: JiraWorld, connector: JiraConnector
) -> None:
    id = await world.create({"summary": "as it was"})
    await world.fault("status:409", f"/rest/api/3/issue/{id}", "PUT")
    assert (await patch(connector, id, {"summary": "ours"})).result is Result.CONFLICT


async def test_a_lost_answer_to_an_edit_is_ambiguous_and_not_sent_again(
    world: JiraWorld, connector: JiraConnector
) -> None:
    id = await world.create({"summary": "as it was"})
    await world.fault("drop_after_apply", f"/rest/api/3/issue/{id}", "PUT")
    before = world.requests().write
    outcome = await patch(connector, id, {"summary": "ours"})
    assert outcome.result is Result.AMBIGUOUS
    assert world.requests().write == before + 1
