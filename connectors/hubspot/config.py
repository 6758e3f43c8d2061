"""What an operator may write under a HubSpot connection."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, field_validator

from syncline.sdk.connector import ConnectionConfig
from syncline.sdk.secrets import Secret

API_VERSION = "2026-03"


class Auth(BaseModel):
    """The access token of a private app."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    access_token: Secret


class Scope(BaseModel):
    """Pipelines of tickets and deals, by name; without them the whole account.

    New tickets go into the first. Companies and contacts are always all of the account's.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    pipeline: tuple[str, ...] = ()

    @field_validator("pipeline", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value


class JournalConfig(BaseModel):
    """HubSpot's Webhooks Journal, by the client of an app with its scopes.

    files   the host to which HubSpot's addresses of the journal's files lead
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    client_id: str = Field(min_length=1)
    client_secret: Secret
    files: str = "https://s3.amazonaws.com"


class HubSpotConfig(ConnectionConfig):
    """`key_property` makes creates safe to repeat, `link_property` shows linked records.

    api_version    the date in the paths of the API
    key_property   the internal name of a text property with unique values; without it in HubSpot
                   records are read and changed, and none is made
    link_property  the internal name of a text property that shows linked records' addresses
    journal        reads the Webhooks Journal beside the searches
    """

    base_url: str = "https://api.hubapi.com"
    auth: Auth
    scope: Scope = Scope()
    api_version: str = Field(default=API_VERSION, pattern=r"^\d{4}-\d{2}$")
    key_property: str = "syncline_key"
    link_property: str | None = None
    journal: JournalConfig | None = None
