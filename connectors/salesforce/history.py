"""Field history: who changed which field when, for the fields that the org tracks.

A changed reference is told twice, once by names and once by ids; the ids are taken. Of long texts
Salesforce keeps that they changed, and neither what they were nor what they became; those are left
out. (Object Reference, "CaseHistory"; Salesforce Help, "Field History Tracking")
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from connectors.salesforce import soql
from connectors.salesforce.client import IN_LIST, Client, Row, Stale, chunks, moment
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.metadata import Described, Metadata
from connectors.salesforce.objects import Kind, is_id
from connectors.salesforce.people import People
from connectors.salesforce.reading import Reader
from connectors.salesforce.wire import OWNER, RECORD_TYPE, REFERENCE, owner, unbroken
from syncline.sdk.connector import Change, Person
from syncline.sdk.errors import NotFound

_FIELDS = ("Id", "Field", "OldValue", "NewValue", "CreatedDate", "CreatedById")
_ORDER = ("CreatedDate", "Id")
# What history calls a reference, which a record shows by its id.
_REFERENCES = {"Contact": "ContactId", "Account": "AccountId", "Parent": "ParentId"}


class History:
    """Reads changes for one connection."""

    def __init__(
        self,
        client: Client,
        metadata: Metadata,
        reader: Reader,
        people: People,
        config: SalesforceConfig,
    ) -> None:
        self._client = client
        self._metadata = metadata
        self._reader = reader
        self._people = people
        self._config = config

    async def of(self, kind: Kind, ids: Sequence[str], since: datetime) -> dict[str, list[Change]]:
        """Each record's changes since a moment, oldest first: a request for two hundred records,
        and one for two hundred authors who are not known yet."""
        described, me = await self._metadata.of(kind), await self._reader.me()
        source, parent = kind.history
        found: defaultdict[str, list[Change]] = defaultdict(list)
        for some in chunks([id for id in dict.fromkeys(ids) if is_id(id, kind.prefix)], IN_LIST):
            where = (soql.among(parent, some), f"CreatedDate >= {soql.moment(since)}")
            query = soql.select((*_FIELDS, parent), source, where, _ORDER)
            try:
                rows = await self._client.rows(query)
            except (NotFound, Stale):
                return {id: [] for id in ids}  # this object's history is not kept, or not shown
            for row in rows:
                change = self._change(described, str(row[parent]), row, me)
                # The query compares whole seconds.
                if change is not None and change.at >= since:
                    found[change.record_id].append(change)
        authors = {change.by.handle for changes in found.values() for change in changes}
        known = await self._people.by_id(sorted(authors))
        return {
            id: [replace(one, by=known.get(one.by.handle, one.by)) for one in found[id]]
            for id in ids
        }

    def _change(self, described: Described, id: str, row: Row, me: str) -> Change | None:
        before, after = row.get("OldValue"), row.get("NewValue")
        if before is None and after is None:
            return None
        path = _path(str(row["Field"]), described, self._config)
        if path is None:
            return None
        values = [one for one in (before, after) if one is not None]
        if _is_reference(path, described) and not all(is_id(one) for one in values):
            return None
        author = str(row["CreatedById"])
        return Change(
            record_id=id,
            path=path,
            before=_value(path, before, described, me),
            after=_value(path, after, described, me),
            at=moment(row["CreatedDate"]),
            by=Person(author),
            by_us=author == me,
        )


def _path(field: str, described: Described, config: SalesforceConfig) -> str | None:
    """Where the wire record has a field of the history; None where it has not."""
    if field == config.link_field:
        return REFERENCE
    if field in (OWNER, RECORD_TYPE):
        return field
    name = _REFERENCES.get(field, field)
    return name if any(one.name == name for one in described.shown(config)) else None


def _is_reference(path: str, described: Described) -> bool:
    field = described.fields.get(path)
    return path in (OWNER, RECORD_TYPE) or (field is not None and field.type == "reference")


def _value(path: str, value: Any, described: Described, me: str) -> Any:
    if path == OWNER:
        return owner(value, me)
    if path == RECORD_TYPE:
        return described.record_types.get(str(value))
    field = described.fields.get(path)
    if field is not None and field.type == "multipicklist":
        return sorted(str(value).split(";")) if value else []
    return unbroken(value)
