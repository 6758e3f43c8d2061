"""What an operator may write under a Redmine connection."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from syncline.sdk.connector import ConnectionConfig
from syncline.sdk.secrets import Secret


class Auth(BaseModel):
    """The API key of the account that Syncline uses (My account, API access key)."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    api_key: Secret


class Scope(BaseModel):
    """Projects by identifier, without their subprojects; new issues go into the first."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    project: tuple[str, ...] = Field(min_length=1)

    @field_validator("project", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value


class RedmineConfig(ConnectionConfig):
    """`key_field` and `link_field` name custom fields of issues.

    key_field       text field, "used as a filter", that holds Syncline's key of an issue it made;
                    where versions have one of this name, it holds the key of a version too
    link_field      long text (or text) field that shows the addresses of linked records
    text_format     Redmine's setting, which its interface does not tell
    private_issues  "skip": issues marked private are out of scope, even if the account sees them
    internal_notes  "private": comments are written as private notes, which Redmine shows only to
                    roles that may see them; "plain": as notes that every reader of the issue sees
    """

    auth: Auth
    scope: Scope
    key_field: str | None = None
    link_field: str | None = None
    text_format: Literal["textile", "markdown", "common_mark"] = "textile"
    private_issues: Literal["skip", "sync"] = "skip"
    internal_notes: Literal["private", "plain"] = "private"

    @property
    def markup(self) -> str:
        """The text format, by the name that mappings use."""
        return "textile" if self.text_format == "textile" else "markdown"
