"""The commands that only look: `status`, `links`, `people`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from syncline.cli import matching
from syncline.cli.options import DONE, ConfigPath, Json, MaybeSync, hub, known_sync, run
from syncline.cli.output import Output, ago, count, records
from syncline.cli.verifying import measured, when_verified
from syncline.store import connections, runs
from syncline.store import links as stored
from syncline.store import people as known_people
from syncline.store.findings import conflicts, parked
from syncline.store.findings import deviations as deviations_of

if TYPE_CHECKING:
    from syncline.hub import Hub
    from syncline.store.rows import Link, Run
    from syncline.store.sql import Tx

PAGE = 500
SHOWN = 50
RUNS = 20


def status(config: ConfigPath = None, as_json: Json = False) -> None:
    """Show every sync, the last runs and the health of every connection."""
    run(_status(config, Output(as_json)))


async def _status(path: Path | None, out: Output) -> int:
    async with hub(path) as one:
        names = list(one.config.syncs)
        syncs, last = await one.store.read(_standing, names)
        healths = await one.store.read(_healths, list(one.config.connections))
        out.result({"syncs": syncs, "runs": [_run(r) for r in last], "connections": healths})
        if not names:
            out.say("Nothing is synced yet; add a sync to the configuration.")
            return DONE
        now = one.clock.now()
        began = {s["last_run"]["id"]: s["last_run"] for s in syncs.values() if s["last_run"]}
        moments = {r.id: r for r in last if r.id in began}
        _show_syncs(syncs, moments, now, out)
        out.say("")
        out.table(
            ("connection", "state", ""),
            [
                (name, {True: "ok", False: "trouble", None: "not used yet"}[h["ok"]], h["reason"])
                for name, h in healths.items()
            ],
        )
    return DONE


def _show_syncs(syncs: dict[str, Any], moments: dict[str, Run], now: Any, out: Output) -> None:
    rows = []
    for name, one in syncs.items():
        last = one["last_run"]
        seen = moments.get(last["id"]) if last else None
        rows.append(
            (
                name,
                one["links"],
                f"{one['agreement']:.1%}" if one["links"] else "",
                one["conflicts"] or "",
                one["parked"] or "",
                when_verified(one["verified"], now),
                f"{last['state']}, {ago(seen.started_at, now)}" if last and seen else "never ran",
            )
        )
    columns = ("sync", "links", "agreement", "conflicts", "parked", "verified", "last run")
    out.table(columns, rows)
    if any(one["conflicts"] for one in syncs.values()):
        out.say("Conflicts wait for an answer: `syncline conflicts`.")
    if any(one["parked"] for one in syncs.values()):
        out.say("Some actions are parked, with the reason: `syncline quarantine`.")


def _standing(tx: Tx, names: list[str]) -> tuple[dict[str, Any], list[Run]]:
    syncs: dict[str, Any] = {}
    newest: list[Run] = [r for r in runs.list(tx, None, 5 * RUNS) if r.kind not in runs.LOOKING]
    for name in names:
        number = stored.count(tx, name)
        mine = [r for r in newest if r.sync == name]
        if not mine:
            mine = [r for r in runs.list(tx, name, RUNS) if r.kind not in runs.LOOKING]
            newest += mine[:1]
        syncs[name] = {
            "links": number["links"],
            "conflicts": conflicts.count(tx, name),
            "parked": parked.count(tx, name),
            "agreement": number["agreed"] / number["links"] if number["links"] else 1.0,
            "verified": measured(runs.last_verify(tx, name)),
            "last_run": _run(mine[0]) if mine else None,
        }
    return syncs, sorted(newest, key=lambda r: r.started_at, reverse=True)[:RUNS]


def _run(one: Run) -> dict[str, Any]:
    report = one.report or {}
    return {
        "id": one.id,
        "sync": one.sync,
        "kind": one.kind,
        "state": one.state,
        "started_at": one.started_at,
        "finished_at": one.finished_at,
        "counts": dict(one.counts or {}),
        "reason": report.get("error", ""),
    }


def _healths(tx: Tx, names: list[str]) -> dict[str, Any]:
    known = {row.name: row.health for row in connections.list(tx)}
    found = {}
    for name in names:
        health = known.get(name) or {"ok": None, "reason": ""}
        found[name] = {"ok": health["ok"], "reason": health["reason"]}
    return found


def links(
    sync: MaybeSync = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="At most so many.")] = None,
    deviations: Annotated[
        bool, typer.Option("--deviations", help="Their fields where a tool shows another value.")
    ] = False,
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """List links: the records that are the same thing in different tools."""
    out = Output(as_json)
    if limit is None and not as_json:
        limit = SHOWN
    run((_deviations if deviations else _links)(config, sync, limit, out))


async def _links(path: Path | None, name: str | None, limit: int | None, out: Output) -> int:
    async with hub(path) as one:
        names = [known_sync(one, name)] if name else list(one.config.syncs)
        found, total = await one.store.read(_listed, names, limit)
    out.result({"links": found, "total": total})
    if not found:
        out.say("No links yet; `syncline plan SYNC` shows what would be linked.")
        return DONE
    out.table(
        ("link", "sync", "records", ""),
        [
            (f["id"][:10], f["sync"], _with_states(f), "" if f["agreed"] else "differs")
            for f in found
        ],
    )
    if total > len(found):
        out.say(f"{len(found)} of {total} links; --limit shows more.")
    return DONE


async def _deviations(path: Path | None, name: str | None, limit: int | None, out: Output) -> int:
    from syncline.plans import brief

    async with hub(path) as one:
        names = [known_sync(one, name)] if name else list(one.config.syncs)
        found, total = await one.store.read(_deviating, names, limit)
    out.result({"deviations": found, "total": total})
    if not found:
        out.say("No deviations: every tool shows what was written.")
        return DONE
    out.table(
        ("link", "sync", "record", "field", "written", "shown", "why"),
        [
            (
                f["link"][:10],
                f["sync"],
                f"{f['side']}:{f['record']}",
                f["field"],
                *brief(f["written"], f["shown"]),
                f["reason"],
            )
            for f in found
        ],
    )
    if total > len(found):
        out.say(f"{len(found)} of {total} deviations; --limit shows more.")
    return DONE


def _deviating(tx: Tx, names: list[str], limit: int | None) -> tuple[list[dict[str, Any]], int]:
    rows = [row for name in names for row in deviations_of.list(tx, name)]
    known = stored.load(tx, {row.link_id for row in rows})
    found = [
        {
            "link": row.link_id,
            "sync": row.sync,
            "side": row.side,
            "record": at.record_id,
            "field": row.field,
            "written": row.value,
            "shown": dict(row.shown),
            "reason": row.reason,
        }
        for row in rows
        # What was cut off, or is not made yet, shows nothing.
        if (link := known.get(row.link_id))
        and (at := link.sides.get(row.side))
        and at.state in ("in", "out")
    ]
    return found[:limit], len(found)


def _listed(tx: Tx, names: list[str], limit: int | None) -> tuple[list[dict[str, Any]], int]:
    found: list[dict[str, Any]] = []
    for name in names:
        for link in _pages(tx, name):
            if limit is not None and len(found) >= limit:
                break
            found.append(_link(link))
    return found, sum(stored.count(tx, name)["links"] for name in names)


def _pages(tx: Tx, name: str) -> Iterator[Link]:
    after: str | None = None
    while page := stored.page(tx, name, after, PAGE):
        after = page[-1].id
        yield from page


def _link(link: Link) -> dict[str, Any]:
    sides = {side: at for side, at in link.sides.items() if at.record_id}
    return {
        "id": link.id,
        "sync": link.sync,
        "sides": {side: at.record_id for side, at in sides.items()},
        "states": {side: at.state for side, at in sides.items()},
        "agreed": link.agreed,
    }


def _with_states(link: dict[str, Any]) -> str:
    words = {"out": " (out of scope)", "gone": " (deleted)", "cut": " (unlinked)"}
    return records(
        {side: f"{id_}{words.get(link['states'][side], '')}" for side, id_ in link["sides"].items()}
    )


def people(
    connection: Annotated[
        str | None, typer.Argument(metavar="[CONNECTION]", help="One connection; else all.")
    ] = None,
    unmatched: Annotated[
        bool,
        typer.Option("--unmatched", help="Those whom another tool does not know, with proposals."),
    ] = False,
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """List the people Syncline knows in each tool, and how it knows them."""
    out = Output(as_json)
    if unmatched:
        run(matching.people(config, connection, out))
    else:
        run(_people(config, connection, out))


async def _people(path: Path | None, connection: str | None, out: Output) -> int:
    async with hub(path) as one:
        asked = matching.asked(one, connection)
        rows = [row for name in asked for row in await _known(one, name)]
    out.result({"people": rows})
    if not rows:
        out.say("Nobody is known yet: people are looked up when a record names them.")
        return DONE
    columns = ("connection", "handle", "person", "name", "from")
    out.table(columns, [[row[key] or "nobody" for key in columns] for row in rows])
    if unknown := sum(row["person"] is None for row in rows):
        out.say(
            f"{count(unknown, 'handle')} without an e-mail address; name them under `people` "
            "in the configuration."
        )
    return DONE


async def _known(hub: Hub, connection: str) -> list[dict[str, Any]]:
    """The people of a connection: those its tool told of, and before them the people table's."""
    table = hub.people().get(connection, {})
    found = {**await hub.store.read(known_people.of_connection, connection), **table}
    return [
        {
            "connection": connection,
            "handle": handle,
            "person": row.email,
            "name": row.name,
            "active": row.active,
            "from": "table" if handle in table else "tool",
        }
        for handle, row in sorted(found.items())
    ]
