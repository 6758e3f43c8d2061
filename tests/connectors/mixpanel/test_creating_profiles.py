"""Creates of profiles: once each, under the id that is given, and never over what is there."""

from __future__ import annotations

from datetime import timedelta

from connectors.mixpanel import MixpanelConnector
from connectors.mixpanel.client import BATCH
from connectors.mixpanel.fake.office import GROUP_KEY, HUB, HUB_SECRET, TOKEN
from syncline.sdk.connector import Create, CreateSearch, Found, Result
from syncline.sdk.secrets import Secret
from tests.connectors.mixpanel.world import START, ProfileWorld, opened

RECORD = "group"


async def test_another_projects_token_is_answered_with_200_and_nothing_is_ever_shown(
    world: ProfileWorld,
) -> None:
    auth = {
        "username": HUB,
        "secret": Secret(HUB_SECRET),
        "project_token": Secret("sandbox-mixpanel-token-of-another"),
    }
    async with opened(world, auth=auth) as connector:
        (outcome,) = await connector.create(RECORD, [Create("sl-a", {"$name": "Acme"})])
        assert outcome.result is Result.AMBIGUOUS
        assert "token is that of another project" in outcome.reason
        world.tool.advance(3600)
        (answer,) = await connector.find(RECORD, [CreateSearch("sl-a", {}, START)])
    assert answer.found is Found.NO
    assert world.fake.records(RECORD) == []


async def test_a_new_profile_has_the_id_it_is_given_the_scope_and_the_key(
    connector: MixpanelConnector, world: ProfileWorld
) -> None:
    fields = {"group_id": "acme.test", "$name": "Acme", "note": None}
    (outcome,) = await connector.create(RECORD, [Create("sl-a", fields)])
    assert (outcome.result, outcome.id) == (Result.APPLIED, "acme.test")
    assert outcome.record and outcome.record.in_scope and outcome.record.marker == "sl-a"
    has = world.shown("acme.test")
    del has["$last_seen"]
    assert has == {"$name": "Acme", "segment": "b2b", "syncline_key": "sl-a"}


async def test_a_profile_that_is_there_is_not_written_over_by_a_create(
    connector: MixpanelConnector, world: ProfileWorld
) -> None:
    await world.create({"group_id": "acme.test", "$name": "Acme"})
    given = {"group_id": "acme.test", "$name": "Other"}
    items = [Create("sl-a", given), Create("sl-b", {**given, "group_id": "new.test"})]
    items.append(Create("sl-c", {**given, "group_id": "new.test", "note": "of sl-c"}))
    outcomes = await connector.create(RECORD, items)
    assert [one.result for one in outcomes] == [Result.REJECTED, Result.APPLIED, Result.REJECTED]
    assert "has a group 'acme.test' already" in outcomes[0].reason
    assert world.shown("acme.test")["$name"] == "Acme"
    assert world.shown("new.test")["syncline_key"] == "sl-b"
    assert "note" not in world.shown("new.test")


async def test_a_person_who_is_faster_than_a_create_keeps_what_they_wrote(
    connector: MixpanelConnector, world: ProfileWorld
) -> None:
    await world.fault("POST", "/groups", "lag:90")
    fields = {"group_id": "acme.test", "$name": "Ours", "note": "ours"}
    (outcome,) = await connector.create(RECORD, [Create("sl-a", fields)])
    assert outcome.result is Result.AMBIGUOUS
    await world.create({"group_id": "acme.test", "$name": "Theirs"})
    world.tool.advance(90)
    (answer,) = await connector.find(RECORD, [CreateSearch("sl-a", fields, START)])
    assert answer.found is Found.YES
    assert answer.record
    assert answer.record.fields["$name"] == "Theirs"
    assert answer.record.fields["note"] == "ours"


async def test_whose_create_of_an_id_came_first_is_told_by_the_key_that_is_shown(
    connector: MixpanelConnector, world: ProfileWorld
) -> None:
    theirs = {"$set_once": {"$name": "Theirs", "syncline_key": "sl-other"}}
    update = {"$token": TOKEN, "$group_key": GROUP_KEY, "$group_id": "acme.test", **theirs}
    world.fake.profiles.take(RECORD, update, located=False, lag=timedelta(seconds=1))
    fields = {"group_id": "acme.test", "$name": "Ours"}
    (outcome,) = await connector.create(RECORD, [Create("sl-a", fields)])
    assert outcome.result is Result.REJECTED
    assert "already" in outcome.reason


async def test_a_create_sent_again_after_all_is_one_profile(
    connector: MixpanelConnector, world: ProfileWorld
) -> None:
    item = Create("sl-a", {"$name": "Acme"})
    (first,) = await connector.create(RECORD, [item])
    (again,) = await connector.create(RECORD, [item])
    assert again.result is Result.APPLIED
    assert (first.id, world.requests().write) == (again.id, 1)


async def test_a_batch_of_profiles_is_one_write_and_three_questions(
    connector: MixpanelConnector, world: ProfileWorld
) -> None:
    items = [Create(f"sl-{n}", {"group_id": f"{n}.test", "$name": f"{n}"}) for n in range(BATCH)]
    outcomes = await connector.create(RECORD, items)
    assert {one.result for one in outcomes} == {Result.APPLIED}
    # Whether they are there already, and whether they are shown after two and after ten seconds.
    assert world.requests() == (3, 1)
