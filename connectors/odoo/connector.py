"""The Odoo connector: tasks, opportunities, projects, companies and persons.

What Odoo cannot do decides what is claimed here. It has no compare-and-set, so the engine reads
around each write; it has no tombstones, so deletions show only in a census, while archived records
are told as they change. Its tracking, on the other hand, names who changed which field when, and
the value that a write replaced.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Self

from connectors.odoo import describing
from connectors.odoo.client import PAGE, Client, moment
from connectors.odoo.config import OdooConfig
from connectors.odoo.cursor import Position
from connectors.odoo.details import details
from connectors.odoo.files import Files
from connectors.odoo.finding import Finding
from connectors.odoo.history import History
from connectors.odoo.messages import Messages
from connectors.odoo.metadata import Metadata
from connectors.odoo.people import People
from connectors.odoo.reading import Changes, scope_of
from connectors.odoo.records import RECORDS, RecordType
from connectors.odoo.webhook import OdooWebhook
from connectors.odoo.wire import WireShape
from connectors.odoo.writing import BULK, Writing
from syncline.sdk.batches import in_order, outcomes
from syncline.sdk.clock import Clock
from syncline.sdk.connector import (
    Attachment,
    Capabilities,
    CensusPage,
    Change,
    Comment,
    CommentEdit,
    ConnectionConfig,
    Connector,
    Create,
    CreateSearch,
    FindResult,
    Missing,
    NewAttachment,
    NewComment,
    Outcome,
    Page,
    Person,
    Record,
    Schema,
    Update,
    Visibility,
)
from syncline.sdk.errors import Misconfigured, NotFound
from syncline.sdk.http import Limits, Transport
from syncline.sdk.secrets import Secret

# Odoo ends a request after 120 seconds (`limit_time_real`): later none shows itself any more.
LOOKBACK = timedelta(seconds=120)
CONCURRENT = 4


class OdooConnector(Connector):
    """Odoo 19 and later, whose interface is JSON-2; tested with 19.0 Community."""

    name = "odoo"
    config_model = OdooConfig
    webhook = OdooWebhook
    capabilities = Capabilities(
        answers_writes=True,
        find_by_key=True,
        search_lag=LOOKBACK,
        history=True,
        edits_comments=True,
        visibilities=(Visibility.PUBLIC, Visibility.INTERNAL),
        attachments=True,
        deletes=("archive", "delete"),
        bulk_create=BULK,
        bulk_fetch=PAGE,
        residual_window=True,
    )

    def __init__(self, config: OdooConfig, transport: Transport, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._lookback = max(config.search_lag or LOOKBACK, timedelta(seconds=1))
        self.capabilities = replace(
            type(self).capabilities,
            search_lag=self._lookback,
            find_by_key=config.key_field is not None,
        )
        self.client = client = Client(transport)
        key_field = config.key_field
        self._metadata = metadata = Metadata(client, config)
        self._people = people = People(client)
        self._shape = WireShape(config.base_url, key_field, people.handle)
        self._writing = Writing(client, metadata, people, self._shape, key_field)
        self._finding = Finding(client, metadata, self._writing, key_field)
        self._history = History(client, people)
        self._messages = messages = Messages(client, metadata)
        self._files = Files(client, metadata, messages)

    @classmethod
    def open(cls, connection: str, config: ConnectionConfig, clock: Clock) -> Self:
        """A connector for one connection; sends nothing yet."""
        if not isinstance(config, OdooConfig):
            raise Misconfigured(f"{connection} is not configured for Odoo; nothing was sent.")
        limits = config.limits
        transport = Transport(
            connection=connection,
            base_url=config.base_url,
            limits=Limits(limits.requests_per_minute, limits.concurrent or CONCURRENT),
            clock=clock,
            headers={
                "Authorization": Secret(f"bearer {config.auth.api_key.reveal()}"),
                "X-Odoo-Database": config.database,
            },
            private_network=config.private_network,
            read_only=config.read_only,
            ca_file=config.ca_file,
        )
        return cls(config, transport, clock)

    async def describe(self) -> Schema:
        return await describing.describe(self.client, self._metadata, self._history, self._config)

    async def details(self, record: str) -> Mapping[str, Any]:
        return await details(self.client, self._metadata, _kind(record))

    async def changes(self, record: str, cursor: str | None) -> AsyncIterator[Page]:
        kind = _kind(record)
        at = Position.parse(cursor, self._config.scope.project) or await self._start(kind)
        asked = kind.specification(self._config.key_field, at.absent)
        reading = Changes(self.client, kind, asked, self._clock, self._lookback, at)
        async for rows in reading.pages():
            await self._people.know_all(kind, rows)
            records = [self._shape.record(kind, row, at.projects) for row in rows]
            yield Page(records, reading.at.text())

    async def _start(self, kind: RecordType) -> Position:
        absent = await self._metadata.absent(kind)
        return Position(await self._metadata.projects(), absent)

    async def census(self, record: str) -> AsyncIterator[CensusPage]:
        kind = _kind(record)
        domain = scope_of(kind, await self._start(kind))
        asked: Mapping[str, Mapping[str, object]] = {"write_date": {}}
        after = 0
        while True:
            rows = await self.client.search(kind.model, [*domain, ["id", ">", after]], asked)
            yield CensusPage(
                {str(row["id"]): int(moment(row["write_date"]).timestamp()) for row in rows}
            )
            if len(rows) < PAGE:
                return
            after = rows[-1]["id"]

    async def fetch(self, record: str, ids: Sequence[str]) -> Mapping[str, Record | Missing]:
        """Two hundred in one request; of those not in it, each is asked whether it is gone."""
        kind = _kind(record)
        numbers = sorted({int(id) for id in ids if id.isdecimal()})
        shown = await self._writing.records(kind, numbers)
        unseen = [id for id in dict.fromkeys(ids) if id not in shown]
        missing = await asyncio.gather(*(self._missing(kind, id) for id in unseen))
        return shown | dict(zip(unseen, missing, strict=True))

    async def _missing(self, kind: RecordType, id: str) -> Missing:
        if not id.isdecimal():
            return Missing(id, gone=True, reason="no id of Odoo's")
        try:
            there = await self.client.exists(kind.model, id)
        except NotFound as error:
            return Missing(id, gone=not error.hidden, reason=str(error))
        return Missing(id, gone=not there, reason="hidden" if there else "deleted")

    async def create(self, record: str, items: Sequence[Create]) -> Sequence[Outcome]:
        await self._metadata.projects()
        return await self._writing.create(_kind(record), items)

    async def update(self, record: str, items: Sequence[Update]) -> Sequence[Outcome]:
        await self._metadata.projects()
        return await self._writing.update(_kind(record), items)

    async def find(self, record: str, items: Sequence[CreateSearch]) -> Sequence[FindResult]:
        kind = _kind(record)
        return await asyncio.gather(*(self._finding.find(kind, item) for item in items))

    async def remove(self, record: str, ids: Sequence[str], how: str) -> Sequence[Outcome]:
        return await self._writing.remove(_kind(record), ids, how)

    async def history(
        self, record: str, ids: Sequence[str], since: datetime
    ) -> Mapping[str, Sequence[Change]]:
        kind = _kind(record)
        rows = await self._writing.rows(kind, [int(id) for id in ids if id.isdecimal()])
        found = await self._history.of_records(kind, rows, since, await self._metadata.me())
        return {id: found.get(id, ()) for id in ids}

    async def comments(self, record: str, ids: Sequence[str]) -> Mapping[str, Sequence[Comment]]:
        return await self._messages.of_records(_kind(record), ids)

    async def comment(self, record: str, items: Sequence[NewComment]) -> Sequence[Outcome]:
        kind = _kind(record)
        return await in_order(
            items, lambda item: item.record_id, lambda item: self._messages.add(kind, item)
        )

    async def edit_comments(self, record: str, items: Sequence[CommentEdit]) -> Sequence[Outcome]:
        return await outcomes(items, self._messages.edit)

    async def attachments(
        self, record: str, ids: Sequence[str]
    ) -> Mapping[str, Sequence[Attachment]]:
        return await self._files.of_records(_kind(record), ids)

    async def download(self, record: str, attachment: Attachment) -> bytes:
        return await self._files.content(attachment, self.capabilities.max_attachment_bytes)

    async def attach(self, record: str, items: Sequence[NewAttachment]) -> Sequence[Outcome]:
        kind = _kind(record)
        return await in_order(
            items, lambda item: item.record_id, lambda item: self._files.add(kind, item)
        )

    async def people(self, handles: Sequence[str]) -> Mapping[str, Person]:
        return await self._people.by_handle(handles)

    async def find_people(self, emails: Sequence[str]) -> Mapping[str, Person]:
        return await self._people.by_email(emails)

    def requests(self) -> Mapping[str, int]:
        return dict(self.client.transport.log.counts)

    async def aclose(self) -> None:
        await self.client.transport.aclose()


def _kind(record: str) -> RecordType:
    if record not in RECORDS:
        raise Misconfigured(
            f"Odoo's records are called {', '.join(RECORDS)}, not {record!r}; nothing was sent."
        )
    return RECORDS[record]
