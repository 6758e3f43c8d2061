"""What an operator may write under an Intercom connection."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, field_validator

from syncline.sdk.connector import ConnectionConfig
from syncline.sdk.secrets import Secret

# Where each region's API is, and where its people work (Intercom's OpenAPI, `servers`; the region
# is what `GET /me` names).
REGIONS = {
    "US": ("api.intercom.io", "https://app.intercom.com"),
    "EU": ("api.eu.intercom.io", "https://app.eu.intercom.com"),
    "AU": ("api.au.intercom.io", "https://app.au.intercom.com"),
}


class Auth(BaseModel):
    """The access token of a private app in the workspace."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    access_token: Secret


class Scope(BaseModel):
    """Ticket types by name, for connections that sync tickets; new tickets are of the first,
    unless the record names another. Contacts who are users, and with `leads` those who are not."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ticket_type: tuple[str, ...] = ()
    leads: bool = False

    @field_validator("ticket_type", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value


class IntercomConfig(ConnectionConfig):
    """Attributes are named as in the ticket type; each type in the scope needs them.

    key_attribute   a text attribute that keeps what a ticket was made with; without it a create
                    whose answer is lost needs a person
    link_attribute  a text attribute that shows the addresses of linked records; on contacts and
                    companies it is the custom attribute of that name
    contact         the e-mail address of the contact that a ticket gets when the record names no
                    requester: Intercom makes none without
    """

    auth: Auth
    scope: Scope = Scope()
    key_attribute: str | None = None
    link_attribute: str | None = None
    contact: str | None = None

    @property
    def region(self) -> str | None:
        """The region that `base_url` is the API of; None for another address."""
        host = urlsplit(self.base_url).hostname
        return next((name for name, (api, _) in REGIONS.items() if api == host), None)

    @property
    def web_url(self) -> str:
        """Where people open Intercom."""
        return REGIONS[self.region][1] if self.region else self.base_url.rstrip("/")
