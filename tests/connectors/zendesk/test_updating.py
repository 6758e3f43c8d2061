"""Updates in Zendesk: of what was seen, by the workflow, of every kind of field."""

from __future__ import annotations

from typing import Any

from connectors.zendesk import ZendeskConnector
from connectors.zendesk.fake.fields import new_field
from connectors.zendesk.fake.statuses import new_status
from syncline.sdk.connector import (
    Create,
    NewComment,
    Result,
    Update,
    Visibility,
)
from syncline.sdk.testing.base import LONG_AGO
from tests.connectors.zendesk.saying import now
from tests.connectors.zendesk.world import (
    NOTES,
    ZendeskWorld,
)


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
