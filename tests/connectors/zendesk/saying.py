"""Short ways to say things in the tests of Zendesk."""

from __future__ import annotations

from typing import Any

from connectors.zendesk import ZendeskConnector
from syncline.sdk.connector import (
    Create,
    Outcome,
    Record,
    Update,
)
from syncline.sdk.testing.tool import the_record
from tests.connectors.zendesk.world import (
    ZendeskWorld,
)


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


async def told_of(
    connector: ZendeskConnector, record: str, cursor: str | None = None
) -> tuple[dict[str, Record], str]:
    """What a reading of the changes tells by ids, and its cursor."""
    records: dict[str, Record] = {}
    last: str | None = None
    async for page in connector.changes(record, cursor):
        records |= {one.id: one for one in page.records}
        last = page.cursor
    assert last is not None
    return records, last


async def make(connector: ZendeskConnector, record: str, key: str, **fields: Any) -> Outcome:
    (outcome,) = await connector.create(record, [Create(key, fields)])
    return outcome


async def patch(
    connector: ZendeskConnector, record: str, id: str, wanted: Any, expected: Any = None
) -> Outcome:
    (outcome,) = await connector.update(record, [Update(id, wanted, expected or {})])
    return outcome


async def now_of(connector: ZendeskConnector, record: str, id: str) -> Record:
    return the_record((await connector.fetch(record, [id]))[id])
