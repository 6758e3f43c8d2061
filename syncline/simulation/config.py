"""How a configuration names a tool in memory."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from syncline.sdk.connector import ConnectionConfig
from syncline.sdk.secrets import Secret


class TokenAuth(BaseModel):
    """A token, by reference."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    token: Secret


class MemoryConfig(ConnectionConfig):
    """Configuration of a connection to a published `MemoryTool`."""

    auth: TokenAuth
