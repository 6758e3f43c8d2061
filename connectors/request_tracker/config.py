"""What a Request Tracker connection takes in the operator's configuration."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from syncline.sdk.connector import ConnectionConfig
from syncline.sdk.secrets import Secret

# RT's own default for %PriorityAsString (etc/RT_Config.pm): what people see instead of numbers.
DEFAULT_PRIORITIES = {"Low": 0, "Medium": 50, "High": 100}


class Auth(BaseModel):
    """Either an auth token (Settings, Auth Tokens in RT) or a user with a password."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    token: Secret | None = None
    user: str | None = None
    password: Secret | None = None

    @model_validator(mode="after")
    def _one_way_in(self) -> Auth:
        by_password = self.user is not None and self.password is not None
        half = (self.user is None) != (self.password is None)
        if half or (self.token is not None) == by_password:
            raise ValueError("give either token, or user and password")
        return self


class Scope(BaseModel):
    """Queues by name; new tickets go into the first."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    queue: tuple[str, ...] = Field(min_length=1)

    @field_validator("queue", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value


class RequestTrackerConfig(ConnectionConfig):
    """`key_field` names a single-value custom field that holds Syncline's key of each create.

    `priorities` are RT's labels for priority numbers (its %PriorityAsString); give `{}` where RT
    shows numbers. `text_format` is what messages are written and read as; a message that RT keeps
    in the other format is converted on reading. `timezone` decides on which day a due time falls.
    """

    auth: Auth
    scope: Scope
    key_field: str | None = None
    priorities: Mapping[str, int] = DEFAULT_PRIORITIES
    text_format: Literal["html", "plain"] = "html"

    @cached_property
    def zone(self) -> ZoneInfo:
        """The connection's time zone."""
        return ZoneInfo(self.timezone)

    @property
    def web_url(self) -> str:
        """Where people open RT: `base_url` without the REST path, if that was given with it."""
        return self.base_url.rstrip("/").removesuffix("/REST/2.0")
