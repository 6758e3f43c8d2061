"""What an operator may write under a PostHog connection."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from syncline.sdk.connector import ConnectionConfig
from syncline.sdk.secrets import Secret

TOKEN = "phc_"  # noqa: S105 (what every project token begins with)


CLOUD = {"us.posthog.com": "us.i.posthog.com", "eu.posthog.com": "eu.i.posthog.com"}
"""Where events of PostHog Cloud go, which is another host (posthog.com/docs/api/capture)."""


def ingestion_host(base_url: str) -> str | None:
    """The host that takes events; None where that is the connection's own."""
    try:
        return CLOUD.get(urlsplit(base_url).hostname or "")
    except ValueError:
        return None  # refused as an address where it is opened


class Auth(BaseModel):
    """A personal API key. A project's token is another thing: it is public, names one project, and
    can only capture (posthog.com/docs/api/overview). Taking one for the other is the usual mistake.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    personal_api_key: Secret


class Scope(BaseModel):
    """One project, by the number in its address, and which of its group types are accounts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    project: int = Field(gt=0)
    group_type: str = Field(default="company", min_length=1)

    @field_validator("project", mode="before")
    @classmethod
    def _number(cls, value: Any) -> Any:
        if isinstance(value, str) and value.startswith(TOKEN):
            raise ValueError(
                "project holds the project's token (phc_…); give its number, which stands in "
                "PostHog's address after /project/"
            )
        return value


class PostHogConfig(ConnectionConfig):
    """A PostHog connection: Cloud of either region, or self-hosted."""

    auth: Auth
    scope: Scope
