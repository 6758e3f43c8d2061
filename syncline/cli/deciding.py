"""The commands that tie, cut and give up: `adopt`, `unlink`, `quarantine`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from syncline.cli.options import (
    ATTENTION,
    DONE,
    ConfigPath,
    Json,
    OfSync,
    SyncName,
    Yes,
    hub,
    known_side,
    known_sync,
    record,
    run,
    user,
)
from syncline.cli.output import Output, Wrong, records
from syncline.store import links as stored
from syncline.store import lookup
from syncline.store.findings import parked

if TYPE_CHECKING:
    from syncline.hub import Hub
    from syncline.store.rows import Link, Parked
    from syncline.store.sql import Tx

quarantine = typer.Typer(help="List what is parked, and why.", invoke_without_command=True)

PARKED_AS = ("side", "field", "action", "reason")


def adopt(
    sync: SyncName,
    named: Annotated[
        list[str], typer.Argument(metavar="SIDE:ID...", help="The records that are one thing.")
    ],
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Link records by hand, also ones that were unlinked before.

    One record alone: make it on the sides that ask before they create.
    """
    run(_adopt(config, sync, [record(one) for one in named], Output(as_json)))


async def _adopt(path: Path | None, name: str, named: list[tuple[str, str]], out: Output) -> int:
    from syncline.tying import CannotTie
    from syncline.tying import adopt as tie

    async with hub(path) as one:
        for side, _ in named:
            known_side(one, name, side)
        try:
            link = await tie(one, name, named, user())
        except CannotTie as error:
            raise Wrong(str(error)) from None
    sides = {side: at.record_id for side, at in link.sides.items() if at.state in ("in", "out")}
    out.result({"id": link.id, "sync": name, "sides": sides})
    out.say(f"Linked {records(sides)}.", f"See `syncline plan {name}` for what differs.")
    return DONE


def unlink(
    sync: SyncName,
    what: Annotated[str, typer.Argument(metavar="LINK|SIDE:ID", help="A link, or one record.")],
    yes: Yes = False,
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Cut records apart for good: nothing but `adopt` brings them together again."""
    run(_unlink(config, sync, what, yes, Output(as_json)))


async def _unlink(path: Path | None, name: str, what: str, yes: bool, out: Output) -> int:
    from syncline.tying import unlink as cut

    async with hub(path) as one:
        known_sync(one, name)
        link, sides = await _to_cut(one, name, what)
        live = {s: at.record_id for s, at in link.sides.items() if at.state in ("in", "out")}
        out.confirm(f"Cut {records({s: live[s] for s in sides})} off {records(live)}?", yes)
        _, failed = await cut(one, link, sides, user())
    cut_off = {side: live[side] for side in sides}
    out.result({"id": link.id, "sync": name, "sides": cut_off, "cards_left": failed})
    out.say(f"Unlinked {records(cut_off)}. `syncline adopt` would link them again.")
    for reason in failed:
        out.say(f"A card is still shown in {reason}; take it off by hand.")
    return ATTENTION if failed else DONE


async def _to_cut(hub: Hub, name: str, what: str) -> tuple[Link, list[str]]:
    """The link, and the sides to cut: the one named, else all but the first."""
    if ":" in what:
        side, id_ = record(what)
        known_side(hub, name, side)
        ids = await hub.store.read(lookup.by_name, name, side, id_)
    else:
        found = await hub.store.read(lookup.by_id, name, what)
        side, ids = "", [found] if found else []
    if not ids:
        raise Wrong(f"{name} has no link with {what}; `syncline links {name}` lists them")
    link = (await hub.store.read(stored.load, ids[:1]))[ids[0]]
    live = [s for s, at in link.sides.items() if at.state in ("in", "out")]
    if len(live) < 2 or (side and side not in live):
        raise Wrong(f"{what} is not linked to anything any more")
    return link, [side] if side else live[1:]


@quarantine.callback()
def list_quarantine(
    context: typer.Context, sync: OfSync = None, config: ConfigPath = None, as_json: Json = False
) -> None:
    """List the actions that cannot be done now, each with the reason."""
    if context.invoked_subcommand is None:
        run(_quarantine(config, sync, Output(as_json)))


async def _quarantine(path: Path | None, name: str | None, out: Output) -> int:
    async with hub(path) as one:
        if name is not None:
            known_sync(one, name)
        found = await one.store.read(_parked_list, name)
    out.result({"quarantine": found})
    if not found:
        out.say("Nothing is parked.")
        return DONE
    out.table(
        ("id", "sync", "records", *PARKED_AS),
        [
            (
                _short(p["id"]),
                p["sync"],
                records(p["sides"]),
                p["side"],
                p["field"],
                p["action"],
                p["reason"],
            )
            for p in found
        ],
    )
    out.say("Put the reason right, then `syncline quarantine retry ID`.")
    return DONE


def _parked_list(tx: Tx, name: str | None) -> list[dict[str, Any]]:
    rows = parked.list(tx, name)
    known = stored.load(tx, [row.link_id for row in rows])
    return [_parked(row, known.get(row.link_id)) for row in rows]


def _parked(row: Parked, link: Link | None) -> dict[str, Any]:
    return {
        "id": row.id,
        "sync": row.sync,
        "sides": {s: at.record_id for s, at in link.sides.items() if at.record_id} if link else {},
        "side": row.side,
        "field": row.field,
        "action": row.action,
        "reason": row.reason,
        "created_at": row.created_at,
    }


def _short(id_: str) -> str:
    """A parked action's id as people are shown it, and may give it back: less of its link's id."""
    link, slash, rest = id_.partition("/")
    return f"{link[:8]}{slash}{rest}"


async def _one_parked(hub: Hub, id_: str) -> Parked:
    known = await hub.store.read(parked.list)
    rows = [row for row in known if row.id.startswith(id_) or _short(row.id) == id_]
    exact = [row for row in rows if row.id == id_] or rows
    if len(exact) != 1:
        what = "fits several parked actions" if rows else "is no parked action"
        raise Wrong(f"{id_} {what}; `syncline quarantine` lists them")
    return exact[0]


@quarantine.command()
def retry(
    id_: Annotated[str, typer.Argument(metavar="ID", help="The action, or how its id begins.")],
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Let the next pass try a parked action again."""
    run(_retry(config, id_, Output(as_json)))


async def _retry(path: Path | None, id_: str, out: Output) -> int:
    from syncline.engine.commands import retry_parked

    async with hub(path) as one:
        row = await _one_parked(one, id_)
        await retry_parked(one.store, row.id, one.clock.now(), user())
    out.result({"id": row.id, "sync": row.sync, "state": "retry"})
    out.say(f"`syncline sync {row.sync}` tries it again.")
    return DONE


@quarantine.command()
def drop(
    id_: Annotated[str, typer.Argument(metavar="ID", help="The action, or how its id begins.")],
    yes: Yes = False,
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Give up on a parked action; nothing is written for it any more."""
    run(_drop(config, id_, yes, Output(as_json)))


async def _drop(path: Path | None, id_: str, yes: bool, out: Output) -> int:
    from syncline.tying import give_up

    async with hub(path) as one:
        row = await _one_parked(one, id_)
        out.confirm(f"Give up on this {row.action} in {row.side} ({row.reason})?", yes)
        await give_up(one, row)
    out.result({"id": row.id, "sync": row.sync, "state": "dropped"})
    out.say("Dropped. `syncline adopt` links records by hand.")
    return DONE
