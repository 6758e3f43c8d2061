"""Early-access features: the flag that comes first, and the list that is read whole."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.posthog import PostHogConnector
from connectors.posthog.client import PAGE
from connectors.posthog.fake.project import OTHER, READER, TOKEN
from connectors.posthog.features import flag_key
from syncline.sdk.connector import Create, CreateSearch, Found, Missing, Outcome, Result
from syncline.sdk.errors import AuthRequired, Misconfigured
from tests.connectors.posthog.world import API, START, PostHogWorld, opened

RECORD = "early_access_feature"
FLAGS = f"{API}feature_flags/"


async def made(connector: PostHogConnector, key: str, **fields: Any) -> Outcome:
    """What became of one create."""
    wanted = {"name": "Dark mode", "stage": "draft", **fields}
    (outcome,) = await connector.create(RECORD, [Create(key, wanted)])
    return outcome


async def test_a_create_is_two_writes_and_an_update_one(
    connector: PostHogConnector, world: PostHogWorld
) -> None:
    first = await made(connector, "sl-a")
    assert world.requests() == (0, 2)
    assert first.record is not None
    assert first.record.fields["flag"] == flag_key("Dark mode", "sl-a")
    assert first.record.marker == "sl-a"
    assert first.record.url == f"{world.base_url}/project/1/early_access_features/{first.id}"


async def test_two_features_of_one_name_have_each_a_flag(connector: PostHogConnector) -> None:
    """PostHog itself would refuse the second: it makes the flag's key out of the name."""
    one, other = await made(connector, "sl-a"), await made(connector, "sl-b")
    assert one.record and other.record
    assert one.record.fields["flag"] != other.record.fields["flag"]


async def test_a_name_without_latin_letters_has_a_flag_too(connector: PostHogConnector) -> None:
    outcome = await made(connector, "sl-a", name="発売日")
    assert outcome.record
    assert str(outcome.record.fields["flag"]).startswith("feature-")


@pytest.mark.parametrize("lost", ["feature_flags/", "early_access_feature/"])
@pytest.mark.parametrize("fault", ["drop_after_apply", "drop_before", "status_after_apply:500"])
async def test_a_create_that_was_cut_off_ends_in_one_feature_with_one_flag(
    connector: PostHogConnector, world: PostHogWorld, lost: str, fault: str
) -> None:
    await world.fault("POST", API + lost, fault)
    outcome = await made(connector, "sl-cut")
    assert outcome.result is Result.AMBIGUOUS
    (answer,) = await connector.find(RECORD, [CreateSearch("sl-cut", {}, START)])
    if answer.found is Found.NO:
        assert (await made(connector, "sl-cut")).result is Result.APPLIED
    assert len(world.fake.features.rows) == 1
    assert len(world.fake.flags.rows) == 1


async def test_a_create_sent_again_after_all_makes_no_second_feature(
    connector: PostHogConnector, world: PostHogWorld
) -> None:
    first, again = await made(connector, "sl-a"), await made(connector, "sl-a")
    assert again.result is Result.APPLIED
    assert again.id == first.id
    assert len(world.fake.features.rows) == 1


async def test_a_refused_feature_leaves_no_flag_behind(
    connector: PostHogConnector, world: PostHogWorld
) -> None:
    outcome = await made(connector, "sl-a", stage="finished")
    assert outcome.result is Result.REJECTED
    assert '"finished" is not a valid choice' in outcome.reason
    assert world.fake.flags.listed("") == []


async def test_somebody_elses_flag_of_that_key_is_not_taken(
    connector: PostHogConnector, world: PostHogWorld
) -> None:
    world.fake.flags.create({"key": flag_key("Dark mode", "sl-a")}, "ann@acme.test")
    outcome = await made(connector, "sl-a")
    assert outcome.result is Result.REJECTED
    assert "already a feature flag with this key" in outcome.reason
    assert len(world.fake.flags.listed("")) == 1


async def test_what_is_read_only_is_refused_before_anything_is_sent(
    connector: PostHogConnector, world: PostHogWorld
) -> None:
    outcome = await made(connector, "sl-a", flag="mine")
    assert outcome.result is Result.REJECTED
    assert "flag cannot be written" in outcome.reason
    assert world.requests() == (0, 0)


async def test_a_row_that_moves_while_pages_are_read_is_not_missed(
    connector: PostHogConnector, world: PostHogWorld
) -> None:
    """The list has no order: a row that was edited is shown last, and those behind it move up."""
    ids = {await world.create({"name": f"feature {n}"}) for n in range(PAGE + 5)}
    told: set[str] = set()
    async for page in connector.changes(RECORD, None):
        if not told:
            await world.edit(page.records[0].id, {"name": "moved"})
        told |= {one.id for one in page.records}
    assert told == ids


async def test_one_changed_feature_of_many_costs_no_request_more(
    connector: PostHogConnector, world: PostHogWorld
) -> None:
    ids = [await world.create({"name": f"feature {n}"}) for n in range(300)]
    cursor = [page.cursor async for page in connector.changes(RECORD, None)][-1]
    for id in ids[:3]:
        await world.edit(id, {"stage": "beta"})
    before = world.requests().read
    told = [one async for page in connector.changes(RECORD, cursor) for one in page.records]
    assert {one.id for one in told} == set(ids[:3])
    assert world.requests().read - before == 1


async def test_a_deleted_features_flag_stays(
    connector: PostHogConnector, world: PostHogWorld
) -> None:
    outcome = await made(connector, "sl-a", stage="beta")
    assert outcome.id
    await connector.remove(RECORD, [outcome.id], "delete")
    assert isinstance((await connector.fetch(RECORD, [outcome.id]))[outcome.id], Missing)
    (flag,) = world.fake.flags.listed("")
    assert flag["filters"]["super_groups"] is None


async def test_an_id_that_would_leave_its_path_is_not_sent(
    connector: PostHogConnector, world: PostHogWorld
) -> None:
    answers = await connector.fetch(RECORD, ["../../users/@me"])
    assert [isinstance(one, Missing) and one.gone for one in answers.values()] == [True]
    # One request, for the project itself: the credentials are looked at before a record is gone.
    assert world.requests() == (1, 0)


async def test_another_project_is_told_from_a_wrong_key(world: PostHogWorld) -> None:
    async with opened(world, scope={"project": 99}) as lost:
        with pytest.raises(Misconfigured, match="no project 99"):
            await lost.describe()
        with pytest.raises(Misconfigured, match="no project 99"):
            [page async for page in lost.changes(RECORD, None)]
        with pytest.raises(Misconfigured, match="no project 99"):
            await lost.fetch(RECORD, ["0190"])
    async with opened(world, scope={"project": OTHER}) as barred:
        with pytest.raises(AuthRequired, match="access to the project"):
            await barred.describe()


async def test_a_key_without_the_scope_stops_and_names_it(world: PostHogWorld) -> None:
    async with opened(world, READER) as reader:
        assert [page async for page in reader.changes(RECORD, None)]
        with pytest.raises(AuthRequired, match="missing required scope 'feature_flag:write'"):
            await made(reader, "sl-a")
    assert len(world.fake.flags.rows) == 0


async def test_a_project_token_is_not_taken_for_a_key_or_a_project(world: PostHogWorld) -> None:
    with pytest.raises(Misconfigured, match="can only capture"):
        async with opened(world, "phc_0123456789"):
            pass
    with pytest.raises(ValueError, match="after /project/"):
        async with opened(world, scope={"project": "phc_0123456789"}):
            pass
    assert TOKEN not in repr(world.requests())
