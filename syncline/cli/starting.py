"""`syncline init`: the smallest working configuration, tried on the real tools as it is written."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, get_args

import typer
from pydantic import BaseModel

from syncline.cli.options import DONE, FAILED, WRONG, Json, Yes, hub
from syncline.cli.output import Output, Wrong
from syncline.config.reading import FILE

CONNECTIONS = 2


def init(
    folder: Annotated[Path, typer.Argument(help="Where to write it.")] = Path(),
    connection: Annotated[
        list[str] | None,
        typer.Option("--connection", metavar="NAME=CONNECTOR", help="A tool; give it twice."),
    ] = None,
    keys: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME.KEY=VALUE",
            help="A connection's key, like jira.auth.api_token='${env:JIRA_TOKEN}'.",
        ),
    ] = None,
    entity: Annotated[str | None, typer.Option(help="What to sync; asked for if left out.")] = None,
    name: Annotated[str, typer.Option("--sync", metavar="SYNC", help="The sync's name.")] = "main",
    plugin: Annotated[
        list[str] | None, typer.Option(metavar="MODULE", help="A connector of your own.")
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask the tools.")] = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Write the smallest configuration that works, and try it on the tools."""
    out = Output(as_json)
    path = folder / FILE
    if path.exists():
        out.confirm(f"{path} exists. Write over it?", yes)
    ask = sys.stdin.isatty() and not as_json
    plugins = list(plugin or ())
    given = _pairs(connection or [], "--connection NAME=CONNECTOR")
    connections = _connections(given, _pairs(keys or [], "--set NAME.KEY=VALUE"), plugins, ask)
    tools = [one["connector"] for one in connections.values()]
    body: dict[str, Any] = {"plugins": plugins} if plugins else {}
    body["connections"] = connections
    body["syncs"] = {name: {"entity": entity or _entity(tools, ask)}}
    _write(path, body)
    raise typer.Exit(asyncio.run(_try(path, offline, out)))


def _connections(
    given: dict[str, str], chosen: Mapping[str, str], plugins: Sequence[str], ask: bool
) -> dict[str, dict[str, Any]]:
    """The connections to write, by name."""
    from syncline.registry import Registry

    registry = Registry(plugins)
    if ask:
        given = given | _ask_connections(registry, CONNECTIONS - len(given), set(given))
    if len(given) < CONNECTIONS:
        raise Wrong("a sync needs two connections; give --connection NAME=CONNECTOR twice")
    found = {}
    for name, connector in given.items():
        model = registry.get(connector, f"--connection {name}").config_model
        found[name] = _connection(name, connector, model, chosen, ask)
    _no_strangers(chosen, given)
    return found


def _pairs(given: Sequence[str], form: str) -> dict[str, str]:
    found = {}
    for one in given:
        key, equals, value = one.partition("=")
        if not (key and equals):
            raise Wrong(f"{one!r} is not like {form}")
        found[key] = value
    return found


def _no_strangers(chosen: Mapping[str, str], given: Mapping[str, str]) -> None:
    from syncline.config import did_you_mean

    for key in chosen:
        name, dot, _ = key.partition(".")
        if not dot or name not in given:
            raise Wrong(f"--set {key}: no such connection; {did_you_mean(name, given)}")


