"""Who changed which property when: HubSpot keeps each value with its time and its source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from connectors.hubspot.client import Client, Row, moment, numbers
from connectors.hubspot.kinds import Kind
from connectors.hubspot.metadata import Metadata, Pipeline
from connectors.hubspot.people import People
from connectors.hubspot.wire import WireShape
from syncline.sdk.connector import Change, Person

_APP, _USER = "INTEGRATION", "userId:"


class History:
    """Histories for one connection: fifty records in one request."""

    def __init__(
        self, client: Client, metadata: Metadata, people: People, shape: WireShape
    ) -> None:
        self._client = client
        self._metadata = metadata
        self._people = people
        self._shape = shape

    async def of(self, kind: Kind, ids: Sequence[str], since: datetime) -> dict[str, list[Change]]:
        """Changes of each record at or after a moment, oldest first."""
        computed = (kind.modified, "createdate", "hs_merged_object_ids")
        names = [n for n in await self._metadata.read(kind) if n not in computed]
        rows = await self._client.many(
            kind.object, numbers(ids), names, propertiesWithHistory=names
        )
        pipelines = await self._metadata.names_for(kind, rows)
        us = str((await self._metadata.app())["appId"])
        users = await self._people.by_user()
        told: dict[str, list[Change]] = {id: [] for id in ids}
        for row in rows:
            changes = [
                self._change(kind, str(row["id"]), name, one, before, pipelines, users, us)
                for name, versions in row["propertiesWithHistory"].items()
                for one, before in _steps(versions, moment(row["createdAt"]))
            ]
            told[str(row["id"])] = sorted(
                (one for one in changes if one.at >= since), key=lambda one: (one.at, one.path)
            )
        return told

    def _change(
        self,
        kind: Kind,
        id: str,
        name: str,
        one: Row,
        before: object,
        pipelines: Mapping[str, Pipeline],
        users: Mapping[str, Person],
        us: str,
    ) -> Change:
        source = str(one.get("sourceId") or "")
        by_us = one.get("sourceType") == _APP and source == us
        user = str(one.get("updatedByUserId") or source.removeprefix(_USER))
        unknown = Person(f"{one.get('sourceType') or 'unknown'} {source}".strip())
        return Change(
            record_id=id,
            path=self._shape.path(name),
            before=self._shape.value(kind, name, before, pipelines),
            after=self._shape.value(kind, name, one["value"], pipelines),
            at=moment(one["timestamp"]),
            by=unknown if by_us else users.get(user, unknown),
            by_us=by_us,
        )


def _steps(versions: Sequence[Row], created: datetime) -> list[tuple[Row, object]]:
    """Each version with the value before it; what a record was made with is no change."""
    steps: list[tuple[Row, object]] = []
    before: object = None
    for place, one in enumerate(reversed(versions)):  # HubSpot tells the newest first
        if place or moment(one["timestamp"]) > created:
            steps.append((one, before))
        before = one["value"]
    return steps
