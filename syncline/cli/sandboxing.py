"""`syncline sandbox up` and `down`: the tools' fakes on this machine, to try things on."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from syncline.cli.options import Json
from syncline.cli.output import Failed, Output, Wrong

sandbox = typer.Typer(
    help="Tools to try things on: fakes on this machine, with made-up records.",
    no_args_is_help=True,
)
Folder = Annotated[
    Path, typer.Option("--state", metavar="FOLDER", help="Where the fakes keep what they know.")
]
FOLDER = Path(".syncline/sandbox")
LAST_PORT = 65535


@sandbox.command("up")
def up(
    tools: Annotated[
        list[str] | None, typer.Argument(metavar="[TOOL]...", help="Without any, all of them.")
    ] = None,
    records: Annotated[int, typer.Option(min=0, help="How many cases the company has.")] = 100,
    seed: Annotated[int, typer.Option(help="The same seed makes the same company.")] = 1,
    port_base: Annotated[
        int | None,
        typer.Option(min=1, max=LAST_PORT, help="The first tool's port; the next has the next."),
    ] = None,
    detach: Annotated[
        bool, typer.Option("--detach", help="Leave them running; `sandbox down` ends them.")
    ] = False,
    plugin: Annotated[
        list[str] | None, typer.Option(metavar="MODULE", help="A connector of your own.")
    ] = None,
    state: Folder = FOLDER,
    as_json: Json = False,
) -> None:
    """Start the fakes of tools on loopback, and print what a connection takes."""
    from syncline.sandbox import running

    modules = _modules(tools or [], plugin or [])
    if port_base is not None and port_base + len(modules) - 1 > LAST_PORT:
        raise Wrong(f"There are not {len(modules)} ports from {port_base} on.")
    out = Output(as_json)
    with _ends_on_sigterm():
        try:
            started = running.start(
                modules,
                state,
                seed=seed,
                records=records,
                port_base=port_base,
                detached=detach,
            )
        except running.NotUp as error:
            raise Failed(str(error)) from None
        try:
            out.result({"tools": {one.tool: one.about for one in started}})
            out.table(
                ("sandbox", "page and base_url", "process"),
                [(one.tool, one.about["base_url"], one.about["pid"]) for one in started],
            )
            if detach:
                out.say("`syncline sandbox down` ends them.")
                return
            out.say("Ctrl-C ends them.")
            running.watch(started, state)
        except running.NotUp as error:
            raise Failed(str(error)) from None
        except KeyboardInterrupt:
            return
        finally:
            if not detach:
                running.end([one.process for one in started])


@sandbox.command("down")
def down(state: Folder = FOLDER, as_json: Json = False) -> None:
    """End the fakes that run with a state folder."""
    from syncline.sandbox import running

    out = Output(as_json)
    try:
        ended = running.down(state)
    except running.NotUp as error:
        raise Failed(str(error)) from None
    out.result({"ended": ended})
    out.say(f"Ended: {', '.join(ended)}." if ended else f"No sandbox is up in {state}.")


def _modules(tools: list[str], plugins: list[str]) -> dict[str, str]:
    """The modules of the fakes that were named, or of all; Wrong for a tool without one."""
    from syncline.config import did_you_mean
    from syncline.registry import fakes

    known = fakes(plugins)
    for tool in tools:
        if tool not in known:
            raise Wrong(f"There is no sandbox of `{tool}`; {did_you_mean(tool, known)}")
    if not known:
        raise Wrong("No connector has a sandbox.")
    return {tool: known[tool] for tool in dict.fromkeys(tools or known)}


@contextmanager
def _ends_on_sigterm() -> Iterator[None]:
    """In this block SIGTERM is what Ctrl-C is."""

    def end(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