def _ask_connections(registry: Any, missing: int, taken: set[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    known = ", ".join(registry.names())
    for _ in range(missing):
        connector = typer.prompt(f"Connector ({known})", err=True)
        registry.get(connector)
        name = typer.prompt("Call this connection", default=connector, err=True)
        while name in taken | set(found):
            name = typer.prompt(f"{name} is taken; call this one", err=True)
        found[name] = connector
    return found


def _connection(
    name: str, connector: str, model: type[BaseModel], chosen: Mapping[str, str], ask: bool
) -> dict[str, Any]:
    """A connection's keys: those given, and, where somebody is there to answer, those it needs."""
    said: dict[str, Any] = {"connector": connector}
    for path, secret, required in _keys(model):
        value = chosen.get(f"{name}.{'.'.join(path)}")
        if secret and value and "${" not in value:
            raise Wrong(
                f"--set {name}.{'.'.join(path)} is a secret, and secrets are named, never written "
                "down; write '${env:NAME}', '${file:PATH}' or '${prefect:BLOCK}'"
            )
        if value is None and ask and (required or secret):
            value = _asked(name, path, secret, required)
        if value:
            _put(said, path, value)
    for key, value in chosen.items():
        mine, _, path = key.partition(".")
        if mine == name:
            _put(said, path.split("."), value)
    return said


def _keys(model: type[BaseModel], above: tuple[str, ...] = ()) -> Iterator[tuple[Any, bool, bool]]:
    """The keys of a connector's model that matter here: path, whether secret, whether required."""
    from syncline.config.secrets import WEBHOOK_SECRET
    from syncline.sdk.secrets import Secret

    for key, info in model.model_fields.items():
        arms = (info.annotation, *get_args(info.annotation))
        below = [a for a in arms if isinstance(a, type) and issubclass(a, BaseModel)]
        # A webhook's secret exists only once the tool knows our address (`syncline webhooks list`).
        if key in ("connector", WEBHOOK_SECRET):
            continue
        if below and (info.is_required() or key == "auth"):
            yield from _keys(below[0], (*above, key))
        elif info.is_required() or Secret in arms:
            yield (*above, key), Secret in arms, info.is_required()


def _asked(name: str, path: Sequence[str], secret: bool, required: bool) -> str:
    label = f"{name}: {'.'.join(path)}"
    if not secret:
        return str(typer.prompt(label, err=True))
    variable = f"{name}_{path[-1]}".upper().replace("-", "_")
    default = variable if required else ""
    more = "" if required else ", empty to leave it out"
    found = typer.prompt(
        f"{label}, a secret: the environment variable that holds it{more}",
        default=default,
        err=True,
    )
    return f"${{env:{found}}}" if found else ""


def _put(said: dict[str, Any], path: Sequence[str], value: str) -> None:
    for key in path[:-1]:
        said = said.setdefault(key, {})
    said[path[-1]] = {"true": True, "false": False}.get(value, value)


def _entity(connectors: Sequence[str], ask: bool) -> str:
    """The entity that every connector has a mapping of; asked for if there are several."""
    from importlib import resources

    known: set[str] | None = None
    for connector in connectors:
        folder = resources.files("mappings").joinpath(connector)
        files = folder.iterdir() if folder.is_dir() else ()
        mine = {file.name.removesuffix(".yaml") for file in files if file.name.endswith(".yaml")}
        known = mine if known is None else known & mine
    found = sorted(known or ())
    if len(found) == 1:
        return found[0]
    if not ask:
        raise Wrong(f"say what to sync with --entity ({', '.join(found) or 'ticket'})")
    return str(typer.prompt(f"What to sync ({', '.join(found)})", err=True))


def _write(path: Path, body: Mapping[str, Any]) -> None:
    import yaml

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(body, sort_keys=False, allow_unicode=True), "utf-8")
    except OSError as error:
        raise Wrong(f"{path} cannot be written: {error.strerror}") from None


async def _try(path: Path, offline: bool, out: Output) -> int:
    """What the tools say to it; the file stays, so that it can be put right."""
    from syncline.checking import lint
    from syncline.config import load

    checked = lint(load(path))
    if not offline and checked.ok:
        async with hub(path) as one:
            with out.progress("init") as progress:
                progress("asking every tool", 0)
                checked = await one.check()
    problems = [*checked.problems, *checked.unreachable]
    out.result({"file": str(path), "ok": checked.ok, "problems": [p.to_json() for p in problems]})
    out.say(f"Wrote {path}.")
    for problem in problems:
        out.say(f"wrong    {problem}")
    out.say(
        "Put that right, then `syncline check`."
        if problems
        else "Nothing is made or changed yet: `create` is `never`. See `syncline plan`."
    )
    if checked.problems:
        return WRONG
    return FAILED if checked.unreachable else DONE
