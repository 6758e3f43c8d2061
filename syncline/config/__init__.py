"""The operator's configuration: what may be written, how it is read, what is secret in it.

`load` reads a file or a folder and lists everything that is wrong with it (`ConfigError`); secrets
are looked up only when a connection is opened (`syncline.config.secrets`).
"""

from __future__ import annotations

from syncline.config.models import (
    Config,
    ConnectionSettings,
    FieldConfig,
    PersonConfig,
    SideConfig,
    SyncConfig,
    WebhooksConfig,
)
from syncline.config.problems import ConfigError, Problem, did_you_mean
from syncline.config.reading import find, load

__all__ = [
    "Config",
    "ConfigError",
    "ConnectionSettings",
    "FieldConfig",
    "PersonConfig",
    "Problem",
    "SideConfig",
    "SyncConfig",
    "WebhooksConfig",
    "did_you_mean",
    "find",
    "load",
]
