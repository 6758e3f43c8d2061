"""What an operator may write under a Jira connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from connectors.jira.dialect import Deployment
from syncline.sdk.connector import ConnectionConfig
from syncline.sdk.secrets import Secret


class Auth(BaseModel):
    """The account that Syncline uses: in Jira Cloud its address and an API token of it, in Jira
    Data Center a personal access token.

    An API token without scopes works at the site's own address; one with scopes only at
    `https://api.atlassian.com/ex/jira/CLOUD_ID`, which is then the connection's base_url.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    email: str | None = None
    api_token: Secret | None = None
    token: Secret | None = None


class Scope(BaseModel):
    """Projects by key; new issues go into the first."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    project: tuple[str, ...] = Field(min_length=1)

    @field_validator("project", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value


class JiraConfig(ConnectionConfig):
    """What only Jira needs to be told.

    deployment         what kind of Jira this is; `describe` compares it with what the server says
    transition_fields  values by field name for screens that a transition shows and requires
    service_desk       the projects are Jira Service Management's: comments can be public
    custom_fields      names of the custom fields to read; else those of the create screens
    web_url            the site's address for people, where base_url is another
    """

    deployment: Deployment = "cloud"
    auth: Auth
    scope: Scope
    transition_fields: Mapping[str, str] = {}
    service_desk: bool = False
    custom_fields: tuple[str, ...] | None = None
    web_url: str | None = None

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        auth = self.auth
        given = {name for name in type(auth).model_fields if getattr(auth, name) is not None}
        wanted = {"email", "api_token"} if self.deployment == "cloud" else {"token"}
        if given != wanted:
            names = " and ".join(sorted(wanted, reverse=True))
            raise ValueError(f"`deployment: {self.deployment}` needs {names} under `auth`")
        return self
