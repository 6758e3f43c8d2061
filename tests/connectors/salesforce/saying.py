"""Short ways to say things in the tests of Salesforce."""

from __future__ import annotations

from connectors.salesforce import SalesforceConnector
from syncline.sdk.connector import Record
from syncline.sdk.testing.tool import the_record


async def told(
    crm: SalesforceConnector, cursor: str | None = None, record: str = "Case"
) -> tuple[dict[str, Record], str]:
    records: dict[str, Record] = {}
    async for page in crm.changes(record, cursor):
        records |= {one.id: one for one in page.records}
        cursor = page.cursor
    assert cursor is not None
    return records, cursor


async def now(crm: SalesforceConnector, id: str, record: str = "Case") -> Record:
    return the_record((await crm.fetch(record, [id]))[id])
