"""The tool's REST interface as calls, and its tickets as records.

`GET /tickets` lists by time of change, in numbered pages that shift while they are read. Times are
cut to seconds, filters are inclusive, and the Date header is the tool's own clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

from syncline.sdk.connector import Record
from syncline.sdk.http import Response, Transport

PER_PAGE = 100
EDITABLE = ("title", "body", "status", "priority", "assignee", "reference")


class Client:
    """The calls; it raises what `Transport` raises."""

    def __init__(self, transport: Transport, project: str, web_url: str) -> None:
        self.transport = transport
        self._project = project
        self._web_url = web_url

    async def get(self, path: str, **query: object) -> Any:
        """The JSON at a path."""
        return (await self.transport.request("GET", path, params=query)).json()

    async def page(self, **query: object) -> tuple[list[Record], int, datetime]:
        """A page of tickets, how many there are in all, and when the tool answered."""
        asked = {"per_page": PER_PAGE, **query}
        response = await self.transport.request("GET", "/tickets", params=asked, items=PER_PAGE)
        body = response.json()
        answered = parsedate_to_datetime(response.headers["date"]).astimezone(UTC)
        return [self.record(raw) for raw in body["tickets"]], body["total"], answered

    async def ticket(self, id: str) -> Record:
        """One ticket as it is now; raises NotFound."""
        return self.record(await self.get(_path(id)))

    async def create(self, fields: Mapping[str, Any], key: str) -> Record:
        """Make a ticket. The tool keeps the key where a search finds it."""
        body = {**fields, "project": self._project, "external_id": key}
        return self._written(await self.transport.request("POST", "/tickets", json=body))

    async def save(self, id: str, patch: Mapping[str, Any], version: int | None) -> Record:
        """Change a ticket; raises Conflict if this is no longer its version."""
        condition = {"If-Match": f'"{version}"'}
        return self._written(
            await self.transport.request("PUT", _path(id), json=dict(patch), headers=condition)
        )

    def record(self, raw: Mapping[str, Any]) -> Record:
        """A record from the tool's JSON."""
        return Record(
            id=raw["id"],
            fields={name: raw[name] for name in (*EDITABLE, "updated_at", "created_at")},
            version=raw["version"],
            updated_at=datetime.fromisoformat(raw["updated_at"]),
            created_at=datetime.fromisoformat(raw["created_at"]),
            key=raw["id"],
            # Other tools show it as a link, so it is not taken from what the tool says.
            url=f"{self._web_url}/tickets/{quote(raw['id'], safe='')}",
            in_scope=raw["project"] == self._project,
            marker=raw["external_id"],
        )

    def _written(self, response: Response) -> Record:
        return self.record(response.json())


def _path(id: str) -> str:
    return f"/tickets/{quote(id, safe='')}"
