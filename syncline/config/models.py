"""The operator's configuration: every key there is, with its default.

The keys are a contract (docs/configuration.md). Models are frozen and refuse keys they do not
know. What only a connector can judge (its `auth` and `scope`) is kept as it was written and checked
by the connector's own model when the connection is opened (`syncline.config.connections`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    PrivateAttr,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from syncline.config.durations import Every
from syncline.config.problems import Places
from syncline.sdk.addresses import URL, is_loopback

Mode: TypeAlias = Literal["both", "source", "target", "off"]
VisibilityName: TypeAlias = Literal["public", "internal"]
MatchRule: TypeAlias = str | tuple[str, ...]

NAME = r"^[a-z][a-z0-9_-]{0,62}$"
Name: TypeAlias = Annotated[str, Field(pattern=NAME)]

KNOWN_RULES = ("reference", "marker")


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def _empty(value: Any) -> Any:
    """A key with nothing after it means its defaults."""
    return {} if value is None else value


def _match(value: Any) -> tuple[MatchRule, ...]:
    if not isinstance(value, list | tuple):
        raise ValueError("`match` must be a list; write it like [reference, marker]")
    return tuple(_rule(one) for one in value)


def _rule(one: Any) -> MatchRule:
    if one in KNOWN_RULES:
        return str(one)
    fields = one.get("fields") if isinstance(one, dict) and len(one) == 1 else None
    if isinstance(one, tuple):
        fields = list(one)
    if isinstance(fields, list) and fields and all(isinstance(f, str) for f in fields):
        return tuple(fields)
    raise ValueError(
        f"{one!r} is no way to match; write `reference`, `marker` or {{fields: [title]}}"
    )


MATCH_SCHEMA = {
    "type": "array",
    "items": {
        "anyOf": [
            {"enum": list(KNOWN_RULES)},
            {
                "type": "object",
                "properties": {
                    "fields": {"type": "array", "items": {"type": "string"}, "minItems": 1}
                },
                "required": ["fields"],
                "additionalProperties": False,
            },
        ]
    },
}


class FieldConfig(_Model):
    """How one shared field travels. `order` is for `on_conflict: state`, the furthest last;
    `on_uneditable` for sides that take the field at creation only."""

    on_conflict: Literal["ask", "newest", "merge", "state"] | None = None
    authority: str | None = None
    order: tuple[str, ...] = ()
    sides: Mapping[str, Mode] = {}
    on_uneditable: Literal["park", "note"] = "park"


class SideConfig(_Model):
    """One side of a sync. `record` may be left out where the mapping names it."""

    record: str | None = None
    where: Mapping[str, Any] = {}
    create: Literal["never", "when_missing", "ask"] = "never"
    defaults: Mapping[str, Any] = {}
    on_closed: Literal["park", "follow_up"] = "park"


class CommentsConfig(_Model):
    """Which comments are copied, and as what. Nothing is copied where this is not named."""

    visibility: tuple[VisibilityName, ...] = ("public",)
    as_: Literal["same", "internal", "public"] = Field(default="internal", alias="as")
    attachments: bool = True


class DeletesConfig(_Model):
    """What a deleted record does to the others, and how many deletes are suspicious."""

    propagate: Literal["unlink", "close", "archive", "delete"] = "unlink"
    on_edit: Literal["keep", "delete"] = "keep"
    max: int = Field(default=5, ge=0)
    max_percent: float = Field(default=10, ge=0, le=100)


class GuardsConfig(_Model):
    """Above these a whole pass is refused; percentages count from 20 records up. One field of one
    record that is written more often than `max_writes_per_hour` is parked."""

    max_changed_percent: float = Field(default=50, ge=0, le=100)
    max_shrink_percent: float = Field(default=30, ge=0, le=100)
    max_writes_per_hour: int = Field(default=10, ge=1)


class ScheduleConfig(_Model):
    """When a deployed sync runs, and when it counts everything."""

    every: Every = timedelta(minutes=5)
    reconcile: Every = timedelta(hours=24)
    webhooks: bool = False


class VerifyConfig(_Model):
    """How far the sides have to agree, in per cent, for `verify` to end with 0."""

    agreement: float | None = Field(default=None, ge=0, le=100)


def _sides(value: Any) -> Any:
    """Sides may be a list of connections: then each has the defaults."""
    if isinstance(value, list):
        return {str(name): {} for name in value}
    return value


class SyncConfig(_Model):
    """Connections kept in step for one entity. Without `sides`, all connections are."""

    entity: str
    sides: Annotated[
        Mapping[str, Annotated[SideConfig, BeforeValidator(_empty)]], BeforeValidator(_sides)
    ] = {}
    match: Annotated[
        tuple[MatchRule, ...], PlainValidator(_match), WithJsonSchema(MATCH_SCHEMA)
    ] = KNOWN_RULES
    fields: Mapping[str, Annotated[FieldConfig, BeforeValidator(_empty)]] | None = None
    comments: Annotated[CommentsConfig | None, BeforeValidator(_empty)] = None
    links: Literal["show", "off"] = "show"
    deletes: DeletesConfig = DeletesConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    guards: GuardsConfig = GuardsConfig()
    verify: VerifyConfig = VerifyConfig()


class ConnectionSettings(BaseModel):
    """A connection as it was written: references to secrets are still references."""

    model_config = ConfigDict(extra="allow", frozen=True)

    connector: str
    read_only: bool = False

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        # What stands under `auth` may be a secret that was written down by mistake.
        return [("connector", self.connector)]

    @property
    def said(self) -> dict[str, Any]:
        """All its keys."""
        return {
            "connector": self.connector,
            "read_only": self.read_only,
            **(self.model_extra or {}),
        }

    @property
    def scope(self) -> Any:
        """What part of the tool it covers, as written."""
        return (self.model_extra or {}).get("scope")


class PersonConfig(_Model):
    """Somebody whom e-mail addresses alone do not identify; `handles` by connection."""

    name: str = Field(min_length=1)
    email: str | None = None
    handles: Mapping[str, str] = {}


class WebhooksConfig(_Model):
    """Where the tools reach the receiver of webhooks, and where it listens on this machine."""

    public_url: str
    port: int = Field(default=4280, ge=1, le=65535)

    @field_validator("public_url")
    @classmethod
    def _encrypted(cls, url: str) -> str:
        address = URL.fullmatch(url)
        if address is None or "?" in url:
            raise ValueError("is no address; write one like https://hub.example.com")
        if address["scheme"].lower() != "https" and not is_loopback(url):
            raise ValueError(
                "must begin with https: what is sent in clear can be read and played again; put a "
                "server with a certificate before the receiver, and write its address here"
            )
        return url.rstrip("/")


class Config(_Model):
    """The whole of it. `plugins` are modules with a connector of your own; nothing else is
    imported."""

    workspace: str = Field(default="default", pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")
    store: str = "sqlite:///.syncline/state.db"
    connections: Mapping[Name, ConnectionSettings] = {}
    syncs: Mapping[Name, SyncConfig] = {}
    people: tuple[PersonConfig, ...] = ()
    webhooks: WebhooksConfig | None = None
    plugins: tuple[str, ...] = ()

    _folder: Path = PrivateAttr(default_factory=Path)
    _places: Places = PrivateAttr(default_factory=lambda: Places("configuration", {}))

    @model_validator(mode="before")
    @classmethod
    def _whole(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            raise ValueError("the configuration must have keys like `connections` and `syncs`")
        return {key: value for key, value in given.items() if value is not None}

    @property
    def folder(self) -> Path:
        """Where the configuration lies; relative paths start here."""
        return self._folder

    @property
    def places(self) -> Places:
        """Which file and line said what."""
        return self._places

    def side_names(self, sync: str) -> list[str]:
        """The sides of a sync: those named, else all connections."""
        return list(self.syncs[sync].sides or self.connections)

    def side(self, sync: str, side: str) -> SideConfig:
        """What was said of a side, else the defaults."""
        return self.syncs[sync].sides.get(side, SideConfig())
