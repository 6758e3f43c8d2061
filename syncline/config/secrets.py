"""What is secret in a configuration: references, looked up only when a connection is opened.

Relative paths of `${file:…}`, `ca_file` and a SQLite store start at the configuration's folder, so
that a worker in another folder finds the same ones.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from syncline.config.durations import duration
from syncline.config.models import Config
from syncline.config.problems import ConfigError, Problem, problems_of
from syncline.config.sandboxes import PREFIX, arms, models_in, sandbox_problems
from syncline.sdk.errors import Misconfigured
from syncline.sdk.secrets import Resolver, Secret, resolve

if TYPE_CHECKING:
    from syncline.sdk.connector import ConnectionConfig

M = TypeVar("M", bound=BaseModel)

WEBHOOK_SECRET = "webhook_secret"  # noqa: S105

LARGEST = 64 * 1024
"""Bytes of a secret's file."""


def connection_config(
    config: Config,
    name: str,
    model: type[ConnectionConfig],
    resolvers: Mapping[str, Resolver] | None = None,
    env: Mapping[str, str] | None = None,
) -> ConnectionConfig:
    """A connection as its connector wants it, secrets looked up. ConfigError says what is wrong.

    All but its webhooks' secret: who talks to a tool need not be able to pass for it.
    """
    said = {k: v for k, v in config.connections[name].said.items() if k != WEBHOOK_SECRET}
    at = ("connections", name)
    try:
        data = _looked_up(config, said, resolvers, env)
    except Misconfigured as error:
        raise ConfigError([Problem(config.places.of(at), str(error))]) from None
    if mistakes := [*sandbox_problems(config, name, model)]:
        raise ConfigError(mistakes)
    data = _fitting(model, data)
    for key, change in (("search_lag", duration), ("ca_file", config.folder.joinpath)):
        if isinstance(data.get(key), str):
            try:
                data[key] = change(data[key])
            except ValueError as error:
                raise ConfigError([Problem(config.places.of((*at, key)), str(error))]) from None
    return _valid(config, name, model, data)


def webhook_secrets(
    config: Config,
    name: str,
    resolvers: Mapping[str, Resolver] | None = None,
    env: Mapping[str, str] | None = None,
) -> tuple[Secret, ...]:
    """What a connection's webhooks are signed with, none where it has none.

    No other secret is looked up: who receives webhooks need not be able to use the tool.
    """
    from syncline.sdk.connector import WebhookConfig

    said = {k: v for k, v in config.connections[name].said.items() if k == WEBHOOK_SECRET}
    try:
        data = _looked_up(config, said, resolvers, env)
    except Misconfigured as error:
        raise ConfigError([Problem(config.places.of(("connections", name)), str(error))]) from None
    return _valid(config, name, WebhookConfig, _fitting(WebhookConfig, data)).webhook_secret


def _valid(config: Config, name: str, model: type[M], data: Mapping[str, Any]) -> M:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        found = problems_of(error, model, data, config.places, "connections", name)
        raise ConfigError([*found]) from None


def check_shape(config: Config, name: str, model: type[ConnectionConfig]) -> Iterator[Problem]:
    """What is wrong with a connection's keys, without looking any secret up."""
    for look_up in (
        lambda: connection_config(config, name, model, _EVERYTHING, _Everything()),
        lambda: webhook_secrets(config, name, _EVERYTHING, _Everything()),
    ):
        try:
            look_up()
        except ConfigError as error:
            yield from error.problems


def store_url(
    config: Config,
    resolvers: Mapping[str, Resolver] | None = None,
    env: Mapping[str, str] | None = None,
) -> str:
    """Where the store is; its password, if any, looked up."""
    try:
        found = _looked_up(config, config.store, resolvers, env)
    except Misconfigured as error:
        raise ConfigError([Problem(config.places.of(("store",)), str(error))]) from None
    url = found.reveal() if isinstance(found, Secret) else str(found)
    scheme, slashes, path = url.partition(":///")
    if (
        scheme.split("+")[0] == "sqlite"
        and path
        and path != ":memory:"
        and not path.startswith("/")
    ):
        return f"{scheme}{slashes}{config.folder / path}"
    return url


def _looked_up(
    config: Config,
    said: Any,
    resolvers: Mapping[str, Resolver] | None,
    env: Mapping[str, str] | None,
) -> Any:
    def read_file(path: str) -> str:
        with Path(config.folder, path).open(encoding="utf-8") as file:
            return file.read(LARGEST)

    return resolve(said, os.environ if env is None else env, read_file, resolvers)


def _fitting(model: type[BaseModel], data: Mapping[str, Any]) -> dict[str, Any]:
    """References where the connector wants plain text (an address, an account) become text, and
    what stands in clear for a sandbox becomes a secret."""
    found = dict(data)
    for name, info in model.model_fields.items():
        value = found.get(name)
        secret, below = Secret in arms(info), models_in(info)
        if isinstance(value, Secret) and not secret:
            found[name] = value.reveal()
        elif secret and isinstance(value, list):
            found[name] = [_in_clear(one) for one in value]
        elif secret and isinstance(value, str):
            found[name] = _in_clear(value)
        elif isinstance(value, Mapping) and below:
            # Of several shapes (a token, or a name with a token) the one with most of these keys.
            likest = max(below, key=lambda one: len(one.model_fields.keys() & value.keys()))
            found[name] = _fitting(likest, value)
    return found


def _in_clear(value: Any) -> Any:
    """What stands in clear for a sandbox, as the secret that it is."""
    return Secret(value) if isinstance(value, str) and value.startswith(PREFIX) else value


_PLACEHOLDER = "a-secret-that-was-not-looked-up"


class _Everything(dict[str, str]):
    """An environment that has every variable."""

    def get(self, key: str, default: Any = None) -> Any:
        return _PLACEHOLDER


_EVERYTHING: Mapping[str, Resolver] = {kind: lambda _: _PLACEHOLDER for kind in ("file", "prefect")}
