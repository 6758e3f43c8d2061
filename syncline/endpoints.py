"""Where tools may tell of changes: one address a connection, and how what comes there is verified.

An address ends in a digest of the connection's name under the workspace's secret. So it cannot be
guessed, nothing about it is stored, and no two workspaces share one.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from syncline.config import Config, ConfigError, Problem
from syncline.config.secrets import WEBHOOK_SECRET, webhook_secrets
from syncline.registry import Registry
from syncline.sdk.errors import Misconfigured
from syncline.sdk.secrets import Resolver
from syncline.sdk.webhook import Webhook

PREFIX = "webhooks"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where one connection's tool may call: `token` is the end of the address."""

    connection: str
    token: str
    webhook: Webhook


def token(key: bytes, connection: str) -> str:
    """The end of a connection's address; `key` is the workspace's secret."""
    return hmac.new(key, b"webhook:" + connection.encode(), hashlib.sha256).hexdigest()


def address(config: Config, end: str) -> str:
    """What is put into the tool. ConfigError where nothing says how it reaches us."""
    if config.webhooks is None:
        raise ConfigError([_missing(config)])
    return f"{config.webhooks.public_url}/{PREFIX}/{end}"


def told(config: Config, registry: Registry) -> dict[str, type[Webhook] | None]:
    """How each connection's webhooks are verified; None for a tool that has none."""
    return {name: _kind(config, registry, name) for name in config.connections}


def _kind(config: Config, registry: Registry, name: str) -> type[Webhook] | None:
    where = config.places.of(("connections", name, "connector"))
    return registry.get(config.connections[name].connector, where).webhook


def opened(
    config: Config, registry: Registry, key: bytes, resolvers: Mapping[str, Resolver] | None
) -> list[Endpoint]:
    """The endpoints of all connections that have a `webhook_secret`; no other secret is looked up.

    `key` is the workspace's secret. ConfigError with all that is wrong, or where there is none.
    """
    found, problems = _looked_up(config, registry, resolvers)
    if config.webhooks is None:
        problems.append(_missing(config))
    if not found and not problems:
        problems.append(_nobody(config))
    if problems:
        raise ConfigError(problems)
    endpoints = [Endpoint(name, token(key, name), webhook) for name, webhook in found.items()]
    for one in endpoints:
        one.webhook.address = address(config, one.token)
    return endpoints


def wrong(
    config: Config, registry: Registry, resolvers: Mapping[str, Resolver] | None
) -> list[Problem]:
    """What is wrong with the secrets once they are looked up: missing, too short, in vain."""
    return _looked_up(config, registry, resolvers)[1]


def _looked_up(
    config: Config, registry: Registry, resolvers: Mapping[str, Resolver] | None
) -> tuple[dict[str, Webhook], list[Problem]]:
    found: dict[str, Webhook] = {}
    problems: list[Problem] = []
    for name in filter(lambda name: named(config, name), config.connections):
        try:
            kind = _kind(config, registry, name)
            secrets = webhook_secrets(config, name, resolvers)
            if kind is None:
                problems.append(in_vain(config, name))
            else:
                found[name] = kind(secrets)
        except ConfigError as error:
            problems += error.problems
        except Misconfigured as error:
            where = config.places.of(("connections", name, WEBHOOK_SECRET))
            problems.append(Problem(where, str(error), "set another one, here and in the tool"))
    return found, problems


def named(config: Config, name: str) -> int:
    """How many secrets a connection's webhooks have; none is looked up."""
    said = config.connections[name].said.get(WEBHOOK_SECRET)
    return len(said) if isinstance(said, list) else int(said is not None)


def in_vain(config: Config, name: str) -> Problem:
    """A secret for the webhooks of a tool that has none."""
    return Problem(
        config.places.of(("connections", name, WEBHOOK_SECRET)),
        f"`{config.connections[name].connector}` has no webhooks that can be verified",
        "take it out; this tool's changes are found by asking",
    )


def without_effect(config: Config) -> Iterator[Problem]:
    """One half of the configuration of webhooks without the other."""
    secrets = [name for name in config.connections if named(config, name)]
    if secrets and config.webhooks is None:
        yield _missing(config)
    if config.webhooks is not None and not secrets:
        yield _nobody(config)


def _missing(config: Config) -> Problem:
    return Problem(
        config.places.of(("webhooks",)),
        "nothing says where the tools reach the receiver of webhooks",
        "add `webhooks: {public_url: https://…}`",
    )


def _nobody(config: Config) -> Problem:
    return Problem(
        config.places.of(("webhooks",)),
        f"no connection has a `{WEBHOOK_SECRET}`, so no webhook is taken",
        "`syncline webhooks list` says which can have one",
    )
