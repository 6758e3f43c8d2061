"""What an operator may write under a Template connection."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from syncline.sdk.connector import ConnectionConfig
from syncline.sdk.secrets import Secret


class Auth(BaseModel):
    """The token of the account that Syncline uses."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    token: Secret


class Scope(BaseModel):
    """The project whose tickets are synced; new ones go into it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    project: str


class TemplateConfig(ConnectionConfig):
    """A connection to the tool."""

    auth: Auth
    scope: Scope
