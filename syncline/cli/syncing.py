"""The commands that move data: `plan`, `apply`, `sync`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from syncline.cli.options import (
    ATTENTION,
    DONE,
    FAILED,
    PENDING,
    ConfigPath,
    Force,
    Full,
    Json,
    Limit,
    Only,
    SyncName,
    Yes,
    hub,
    run,
)
from syncline.cli.output import Output, Wrong, count, records

if TYPE_CHECKING:
    from syncline.engine.report import Report
    from syncline.plans import Plan

GUARDS = ("account", "changed", "deletes", "mapping", "shrink")
"""What `--force` takes: the guards of `syncline.engine.guards`, by name."""

SHOWN = 100
"""Actions of a plan shown to people; the file and `--json` have them all."""


def plan(
    sync: SyncName,
    file: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Save the plan, for `apply`.")
    ] = None,
    limit: Limit = None,
    only: Only = None,
    full: Full = False,
    detailed: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit with 4 when changes are pending.")
    ] = False,
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Show what a pass would change in every tool, field by field. Changes nothing."""
    from syncline.engine.passes import Options

    options = Options(full=full, limit=limit, only=tuple(only or ()), kind="plan")
    run(_plan(config, sync, options, file, detailed, Output(as_json)))


async def _plan(
    path: Path | None, name: str, options: Any, file: Path | None, detailed: bool, out: Output
) -> int:
    from syncline.plans import save

    async with hub(path) as one:
        with out.progress(f"plan {name}") as progress:
            found = await one.plan(name, options, progress)
    if file is not None:
        try:
            save(found, file)
        except OSError as error:
            raise Wrong(f"{file} cannot be written: {error.strerror}") from None
    out.result(found.to_json())
    _show_plan(found, file, out)
    if found.stopped:
        return FAILED
    if found.refused:
        return ATTENTION
    if detailed and found.actions:
        return PENDING
    return ATTENTION if found.conflicts or found.parked else DONE


def _row(action: Mapping[str, Any]) -> tuple[str, ...]:
    from syncline.plans import brief

    record = action["record"] or f"new, for {records(action['source'])}"
    if action["field"] is None:
        return action["side"], record, "", "", action["kind"], action["why"]
    before, after = brief(action["before"], action["after"])
    if action["kind"] == "create":
        before = ""
    return action["side"], record, action["field"], before, after, action["why"]


def _show_plan(plan: Plan, file: Path | None, out: Output) -> None:
    if plan.actions:
        columns = ("side", "record", "field", "before", "after", "why")
        out.table(columns, [_row(action) for action in plan.actions[:SHOWN]])
    else:
        out.say(f"{plan.sync}: nothing to change.")
    if len(plan.actions) > SHOWN:
        out.say(f"… and {len(plan.actions) - SHOWN} more; --out FILE saves them all.")
    for one in plan.conflicts:
        out.say(f"conflict {one['field']} of {records(one['sides'])}: a person decides")
    for one in plan.parked:
        out.say(f"parked   {one['field']} of {records(one['sides'])}: {one['reason']}")
    show_trouble(plan.refused, plan.stopped, plan.notes, out)
    cost = ", ".join(f"{side} {count(n, 'request')}" for side, n in plan.requests.items() if n)
    made, changed, gone = (plan.counts.get(key, 0) for key in ("created", "updated", "deleted"))
    out.say(
        f"{plan.sync}: {count(made, 'record')} to make, {changed} to change, {gone} gone"
        + (f"; about {cost}." if cost else ".")
    )
    if file is not None:
        out.say(f"Saved. Do exactly this with `syncline apply {file}`.")
    elif plan.actions and not plan.refused:
        out.say(f"Do it with `syncline sync {plan.sync}`.")


def apply(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A plan saved by `plan --out`.")],
    force: Force = None,
    yes: Yes = False,
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Do exactly a saved plan's actions, or refuse because something has moved, and say what."""
    out = Output(as_json)
    _ask_force(force, yes, out)
    run(_apply(config, file, tuple(force or ()), out))


async def _apply(path: Path | None, file: Path, force: tuple[str, ...], out: Output) -> int:
    from syncline.plans import load

    saved = load(file)
    async with hub(path) as one:
        with out.progress(f"apply {saved.sync}") as progress:
            report = await one.apply(saved, force, progress)
    return _reported(report, out)


def sync(
    sync: SyncName,
    limit: Limit = None,
    only: Only = None,
    full: Full = False,
    force: Force = None,
    yes: Yes = False,
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Plan and apply in one pass."""
    from syncline.engine.passes import Options

    out = Output(as_json)
    _ask_force(force, yes, out)
    options = Options(full=full, limit=limit, only=tuple(only or ()), force=tuple(force or ()))
    run(_sync(config, sync, options, out))


async def _sync(path: Path | None, name: str, options: Any, out: Output) -> int:
    async with hub(path) as one:
        with out.progress(f"sync {name}") as progress:
            report = await one.run(name, options, progress)
    return _reported(report, out)


def _ask_force(force: Sequence[str] | None, yes: bool, out: Output) -> None:
    from syncline.config import did_you_mean

    for name in force or ():
        if name not in GUARDS:
            raise Wrong(f"there is no guard `{name}`; {did_you_mean(name, GUARDS)}")
    if force:
        out.confirm(f"This overrules {', '.join(force)} once. Go on?", yes)


def _reported(report: Report, out: Output) -> int:
    out.result(report.to_json())
    counts = report.counts
    out.say(
        f"{report.sync}: {counts.get('created', 0)} made, {counts.get('updated', 0)} changed, "
        f"{counts.get('commented', 0)} comments; {report.agreed} of {report.links} links agree."
    )
    show_trouble(report.refused, report.stopped, report.notes, out)
    if number := counts.get("conflicts", 0):
        out.say(f"{count(number, 'conflict')} to decide: `syncline conflicts`.")
    if number := counts.get("parked", 0):
        out.say(f"{count(number, 'action')} parked, with the reason: `syncline quarantine`.")
    return {"done": DONE, "failed": FAILED}.get(report.state, ATTENTION)


def show_trouble(
    refused: Sequence[str], stopped: Mapping[str, str], notes: Sequence[str], out: Output
) -> None:
    """What a pass was refused for, what stopped in it, and what else there is to know."""
    for reason in refused:
        name = reason.partition(":")[0]
        out.say(f"refused  {reason}. Nothing was sent; if it is meant, add --force {name}.")
    for side, reason in stopped.items():
        out.say(f"stopped  {side}: {reason}")
    for note in notes:
        out.say(f"note     {note}")
