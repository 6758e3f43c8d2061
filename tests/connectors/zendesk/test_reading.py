"""Reading Zendesk: changes by the export, deletions, merges, the census and the scope."""

from __future__ import annotations

import pytest

from connectors.zendesk import ZendeskConnector
from syncline.sdk.connector import (
    Missing,
    Result,
    Update,
)
from syncline.sdk.errors import Misconfigured
from tests.connectors.zendesk.saying import creates, now, told
from tests.connectors.zendesk.world import (
    ELSEWHERE,
    SUPPORT,
    ZendeskWorld,
    opened,
)


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
