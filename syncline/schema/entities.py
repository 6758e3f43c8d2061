"""The entities every tool's records are mapped to.

Each is a frozen model whose fields carry their kind, so that one declaration gives both the
checked model and `fields(entity)`, which is what mappings are built from. Every field may be empty.
A field without a kind belongs to the model alone and is never mapped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, TypeAlias, get_args

from pydantic import BaseModel, ConfigDict, model_validator

from syncline.schema import kinds
from syncline.schema.kinds import KINDS, Kind

Text: TypeAlias = Annotated[str | None, KINDS["text"]]
RichText: TypeAlias = Annotated[dict[str, str] | None, KINDS["rich_text"]]
Person_: TypeAlias = Annotated[str | None, KINDS["person"]]
Words: TypeAlias = Annotated[list[str] | None, KINDS["set"]]
Number: TypeAlias = Annotated[int | float | None, KINDS["number"]]
Money: TypeAlias = Annotated[dict[str, str] | None, KINDS["money"]]
Date: TypeAlias = Annotated[str | None, KINDS["date"]]
DateTime: TypeAlias = Annotated[str | None, KINDS["datetime"]]
Reference: TypeAlias = Annotated[str | None, KINDS["reference"]]

Status = Literal["todo", "in_progress", "blocked", "done", "cancelled"]
Priority = Literal["urgent", "high", "medium", "low", "none"]
TicketType = Literal["bug", "task", "story", "incident", "question"]
RoadmapStatus = Literal["idea", "discovery", "planned", "in_progress", "shipped", "declined"]
RequestStatus = Literal["new", "open", "pending", "planned", "shipped", "declined", "closed"]
VisibilityName = Literal["public", "internal"]


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """A field as mappings see it; `options` are an enum's values."""

    name: str
    kind: Kind
    options: tuple[str, ...] = ()


class Entity(BaseModel):
    """A shared record. Values are brought to normal form; a ValueError names the wrong field."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    entity: ClassVar[str]

    @model_validator(mode="before")
    @classmethod
    def _normal(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        specs = _fields(cls)
        return {
            name: specs[name].kind.normal(value) if name in specs else value
            for name, value in given.items()
        }

    def shared(self) -> dict[str, kinds.Value]:
        """The mapped fields' values."""
        return {name: getattr(self, name) for name in _fields(type(self))}


def _choice(literal: Any) -> Kind:
    return kinds.Enum(get_args(literal))


class Ticket(Entity):
    """Work to be done on something that was reported."""

    entity = "ticket"

    title: Text = None
    body: RichText = None
    status: Annotated[Status | None, _choice(Status)] = None
    priority: Annotated[Priority | None, _choice(Priority)] = None
    type: Annotated[TicketType | None, _choice(TicketType)] = None
    labels: Words = None
    assignee: Person_ = None
    reporter: Person_ = None
    account: Reference = None
    parent: Reference = None
    due_on: Date = None
    resolution: Text = None
    created_at: DateTime = None
    updated_at: DateTime = None
    closed_at: DateTime = None


class RoadmapItem(Entity):
    """Something that may be built; the rollups below `released_on` say who asks for it."""

    entity = "roadmap_item"

    title: Text = None
    body: RichText = None
    status: Annotated[RoadmapStatus | None, _choice(RoadmapStatus)] = None
    theme: Text = None
    labels: Words = None
    owner: Person_ = None
    start_on: Date = None
    target_on: Date = None
    released_on: Date = None
    request_count: Number = None
    account_count: Number = None
    revenue_at_stake: Money = None
    open_deals: Number = None
    active_users: Number = None
    score: Number = None


class CustomerRequest(Entity):
    """What a customer asked for; the last two are looked up from the roadmap item asked for."""

    entity = "customer_request"

    title: Text = None
    body: RichText = None
    status: Annotated[RequestStatus | None, _choice(RequestStatus)] = None
    priority: Annotated[Priority | None, _choice(Priority)] = None
    requester: Person_ = None
    account: Reference = None
    channel: Text = None
    labels: Words = None
    sentiment: Text = None
    roadmap_status: Annotated[RoadmapStatus | None, _choice(RoadmapStatus)] = None
    target_on: Date = None


class Account(Entity):
    """A customer. `usage` is read from its metrics, latest value by name."""

    entity = "account"

    name: Text = None
    domain: Text = None
    tier: Text = None
    lifecycle: Text = None
    annual_revenue: Money = None
    owner: Person_ = None
    renewal_on: Date = None
    health: Text = None
    usage: dict[str, float] = {}


class Person(Entity):
    """A person; `handles` by connection. Matched by e-mail, then by the people table."""

    entity = "person"

    email: Person_ = None
    name: Text = None
    handles: dict[str, str] = {}


class Comment(Entity):
    """Something said about a record."""

    entity = "comment"

    author: Person_ = None
    body: RichText = None
    visibility: Annotated[VisibilityName | None, _choice(VisibilityName)] = None
    created_at: DateTime = None
    edited_at: DateTime = None
    in_reply_to: Reference = None


class Attachment(Entity):
    """A file of a record or comment."""

    entity = "attachment"

    name: Text = None
    size: Number = None
    content_type: Text = None
    sha256: Text = None
    visibility: Annotated[VisibilityName | None, _choice(VisibilityName)] = None


class Metric(Entity):
    """A number measured about an account or a roadmap item over a window ("30d")."""

    entity = "metric"

    subject: Reference = None
    name: Text = None
    window: Text = None
    value: Number = None
    as_of: DateTime = None


class Release(Entity):
    """What was given to users on a day; `items` are the roadmap items in it."""

    entity = "release"

    name: Text = None
    date: Date = None
    items: Words = None


ENTITIES: Mapping[str, type[Entity]] = {
    model.entity: model
    for model in (
        Ticket,
        RoadmapItem,
        CustomerRequest,
        Account,
        Person,
        Comment,
        Attachment,
        Metric,
        Release,
    )
}
"""Every entity by name."""


def fields(entity: str) -> Mapping[str, FieldSpec]:
    """The mapped fields of an entity, by name. KeyError if there is no such entity."""
    return _fields(ENTITIES[entity])


@cache
def _fields(model: type[Entity]) -> Mapping[str, FieldSpec]:
    found = {}
    for name, info in model.model_fields.items():
        for kind in info.metadata:
            if isinstance(kind, Kind):
                options = kind.options if isinstance(kind, kinds.Enum) else ()
                found[name] = FieldSpec(name, kind, options)
    return found
