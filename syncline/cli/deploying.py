"""`syncline deploy` and `syncline up`: hand the syncs to Prefect. Only these need Prefect."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from syncline.cli.options import ATTENTION, DONE, FAILED, ConfigPath, Json, hub, run
from syncline.cli.output import Failed, Output, Wrong

THEIRS = ("prefect", "httpx", "httpcore")
"""Packages whose errors mean that Prefect's server cannot be talked to."""


def deploy(
    pool: Annotated[
        str | None,
        typer.Option("--pool", metavar="POOL", help="Prefect's work pool; made if missing."),
    ] = None,
    image: Annotated[
        str | None, typer.Option("--image", metavar="IMAGE", help="For Docker and Kubernetes.")
    ] = None,
    at: Annotated[
        Path | None,
        typer.Option("--at", metavar="PATH", help="Where workers find the configuration."),
    ] = None,
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Register every sync as a Prefect deployment: schedule, limits, alerts."""
    run(_deploy(config, pool, image, at, Output(as_json)))


async def _deploy(
    path: Path | None, pool: str | None, image: str | None, at: Path | None, out: Output
) -> int:
    deployer = import_module("deployments.deploy")
    async with hub(path) as one:
        with out.progress("deploy") as progress, told(deployer.NotOurs, wrong=deployer.NoServer):
            progress("talking to Prefect", 0)
            done = await deployer.deploy(one, configuration=at, pool=pool, image=image)
    happened = ("created", "updated", "unchanged", "pruned", "kept_off")
    out.result({what: list(getattr(done, what)) for what in happened})
    lines = list(done)
    out.say(*lines or ["Nothing to deploy: the configuration has no syncs."])
    return DONE


def up(
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Prefect's port.")] = None,
    home: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="For Prefect's database and logs.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Run each sync once, then end.")] = False,
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Start everything on this machine: Prefect with its UI, the deployments, a worker."""
    run(_up(config, port, home, once, Output(as_json)))


async def _up(
    path: Path | None, port: int | None, home: Path | None, once: bool, out: Output
) -> int:
    starter = import_module("deployments.up")
    with told(starter.NotUp):
        ran = await starter.up(path, port=port, home=home, once=once, say=out.say)
    rows = [(one.sync, one.name, one.message, one.url) for one in ran]
    out.result(
        {"runs": [dict(zip(("sync", "state", "message", "url"), r, strict=True)) for r in rows]}
    )
    if rows:
        out.table(("sync", "state", "", "in Prefect"), rows)
    return max((_code(one) for one in ran), default=DONE)


def _code(ran: Any) -> int:
    if ran.state != "COMPLETED":
        return FAILED
    return DONE if ran.name == "Completed" else ATTENTION


@contextmanager
def told(*known: type[Exception], wrong: type[Exception] | tuple[()] = ()) -> Iterator[None]:
    """What goes wrong with Prefect, in words that say what to do; `wrong` is the caller's fault."""
    try:
        yield
    except wrong as error:
        raise Wrong(str(error)) from None
    except known as error:
        raise Failed(str(error)) from None
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in THEIRS:
            raise
        raise Failed(
            f"Prefect cannot be talked to ({type(error).__name__}: {error}). Check "
            "PREFECT_API_URL and that the server runs, or start one with `syncline up`."
        ) from error
