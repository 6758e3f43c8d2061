"""What an operator may write under an Odoo connection."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, field_validator

from syncline.sdk.connector import ConnectionConfig
from syncline.sdk.secrets import Secret


class Auth(BaseModel):
    """The API key of the account that Syncline uses (My Profile, Account Security)."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    api_key: Secret


class Scope(BaseModel):
    """Projects by name, for tasks; new tasks go into the first."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    project: tuple[str, ...] = ()

    @field_validator("project", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value


class OdooConfig(ConnectionConfig):
    """`database` is its name, as the login page shows it; `key_field` a text field of the records.

    key_field   holds Syncline's key of what it made, so that a lost create is found; Odoo gives
                fields of one's own a name that begins with `x_`
    """

    auth: Auth
    database: str = Field(min_length=1)
    scope: Scope = Scope()
    key_field: str | None = Field(default=None, pattern=r"^x_[a-z0-9_]+$")
