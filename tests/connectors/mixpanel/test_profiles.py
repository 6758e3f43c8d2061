"""Profiles: what is taken in and not kept, what is kept and not shown yet, what comes back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from connectors.mixpanel import MixpanelConnector
from connectors.mixpanel.client import PAGE
from connectors.mixpanel.config import QUERIES_PER_HOUR
from connectors.mixpanel.fake.app import ENGAGE
from connectors.mixpanel.fake.office import (
    DATA_GROUP_ID,
    GROUP_KEY,
    HUB,
    HUB_SECRET,
    PROJECT,
    QUERIES,
    TOKEN,
)
from syncline.sdk.connector import Missing, Outcome, Record, Result, Update
from syncline.sdk.errors import RateLimited
from tests.connectors.mixpanel.world import START, ProfileWorld, UserWorld, living, opened

RECORD = "group"


async def updated(connector: MixpanelConnector, id: str, **patch: Any) -> Outcome:
    """What became of one update."""
    (outcome,) = await connector.update(RECORD, [Update(id, patch, {})])
    return outcome


async def asked(world: ProfileWorld, **form: str) -> httpx.Response:
    """A question as anybody asks it."""
    return await world.http.post(
        ENGAGE,
        params={"project_id": PROJECT},
        data={"data_group_id": DATA_GROUP_ID, **form},
        auth=(HUB, HUB_SECRET),
    )


async def sent(world: ProfileWorld, *updates: dict[str, Any], **said: str) -> httpx.Response:
    """Updates of groups as anybody sends them; what they do is seen."""
    told = [{"$token": TOKEN, "$group_key": GROUP_KEY, **one} for one in updates]
    answer = await world.http.post("/groups", json=told, params=said)
    world.tool.advance(60)
    return answer


async def test_the_interface_cuts_a_text_at_255_bytes_and_the_connector_refuses_it(
    connector: MixpanelConnector, world: ProfileWorld
) -> None:
    text = "größer " * 40
    assert (await sent(world, {"$group_id": "acme", "$set": {"note": text}})).text == "1"
    assert len(world.shown("acme")["note"].encode()) <= 255 < len(text.encode())
    outcome = await updated(connector, "acme", note=text)
    assert outcome.result is Result.REJECTED
    assert "a text of 360 bytes; Mixpanel keeps 255" in outcome.reason


@pytest.mark.parametrize(
    ("patch", "why"),
    [
        ({"seats": "12"}, "no number"),
        ({"seats": True}, "no number"),
        ({"trial": "yes"}, "neither true nor false"),
        ({"since": "2026-01-05T09:00:00"}, "not a day"),
        ({"seen": "yesterday"}, "not a time"),
        ({"products": "a, b"}, "no list"),
        ({"products": ["a", 7]}, "no text"),
        ({"group_id": "other"}, "cannot be written"),
        ({"colour": "red"}, "cannot be written"),
    ],
)
async def test_what_mixpanel_would_keep_as_something_else_is_not_sent(
    connector: MixpanelConnector, world: ProfileWorld, patch: dict[str, Any], why: str
) -> None:
    id = await world.create({"$name": "Acme"})
    outcome = await updated(connector, id, **patch)
    assert outcome.result is Result.REJECTED
    assert why in outcome.reason
    assert world.requests().write == 0


async def test_each_type_comes_back_as_it_was_written(
    connector: MixpanelConnector, world: ProfileWorld
) -> None:
    id = await world.create({"$name": "Acme"})
    patch = {"seats": 12.5, "trial": False, "since": "2026-01-05", "products": ["b", "a"]}
    outcome = await updated(connector, id, **patch, seen="2026-01-05T10:00:00.250+01:00")
    assert outcome.result is Result.APPLIED
    assert outcome.record
    assert {**outcome.record.fields} == {
        "group_id": id, "$name": "Acme", "note": None, **patch, "seen": "2026-01-05T09:00:00Z"
    }  # fmt: skip
    assert world.shown(id)["seen"] == "2026-01-05T09:00:00"


async def test_a_text_that_looks_like_a_time_is_bent_and_the_answer_says_so(
    connector: MixpanelConnector, world: ProfileWorld
) -> None:
    id = await world.create({"$name": "Acme"})
    outcome = await updated(connector, id, note="2026-01-05T10:00:00.250Z")
    assert outcome.result is Result.APPLIED
    assert outcome.record and outcome.record.fields["note"] == "2026-01-05T10:00:00"


async def test_an_emptied_property_is_taken_off_and_is_no_null(
    connector: MixpanelConnector, world: ProfileWorld
) -> None:
    id = await world.create({"$name": "Acme", "note": "x", "seats": 3})
    outcome = await updated(connector, id, note=None, seats=4)
    assert outcome.result is Result.APPLIED
    assert "note" not in world.shown(id)
    assert world.shown(id)["seats"] == 4


async def test_a_set_makes_a_deleted_profile_again_and_the_connector_does_not(
    connector: MixpanelConnector, world: ProfileWorld
) -> None:
    id = await world.create({"$name": "Acme", "seats": 3})
    await world.delete(id)
    outcome = await updated(connector, id, **{"$name": "Acme Ltd"})
    assert outcome.result is Result.GONE
    assert world.requests().write == 0
    await sent(world, {"$group_id": id, "$set": {"$name": "Acme Ltd"}})
    assert "seats" not in world.shown(id), "the trap: half a profile is there again"


async def test_a_delete_is_applied_when_the_profile_is_no_longer_shown(
    connector: MixpanelConnector, world: ProfileWorld
) -> None:
    ids = [await world.create({"$name": name}) for name in ("one", "two")]
    outcomes = await connector.remove(RECORD, ids, "delete")
    assert [one.result for one in outcomes] == [Result.APPLIED] * 2
    assert world.requests().write == 1
    answers = await connector.fetch(RECORD, ids)
    assert all(isinstance(one, Missing) and one.gone for one in answers.values())


async def test_a_write_that_is_not_shown_stays_open_and_is_shown_later(
    connector: MixpanelConnector, world: ProfileWorld
) -> None:
    id = await world.create({"$name": "Acme"})
    await world.fault("POST", "/groups", "lag:90")
    outcome = await updated(connector, id, **{"$name": "Acme Ltd"})
    assert outcome.result is Result.AMBIGUOUS
    assert "does not show it yet" in outcome.reason
    # Before the write, and twice after it.
    assert world.requests() == (3, 1)
    world.tool.advance(90)
    now = (await connector.fetch(RECORD, [id]))[id]
    assert isinstance(now, Record) and now.fields["$name"] == "Acme Ltd"


async def test_patches_of_one_record_in_a_batch_are_applied_in_their_order(
    connector: MixpanelConnector, world: ProfileWorld
) -> None:
    id = await world.create({"$name": "Acme"})
    patches = ({"note": "first"}, {"seats": 3}, {"note": "second"})
    outcomes = await connector.update(RECORD, [Update(id, patch, {}) for patch in patches])
    assert [one.result for one in outcomes] == [Result.APPLIED] * 3
    assert (world.shown(id)["note"], world.shown(id)["seats"]) == ("second", 3)
    assert world.requests().write == 1


async def test_one_update_that_is_too_large_harms_no_other(
    connector: MixpanelConnector, world: ProfileWorld
) -> None:
    one, two = [await world.create({"$name": name}) for name in ("one", "two")]
    large = {"products": [f"{n} {'x' * 240}" for n in range(5000)]}
    outcomes = await connector.update(
        RECORD, [Update(one, large, {}), Update(two, {"$name": "changed"}, {})]
    )
    assert [outcome.result for outcome in outcomes] == [Result.REJECTED, Result.APPLIED]
    assert "larger than 1 MB" in outcomes[0].reason


async def test_without_strict_what_does_not_fit_is_dropped_and_answered_with_1(
    world: ProfileWorld,
) -> None:
    good = {"$group_id": "acme", "$set": {"seats": 3}}
    bad = {"$group_id": "acme", "$set": "seats"}
    assert (await sent(world, good, bad)).text == "1"
    assert (await sent(world, bad)).text == "0"
    answer = await sent(world, good, bad, strict="1")
    assert answer.status_code == 400
    (failed,) = answer.json()["failed_records"]
    assert (failed["index"], failed["field"]) == (1, "$set")


async def test_a_group_key_that_is_not_set_up_is_taken_in_and_kept_nowhere(
    world: ProfileWorld,
) -> None:
    update = {"$group_key": "Company", "$group_id": "acme", "$set": {"seats": 3}}
    assert (await sent(world, update, strict="1")).status_code == 200
    assert world.fake.records(RECORD) == []


async def test_our_writes_do_not_place_a_profile_nor_say_that_a_user_was_there() -> None:
    async with living(UserWorld) as world, opened(world) as connector:
        id = await world.create({"$email": "ann@acme.test"})
        (outcome,) = await connector.update("user", [Update(id, {"$name": "Ann"}, {})])
        assert outcome.result is Result.APPLIED
        assert world.shown(id).keys() == {"segment", "$email", "$name"}
        update = {"$token": TOKEN, "$distinct_id": id, "$set": {"$name": "Ann Arbor"}}
        await world.http.post("/engage", json=[update])
        world.tool.advance(60)
        assert {"$city", "$last_seen"} <= world.shown(id).keys(), "the trap"


async def test_a_duplicate_is_deleted_and_not_the_profile_whose_alias_its_id_is() -> None:
    async with living(UserWorld) as world, opened(world) as connector:
        for id in ("ann", "device-7"):
            await world.create({"distinct_id": id, "$email": "ann@acme.test"})
        world.fake.profiles.aliases.put("device-7", {"of": "ann"})
        (outcome,) = await connector.remove("user", ["device-7"], "delete")
        assert outcome.result is Result.APPLIED
        assert [one["id"] for one in world.fake.records("user")] == ["ann"]
        update = {"$token": TOKEN, "$distinct_id": "device-7", "$delete": ""}
        await world.http.post("/engage", json=[update])
        world.tool.advance(60)
        assert world.fake.records("user") == [], "the trap"


async def test_an_id_of_digits_comes_as_a_number_and_is_the_same_id(
    connector: MixpanelConnector, world: ProfileWorld
) -> None:
    ids = ["4", "007"]
    for id in ids:
        await world.create({"group_id": id, "$name": id})
    shown = (await asked(world)).json()["results"]
    assert [one["$distinct_id"] for one in shown] == [4, "007"]
    answers = await connector.fetch(RECORD, ids)
    assert [isinstance(one, Record) and one.id for one in answers.values()] == ids


async def test_an_edit_that_moves_no_time_of_change_is_told(
    connector: MixpanelConnector, world: ProfileWorld
) -> None:
    await sent(world, {"$group_id": "acme", "$set": {"$name": "Acme", "segment": "b2b"}})
    cursor = [page.cursor async for page in connector.changes(RECORD, None)][-1]
    seen = world.shown("acme")["$last_seen"]
    await world.edit("acme", {"$name": "Acme Ltd"})
    assert world.shown("acme")["$last_seen"] == seen
    told = [one async for page in connector.changes(RECORD, cursor) for one in page.records]
    assert [one.fields["$name"] for one in told] == ["Acme Ltd"]


@pytest.mark.parametrize(("more", "questions"), [(0, 2), (1, 2)])
async def test_pages_hang_on_a_session_and_end_with_one_that_is_not_full(
    connector: MixpanelConnector, world: ProfileWorld, more: int, questions: int
) -> None:
    ids = {await world.create({"$name": f"{n}"}) for n in range(PAGE + more)}
    told = {one.id async for page in connector.changes(RECORD, None) for one in page.records}
    assert told == ids
    assert world.requests() == (questions, 0)


async def test_a_session_that_ends_between_pages_is_begun_anew(
    connector: MixpanelConnector, world: ProfileWorld
) -> None:
    ids = {await world.create({"$name": f"{n}"}) for n in range(PAGE + 5)}
    assert (await asked(world, page="1")).status_code == 400
    told: list[str] = []
    async for page in connector.changes(RECORD, None):
        if not told:
            world.fake.queries.forget()
        told += [one.id for one in page.records]
    assert set(told) == ids
    assert len(told) == len(ids), "rows read twice are told once"


async def test_the_hours_queries_are_not_used_up_and_the_next_is_not_sent(
    connector: MixpanelConnector, world: ProfileWorld
) -> None:
    for _ in range(QUERIES_PER_HOUR):
        await connector.fetch(RECORD, ["acme"])
    with pytest.raises(RateLimited, match="48 queries") as late:
        await connector.fetch(RECORD, ["acme"])
    assert world.requests() == (QUERIES_PER_HOUR, 0)
    assert late.value.retry_at == START + timedelta(hours=1)
    # A write that cannot be looked at first is not sent either, and comes again.
    with pytest.raises(RateLimited):
        await updated(connector, "acme", seats=3)
    assert world.requests().write == 0
    world.tool.advance(3600)
    await connector.fetch(RECORD, ["acme"])


async def test_a_project_answers_sixty_questions_an_hour_whoever_asks(
    connector: MixpanelConnector, world: ProfileWorld
) -> None:
    for _ in range(QUERIES):
        assert (await asked(world)).status_code == 200
    assert (await asked(world)).status_code == 429
    with pytest.raises(RateLimited):
        await connector.fetch(RECORD, ["acme"])


async def test_a_connection_without_a_group_has_no_accounts(world: ProfileWorld) -> None:
    async with opened(world, scope={"project": PROJECT}) as connector:
        assert (await connector.describe()).records.keys() == {"annotation", "user"}
        with pytest.raises(Exception, match="has no record 'group'"):
            await connector.fetch(RECORD, ["acme"])


async def test_the_schema_has_the_properties_that_the_connection_names(
    connector: MixpanelConnector,
) -> None:
    fields = (await connector.describe()).records[RECORD].fields
    assert {path: field.type for path, field in fields.items()} == {
        "group_id": "text", "$name": "text", "note": "text", "seats": "number", "trial": "bool",
        "since": "date", "seen": "datetime", "products": "set",
    }  # fmt: skip
    assert fields["group_id"].create_only
    assert fields["note"].max_length == 255
