"""What an operator may write under a Zendesk connection."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, field_validator, model_validator

from syncline.sdk.connector import ConnectionConfig
from syncline.sdk.secrets import Secret


class Auth(BaseModel):
    """An OAuth client by its client credentials, or an agent's address with an API token.

    Zendesk lets nobody make new API tokens and ends the old ones on 30 April 2027
    (developer.zendesk.com, "Migrating from API tokens to OAuth access tokens").
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    oauth_client_id: str | None = None
    oauth_client_secret: Secret | None = None
    email: str | None = None
    api_token: Secret | None = None

    @model_validator(mode="after")
    def _one_way_in(self) -> Auth:
        client = (self.oauth_client_id, self.oauth_client_secret)
        token = (self.email, self.api_token)
        whole = [pair for pair in (client, token) if None not in pair]
        half = [pair for pair in (client, token) if any(pair) and None in pair]
        if len(whole) != 1 or half:
            raise ValueError(
                "give either oauth_client_id and oauth_client_secret, or email and api_token"
            )
        return self


class Scope(BaseModel):
    """Tickets by the names of their groups; without them the whole account. New tickets go into
    the first. Users who are no agents, and with `agents` those who are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    group: tuple[str, ...] = ()
    agents: bool = False

    @field_validator("group", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value


class ZendeskConfig(ConnectionConfig):
    """`link_field` and `jira_links` say how linked records are shown.

    link_field   a custom text field (one line or several) that shows their addresses; without
                 it each is an internal note
    jira_links   issues of a Jira connection are shown by Zendesk's own Jira integration
    file_hosts   hosts that Zendesk redirects downloads of files to (`p19.zdusercontent.com`)
    """

    auth: Auth
    scope: Scope = Scope()
    link_field: str | None = None
    jira_links: bool = False
    file_hosts: tuple[str, ...] = ()

    @property
    def web_url(self) -> str:
        """Where people open Zendesk."""
        return self.base_url.rstrip("/")
