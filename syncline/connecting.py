"""Connections as the hub uses them: opened once, described once a day, remembered in the store.

What a tool said of itself is kept with a fingerprint of the connection (an HMAC under the
workspace's secret), so that a changed credential or address asks anew. When a tool is down, what it
said last is used: the pass stops that side by itself, and the others go on.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import orjson
from pydantic import BaseModel

from syncline.config import Config
from syncline.config.secrets import connection_config
from syncline.proving import prove
from syncline.registry import Registry
from syncline.sdk.clock import Clock
from syncline.sdk.connector import (
    ConnectionConfig,
    Connector,
    FieldSchema,
    RecordSchema,
    Schema,
)
from syncline.sdk.errors import ConnectorError, Retriable
from syncline.sdk.secrets import Resolver, Secret
from syncline.store import connections
from syncline.store.store import Store

FRESH = timedelta(hours=24)
"""How long a tool's own description is believed."""


class Connections:
    """The connections of one configuration; each is opened when it is first asked for."""

    def __init__(
        self,
        config: Config,
        registry: Registry,
        store: Store,
        clock: Clock,
        key: bytes,
        resolvers: Mapping[str, Resolver] | None,
    ) -> None:
        self._config = config
        self._registry = registry
        self._store = store
        self._clock = clock
        self._key = key
        self._resolvers = resolvers
        self._open: dict[str, Connector] = {}
        self._credentials: dict[str, str] = {}
        self._said: dict[str, ConnectionConfig] = {}
        self._proven: set[str] = set()

    def get(self, name: str) -> Connector:
        """The connector of a connection; sends nothing. ConfigError where it cannot be made."""
        if name not in self._open:
            settings = self._config.connections[name]
            where = self._config.places.of(("connections", name, "connector"))
            connector = self._registry.get(settings.connector, where)
            said = connection_config(self._config, name, connector.config_model, self._resolvers)
            self._open[name] = connector.open(name, said, self._clock)
            self._said[name] = said
            self._credentials[name] = _credential(said, self._key)
        return self._open[name]

    async def schema(self, name: str, *, fresh: bool = False) -> Schema:
        """What the connection really is, asked at most once a day unless `fresh`.

        Raises the connector's error when the tool cannot be asked and nothing is remembered, and
        ConfigError where a sandbox is taken for a real tool, or a real tool for a sandbox.
        """
        connector = self.get(name)
        known = await self._store.read(connections.get, name)
        remembered = None
        if known is not None and isinstance(known.schema, Mapping):
            if known.schema.get("credential") == self._credentials[name]:
                remembered = schema_of(known.schema["schema"])
            if (
                remembered is not None
                and not fresh
                and known.schema_at is not None
                and self._clock.now() - known.schema_at < FRESH
            ):
                return remembered
        # Proven whenever described: another address or secret is another connection.
        said = self._said[name]
        if name not in self._proven and await prove(self._config, name, said, self._clock):
            self._proven.add(name)
        try:
            return await self._describe(name, connector)
        except Retriable:
            if remembered is None or fresh:
                raise
            return remembered

    async def _describe(self, name: str, connector: Connector) -> Schema:
        try:
            schema = await connector.describe()
        except ConnectorError as error:
            await self._note(name, connector, {"ok": False, "reason": str(error)})
            raise
        body = {"credential": self._credentials[name], "schema": schema_to_json(schema)}
        await self._note(name, connector, {"ok": True, "reason": ""}, schema.account, body)
        return schema

    async def _note(
        self,
        name: str,
        connector: Connector,
        health: Mapping[str, Any],
        account: str | None = None,
        schema: Any = None,
    ) -> None:
        await self._store.write(
            connections.put,
            name,
            self._clock.now(),
            connector=connector.name,
            account=account,
            schema=schema,
            health=health,
        )

    async def note_health(self, name: str, reason: str) -> None:
        """Remember how the last pass found a connection; an empty reason: well."""
        health = {"ok": not reason, "reason": reason}
        await self._store.write(connections.put, name, self._clock.now(), health=health)

    async def aclose(self) -> None:
        """Close what was opened."""
        for connector in self._open.values():
            await connector.aclose()
        self._open.clear()


def schema_to_json(schema: Schema) -> dict[str, Any]:
    """A schema as plain JSON."""
    return asdict(schema)


def schema_of(body: Mapping[str, Any]) -> Schema:
    """The schema that `schema_to_json` wrote."""
    return Schema(
        account=body["account"],
        version=body["version"],
        records={name: _record(record) for name, record in body["records"].items()},
        text_format=body["text_format"],
        warnings=tuple(body["warnings"]),
    )


def _record(body: Mapping[str, Any]) -> RecordSchema:
    return RecordSchema(body["name"], {path: _field(f) for path, f in body["fields"].items()})


def _field(body: Mapping[str, Any]) -> FieldSchema:
    options = body["options"]
    return FieldSchema(**{**body, "options": None if options is None else tuple(options)})


def _credential(said: ConnectionConfig, key: bytes) -> str:
    """Names whom a connection talks to and as whom; changes with address, scope or secret."""
    body = orjson.dumps(_plain(said), option=orjson.OPT_SORT_KEYS, default=str)
    return hmac.new(key, b"connection:" + body, hashlib.sha256).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, BaseModel):
        return {name: _plain(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
