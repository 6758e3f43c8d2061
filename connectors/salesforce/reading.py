"""Records: what changed, the census, and records by id.

Changes go by `SystemModstamp`, which moves with every change and which nobody can set, and among
equal ones by id: a bulk load gives thousands of records one stamp. A change gets its stamp when
its transaction begins and is seen when that ends, so reading starts again a lookback before the
moment up to which it was complete, by Salesforce's own clock.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.salesforce import soql
from connectors.salesforce.auth import SignIn
from connectors.salesforce.client import BY_ID, IN_LIST, Client, Row, Rows, chunks, moment, seconds
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.metadata import Described, Metadata
from connectors.salesforce.objects import Kind, is_id
from connectors.salesforce.wire import WireShape
from syncline.sdk.connector import CensusPage, Missing, Page, Record
from syncline.sdk.errors import Misconfigured, Rejected, Retriable

ORDER = ("SystemModstamp", "Id")
# What `deleted` tells of: the recycle bin keeps a record for 15 days.
_BIN = timedelta(days=15)
# The longest address that Salesforce takes has 16,384 bytes, with room for the rest of it.
_LONGEST_QUERY = 14_000
_ID_LENGTH = 24


@dataclass(frozen=True, slots=True)
class Cursor:
    """Everything before `at` was told, and of the records with that stamp those up to `id`."""

    at: datetime
    id: str = ""

    def text(self) -> str:
        """As the engine keeps it."""
        return f"{soql.moment(self.at)} {self.id}".rstrip()

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """The inverse of `text`."""
        at, _, id = text.partition(" ")
        return cls(datetime.fromisoformat(at), id)

    def condition(self) -> str:
        """What is still to be told, as a condition of a query."""
        at = soql.moment(self.at)
        if not self.id:
            return f"SystemModstamp >= {at}"
        return f"(SystemModstamp > {at} OR (SystemModstamp = {at} AND Id > {soql.text(self.id)}))"


class Reader:
    """Reads for one connection."""

    def __init__(
        self,
        client: Client,
        metadata: Metadata,
        shape: WireShape,
        sign_in: SignIn,
        config: SalesforceConfig,
        lookback: timedelta,
    ) -> None:
        self._client = client
        self._metadata = metadata
        self._shape = shape
        self._sign_in = sign_in
        self._config = config
        self._lookback = lookback

    async def me(self) -> str:
        """The integration user's id."""
        return (await self._sign_in.identity(self._client.transport)).user

    async def changes(self, kind: Kind, cursor: str | None) -> AsyncIterator[Page]:
        """Records changed since the cursor, deleted ones too; without one all in scope."""
        since = Cursor.parse(cursor) if cursor else None
        horizon: datetime | None = None
        async for described, page in self._changed(kind, since):
            horizon = horizon or page.at - self._lookback
            records = await self.records(described, page.rows)
            yield Page(records, _reached(page, horizon).text())

    async def census(self, kind: Kind) -> AsyncIterator[CensusPage]:
        """Every record in scope that is not deleted; raises Retriable where one was lost."""
        described = await self._metadata.of(kind)
        query = soql.select(("Id", "SystemModstamp"), kind.name, self._scoped(described), ("Id",))
        told = 0
        async for page in self._client.query(query):
            told += len(page.rows)
            yield CensusPage({str(r["Id"]): seconds(r["SystemModstamp"]) for r in page.rows})
        if told != page.total:
            raise Retriable(
                f"Salesforce counts {page.total} of {kind.name} and listed {told}; a census that "
                "lost some is none. Syncline counts again later."
            )

    async def fetch(self, kind: Kind, ids: Sequence[str]) -> dict[str, Record | Missing]:
        """Each id as it is now, or why there is no record."""
        found: dict[str, Record | Missing] = {
            id: Missing(id, gone=True, reason=f"not the id of a {kind.name}") for id in ids
        }
        asked = [id for id in dict.fromkeys(ids) if is_id(id, kind.prefix)]

        async def by_id(described: Described) -> list[Record]:
            rows: list[Row] = []
            for some in chunks(asked, BY_ID):
                rows += await self._by_id(described, some)
            shown = {str(row["Id"]) for row in rows}
            rows += await self._in_the_bin(described, [id for id in asked if id not in shown])
            return await self.records(described, rows)

        records = await self._metadata.fresh(kind, by_id) if asked else []
        found |= {record.id: record for record in records}
        lost = [id for id in asked if isinstance(found[id], Missing)]
        return found | await self._lost(kind, lost)

    async def where(self, kind: Kind, condition: str) -> list[Record]:
        """The records that a condition holds for, deleted ones too."""

        async def ask(described: Described) -> list[Record]:
            query = soql.select(described.asked(self._config), kind.name, (condition,))
            return await self.records(described, await self._client.rows(query, deleted=True))

        return await self._metadata.fresh(kind, ask)

    async def records(self, described: Described, rows: Sequence[Row]) -> list[Record]:
        """Rows as records."""
        scope, me = self._metadata.scope(described), await self.me()
        return [self._shape.record(row, described, scope, me) for row in rows]

    async def _changed(
        self, kind: Kind, since: Cursor | None
    ) -> AsyncIterator[tuple[Described, Rows]]:
        """The pages of changes; a field that is gone by now is left out."""
        for again in (False, True):
            described = await self._metadata.of(kind)
            where = self._scoped(described) if since is None else [since.condition()]
            query = soql.select(described.asked(self._config), kind.name, where, ORDER)
            if len(query) > _LONGEST_QUERY:
                raise Misconfigured(
                    f"{kind.name} has more custom fields than one query can name. Nothing was "
                    f"read; name the needed ones under `custom_fields: {{{kind.name}: [...]}}`."
                )
            try:
                async for page in self._client.query(query, deleted=since is not None):
                    yield described, page
            except Rejected as error:
                if again or not self._metadata.outdated(kind, error):
                    raise
                continue
            return

    def _scoped(self, described: Described) -> list[str]:
        scope = self._metadata.scope(described)
        return [] if scope is None else [soql.among("RecordTypeId", sorted(scope))]

    async def _by_id(self, described: Described, ids: Sequence[str]) -> list[Row]:
        response = await self._client.call(
            "POST",
            f"/composite/sobjects/{described.kind.name}",
            json={"ids": list(ids), "fields": described.asked(self._config)},
            mutating=False,
            items=len(ids),
        )
        return [row for row in response.json() if row is not None]

    async def _in_the_bin(self, described: Described, ids: Sequence[str]) -> list[Row]:
        fields, source = described.asked(self._config), described.kind.name
        room = (_LONGEST_QUERY - len(soql.select(fields, source))) // _ID_LENGTH
        rows: list[Row] = []
        for some in chunks(ids, max(1, min(room, IN_LIST))):
            query = soql.select(fields, source, (soql.among("Id", some),))
            rows += await self._client.rows(query, deleted=True)
        return rows

    async def _lost(self, kind: Kind, ids: Sequence[str]) -> dict[str, Missing]:
        """Ids that are neither shown nor in the recycle bin: gone where Salesforce's log of
        deletions has them, else hidden. The API answers the same to both."""
        if not ids:
            return {}
        now = self._client.now()
        between = {"start": _minute(now - _BIN), "end": _minute(now)}
        told = (
            await self._client.call("GET", f"/sobjects/{kind.name}/deleted/", params=between)
        ).json()
        gone = {str(one["id"]) for one in told["deletedRecords"]}
        return {
            id: Missing(id, gone=True, reason="deleted for good")
            if id in gone
            else Missing(id, gone=False, reason="not there for the integration user")
            for id in ids
        }


def _reached(page: Rows, horizon: datetime) -> Cursor:
    """Where reading goes on behind a page: never behind the lookback."""
    if page.last or not page.rows:
        return Cursor(horizon)
    row = page.rows[-1]
    at = moment(row["SystemModstamp"])
    return Cursor(at, str(row["Id"])) if at < horizon else Cursor(horizon)


def _minute(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:00+00:00")
