"""What only Zendesk does, on the fake over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from connectors.zendesk import ZendeskConnector
from connectors.zendesk.fake.fields import new_field
from connectors.zendesk.fake.signing_in import API_TOKEN, HUB
from connectors.zendesk.fake.statuses import new_status
from connectors.zendesk.webhook import ZendeskWebhook
from syncline.mapping.check import check
from syncline.mapping.load import builtin
from syncline.sdk.connector import (
    Create,
    CreateSearch,
    Found,
    LinkCard,
    Missing,
    NewAttachment,
    NewComment,
    Record,
    Result,
    Update,
    Visibility,
)
from syncline.sdk.errors import Misconfigured, Retriable
from syncline.sdk.secrets import Secret
from syncline.sdk.testing import Trouble
from syncline.sdk.testing.base import LONG_AGO
from syncline.sdk.testing.tool import the_record
from syncline.sdk.webhook import Hint, Refused
from tests.connectors.zendesk.world import (
    API,
    ELSEWHERE,
    LINK_FIELD,
    NOTES,
    SUPPORT,
    ZendeskWorld,
    living,
    opened,
)

CARD_URL = "https://jira.example/browse/APP-1"


@pytest.fixture
async def world() -> AsyncIterator[ZendeskWorld]:
    async with living() as world:
        yield world


@pytest.fixture
async def zendesk(world: ZendeskWorld) -> AsyncIterator[ZendeskConnector]:
    async with opened(world) as connector:
        yield connector


async def now(zendesk: ZendeskConnector, id: str) -> Record:
    return the_record((await zendesk.fetch("ticket", [id]))[id])


async def told(
    zendesk: ZendeskConnector, cursor: str | None = None
) -> tuple[dict[str, Record], str]:
    records: dict[str, Record] = {}
    async for page in zendesk.changes("ticket", cursor):
        records |= {record.id: record for record in page.records}
        cursor = page.cursor
    assert cursor is not None
    return records, cursor


def creates(number: int) -> list[Create]:
    return [Create(f"key-{n}", {"subject": f"item {n}"}) for n in range(number)]


def made_by_keys(world: ZendeskWorld) -> list[str]:
    return sorted(one["external_id"] for one in world.tickets() if one["external_id"])


# Creates.


async def test_one_lost_answer_to_a_create_costs_one_request_and_makes_one_ticket(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    await world.fault("POST", f"{API}tickets", "drop_after_apply")
    (outcome,) = await zendesk.create("ticket", creates(1))
    assert outcome.result is Result.APPLIED
    assert made_by_keys(world) == ["key-0"]
    posts = [one for one in await world.requests_made() if one["path"] == f"{API}tickets"]
    assert [one["method"] for one in posts] == ["POST", "POST"]


@pytest.mark.parametrize("after", [0, 30, 300, 3 * 3600], ids="{} s later".format)
async def test_a_create_without_any_answer_is_found_by_its_key_whenever_it_is_looked_for(
    world: ZendeskWorld, zendesk: ZendeskConnector, after: int
) -> None:
    await world.trouble(Trouble.LOST_ANSWER)
    (outcome,) = await zendesk.create("ticket", creates(1))
    assert outcome.result is Result.AMBIGUOUS
    world.tool.advance(after)
    search = CreateSearch("key-0", {"subject": "item 0"}, LONG_AGO)
    (found,) = await zendesk.find("ticket", [search])
    assert found.found is Found.YES
    assert found.record and found.record.marker == "key-0"
    assert made_by_keys(world) == ["key-0"]


@pytest.mark.parametrize("after", [0, 300], ids="{} s later".format)
async def test_a_bulk_create_without_an_answer_is_found_item_by_item(
    world: ZendeskWorld, zendesk: ZendeskConnector, after: int
) -> None:
    await world.fault("POST", f"{API}tickets/create_many", "drop_after_apply")
    outcomes = await zendesk.create("ticket", creates(5))
    assert {outcome.result for outcome in outcomes} == {Result.AMBIGUOUS}
    searches = [CreateSearch(f"key-{n}", {}, LONG_AGO) for n in range(5)]
    with pytest.raises(Retriable, match="still at work"):
        await zendesk.find("ticket", searches[-1:])
    world.tool.advance(5 + after)  # the job goes on, whoever knows of it
    found = await zendesk.find("ticket", searches)
    assert {one.found for one in found} == {Found.YES}
    assert made_by_keys(world) == [f"key-{n}" for n in range(5)]


async def test_a_bulk_create_that_never_arrived_made_nothing(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    await world.fault("POST", f"{API}tickets/create_many", "drop_before")
    outcomes = await zendesk.create("ticket", creates(3))
    assert {outcome.result for outcome in outcomes} == {Result.AMBIGUOUS}
    world.tool.advance(300)
    found = await zendesk.find("ticket", [CreateSearch("key-1", {}, LONG_AGO)])
    assert [one.found for one in found] == [Found.NO]


async def test_what_a_job_does_not_do_is_made_alone_and_once(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    await world.fault("POST", f"{API}tickets/create_many", "partial:2")
    outcomes = await zendesk.create("ticket", creates(4))
    assert {outcome.result for outcome in outcomes} == {Result.APPLIED}
    assert made_by_keys(world) == [f"key-{n}" for n in range(4)]
    assert [o.record.marker for o in outcomes if o.record] == [f"key-{n}" for n in range(4)]


async def test_a_bad_item_of_a_job_is_refused_in_zendesks_own_words(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    items = creates(4)
    items[2] = Create("key-bad", {"subject": "bad", "priority": "very high"})
    outcomes = await zendesk.create("ticket", items)
    assert [o.result for o in outcomes] == [
        Result.APPLIED, Result.APPLIED, Result.REJECTED, Result.APPLIED
    ]  # fmt: skip
    assert "Priority: very high is not included in the list" in outcomes[2].reason


async def test_a_job_whose_results_are_lost_leaves_its_items_open_and_makes_them_once(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    await world.fault("GET", f"{API}job_statuses", "status:500", times=20)
    outcomes = await zendesk.create("ticket", creates(3))
    assert {outcome.result for outcome in outcomes} == {Result.AMBIGUOUS}
    await world.recover()
    found = await zendesk.find("ticket", [CreateSearch(f"key-{n}", {}, LONG_AGO) for n in range(3)])
    assert {one.found for one in found} == {Found.YES}
    assert made_by_keys(world) == ["key-0", "key-1", "key-2"]


async def test_too_many_jobs_is_a_later_and_nothing_was_made(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    world.account.settings.jobs = 0
    outcomes = await zendesk.create("ticket", creates(3))
    assert {outcome.result for outcome in outcomes} == {Result.RETRY}
    assert world.tickets() == []


async def test_a_new_ticket_says_nothing_to_its_requester_unless_it_is_public(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    fields = {"description": "for developers", "requester": str(world.carol.id)}
    inside, outside = await zendesk.create(
        "ticket",
        [
            Create("key-1", {"subject": "inside", **fields}),
            Create("key-2", {"subject": "outside", **fields, "is_public": True}),
        ],
    )
    assert [c["public"] for c in world.comments(inside.id or "")] == [False]
    assert [c["public"] for c in world.comments(outside.id or "")] == [True]


# Updates.


async def test_an_update_costs_one_request_and_is_refused_when_the_ticket_has_moved(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    id = await world.create({"subject": "one"})
    version = (await now(zendesk, id)).version
    world.tool.advance(5)
    before = world.requests()
    (good,) = await zendesk.update(
        "ticket", [Update(id, {"subject": "two"}, {"subject": "one"}, version)]
    )
    assert good.result is Result.APPLIED
    after = world.requests()
    assert (after.read - before.read, after.write - before.write) == (0, 1)
    (late,) = await zendesk.update(
        "ticket", [Update(id, {"subject": "three"}, {"subject": "one"}, version)]
    )
    assert late.result is Result.CONFLICT
    assert world.ticket(id)["subject"] == "two"


async def test_a_job_refuses_only_the_tickets_that_have_moved(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    ids = [await world.create({"subject": f"was {n}"}) for n in range(4)]
    versions = {id: (await now(zendesk, id)).version for id in ids}
    world.tool.advance(5)
    await world.edit(ids[1], {"subject": "a person was faster"})
    outcomes = await zendesk.update(
        "ticket", [Update(id, {"subject": "ours"}, {"subject": "was"}, versions[id]) for id in ids]
    )
    assert [outcome.result for outcome in outcomes] == [
        Result.APPLIED, Result.CONFLICT, Result.APPLIED, Result.APPLIED
    ]  # fmt: skip
    assert world.ticket(ids[1])["subject"] == "a person was faster"


async def test_an_edit_in_the_same_second_is_not_lost(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    id = await world.create({"subject": "as planned"})
    version = (await now(zendesk, id)).version
    await world.edit(id, {"subject": "a person, in the same second"})
    (outcome,) = await zendesk.update(
        "ticket", [Update(id, {"subject": "ours"}, {"subject": "as planned"}, version)]
    )
    assert outcome.result is Result.CONFLICT
    assert world.ticket(id)["subject"] == "a person, in the same second"


async def test_without_a_version_the_shown_values_decide(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    id = await world.create({"subject": "one"})
    items = [
        Update(id, {"subject": "late"}, {"subject": "another"}),
        Update("999", {"subject": "x"}, {}),
    ]
    late, gone = await zendesk.update("ticket", items)
    assert (late.result, gone.result) == (Result.CONFLICT, Result.GONE)
    (good,) = await zendesk.update("ticket", [Update(id, {"subject": "two"}, {"subject": "one"})])
    assert good.result is Result.APPLIED


async def test_two_patches_of_one_ticket_are_written_one_after_the_other(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    id = await world.create({"subject": "one"})
    world.tool.advance(5)
    patches: list[dict[str, Any]] = [
        {"subject": "two"}, {"priority": "no such priority"}, {"type": "task"}
    ]  # fmt: skip
    outcomes = await zendesk.update("ticket", [Update(id, patch, {}) for patch in patches])
    assert [one.result for one in outcomes] == [Result.APPLIED, Result.REJECTED, Result.APPLIED]
    shown = world.ticket(id)
    assert (shown["subject"], shown["type"]) == ("two", "task")


async def test_a_closed_ticket_refuses_a_field_in_zendesks_own_words(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    id = await world.create({"subject": "over"})
    await world.edit(id, {"status": "closed"})
    version = (await now(zendesk, id)).version
    (outcome,) = await zendesk.update(
        "ticket", [Update(id, {"priority": "high"}, {"priority": None}, version)]
    )
    assert outcome.result is Result.CLOSED
    assert "closed prevents ticket update" in outcome.reason
    note = NewComment("k", id, "<p>too late</p>", Visibility.INTERNAL)
    (noted,) = await zendesk.comment("ticket", [note])
    assert noted.result is Result.REJECTED


async def test_a_closed_ticket_can_be_followed_up(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    id = await world.create({"subject": "over"})
    await world.edit(id, {"status": "closed"})
    fields = {"subject": "again", "via_followup_source_id": id}
    (outcome,) = await zendesk.create("ticket", [Create("key-1", fields)])
    assert outcome.result is Result.APPLIED
    assert world.ticket(id)["followup_ids"] == [int(outcome.id or 0)]


async def test_the_history_names_whoever_wrote_and_not_their_number(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    id = await world.create({"subject": "Whose?"})
    await world.edit(id, {"priority": "high"})
    (change,) = [
        c for c in (await zendesk.history("ticket", [id], LONG_AGO))[id] if c.after == "high"
    ]
    known = await zendesk.people([change.by.handle])
    assert change.by == known[change.by.handle]
    assert "@" in (change.by.email or "")


async def test_tags_are_written_as_a_whole(world: ZendeskWorld, zendesk: ZendeskConnector) -> None:
    id = await world.create({"subject": "tagged", "tags": ["one", "two"]})
    record = await now(zendesk, id)
    assert record.fields["tags"] == ["one", "two"]
    (outcome,) = await zendesk.update(
        "ticket", [Update(id, {"tags": ["two", "three"]}, {"tags": ["one", "two"]}, record.version)]
    )
    assert outcome.record and outcome.record.fields["tags"] == ["three", "two"]


async def test_a_status_of_the_accounts_own_is_read_and_written_by_its_name(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    for category in ("new", "open", "pending", "hold", "solved"):
        new_status(world.account, category, category.capitalize(), default=True)
    new_status(world.account, "hold", "Waiting for development")
    id = await world.create({"subject": "x"})
    record = await now(zendesk, id)
    assert record.fields["custom_status"] == "New"
    patch = {"custom_status": "Waiting for development"}
    (outcome,) = await zendesk.update(
        "ticket", [Update(id, patch, {"custom_status": "New"}, record.version)]
    )
    assert outcome.record and outcome.record.fields["status"] == "hold"
    assert outcome.record.fields["custom_status"] == "Waiting for development"


async def test_every_kind_of_custom_field_can_be_written_back_as_it_reads(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    for kind, options in (
        ("tagger", ("Small", "Large")),
        ("multiselect", ("Print", "Scan")),
        ("checkbox", ()),
        ("integer", ()),
        ("decimal", ()),
        ("date", ()),
        ("textarea", ()),
    ):
        new_field(world.account, kind, kind, options)
    values: dict[str, Any] = {
        "tagger": "large",
        "multiselect": ["print", "scan"],
        "checkbox": True,
        "integer": 7,
        "decimal": "1.5",
        "date": "2026-02-03",
        "textarea": "two\nlines",
        NOTES: "a note",
    }
    id = await world.create({"subject": "all kinds"})
    empty = await now(zendesk, id)
    patch = {"custom_fields": values}
    (full,) = await zendesk.update("ticket", [Update(id, patch, {}, empty.version)])
    assert full.record
    assert {n: full.record.fields["custom_fields"][n] for n in values} == values
    world.tool.advance(5)
    cleared = {"custom_fields": dict.fromkeys(values)}
    (outcome,) = await zendesk.update("ticket", [Update(id, cleared, patch, full.record.version)])
    assert outcome.result is Result.APPLIED
    assert outcome.record
    assert [n for n in values if outcome.record.fields["custom_fields"][n]] == []


# Reading.


async def test_the_last_minute_is_told_later_and_never_missed(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    id = await world.create({"subject": "zero"})
    records, cursor = await told(zendesk)
    assert records == {}
    shown = []
    for n in range(6):
        await world.edit(id, {"subject": f"edit {n}"})
        world.tool.advance(25)
        records, cursor = await told(zendesk, cursor)
        shown += [record.fields["subject"] for record in records.values()]
    world.tool.advance(61)
    records, cursor = await told(zendesk, cursor)
    assert [*shown, records[id].fields["subject"]][-1] == "edit 5"


async def test_our_own_write_is_told_as_it_was_answered(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    id = await world.create({"subject": "zero"})
    await world.settle()
    _, cursor = await told(zendesk)
    version = (await now(zendesk, id)).version
    (outcome,) = await zendesk.update(
        "ticket", [Update(id, {"subject": "ours"}, {"subject": "zero"}, version)]
    )
    await world.settle()
    records, _ = await told(zendesk, cursor)
    assert records[id] == outcome.record


async def test_a_change_that_leaves_no_event_is_told_and_moves_no_version(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    id = await world.create({"subject": "zero"})
    await world.settle()
    records, cursor = await told(zendesk)
    world.office.desk.touch(world.ticket(id))
    await world.settle()
    again, _ = await told(zendesk, cursor)
    assert again == records


async def test_a_deleted_ticket_is_told_read_and_comes_back(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    id = await world.create({"subject": "in the bin"})
    await world.settle()
    _, cursor = await told(zendesk)
    (outcome,) = await zendesk.remove("ticket", [id], "archive")
    assert outcome.result is Result.APPLIED
    await world.settle()
    records, cursor = await told(zendesk, cursor)
    assert records[id].deleted
    assert (await now(zendesk, id)).deleted
    assert await census(zendesk) == {}
    world.office.bin.restore(id)
    await world.settle()
    records, _ = await told(zendesk, cursor)
    assert not records[id].deleted
    assert records[id].fields["status"] == "new"


async def test_a_ticket_deleted_for_good_is_gone(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    id = await world.create({"subject": "scrubbed"})
    await world.delete(id)
    world.office.bin.scrub(id)
    answer = (await zendesk.fetch("ticket", [id, "no number"]))[id]
    assert isinstance(answer, Missing)
    assert answer.gone


async def census(zendesk: ZendeskConnector) -> dict[str, int | None]:
    versions: dict[str, int | None] = {}
    async for page in zendesk.census("ticket"):
        versions |= page.versions
    return versions


async def test_an_archived_ticket_is_still_in_the_census_and_read_by_id(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    id = await world.create({"subject": "long ago"})
    await world.edit(id, {"status": "closed"})
    world.tool.advance(200 * 24 * 3600)
    assert list(await census(zendesk)) == [id]
    assert (await now(zendesk, id)).fields["subject"] == "long ago"


async def test_a_merged_ticket_names_the_one_that_is_left(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    source = await world.create({"subject": "twice"})
    target = await world.create({"subject": "once"})
    await world.settle()
    _, cursor = await told(zendesk)
    world.office.bin.merge(world.ann, {"source": source, "target": target})
    await world.settle()
    records, _ = await told(zendesk, cursor)
    assert records[source].merged_into == target
    assert records[target].merged_into is None
    assert (await now(zendesk, source)).merged_into == target


async def test_without_a_scope_tickets_of_all_groups_are_read(world: ZendeskWorld) -> None:
    ids = [await world.create({"subject": name, "group": name}) for name in (SUPPORT, ELSEWHERE)]
    await world.settle()
    async with opened(world, scope={}) as zendesk:
        records, _ = await told(zendesk)
        assert sorted(records) == sorted(ids)
        assert all(record.in_scope for record in records.values())
        assert sorted(await census(zendesk)) == sorted(ids)


async def test_a_group_that_does_not_exist_is_named(world: ZendeskWorld) -> None:
    async with opened(world, scope={"group": "Suport"}) as zendesk:
        for asked in (zendesk.describe(), zendesk.create("ticket", creates(1))):
            with pytest.raises(Misconfigured, match="no group 'Suport'; there are: .*Support"):
                await asked


# Limits and credentials.


async def test_a_long_first_reading_stays_below_the_limit_of_exports(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    world.account.settings.limits = True
    zendesk._feed._page = 2
    for n in range(50):
        await world.create({"subject": f"ticket {n}"})
    await world.settle()
    records, _ = await told(zendesk)
    assert len(records) == 50
    assert 429 not in {one["status"] for one in await world.requests_made()}


async def test_an_export_that_another_app_used_up_is_waited_for(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    id = await world.create({"subject": "patient"})
    await world.settle()
    await world.fault("GET", f"{API}incremental", "rate_limit:45")
    records, _ = await told(zendesk)
    assert list(records) == [id]
    assert sum(world.clock.slept) >= 45


async def test_a_ticket_that_was_updated_too_often_waits_alone(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    busy, idle = [await world.create({"subject": name}) for name in ("busy", "idle")]
    world.account.settings.limits = True
    world.account.settings.updates_of_a_ticket = 1
    for n, expected in ((0, Result.APPLIED), (1, Result.RETRY)):
        version = (await now(zendesk, busy)).version
        (outcome,) = await zendesk.update(
            "ticket", [Update(busy, {"subject": str(n)}, {}, version)]
        )
        assert outcome.result is expected
    assert outcome.retry_at
    assert (outcome.retry_at - world.clock.now()).total_seconds() > 60
    version = (await now(zendesk, idle)).version
    (other,) = await zendesk.update("ticket", [Update(idle, {"subject": "x"}, {}, version)])
    assert other.result is Result.APPLIED
    assert max(world.clock.slept) < 1  # the usual distance between two requests


async def test_a_token_that_ends_in_the_middle_is_replaced_and_nothing_is_written_twice(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    await zendesk.create("ticket", [Create("key-a", {"subject": "before"})])
    tokens = world.account.state.table("oauth_tokens")
    for token in list(dict(tokens.items())):
        tokens.delete(token)
    outcomes = await zendesk.create("ticket", [Create("key-b", {"subject": "after"})])
    assert [outcome.result for outcome in outcomes] == [Result.APPLIED]
    assert made_by_keys(world) == ["key-a", "key-b"]
    made = await world.requests_made()
    assert sum(one["path"] == "/oauth/tokens" for one in made) == 2


async def test_a_token_is_replaced_before_it_ends(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    for _ in range(3):
        await told(zendesk)
        world.tool.advance(world.account.settings.token_seconds - 30)
    made = await world.requests_made()
    assert 401 not in {one["status"] for one in made}
    assert sum(one["path"] == "/oauth/tokens" for one in made) == 3


async def test_many_calls_at_once_share_one_token(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    id = await world.create({"subject": "busy"})
    await asyncio.gather(*(zendesk.fetch("ticket", [id]) for _ in range(8)))
    made = await world.requests_made()
    assert sum(one["path"] == "/oauth/tokens" for one in made) == 1


async def test_an_agents_address_with_an_api_token_works_and_is_warned_of(
    world: ZendeskWorld,
) -> None:
    auth = {"email": HUB, "api_token": Secret(API_TOKEN)}
    async with opened(world, auth=auth) as zendesk:
        schema = await zendesk.describe()
    assert any("30 April 2027" in warning for warning in schema.warnings)


# Comments and files.


async def test_an_internal_note_is_never_public(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    id = await world.create({"subject": "asked"}, by=world.carol)
    items = [
        NewComment("k1", id, "<p>inside</p>", Visibility.INTERNAL),
        NewComment("k2", id, "<p>for you</p>", Visibility.PUBLIC),
    ]
    await zendesk.comment("ticket", items)
    file = NewAttachment("k3", id, "f.txt", b"inside", "text/plain", Visibility.INTERNAL)
    await zendesk.attach("ticket", [file])
    assert [c["public"] for c in world.comments(id)][1:] == [False, True, False]
    files = (await zendesk.attachments("ticket", [id]))[id]
    assert [one.visibility for one in files] == [Visibility.INTERNAL]


async def test_the_description_is_no_comment(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    id = await world.create({"subject": "asked", "description": "Help!"}, by=world.carol)
    await world.comment(id, "<p>Which <b>printer</b>?</p>", Visibility.PUBLIC)
    (comment,) = (await zendesk.comments("ticket", [id]))[id]
    assert comment.body == "<p>Which <b>printer</b>?</p>"
    assert (comment.author.name, comment.author.email) == ("Ann Agent", "ann@acme.test")
    assert not comment.by_us
    assert (await now(zendesk, id)).fields["description"] == "Help!"


async def test_a_comment_whose_answer_is_lost_is_there_once_to_be_found(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    id = await world.create({"subject": "asked"})
    await world.fault("PUT", f"{API}tickets", "drop_after_apply")
    note = NewComment("k", id, "<p>said once</p>", Visibility.INTERNAL)
    (outcome,) = await zendesk.comment("ticket", [note])
    assert outcome.result is Result.AMBIGUOUS
    (comment,) = (await zendesk.comments("ticket", [id]))[id]
    assert (comment.body, comment.by_us) == ("<p>said once</p>", True)


# Links.


async def test_a_link_note_is_written_once_and_called_off_by_another(world: ZendeskWorld) -> None:
    id = await world.create({"subject": "linked"})
    card = LinkCard(id, "jira", "APP-1", "One & <two>", CARD_URL)
    async with opened(world, link_field=None) as zendesk:
        for _ in range(2):
            await zendesk.show_links("ticket", [card, card])
        assert len(world.comments(id)) == 2
        assert await zendesk._messages.links_shown(id) == [CARD_URL]
        assert (await zendesk.comments("ticket", [id]))[id] == []
        for _ in range(2):
            await zendesk.show_links("ticket", [], gone=[card])
        assert len(world.comments(id)) == 3
        assert await zendesk._messages.links_shown(id) == []
        await zendesk.show_links("ticket", [card])
        assert await zendesk._messages.links_shown(id) == [CARD_URL]
    assert not any(comment["public"] for comment in world.comments(id)[1:])


async def test_an_issue_of_jira_is_shown_by_zendesks_own_integration(world: ZendeskWorld) -> None:
    id = await world.create({"subject": "linked"})
    card = LinkCard(id, "tracker", "APP-1", "One", CARD_URL, tool="jira", linked_id="10001")
    other = LinkCard(id, "desk", "T-1", "Another", "https://desk.example/1", tool="redmine")
    async with opened(world, jira_links=True) as zendesk:
        before = world.requests().write
        for _ in range(2):
            outcomes = await zendesk.show_links("ticket", [card, other])
            assert {outcome.result for outcome in outcomes} == {Result.APPLIED}
        assert world.requests().write - before == 2
        assert list(await world.links_shown(id)) == ["https://desk.example/1"]
        assert len(world.comments(id)) == 1
        await zendesk.show_links("ticket", [], gone=[card])
        assert world.requests().write - before == 3


async def test_what_people_wrote_into_the_link_field_stays(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    id = await world.create(
        {"subject": "linked", "custom_fields": {LINK_FIELD: "https://ours.test/1"}}
    )
    card = LinkCard(id, "jira", "APP-1", "One", CARD_URL)
    await zendesk.show_links("ticket", [card])
    assert list(await world.links_shown(id)) == ["https://ours.test/1", CARD_URL]
    await zendesk.show_links("ticket", [], gone=[card])
    assert list(await world.links_shown(id)) == ["https://ours.test/1"]


async def test_a_link_field_that_is_no_text_field_is_named(world: ZendeskWorld) -> None:
    async with opened(world, link_field="No such field") as zendesk:
        with pytest.raises(Misconfigured, match="no text field 'No such field'; there are: "):
            await zendesk.describe()


# Webhooks.


async def test_what_zendesk_signs_is_taken_and_names_the_ticket(world: ZendeskWorld) -> None:
    events = ["zen:event-type:ticket.subject_changed", "zen:event-type:ticket.comment_added"]
    hooks = world.office.webhooks
    hook = hooks.create(
        {"name": "hub", "endpoint": "http://127.0.0.1:9/hub", "subscriptions": events}
    )
    id = await world.create({"subject": "one"})
    await world.edit(id, {"subject": "two"})
    endpoint = ZendeskWebhook([Secret(hook["_secret"])])
    told = [
        endpoint.receive(list(one.headers.items()), one.body, world.clock.now())
        for one in world.fake.hooks.deliveries
    ]
    assert [delivery.hints for delivery in told] == [(Hint("ticket", id),)] * 2
    assert len({delivery.key for delivery in told}) == 2
    hooks.new_secret(hook)
    await world.edit(id, {"subject": "three"})
    forged = world.fake.hooks.deliveries[-1]
    with pytest.raises(Refused):
        endpoint.receive(list(forged.headers.items()), forged.body, world.clock.now())


# The mappings.


@pytest.mark.parametrize("entity", ["ticket", "customer_request"])
async def test_the_shipped_mapping_fits_a_fresh_account(
    zendesk: ZendeskConnector, entity: str
) -> None:
    assert check(builtin("zendesk", entity), await zendesk.describe()) == []
