"""`verify`: how far the tools really agree, whatever the engine believes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from syncline.cli.options import (
    ATTENTION,
    DONE,
    FAILED,
    ConfigPath,
    Json,
    MaybeSync,
    Yes,
    hub,
    known_sync,
    run,
)
from syncline.cli.output import Output, Wrong, ago, count
from syncline.verify.telling import headline, percent, to_json

if TYPE_CHECKING:
    from syncline.canary import Flight
    from syncline.hub import Hub
    from syncline.store.rows import Run
    from syncline.verify.found import Verified

SHOWN = 20
"""Findings of one kind that people are shown; `--all` shows all that are kept."""

LISTS = ("disagreements", "orphans", "duplicates", "one_sided")

KNOWN = {
    "conflict": "in conflict",
    "parked": "parked",
    "deviation": "another value, as noted",
    "in_flight": "in flight",
    "target": "typed where nobody listens (target)",
    "source": "never written there (source)",
    "off": "switched off there",
    "default": "filled by the tool, where nobody has a value",
}

WHY = {
    "unlinked": "in no link",
    "no_counterpart": "has no counterpart",
    "marker": "bears our key, and its link is gone",
    "gone": "is gone, and no pass has seen it",
    "deleted": "is deleted, and no pass has seen it",
    "hidden": "cannot be seen by Syncline's account",
    "merged": "was merged into another record",
    "reference": "name the same record",
    "two_links": "is in several links",
}


def verify(
    sync: MaybeSync = None,
    minimum: Annotated[
        float | None,
        typer.Option(
            "--min-agreement",
            metavar="PERCENT",
            min=0,
            max=100,
            help="End with 3 below this; without it, what the configuration says.",
        ),
    ] = None,
    since: Annotated[
        str, typer.Option("--since", metavar="TIME", help="Edits of how long count for the lag.")
    ] = "7d",
    canary: Annotated[
        bool,
        typer.Option(
            "--canary", help="First send a marked record through the loop; asks before it does."
        ),
    ] = False,
    yes: Yes = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Show everything found, not the first 20 of each kind.")
    ] = False,
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Read all sides afresh and tell how far they agree. Changes nothing, but with --canary."""
    from syncline.config.durations import positive

    try:
        window: timedelta = positive(since)
    except ValueError as error:
        raise Wrong(f"--since: {error}") from None
    if canary and sync is None:
        raise Wrong("--canary makes a record, so name the sync it is to travel")
    out = Output(as_json)
    asked = _Asked(sync, minimum, window, None if everything else SHOWN, canary, yes)
    run(_verify(config, asked, out))


@dataclass(frozen=True)
class _Asked:
    """What the operator said; `shown` None: everything."""

    sync: str | None
    minimum: float | None
    window: timedelta
    shown: int | None
    canary: bool
    yes: bool


async def _verify(path: Path | None, said: _Asked, out: Output) -> int:
    code = DONE
    bodies: dict[str, dict[str, Any]] = {}
    async with hub(path) as one:
        names = [known_sync(one, said.sync)] if said.sync else list(one.config.syncs)
        for name in names:
            flight = await _canary(one, name, said.yes, out) if said.canary else None
            with out.progress(f"verify {name}") as progress:
                found = await one.verify(name, said.window, progress)
            objective = one.config.syncs[name].verify.agreement
            if said.minimum is not None:
                objective = said.minimum
            met = found.meets(objective)
            body = {**to_json(found), "objective": objective, "met": met}
            if flight is not None:
                body["canary"] = flight.to_json()
            bodies[name] = body
            _show(found, body, said.shown, out)
            if found.stopped:
                code = FAILED
            elif code == DONE and (not met or (flight is not None and flight.lost)):
                code = ATTENTION
    out.result(_whole(bodies))
    if not bodies:
        out.say("Nothing is synced yet; add a sync to the configuration.")
    return code


async def _canary(one: Hub, name: str, yes: bool, out: Output) -> Flight:
    """Send a canary, when the operator has agreed to where."""
    from syncline.canary import NoCanary, fly, route

    try:
        way = await route(one, name)
    except NoCanary as error:
        raise Wrong(str(error)) from None
    out.confirm(
        f"This makes a marked record in {way.origin}, lets {name} copy it to {way.target}, and "
        "removes both where the tools can. Whoever is told of new records there is told. Go on?",
        yes,
    )
    with out.progress(f"verify {name}") as progress:
        flight = await fly(one, way, progress)
    times = [("there", flight.there), ("back", flight.back)]
    told = " and ".join(f"{where} in {_span(at)}" for where, at in times if at is not None)
    if told:
        out.say(f"Canary: {way.origin} to {way.target}, {told}.")
    if flight.lost:
        out.say(f"Canary lost: {flight.lost}.")
    for record, why in flight.left.items():
        out.say(f"Canary left: {record}, because {why}.")
    return flight


