"""Commands about the configuration: `check`, `config lint`, `config schema`, `connectors`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from syncline.cli import changing
from syncline.cli.options import ATTENTION, DONE, FAILED, WRONG, ConfigPath, Json, hub, run
from syncline.cli.output import Output, count

if TYPE_CHECKING:
    from syncline.checking import Checked

config = typer.Typer(help="Look at the configuration itself.", no_args_is_help=True)


def check(
    accept: Annotated[
        bool,
        typer.Option("--accept", help="Take the tools as they are now: tell no change again."),
    ] = False,
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Hold the configuration against the real tools: credentials, fields, options, changes."""
    run(_check(config, accept, Output(as_json)))


async def _check(path: Path | None, accept: bool, out: Output) -> int:
    async with hub(path) as one:
        with out.progress("check") as progress:
            progress("asking every tool", 0)
            found = await one.check()
            progress("comparing with what they were", 0)
            rot = await one.rot(accept=accept)
        good = f"{count(len(one.config.connections), 'connection')} answered"
        code = _show(found, out, good, rot.to_json())
    changing.show(rot, accept, out)
    if code == DONE and rot.findings and not accept:
        return ATTENTION
    return code


@config.command()
def lint(config: ConfigPath = None, as_json: Json = False) -> None:
    """Check the files alone: keys, mappings and their laws. Needs no secret and no tool."""
    from syncline.checking import lint as linted
    from syncline.config import load

    found = load(config)
    code = _show(linted(found), Output(as_json), f"{count(len(found.syncs), 'sync')} compiled")
    raise typer.Exit(code)


def _show(found: Checked, out: Output, good: str, more: Mapping[str, Any] | None = None) -> int:
    problems = [*found.problems, *found.unreachable]
    out.result(
        {
            "ok": found.ok,
            "problems": [problem.to_json() for problem in problems],
            "warnings": [warning.to_json() for warning in found.warnings],
            **(more or {}),
        }
    )
    for problem in problems:
        out.say(f"wrong    {problem}")
    for warning in found.warnings:
        out.say(f"doubtful {warning}")
    if found.ok:
        out.say(f"Nothing is wrong: {good}.")
    else:
        out.say(f"{count(len(problems), 'problem')} to put right.")
    if found.problems:
        return WRONG
    return FAILED if found.unreachable else DONE


@config.command()
def schema() -> None:
    """Print the JSON Schema of the configuration, for editors."""
    import orjson

    from syncline.config.schema import json_schema
    from syncline.registry import Registry

    registry = Registry()
    models = {name: registry.get(name).config_model for name in registry.names()}
    typer.echo(orjson.dumps(json_schema(models), option=orjson.OPT_INDENT_2).decode())


def connectors(
    config: ConfigPath = None,
    as_json: Json = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the page of the documentation.")
    ] = False,
) -> None:
    """Show which tools can be connected, what each can do, and what it cannot know."""
    from syncline.catalogue import GROUNDS, catalogue, claims, page
    from syncline.config import load
    from syncline.config.reading import FILE, find
    from syncline.registry import Registry

    path = config or find()
    configured = path.is_file() or (path / FILE).is_file()
    found = catalogue(Registry(load(path).plugins if configured else ()))
    if markdown:
        typer.echo(page(found), nl=False)
        return
    out = Output(as_json)
    out.result({"connectors": [offer.to_json() for offer in found]})
    rows = [
        (o.name, ", ".join(o.records), GROUNDS.get(o.level, "not stated"), ", ".join(claims(o)))
        for o in found
    ]
    out.table(("connector", "records", "tested on", "can"), rows)
    out.say("", "What a tool gives no way to know:")
    out.table(
        ("connector", "window", "then"),
        [(o.name, w.window, w.then) for o in found for w in o.residual_windows],
    )
