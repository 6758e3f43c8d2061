"""`syncline deploy` and `syncline up`: hand the syncs to Prefect. Only these need Prefect."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from syncline.cli.options import DONE, FAILED, ConfigPath, Json, hub, run
from syncline.cli.output import Output


def deploy(
    pool: Annotated[
        str | None, typer.Option("--pool", metavar="POOL", help="Prefect's work pool.")
    ] = None,
    image: Annotated[
        str | None, typer.Option("--image", metavar="IMAGE", help="For Docker and Kubernetes.")
    ] = None,
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Register every sync as a Prefect deployment: schedule, limits, alerts."""
    run(_deploy(config, pool, image, Output(as_json)))


async def _deploy(path: Path | None, pool: str | None, image: str | None, out: Output) -> int:
    deployer = import_module("deployments.deploy")
    async with hub(path) as one:
        with out.progress("deploy") as progress:
            progress("talking to Prefect", 0)
            made = await deployer.deploy(one, pool=pool, image=image)
    names = [str(name) for name in made or ()]
    out.result({"deployments": names})
    out.say(*names, f"{len(names)} deployments registered." if names else "Nothing to deploy.")
    return DONE


def up(
    port: Annotated[
        int | None, typer.Option("--port", help="Of Prefect's page; a free one from 4200 on.")
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="Run each sync once, then end everything.")
    ] = False,
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Start everything on this machine: Prefect with its UI, the deployments, a worker."""
    run(_up(config, port, once, Output(as_json)))


async def _up(path: Path | None, port: int | None, once: bool, out: Output) -> int:
    starter = import_module("deployments.up")
    ran = await starter.up(path, port=port, once=once, say=out.say)
    runs = [{"sync": r.sync, "run": r.run, "state": r.state, "message": r.message} for r in ran]
    out.result({"runs": runs})
    return FAILED if any(r.state not in ("COMPLETED", "CANCELLED") for r in ran) else DONE
