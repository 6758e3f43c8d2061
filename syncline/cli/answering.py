"""`syncline conflicts`: what waits for a person, and their answers.

An answer names the candidates it is for by their digest. Where an edit has arrived since, it is
refused and the conflict shown again: nobody decides about values they have not seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from syncline.cli.options import (
    ATTENTION,
    DONE,
    ConfigPath,
    Json,
    OfSync,
    Yes,
    hub,
    known_sync,
    run,
    user,
)
from syncline.cli.output import Output, Wrong, records
from syncline.store import links as stored
from syncline.store.findings import conflicts as findings

if TYPE_CHECKING:
    from syncline.hub import Hub
    from syncline.store.rows import Conflict, Link
    from syncline.store.sql import Tx

conflicts = typer.Typer(help="List conflicts, and answer them.", invoke_without_command=True)


@conflicts.callback()
def list_conflicts(
    context: typer.Context, sync: OfSync = None, config: ConfigPath = None, as_json: Json = False
) -> None:
    """List the conflicts that wait for an answer."""
    if context.invoked_subcommand is None:
        run(_conflicts(config, sync, Output(as_json)))


async def _conflicts(path: Path | None, name: str | None, out: Output) -> int:
    async with hub(path) as one:
        if name is not None:
            known_sync(one, name)
        found = await one.store.read(_conflict_list, name)
    out.result({"conflicts": found})
    if not found:
        out.say("No conflicts.")
        return DONE
    _show_conflicts(found, out)
    if any(one["field"] for one in found):
        out.say("Answer with `syncline conflicts answer ID --digest DIGEST --use SIDE`.")
    if any(not one["field"] for one in found):
        out.say(
            "Questions about records are settled with `syncline adopt SYNC SIDE:ID…` or "
            "`syncline unlink`."
        )
    return DONE


def _show_conflicts(found: list[dict[str, Any]], out: Output) -> None:
    out.table(
        ("id", "sync", "records", "field", "candidates", "digest", "state"),
        [
            (
                one["id"],
                one["sync"],
                records(one["sides"]),
                one["field"] or one["kind"],
                " | ".join(_candidates(one)),
                one["digest"],
                one["state"],
            )
            for one in found
        ],
    )


def _candidates(conflict: Mapping[str, Any]) -> Iterator[str]:
    from syncline.plans import brief

    values = brief(*(candidate["value"] for candidate in conflict["candidates"]))
    for candidate, value in zip(conflict["candidates"], values, strict=True):
        yield f"{_whose(candidate)}: {value}"


def _whose(candidate: Mapping[str, Any]) -> str:
    """The side whose value it is; `current`: the value that was decided before."""
    return str(candidate["side"] or "current")


def _conflict_list(tx: Tx, name: str | None) -> list[dict[str, Any]]:
    rows = findings.list(tx, name)
    known = stored.load(tx, [row.link_id for row in rows if row.link_id])
    return [_conflict(row, known.get(row.link_id or "")) for row in rows]


def _conflict(row: Conflict, link: Link | None) -> dict[str, Any]:
    sides = {s: at.record_id for s, at in link.sides.items() if at.record_id} if link else {}
    if row.kind in ("match", "create"):
        sides = {c["side"]: c["value"] for c in row.candidates}
    return {
        "id": row.id,
        "sync": row.sync,
        "kind": row.kind,
        "sides": sides,
        "field": row.field,
        "candidates": [dict(one) for one in row.candidates],
        "digest": row.digest,
        "state": row.state,
        "created_at": row.created_at,
    }


@conflicts.command()
def answer(
    id_: Annotated[str, typer.Argument(metavar="ID", help="The conflict, or how its id begins.")],
    digest: Annotated[str, typer.Option(help="Which candidates the answer is for.")],
    use: Annotated[
        str | None,
        typer.Option(metavar="SIDE", help="Take this side's value; `current`: the one that holds."),
    ] = None,
    value: Annotated[str | None, typer.Option(metavar="JSON", help="Or take this value.")] = None,
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Decide a conflict; the next pass delivers the answer to every side."""
    if (use is None) == (value is None):
        raise Wrong("give either --use SIDE or --value JSON")
    run(_answer(config, id_, digest, use, value, Output(as_json)))


async def _answer(
    path: Path | None, id_: str, digest: str, use: str | None, value: str | None, out: Output
) -> int:
    from syncline.engine.commands import answer_conflict

    async with hub(path) as one:
        conflict = await _open_conflict(one, id_)
        if conflict.kind != "field":
            raise Wrong(
                f"{conflict.id} asks about records, not about a value; settle it with "
                "`syncline adopt` or `syncline unlink`, then `syncline conflicts dismiss`"
            )
        if conflict.digest == digest:
            chosen = _candidate(conflict, use) if use else _value(one, conflict, value or "null")
            taken = await answer_conflict(one.store, conflict.id, digest, chosen, user())
        else:
            taken = False
        (now,) = (c for c in await one.store.read(_conflict_list, None) if c["id"] == conflict.id)
    out.result({**now, "answered": taken})
    if taken:
        out.say(f"Answered. `syncline sync {conflict.sync}` delivers it.")
        return DONE
    _show_conflicts([now], out)
    out.say("The candidates have changed since; nothing was stored. Look again, then answer.")
    return ATTENTION


async def _open_conflict(hub: Hub, id_: str) -> Conflict:
    found = await hub.store.read(findings.get, id_)
    if found is None or found.state == "resolved":
        what = "is decided already" if found else "is no conflict"
        raise Wrong(f"{id_} {what}; `syncline conflicts` lists those that wait")
    return found


def _candidate(conflict: Conflict, use: str) -> Any:
    from syncline.config import did_you_mean

    sides = {
        candidate["side"] or "current": candidate["value"] for candidate in conflict.candidates
    }
    if use not in sides:
        raise Wrong(f"`{use}` is no candidate; {did_you_mean(use, sides)}")
    return sides[use]


def _value(hub: Hub, conflict: Conflict, text: str) -> Any:
    """A value given as JSON, in the normal form of the field's kind."""
    import orjson

    from syncline.engine.compile import compile_sync

    unit = compile_sync(hub.config, conflict.sync, hub.mappings(conflict.sync), {}).units.get(
        conflict.field
    )
    if unit is None:
        raise Wrong(f"{conflict.sync} does not sync `{conflict.field}` any more")
    try:
        return unit.kind.normal(orjson.loads(text))
    except ValueError as error:
        raise Wrong(f"--value for {conflict.field}: {error}") from None


@conflicts.command()
def dismiss(
    id_: Annotated[str, typer.Argument(metavar="ID", help="The conflict, or how its id begins.")],
    yes: Yes = False,
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Close a question about records (a match, a delete) that was settled by hand."""
    run(_dismiss(config, id_, yes, Output(as_json)))


async def _dismiss(path: Path | None, id_: str, yes: bool, out: Output) -> int:
    async with hub(path) as one:
        conflict = await _open_conflict(one, id_)
        if conflict.kind == "field":
            raise Wrong(
                f"{conflict.id} waits for a value; answer it with `syncline conflicts answer`"
            )
        out.confirm(f"Close {conflict.id} without an answer?", yes)
        await one.store.write(findings.resolve, [conflict.id])
    out.result({"id": conflict.id, "sync": conflict.sync, "state": "resolved"})
    out.say(f"Closed {conflict.id}.")
    return DONE
