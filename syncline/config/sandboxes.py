"""Which connections lead to a sandbox, and that nothing of it gets mixed with what is real (S24).

A connection is a sandbox's when its secrets stand in clear and begin with `sandbox-`. That is the
only place where a secret may stand in clear, and only beside a `base_url` on this machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from syncline.config.models import Config
from syncline.config.problems import ConfigError, Problem
from syncline.sdk.addresses import is_loopback
from syncline.sdk.secrets import Secret

PREFIX = "sandbox-"

Models = Mapping[str, type[BaseModel]]
"""Connections' models by the connections' names."""


def is_sandbox(config: Config, name: str, model: type[BaseModel]) -> bool:
    """Whether a connection says that it leads to a sandbox; no secret is looked up."""
    return any(value.startswith(PREFIX) for _, value in _secrets(model, _said(config, name)))


def sandbox_problems(config: Config, name: str, model: type[BaseModel]) -> Iterator[Problem]:
    """What a sandbox's connection must not be: elsewhere, or real in part."""
    if not is_sandbox(config, name, model):
        return
    said = _said(config, name)
    if not is_loopback(str(said.get("base_url"))):
        yield Problem(
            config.places.of(("connections", name, "base_url")),
            f"a secret that begins with `{PREFIX}` is a sandbox's, and a sandbox is on this "
            "machine; nothing is sent",
            "write the base_url that `syncline sandbox up` prints, or ${env:NAME} for the secret",
        )
    for path, value in _secrets(model, said):
        if not value.startswith(PREFIX):
            yield Problem(
                config.places.of(("connections", name, *path)),
                "stands beside a sandbox's secret; a connection is a sandbox's or real",
                "take all of `auth` from what `syncline sandbox up` prints, or nothing",
            )


def check_unmixed(config: Config, sync: str, models: Models) -> None:
    """ConfigError where a sync has sandboxes and real tools on its sides."""
    made_up = [name for name in models if is_sandbox(config, name, models[name])]
    real = [name for name in models if name not in made_up]
    if made_up and real:
        raise ConfigError(
            [
                Problem(
                    config.places.of(("syncs", sync)),
                    f"mixes a sandbox ({', '.join(made_up)}) with real tools ({', '.join(real)}); "
                    "made-up records must not get into them, nor real ones out. Nothing is sent",
                    "let all of its sides be sandboxes, or none",
                )
            ]
        )


def arms(info: FieldInfo) -> tuple[Any, ...]:
    """The types that a field may have."""
    return (info.annotation, *get_args(info.annotation))


def models_in(info: FieldInfo) -> list[type[BaseModel]]:
    """The models that a field may have."""
    return [arm for arm in arms(info) if isinstance(arm, type) and issubclass(arm, BaseModel)]


def _said(config: Config, name: str) -> Mapping[str, Any]:
    return config.connections[name].said


def _secrets(
    model: type[BaseModel], said: Mapping[str, Any], *above: str
) -> Iterator[tuple[tuple[str, ...], str]]:
    """What was written for a model's secrets, by the key's path."""
    for name, info in model.model_fields.items():
        value = said.get(name)
        if Secret in arms(info):
            given = value if isinstance(value, list) else [value]
            yield from (((*above, name), one) for one in given if isinstance(one, str))
        elif isinstance(value, Mapping):
            for below in models_in(info):
                yield from _secrets(below, value, *above, name)
