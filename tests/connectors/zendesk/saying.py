"""Short ways to say things in the tests of Zendesk."""

from __future__ import annotations

from connectors.zendesk import ZendeskConnector
from syncline.sdk.connector import (
    Create,
    Record,
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
