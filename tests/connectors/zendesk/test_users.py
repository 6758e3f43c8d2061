"""What the connector makes of Zendesk's users: nobody is made, mailed or moved by surprise."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from connectors.zendesk import ZendeskConnector
from syncline.sdk.connector import Create, CreateSearch, Found, Result
from syncline.sdk.testing.base import LONG_AGO
from tests.connectors.zendesk.directory import UserWorld
from tests.connectors.zendesk.saying import make, now_of, patch, told_of
from tests.connectors.zendesk.world import API, living_as, opened

USER = "user"


@pytest.fixture
async def desk() -> AsyncIterator[UserWorld]:
    async with living_as(UserWorld) as world:
        yield world


@pytest.fixture
async def people(desk: UserWorld) -> AsyncIterator[ZendeskConnector]:
    async with opened(desk) as connector:
        yield connector


@pytest.mark.parametrize("number", [1, 4])
async def test_who_is_made_is_an_end_user_and_gets_no_mail(
    desk: UserWorld, people: ZendeskConnector, number: int
) -> None:
    items = [
        Create(f"key-{n}", {"name": f"Ada {n}", "email": f"ada{n}@acme.test"})
        for n in range(number)
    ]
    made = await people.create(USER, items)
    assert {one.result for one in made} == {Result.APPLIED}
    for n, one in enumerate(made):
        shown = desk.shown(str(one.id))
        assert (shown["email"], shown["role"]) == (f"ada{n}@acme.test", "end-user")
        assert shown["external_id"] == f"key-{n}"
    assert desk.mails() == []


@pytest.mark.parametrize("fields", [{"role": "admin"}, {"suspended": True}, {"organization": "1"}])
async def test_nobody_is_promoted_suspended_or_moved(
    desk: UserWorld, people: ZendeskConnector, fields: dict[str, Any]
) -> None:
    made = await make(people, USER, "key-1", name="Ada", **fields)
    changed = await patch(people, USER, str(desk.carol.id), fields)
    assert (made.result, changed.result) == (Result.REJECTED, Result.REJECTED)
    assert desk.customers() == ["Carol Customer"]
    assert desk.shown(str(desk.carol.id))["role"] == "end-user"


async def test_an_address_that_another_has_is_refused_and_the_other_left_alone(
    desk: UserWorld, people: ZendeskConnector
) -> None:
    """`create_or_update` would have taken the address for a person to be changed."""
    made = await make(people, USER, "key-1", name="Somebody", email="Carol@customer.test")
    assert made.result is Result.REJECTED
    assert "already being used by another user" in made.reason and "link the record" in made.reason
    carol = desk.shown(str(desk.carol.id))
    assert (carol["name"], carol["external_id"]) == ("Carol Customer", None)


async def test_an_address_is_never_added_to_somebodys_others(
    desk: UserWorld, people: ZendeskConnector
) -> None:
    id = str(desk.carol.id)
    refused = await patch(people, USER, id, {"email": "carol@elsewhere.test"})
    assert refused.result is Result.REJECTED and "primary address" in refused.reason
    assert desk.shown(id)["_emails"] == []
    assert desk.mails() == []
    assert (await people.describe()).records[USER].fields["email"].create_only


async def test_a_user_that_is_sent_twice_is_one(desk: UserWorld, people: ZendeskConnector) -> None:
    await desk.fault("POST", f"{API}users", "drop_after_apply")
    lost = await make(people, USER, "key-1", name="Ada", email="ada@acme.test")
    (found,) = await people.find(USER, [CreateSearch("key-1", {}, LONG_AGO)])
    again = await make(people, USER, "key-1", name="Ada", email="ada@acme.test")
    assert (lost.result, found.found, again.result) == (
        Result.AMBIGUOUS,
        Found.YES,
        Result.APPLIED,
    )
    assert desk.customers() == ["Ada", "Carol Customer"]


async def test_a_deleted_user_is_told_and_shown_as_such(
    desk: UserWorld, people: ZendeskConnector
) -> None:
    ada = await desk.create({"name": "Ada", "email": "ada@acme.test"})
    early = await desk.create({"name": "early"})
    await desk.delete(early)
    await desk.settle()
    records, cursor = await told_of(people, USER)
    assert early not in records and ada in records
    await desk.delete(ada)
    await desk.settle()
    records, _ = await told_of(people, USER, cursor)
    assert records.keys() == {ada} and records[ada].deleted
    assert (await now_of(people, USER, ada)).deleted
    (refused,) = await people.remove(USER, [str(desk.carol.id)], "archive")
    assert refused.result is Result.REJECTED
    # The address of who was deleted is free again.
    assert (await make(people, USER, "key-1", name="New", email="ada@acme.test")).id != ada


async def test_of_two_merged_users_one_is_told_as_deleted(
    desk: UserWorld, people: ZendeskConnector
) -> None:
    """Zendesk does not tell into whom."""
    loser = await desk.create({"name": "Ada", "email": "ada@acme.test"})
    winner = await desk.create({"name": "Ada L.", "email": "ada@acme.dev"})
    await desk.settle()
    _, cursor = await told_of(people, USER)
    await desk.merge(loser, winner)
    await desk.settle()
    records, _ = await told_of(people, USER, cursor)
    assert (records[loser].deleted, records[loser].merged_into) == (True, None)
    assert records[winner].fields["email"] == "ada@acme.dev"


async def test_agents_are_in_scope_where_the_connection_says_so(
    desk: UserWorld, people: ZendeskConnector
) -> None:
    ann = str(desk.ann.id)
    await desk.settle()
    assert not (await now_of(people, USER, ann)).in_scope
    async with opened(desk, scope={"agents": True}) as everybody:
        assert (await now_of(everybody, USER, ann)).in_scope
        records, _ = await told_of(everybody, USER)
        assert {ann, str(desk.carol.id)} <= records.keys()


async def test_a_user_is_shown_with_what_only_people_set(
    desk: UserWorld, people: ZendeskConnector
) -> None:
    await desk.edit(
        str(desk.carol.id),
        {"phone": "+44 20", "suspended": True, "organization_id": 41, "tags": ["b", "a"]},
    )
    shown = await now_of(people, USER, str(desk.carol.id))
    fields = shown.fields
    assert (fields["phone"], fields["suspended"], fields["organization"]) == ("+44 20", True, "41")
    assert (fields["tags"], fields["role"]) == (["a", "b"], "end-user")
    assert shown.url == f"{desk.base_url}/agent/users/{shown.id}"
