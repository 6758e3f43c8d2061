"""`syncline undo`: take back what was written, where the tools still show it."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from syncline.cli.naming import fields, moment, named
from syncline.cli.options import (
    ATTENTION,
    DONE,
    FAILED,
    ConfigPath,
    Force,
    Json,
    Yes,
    hub,
    known_sync,
    run,
    user,
)
from syncline.cli.output import Output, Wrong, count
from syncline.cli.syncing import show_trouble
from syncline.store import journal, runs

if TYPE_CHECKING:
    from syncline.engine.undone import Extent
    from syncline.hub import Hub
    from syncline.undoing import Undone

GUARDS = ("account", "deletes", "mapping")
SHOWN = 100


class Fate(StrEnum):
    """What becomes of records that were made."""

    archive = "archive"
    delete = "delete"
    unlink = "unlink"


def undo(
    what: Annotated[
        str,
        typer.Argument(
            metavar="RUN|SIDE:RECORD[.FIELD]", help="A run, or a record or field and its links."
        ),
    ],
    since: Annotated[
        str | None, typer.Option(metavar="WHEN", help="Of a record: what was written from then on.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="WHEN", help="Of a record: what was written until then.")
    ] = None,
    created: Annotated[
        Fate | None,
        typer.Option(help="Take records away that it made, unless somebody touched them since."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would go back.")
    ] = False,
    force: Force = None,
    yes: Yes = False,
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Take back what a run wrote, or what was last written to a record or field.

    Only what a tool still shows goes back; what has changed since is listed and left alone.
    """
    from syncline.config import did_you_mean

    for name in force or ():
        if name not in GUARDS:
            raise Wrong(f"undo has no guard `{name}`; {did_you_mean(name, GUARDS)}")
    fate = created.value if created else None
    asked = {"created": fate, "force": tuple(force or ()), "dry": dry_run, "by": user()}
    run(_undo(config, what, (since, until), asked, yes, Output(as_json)))


async def _undo(
    path: Path | None,
    what: str,
    window: tuple[str | None, str | None],
    said: dict[str, Any],
    yes: bool,
    out: Output,
) -> int:
    from syncline.undoing import Asked

    async with hub(path) as one:
        sync, extent = await _extent(one, what, window)
        asked = Asked(extent, **said)
        with out.progress(f"undo {what}") as progress:
            if asked.dry or not yes:
                found = await one.undo(sync, replace(asked, dry=True), progress)
        if asked.dry or not yes:
            nothing = not (found.places or found.going)
            if asked.dry or nothing or found.plan.refused:
                out.result(found.to_json())
                _show(found, out, done=False)
                return _code(found)
            _show(found, out, done=False)
            out.confirm(f"Take back {_much(found)}?", yes)
            asked = replace(asked, only=found.places)
        with out.progress(f"undo {what}") as progress:
            found = await one.undo(sync, asked, progress)
    out.result(found.to_json())
    _show(found, out, done=True)
    return _code(found)


def _code(found: Undone) -> int:
    return {"done": DONE, "failed": FAILED}.get(found.state, ATTENTION)


async def _extent(one: Hub, what: str, window: tuple[str | None, str | None]) -> tuple[str, Extent]:
    """The sync, and what is to be undone in it."""
    from syncline.engine.undone import Extent

    if ":" not in what:
        if any(window):
            raise Wrong("--since and --until are for a record or a field; a run has its own time")
        found = await one.store.read(runs.get, what)
        if found is None:
            raise Wrong(f"there is no run {what}; `syncline status --json` lists the last ones")
        return known_sync(one, found.sync), Extent(run=found.id)
    place = await named(one, what)
    assert place.link is not None
    unit = fields(one, place.sync)[place.field] if place.field else None
    now = one.clock.now()
    since, until = (
        moment(text, now, option) if text else None
        for text, option in zip(window, ("--since", "--until"), strict=True)
    )
    extent = Extent(link=place.link.id, unit=unit, since=since, until=until)
    if since is None and until is None:
        extent = replace(extent, run=await _last_run(one, extent, what))
    return place.sync, extent


async def _last_run(one: Hub, extent: Extent, what: str) -> str:
    """Without a time, the last run that wrote anything there is meant."""
    story = await one.store.read(journal.of_link, extent.link or "")
    wrote = [hop.run for hop in story if hop.kind in ("write", "create") and extent.covers(hop)]
    if not wrote:
        raise Wrong(f"Syncline has written nothing to {what} or its counterparts; nothing to undo")
    return wrote[-1]


def _much(found: Undone) -> str:
    parts = []
    if found.places:
        records = count(found.plan.counts["updated"], "record")
        parts.append(f"{count(len(found.places), 'field')} of {records}")
    if going := len(found.going):
        parts.append(f"{count(going, 'record')} that were made")
    return " and ".join(parts)


def _show(found: Undone, out: Output, *, done: bool) -> None:
    from syncline.plans import brief

    plan = found.plan
    out.table(
        ("side", "record", "field", "shows" if not done else "showed", "goes back to", "why"),
        [
            (a["side"], a["record"], a["field"], *brief(a["before"], a["after"]), a["why"])
            for a in plan.actions[:SHOWN]
        ],
    ) if plan.actions else None
    if len(plan.actions) > SHOWN:
        out.say(f"… and {len(plan.actions) - SHOWN} more; --json has them all.")
    for one in (*plan.conflicts, *plan.parked):
        place = f"{one['side']}:{one['sides'][one['side']]}.{one['field']}"
        out.say(f"left     {place}: {one['reason']}")
    for made in found.created:
        why = f" ({made.reason})" if made.reason else ""
        out.say(f"made     {made.side}:{made.record}: {made.fate}{why}")
    for hop in found.untouched:
        what = "its link was cut; `syncline adopt` ties it again"
        if hop.kind != "unlink":
            what = "a comment or file, which is not taken back"
        out.say(f"left     {hop.side}:{hop.record_id}: {what}")
    show_trouble(plan.refused, plan.stopped, plan.notes, out)
    out.say(_summary(found, done))


def _summary(found: Undone, done: bool) -> str:
    much = _much(found) or "nothing"
    word = "went back" if done else "would go back"
    left = len(found.plan.conflicts) + len(found.plan.parked)
    already = f", {found.already} had gone back before" if found.already else ""
    end = (
        f" This undo is run {found.run}; `syncline undo` takes it back."
        if done and _much(found)
        else ""
    )
    return f"{found.plan.sync}: {much} {word}; {left} left as they are{already}.{end}"
