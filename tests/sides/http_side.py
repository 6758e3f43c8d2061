"""What the two connectors that speak HTTP have in common: configuration, transport, records."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from syncline.sdk.clock import Clock
from syncline.sdk.connector import (
    ConnectionConfig,
    Connector,
    FieldSchema,
    Record,
    RecordSchema,
    Schema,
)
from syncline.sdk.http import Limits, Transport
from syncline.sdk.secrets import Secret
from syncline.simulation.connector import TokenAuth
from syncline.simulation.tool import FieldRule, Item, MemoryTool, State
from syncline.simulation.wire import copied
from tests.sides.serving import FIELD_NAMES, Asked, answer


class HttpSideConfig(ConnectionConfig):
    """Configuration of a connection to one of the HTTP tools."""

    auth: TokenAuth


class HttpSide(Connector):
    """A connector over `Transport`; subclasses speak their tool's dialect."""

    config_model: ClassVar[type[ConnectionConfig]] = HttpSideConfig

    def __init__(self, transport: Transport, search_lag: timedelta) -> None:
        self.http = transport
        self.search_lag = search_lag

    @classmethod
    def open(cls, connection: str, config: ConnectionConfig, clock: Clock) -> Self:
        assert isinstance(config, HttpSideConfig)
        token = config.auth.token.reveal()
        transport = Transport(
            connection=connection,
            base_url=config.base_url,
            limits=Limits(config.limits.requests_per_minute, config.limits.concurrent or 4),
            clock=clock,
            headers={"Authorization": Secret(f"Bearer {token}", (token,))},
            private_network=config.private_network,
        )
        return cls(transport, config.search_lag or timedelta(0))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.http!r}>"

    async def describe(self) -> Schema:
        raw = (await self.http.request("GET", "/schema")).json()
        fields = {
            path: FieldSchema(
                path,
                path,
                rule["type"],
                _options(rule["options"]),
                rule["required"],
                create_only=rule["create_only"],
                max_length=rule["max_length"],
            )  # fmt: skip
            for path, rule in raw["fields"].items()
        }
        records = {raw["record"]: RecordSchema(raw["record"], fields)}
        return Schema(raw["account"], "1", records, raw["text_format"])

    def requests(self) -> Mapping[str, int]:
        return dict(self.http.log.counts)

    async def aclose(self) -> None:
        await self.http.aclose()


def _options(raw: list[str] | None) -> tuple[str, ...] | None:
    return None if raw is None else tuple(raw)


def record_of(raw: Mapping[str, Any]) -> Record:
    """A record from the tool's JSON; both tools show records alike."""
    return Record(
        id=raw["id"],
        fields={name: raw[name] for name in FIELD_NAMES},
        version=raw["version"],
        updated_at=datetime.fromisoformat(raw["updated_on"]),
        created_at=datetime.fromisoformat(raw["created_on"]),
        key=raw["id"],
        marker=raw["external_id"],
        in_scope=raw["project"] == "ours",
        deleted=raw["archived"],
        merged_into=raw["merged_into"],
    )


def shown(item: Item, state: State) -> dict[str, Any]:
    """A record as the tools' APIs show it; times are cut to seconds."""
    return {
        **{name: copied(state.fields.get(name)) for name in FIELD_NAMES},
        "id": item.id,
        "external_id": item.key,
        "version": state.version,
        "created_on": item.created_at.replace(microsecond=0).isoformat(),
        "updated_on": state.updated_at.replace(microsecond=0).isoformat(),
        "project": "ours" if state.in_scope else "another",
        "archived": state.deleted,
        "merged_into": state.merged_into,
    }


def schema(asked: Asked) -> Any:
    """The endpoint behind `describe`."""
    tool = asked.tool
    return answer(
        {
            "account": tool.name,
            "record": tool.record,
            "text_format": tool.text_format,
            "fields": {path: _rule(rule) for path, rule in tool.rules.items()},
            "workflow": workflow(tool),
        }
    )


def workflow(tool: MemoryTool) -> dict[str, list[str]] | None:
    """Which status may follow which; the empty name stands for no status."""
    if tool.workflow is None:
        return None
    return {status or "": list(following) for status, following in tool.workflow.items()}


def _rule(rule: FieldRule) -> dict[str, Any]:
    return {
        "type": rule.type,
        "options": rule.options,
        "required": rule.required,
        "create_only": rule.create_only,
        "max_length": rule.max_length,
    }
