"""`syncline deploy` and `syncline up`: hand the syncs to Prefect. Only these need Prefect."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from syncline.cli.options import DONE, ConfigPath, Json, hub, run
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


def up(config: ConfigPath = None) -> None:
    """Start everything on this machine: Prefect with its UI, the deployments, a worker."""
    starter = import_module("deployments.up")
    run(starter.up(config))
