"""What an operator may write under a Mixpanel connection, and where Mixpanel is.

A project lives where its data may: in the United States, the European Union or India. Each has one
host to ask and another that takes data in (the `servers` of Mixpanel's published OpenAPI files).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from connectors.mixpanel.properties import Type
from syncline.sdk.connector import ConnectionConfig
from syncline.sdk.secrets import Secret

INGESTION: Final[Mapping[str, str]] = {
    "https://mixpanel.com": "https://api.mixpanel.com",
    "https://eu.mixpanel.com": "https://api-eu.mixpanel.com",
    "https://in.mixpanel.com": "https://api-in.mixpanel.com",
}
"""Where data goes in, by where it is asked for."""

QUERIES_PER_HOUR: Final = 48
"""80 % of the 60 that a project has for everybody who asks (docs.mixpanel.com, "Rate Limits")."""

Value: TypeAlias = str | int | float | bool
Text: TypeAlias = Annotated[str, BeforeValidator(str)]


class Auth(BaseModel):
    """A service account, which reads and annotates, and the project's token, which names where
    profiles go."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    username: str = Field(min_length=1)
    secret: Secret
    project_token: Secret


class Users(BaseModel):
    """Which user profiles, and what of them.

    fields  the properties that are synced besides name and e-mail, each with its type
    only    the profiles that have these values; new ones are given them
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    fields: Mapping[str, Type] = {}
    only: Mapping[str, Value] = {}


class Metric(BaseModel):
    """How often an event happened in the last whole days, or how many users did it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    event: str = Field(min_length=1)
    count: Literal["users", "events"] = "users"
    days: int = Field(default=30, ge=1, le=365)


class Group(Users):
    """Which group profiles: those of one group key.

    key            the property that events name the group by
    data_group_id  Mixpanel's own number for it, in Project Settings, Group Keys
    usage          what is counted of each group, by a name of one's own
    """

    key: str = Field(min_length=1)
    data_group_id: Text = Field(pattern=r"^-?\d+$")
    usage: Mapping[str, Metric] = {}


class Scope(BaseModel):
    """One project, by the number in its address."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    project: int = Field(gt=0)
    group: Group | None = None
    users: Users = Users()


class MixpanelConfig(ConnectionConfig):
    """A Mixpanel connection; its address says where the project lives."""

    base_url: str = "https://mixpanel.com"
    auth: Auth
    scope: Scope
    queries_per_hour: int = Field(default=QUERIES_PER_HOUR, ge=1, le=60)

    @field_validator("base_url")
    @classmethod
    def _residence(cls, value: Any) -> str:
        url = str(value).rstrip("/")
        try:
            host = urlsplit(url).hostname or ""
        except ValueError:
            return url  # refused as an address where it is opened
        if (host == "mixpanel.com" or host.endswith(".mixpanel.com")) and url not in INGESTION:
            raise ValueError(
                f"{url} is not where a project is asked for its data; give one of "
                f"{', '.join(INGESTION)}, by where the project lives"
            )
        return url

    @property
    def ingestion_url(self) -> str:
        """Where profiles are sent; elsewhere than at Mixpanel one address does it all."""
        return INGESTION.get(self.base_url, self.base_url)
