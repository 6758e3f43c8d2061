"""Reading contacts and companies: what changed, what there is, and each by its own id."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta

from connectors.intercom.cards import USER, Cards
from connectors.intercom.client import PAGE, Client, Filter, Row, both, where
from connectors.intercom.config import IntercomConfig
from connectors.intercom.kinds import CONTACT, ID, Kind
from connectors.intercom.listing import Scroll, everything, newest_first
from connectors.intercom.metadata import Metadata
from syncline.sdk.connector import CensusPage, Missing, Page, Record
from syncline.sdk.errors import NotFound

CONTACTS = "contacts"
# New contacts are found later, "this delay can take a few minutes" (Intercom's OpenAPI,
# `POST /contacts/search`).
CONTACT_LAG = timedelta(minutes=5)
# A search cuts times to the workspace's day, and `>` begins with the next one; some have 25 hours.
_TWO_DAYS = 2 * 86_400


class Entries:
    """Reads one kind for one connection."""

    def __init__(
        self,
        kind: Kind,
        client: Client,
        metadata: Metadata,
        scroll: Scroll,
        config: IntercomConfig,
        lag: timedelta,
    ) -> None:
        self._kind = kind
        self._client = client
        self._metadata = metadata
        self._scroll = scroll
        self._leads = config.scope.leads
        self._web_url = config.web_url
        self._lag = int(max(lag, CONTACT_LAG if kind is CONTACT else lag).total_seconds())
        self.cards = Cards(kind, config.link_attribute, self._leads)

    def changes(self, cursor: str | None) -> AsyncIterator[Page]:
        """Records changed at or after the cursor; only the last page has one."""
        since = self._since(cursor)
        return self._contacts(since) if self._kind is CONTACT else self._companies(since)

    async def _contacts(self, since: int) -> AsyncIterator[Page]:
        """Newest first (see `listing`). The first reading asks for those in scope; later ones for
        all, so that a contact that left the scope is told."""
        changed_since = where("updated_at", ">", max(since - _TWO_DAYS, 0))
        query = both(changed_since, *([] if since else self._roles()))
        covered: int | None = None
        async for found in newest_first(self._client, CONTACTS, query, "updated_at"):
            covered = found.answered - self._lag if covered is None else covered
            rows = [row for row in found.rows if row["updated_at"] >= since]
            if len(rows) < len(found.rows) or found.after is None:
                yield Page(await self.records(rows), self._cursor(covered))
                return
            yield Page(await self.records(rows))

    async def _companies(self, since: int) -> AsyncIterator[Page]:
        """Intercom tells no changes of companies: all are read, and those changed are told."""
        listed, opened = await self._scroll.read()
        rows = sorted(
            (row for row in listed if row["updated_at"] >= since),
            key=lambda row: (row["updated_at"], row["id"]),
        )
        cursor = self._cursor(opened - self._lag)
        parts = [rows[start : start + PAGE] for start in range(0, len(rows), PAGE)] or [[]]
        for part in parts:
            yield Page(await self.records(part), cursor if part is parts[-1] else None)

    async def census(self) -> AsyncIterator[CensusPage]:
        """Every contact in scope; every company that Intercom lists."""
        if self._kind is CONTACT:
            query = both(where("created_at", ">", 0), *self._roles())
            rows = await everything(self._client, CONTACTS, query)
        else:
            rows, _ = await self._scroll.read()
        yield CensusPage({str(row["id"]): row["updated_at"] for row in rows})

    async def fetch(self, ids: Sequence[str]) -> Mapping[str, Record | Missing]:
        """One request each."""
        wanted = list(dict.fromkeys(ids))
        answers = await asyncio.gather(*map(self._one, wanted), return_exceptions=True)
        told: dict[str, Record | Missing] = {}
        for id, answer in zip(wanted, answers, strict=True):
            if isinstance(answer, BaseException):
                raise answer
            told[id] = answer
        return told

    async def _one(self, id: str) -> Record | Missing:
        try:
            if not ID.fullmatch(id):
                raise NotFound(f"{id!r} is no {self._kind.name}'s id")
            (record,) = await self.records([await self._client.get(f"{self._kind.path}/{id}")])
        except NotFound as error:
            return Missing(id, gone=not error.hidden, reason=str(error))
        return record

    async def records(self, rows: Sequence[Row]) -> list[Record]:
        """Rows as records."""
        if not rows:
            return []
        app = (await self._metadata.me())["app"]["id_code"]
        return [self.cards.record(row, f"{self._web_url}/a/apps/{app}") for row in rows]

    def _roles(self) -> list[Filter]:
        return [] if self._leads else [where("role", "=", USER)]

    def _since(self, cursor: str | None) -> int:
        """The first second to read: the beginning, too, where a cursor is of another scope."""
        told = json.loads(cursor) if cursor else None
        return int(told["since"]) if told is not None and told["leads"] == self._leads else 0

    def _cursor(self, since: int) -> str:
        told = {"leads": self._leads, "since": max(since, 1)}
        return json.dumps(told, separators=(",", ":"))
