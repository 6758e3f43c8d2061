"""The entry point: the commands, and what every error means to whoever ran them.

Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 done but something needs a person,
4 changes pending (`plan --detailed-exitcode`). An error is never a traceback, unless
SYNCLINE_TRACEBACK=1 asks for one.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any, Protocol, runtime_checkable

import orjson
import typer

from syncline import __version__
from syncline.cli import (
    answering,
    configuring,
    creating,
    deciding,
    demonstrating,
    deploying,
    explaining,
    looking,
    matching,
    receiving,
    sandboxing,
    simulating,
    starting,
    syncing,
    undoing,
    verifying,
)
from syncline.cli.options import FAILED, WRONG
from syncline.cli.output import Failed, Wrong, clean

app = typer.Typer(
    name="syncline",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"syncline {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_tell_version, is_eager=True, help="Say the version."),
    ] = False,
) -> None:
    """Keeps tickets, roadmap items and customer requests the same in every tool."""


app.command("init")(starting.init)
app.command("check")(configuring.check)
app.add_typer(configuring.config, name="config")
app.command("plan")(syncing.plan)
app.command("apply")(syncing.apply)
app.command("sync")(syncing.sync)
app.command("status")(looking.status)
app.command("links")(looking.links)
app.command("why")(explaining.why)
app.command("verify")(verifying.verify)
app.command("undo")(undoing.undo)
app.command("people")(looking.people)
app.command("accounts")(matching.accounts)
app.command("adopt")(deciding.adopt)
app.command("unlink")(deciding.unlink)
app.add_typer(answering.conflicts, name="conflicts")
app.add_typer(deciding.quarantine, name="quarantine")
app.command("deploy")(deploying.deploy)
app.command("up")(deploying.up)
app.add_typer(receiving.webhooks, name="webhooks")
app.add_typer(sandboxing.sandbox, name="sandbox")
app.command("demo")(demonstrating.demo)
app.command("simulate")(simulating.simulate)
app.add_typer(creating.new, name="new")
app.command("connectors")(configuring.connectors)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = app(given, prog_name="syncline", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except typer.Exit as end:
        return end.exit_code
    except (KeyboardInterrupt, typer.Abort):
        _tell(["Stopped. What was committed stands; the next pass settles the rest."], given)
        return FAILED
    except Exception as error:
        if isinstance(error, _Usage):
            _usage(error, given)
            return WRONG
        if os.environ.get("SYNCLINE_TRACEBACK") == "1":
            raise
        code, lines, more = explain(_first(error))
        _tell(lines, given, more)
        return code


def explain(error: BaseException) -> tuple[int, list[str], dict[str, Any]]:
    """An error's exit code, its words, and what `--json` adds to them."""
    from syncline.config import ConfigError
    from syncline.mapping.source import MappingError
    from syncline.plans import PlanError, PlanStale
    from syncline.sdk.errors import ConnectorError, Misconfigured
    from syncline.sdk.redaction import redact
    from syncline.store.errors import NotOne, StoreError

    if isinstance(error, ConfigError):
        problems = [problem.to_json() for problem in error.problems]
        # By value only: `token: ${env:JIRA_TOKEN} is missing` is the very thing to be told.
        words = [redact.by_value(str(problem)) for problem in error.problems]
        return WRONG, words, {"problems": problems}
    words = [redact(str(error))]
    if isinstance(error, Wrong | MappingError | Misconfigured | PlanError | NotOne):
        return WRONG, words, {}
    if isinstance(error, Failed | StoreError | ConnectorError | PlanStale):
        return FAILED, words, {}
    return (
        FAILED,
        [
            f"Syncline met something it does not know: {type(error).__name__}: {words[0]}",
            "What was committed stands, and the next pass settles the rest. Run it again with "
            "SYNCLINE_TRACEBACK=1 to see where it happened, and report that.",
        ],
        {},
    )


def _first(error: BaseException) -> BaseException:
    """The first of several errors that happened at once."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


@runtime_checkable
class _Usage(Protocol):
    """A wrong command line. Typer's errors are click's or its own copy of them, by version."""

    def format_message(self) -> str: ...


def _usage(error: _Usage, given: Sequence[str]) -> None:
    message = error.format_message()
    if "\n" in message:  # the whole help, which is what no arguments at all ask for
        typer.echo(message, err=True)
        return
    context = getattr(error, "ctx", None)
    hint = f"`{context.command_path} --help` shows how it is used." if context else ""
    _tell([message, *([hint] if hint else [])], given)


def _tell(lines: Sequence[str], given: Sequence[str], more: dict[str, Any] | None = None) -> None:
    for line in lines:
        typer.echo(f"syncline: {clean(line)}", err=True)
    if "--json" in given:
        body = {"error": " ".join(lines), "ok": False, **(more or {})}
        typer.echo(orjson.dumps(body).decode())


if __name__ == "__main__":
    sys.exit(main())
