"""What an operator may write under a PostHog connection."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from syncline.sdk.connector import ConnectionConfig
from syncline.sdk.secrets import Secret

TOKEN = "phc_"  # noqa: S105 (what every project token begins with)
CLOUDS = {"us.posthog.com": "us.i.posthog.com", "eu.posthog.com": "eu.i.posthog.com"}


class Auth(BaseModel):
    """A personal API key, and the project's token where events are captured.

    The key reads and writes; the token is public, names one project, and can only capture
    (posthog.com/docs/api/overview). Taking one for the other is the usual mistake.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    personal_api_key: Secret
    project_token: Secret | None = None


class Scope(BaseModel):
    """One project, by the number in its address."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    project: int = Field(gt=0)

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
    """`capture_url` is where events go: PostHog Cloud's own, or `base_url` elsewhere."""

    auth: Auth
    scope: Scope
    capture_url: str | None = None

    @property
    def capture_at(self) -> str:
        """Where events are captured (posthog.com/docs/api/overview)."""
        host = CLOUDS.get(urlsplit(self.base_url).netloc)
        return (self.capture_url or (f"https://{host}" if host else self.base_url)).rstrip("/")
