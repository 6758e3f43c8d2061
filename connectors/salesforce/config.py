"""What an operator may write under a Salesforce connection."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, field_validator

from syncline.sdk.connector import ConnectionConfig
from syncline.sdk.secrets import Secret

_API_NAME = r"^[A-Za-z][A-Za-z0-9_]*$"


class Auth(BaseModel):
    """An External Client App that may use the client credentials flow, as its execution user."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    client_id: str
    client_secret: Secret


class Scope(BaseModel):
    """Record types by object and developer name; an object that is not named is in scope whole.

    New records get the first record type of their object.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    record_types: Mapping[str, tuple[str, ...]] = {}

    @field_validator("record_types", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        if not isinstance(value, Mapping):
            return value
        return {k: (v,) if isinstance(v, str) else v for k, v in value.items()}


class SalesforceConfig(ConnectionConfig):
    """`base_url` is the org's My Domain address; the rest says where Syncline keeps its own.

    key_field      a custom text field, External ID and Unique, that marks what Syncline made
    link_field     a custom text field or long text area that shows the addresses of linked records
    custom_fields  the custom fields that are read, by object; an object that is not named: all
    """

    auth: Auth
    scope: Scope = Scope()
    key_field: str = Field(default="Syncline_Key__c", pattern=_API_NAME)
    link_field: str | None = Field(default=None, pattern=_API_NAME)
    custom_fields: Mapping[str, tuple[str, ...]] = {}

    @property
    def web_url(self) -> str:
        """Where people open Salesforce."""
        return self.base_url.rstrip("/")
