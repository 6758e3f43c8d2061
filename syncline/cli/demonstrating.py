"""`syncline demo`: four tools of the sandbox, kept in step before your eyes."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from syncline.cli.deploying import told
from syncline.cli.options import DONE, run
from syncline.cli.output import Output


def demo(
    once: Annotated[bool, typer.Option("--once", help="End when the story is told.")] = False,
    folder: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Where everything is kept; made anew each time.")
    ] = Path(".syncline/demo"),
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Prefect's port.")] = None,
) -> None:
    """Show four tools kept the same, in the sandbox and on Prefect; needs no account anywhere."""
    run(_demo(folder.absolute(), once, port, Output(as_json=False)))


async def _demo(folder: Path, once: bool, port: int | None, out: Output) -> int:
    from syncline.sandbox import running  # brings what no other command needs

    shown = import_module("deployments.demo")
    starter = import_module("deployments.up")
    with told(starter.NotUp, running.NotUp, shown.NotAsShown):
        await shown.demo(folder, once=once, port=port, say=out.say)
    return DONE