def measured(last: Run | None) -> dict[str, Any] | None:
    """The agreement that was measured last, and when, for `status`."""
    if last is None or last.report is None:
        return None
    return {"agreement": last.report["agreement"], "at": last.finished_at, "run": last.id}


def when_verified(one: Mapping[str, Any] | None, now: datetime) -> str:
    """The same for people."""
    return f"{percent(one['agreement'])}, {ago(one['at'], now)}" if one else "never"


def _whole(bodies: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """One object for all syncs; of several, the least agreement and the longest lags."""
    if len(bodies) == 1:
        (body,) = bodies.values()
        return body
    lags = [body["lag"] for body in bodies.values()]
    longest = {
        key: max((lag[key] for lag in lags if lag[key] is not None), default=None)
        for key in ("p50", "p95", "max")
    }
    return {
        "agreement": min((body["agreement"] for body in bodies.values()), default=1.0),
        **{key: [one for body in bodies.values() for one in body[key]] for key in LISTS},
        "lag": longest,
        "syncs": dict(bodies),
    }


def _show(found: Verified, body: Mapping[str, Any], shown: int | None, out: Output) -> None:
    out.say(headline(found))
    if found.stopped:
        for side, reason in found.stopped.items():
            out.say(f"stopped  {side}: {reason}")
        return
    if not body["met"]:
        out.say(f"That is less than the {body['objective']:g} % asked for.")
    known = found.links.known
    if known:
        words = ", ".join(f"{n} {KNOWN[reason]}" for reason, n in known.most_common())
        out.say(f"Known, and not counted against it: {words}.")
    _show_fields(found, out)
    _show_disagreements(body["disagreements"], found.disagreements.count, shown, out)
    _show_records(body, found, shown, out)
    for side, number in body["unlisted"].items():
        listed = f"{'was' if number == 1 else 'were'} not listed, and read by id"
        out.say(f"note     {count(number, 'linked record')} of {side} {listed}")
    if found.since is None:
        out.say("note     no pass of all links has gone through yet, so nothing can be overlooked")
    if found.out:
        out.say(f"note     {count(found.out, 'link')} out of scope, and not compared")
    _show_lag(body["lag"], out)


def _show_fields(found: Verified, out: Output) -> None:
    rows = [
        (
            name,
            tally.compared,
            tally.agreeing,
            tally.differing or "",
            ", ".join(f"{n} {KNOWN[reason]}" for reason, n in tally.known.most_common()),
        )
        for name, tally in found.fields.items()
    ]
    if rows:
        out.table(("field", "compared", "agree", "differ", "known"), rows)


def _show_disagreements(
    found: Sequence[Mapping[str, Any]], total: int, shown: int | None, out: Output
) -> None:
    from syncline.plans import brief

    for one in found[:shown]:
        told = dict(zip(one["values"], brief(*one["values"].values()), strict=True))
        told |= {side: f"cannot be read: {why}" for side, why in one["unreadable"].items()}
        sides = "  ".join(f"{s}:{id_} {told[s]}" for s, id_ in one["records"].items() if s in told)
        out.say(f"differs  {one['field']}  {sides}", f"         {one['do']}")
    _show_rest("disagreement", total, min(len(found), shown or len(found)), out)


def _show_records(body: Mapping[str, Any], found: Verified, shown: int | None, out: Output) -> None:
    for key, noun in (
        ("one_sided", "one-sided link"),
        ("orphans", "orphan"),
        ("duplicates", "duplicate"),
    ):
        rows = body[key]
        for one in rows[:shown]:
            ids = one.get("records") if key == "duplicates" else [one["record"]]
            where = "  ".join(f"{one['side']}:{id_}" for id_ in ids)
            out.say(f"{noun}  {where} {_why(one)}", f"         {one['do']}")
        _show_rest(noun, found.counts()[key], min(len(rows), shown or len(rows)), out)


def _why(one: Mapping[str, Any]) -> str:
    if one["why"] == "marker" and "records" in one:
        return "bear the same key of ours"
    missing = f" in {one['missing']}" if one["why"] == "no_counterpart" else ""
    return f"{WHY[one['why']]}{missing}"


def _show_rest(noun: str, total: int, shown: int, out: Output) -> None:
    if total > shown:
        out.say(f"… and {count(total - shown, f'more {noun}', f'more {noun}s')}; --all shows more.")


def _show_lag(lag: Mapping[str, Any], out: Output) -> None:
    if lag["p50"] is None:
        out.say("Lag: no edit has been delivered in that time.")
        return
    p50, p95, most = (_span(lag[key]) for key in ("p50", "p95", "max"))
    out.say(
        f"Lag: half of {count(lag['edits'], 'edit')} within {p50}, 95 % within {p95}, "
        f"all within {most}."
    )


def _span(seconds: float) -> str:
    """A length of time in the unit that fits."""
    if seconds < 90:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"
