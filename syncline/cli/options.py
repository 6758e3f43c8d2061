"""What commands have in common: options, the way to the hub, exit codes."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from syncline.cli.output import Wrong

if TYPE_CHECKING:
    from syncline.hub import Hub

DONE, FAILED, WRONG, ATTENTION, PENDING = range(5)
"""Exit codes: done; failed; wrong usage or configuration; needs a person; changes pending."""

ConfigPath: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", help="The configuration: a file or a folder.", envvar="SYNCLINE_CONFIG"
    ),
]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Yes: TypeAlias = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
SyncName: TypeAlias = Annotated[str, typer.Argument(metavar="SYNC", help="A sync's name.")]
MaybeSync: TypeAlias = Annotated[
    str | None, typer.Argument(metavar="[SYNC]", help="One sync; without it, all.")
]
OfSync: TypeAlias = Annotated[
    str | None, typer.Option("--sync", metavar="SYNC", help="One sync; without it, all.")
]
Limit: TypeAlias = Annotated[
    int | None, typer.Option("--limit", min=1, help="At most so many links.")
]
Only: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="SIDE:ID", help="Only this record's link; may be repeated."),
]
Full: TypeAlias = Annotated[
    bool, typer.Option("--full", help="Take the census: ask every tool what still exists.")
]
Force: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--force", metavar="GUARD", help="Overrule this guard once; asks first."),
]


def _prefect(name: str) -> str | None:
    # Prefect takes a second to import, and few configurations name its blocks.
    found: str | None = import_module("flows.blocks").secret_block(name)
    return found


def hub(path: Path | None) -> AbstractAsyncContextManager[Hub]:
    """The hub of a configuration, with every kind of secret."""
    from syncline.hub import open_hub

    return open_hub(path, resolvers={"prefect": _prefect})


def run(work: Coroutine[Any, Any, int]) -> None:
    """Do a command's work and end with its exit code."""
    code = asyncio.run(work)
    if code:
        raise typer.Exit(code)


def user() -> str:
    """Who sits here, as this machine knows them; empty where it does not."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return ""


def record(text: str) -> tuple[str, str]:
    """`SIDE:ID` in two."""
    side, colon, id_ = text.partition(":")
    if not (side and colon and id_):
        raise Wrong(f"{text!r} names no record; write SIDE:ID, like jira:APP-123")
    return side, id_


def known_sync(hub: Hub, name: str) -> str:
    """The name itself. ConfigError, with the nearest, where there is no such sync."""
    from syncline.config import ConfigError, Problem, did_you_mean

    if name not in hub.config.syncs:
        where = hub.config.places.of(("syncs",))
        hint = did_you_mean(name, hub.config.syncs)
        raise ConfigError([Problem(where, f"there is no sync `{name}`", hint)])
    return name


def known_side(hub: Hub, sync: str, side: str) -> str:
    """The side itself. Wrong, with the sync's sides, where it is none of them."""
    from syncline.config import did_you_mean

    sides = hub.config.side_names(known_sync(hub, sync))
    if side not in sides:
        raise Wrong(f"`{side}` is no side of {sync}; {did_you_mean(side, sides)}")
    return side
