"""A receiver of webhooks at work on loopback, and calls as Jira and Zendesk sign them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from hashlib import sha256
from hmac import digest
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import yaml
from sqlalchemy import select

from syncline.hub import Hub, open_hub
from syncline.receiving import Receiver, serving
from syncline.sdk.clock import Clock
from syncline.simulation.clock import START, WakingClock
from syncline.store.sql import Query, Tx
from syncline.store.tables import webhook_inbox

PUBLIC = "https://hub.example.com"
Headers: TypeAlias = Sequence[tuple[str, str]]


class Place:
    """A hub, and where its receiver is."""

    def __init__(self, hub: Hub, base: str, client: httpx.AsyncClient) -> None:
        self.hub = hub
        self.base = base
        self.client = client
        self.ends: dict[str, str] = {}

    def url(self, connection: str) -> str:
        """Where the tool of a connection calls, behind the public address."""
        return f"{self.base}/webhooks/{self.ends[connection]}"

    async def call(self, connection: str, headers: Headers, body: bytes) -> httpx.Response:
        """One call to a connection's address."""
        return await self.client.post(self.url(connection), headers=[*headers], content=body)

    async def rows(self) -> list[tuple[str, str, str]]:
        """What is in the inbox: connection, record type, id; a row for each delivery."""
        return await self.hub.store.read(_rows)


def _rows(tx: Tx) -> list[tuple[str, str, str]]:
    of = webhook_inbox.c
    rows = Query(select(of.connection, of.record, of.record_id)).rows(tx)
    return sorted((connection, record, id) for connection, record, id in rows)


@asynccontextmanager
async def receiving(
    folder: Path,
    connections: Mapping[str, Mapping[str, Any]],
    clock: Clock | None = None,
    **more: Any,
) -> AsyncIterator[Place]:
    """A hub of these connections in a folder, its receiver at work; time stands still."""
    body = {"webhooks": {"public_url": PUBLIC}, "connections": connections, **more}
    (folder / "syncline.yaml").write_text(yaml.safe_dump(body, sort_keys=False))
    clock = clock or WakingClock(START)
    async with open_hub(folder, clock=clock) as hub:
        endpoints = await hub.endpoints()
        receiver = Receiver(endpoints, hub.store, clock, await hub.secret())
        async with (
            serving(receiver) as base,
            httpx.AsyncClient(trust_env=False, timeout=30) as client,
        ):
            place = Place(hub, base, client)
            place.ends = {one.connection: one.token for one in endpoints}
            yield place


def by_jira(secret: str, body: bytes, identifier: str = "w1") -> list[tuple[str, str]]:
    """The headers that Jira sends with a body."""
    signature = digest(secret.encode(), body, sha256).hex()
    return [
        ("X-Hub-Signature", f"sha256={signature}"),
        ("X-Atlassian-Webhook-Identifier", identifier),
    ]


def by_zendesk(
    secret: str, body: bytes, invocation: str = "i1", at: datetime = START
) -> list[tuple[str, str]]:
    """The headers that Zendesk sends with a body."""
    time = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    signature = b64encode(digest(secret.encode(), time.encode() + body, sha256)).decode()
    return [
        ("X-Zendesk-Webhook-Signature", signature),
        ("X-Zendesk-Webhook-Signature-Timestamp", time),
        ("X-Zendesk-Webhook-Invocation-Id", invocation),
    ]
