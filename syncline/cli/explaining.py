"""`syncline why`: the story of a value, and why it is not the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from syncline.cli.naming import Named, fields, named, readings, side_of, unknown
from syncline.cli.options import DONE, ConfigPath, Json, hub, run
from syncline.cli.output import Output, Wrong, records
from syncline.store import lookup, observations

if TYPE_CHECKING:
    from syncline.engine.spec import Sync
    from syncline.explaining.standing import Reason
    from syncline.explaining.story import Hop, Story
    from syncline.hub import Hub
    from syncline.store.rows import Observation


def why(
    value: Annotated[
        str,
        typer.Argument(
            metavar="SIDE:RECORD[.FIELD]", help="Like jira:APP-123.priority, or a whole record."
        ),
    ],
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Tell the whole story of a value, and why it is not the same everywhere.

    Who wrote it where, when, by which rule and in which run; what waits, and what to do.
    """
    run(_why(config, value, Output(as_json)))


async def _why(path: Path | None, value: str, out: Output) -> int:
    from syncline.explaining import standing

    async with hub(path) as one:
        loose = await _loose(one, value)
        if loose is not None:
            sync, seen = loose
            reasons = await one.store.read(standing.of_record, sync, seen)
            out.result(_body(sync.name, None, None, None, reasons))
            out.say(f"{seen.side}:{seen.record_id} is known to {sync.name}, and not linked.")
            _show_reasons(reasons, out)
            return DONE
        place = await named(one, value)
        await _tell(one, place, out)
    return DONE


async def _tell(one: Hub, place: Named, out: Output) -> None:
    from syncline.explaining import standing, story

    assert place.link is not None
    sync, known = _sync(one, place.sync), fields(one, place.sync)
    wanted = {place.field: known[place.field]} if place.field else known
    units = sorted(set(wanted.values()))
    told = await story.tell(one, sync, place.link, wanted)
    reasons = await one.store.read(standing.of_link, sync, place.link, units)
    values = {
        name: story.part((place.link.fields.get(unit) or {}).get("value"), unit, name)
        for name, unit in wanted.items()
    }
    value = values[place.field] if place.field else values
    out.result(_body(place.sync, place.link.id, value, told, reasons))
    _show_story(place, value, told, out)
    _show_reasons(reasons, out)
    for note in told.notes:
        out.say(f"note     {note}")


async def _loose(one: Hub, text: str) -> tuple[Sync, Observation] | None:
    """A record that was seen and has no link; None where it is linked. Wrong where neither."""
    side, syncs = side_of(one, text)
    for record, _ in readings(text):
        # Known to one sync and linked in another: the link's story is what is asked for.
        if any([await one.store.read(lookup.by_name, sync, side, record) for sync in syncs]):
            break
        for sync in syncs:
            found = await one.store.read(observations.by_name, sync, side, record)
            if found is not None:
                return _sync(one, sync), found
    try:
        await named(one, text)
    except Wrong as error:
        if str(error) == str(await unknown(one, text)):
            seen = await _asked(one, syncs, side, text.partition(":")[2].partition(".")[0])
            raise Wrong(f"{error}. {seen}") from None
        raise
    return None


def _sync(one: Hub, name: str) -> Sync:
    from syncline.engine.compile import compile_sync

    return compile_sync(one.config, name, one.mappings(name), {})


async def _asked(one: Hub, syncs: list[str], side: str, record: str) -> str:
    """What the tool itself says of a record that Syncline has never seen."""
    from syncline.config import ConfigError
    from syncline.sdk.connector import Record
    from syncline.sdk.errors import ConnectorError

    kind = _sync(one, syncs[0]).sides[side].record
    try:
        found = (await (await one.connections()).get(side).fetch(kind, [record])).get(record)
    except (ConnectorError, ConfigError) as error:
        return f"{side} could not be asked either: {error}"
    if not isinstance(found, Record):
        return f"{side} has no {kind} {record} that Syncline's account may see"
    if not found.in_scope:
        return f"{side} has it, outside the scope of the connection"
    return (
        f"{side} has it, and no pass has read it yet, or it is outside the side's `where`; "
        f"`syncline sync {syncs[0]}` reads what is new"
    )


def _body(
    sync: str, link: str | None, value: Any, told: Story | None, reasons: list[Reason]
) -> dict[str, Any]:
    waits = any(reason.waits for reason in reasons)
    return {
        "value": value,
        "hops": [hop.to_json() for hop in told.hops] if told else [],
        "sync": sync,
        "link": link,
        "state": "not linked" if link is None else "waiting" if waits else "in step",
        "reasons": [reason.to_json() for reason in reasons],
        "notes": told.notes if told else [],
    }


def _show_story(place: Named, value: Any, told: Story, out: Output) -> None:
    from syncline.explaining.story import RULES
    from syncline.plans import brief

    if place.field:
        out.say(f"{place.name} is {brief(value)[0]}.")
    if not told.hops:
        out.say("It has not changed since its records were linked.")
        return
    field = () if place.field else ("field",)
    out.table(
        ("when (UTC)", "what", "where", *field, "before", "after", "who", "why", "run", "config"),
        [
            (
                f"{hop.edited_at or hop.entry.at:%Y-%m-%d %H:%M:%S}",
                hop.entry.kind,
                f"{hop.entry.side}:{hop.entry.record_id}" if hop.entry.side else "all sides",
                *((hop.field,) if not place.field else ()),
                *brief(hop.before, _named(hop)),
                hop.entry.person or "",
                RULES.get(hop.entry.rule, hop.entry.rule),
                hop.entry.run[:8],
                (hop.config or "")[:8],
            )
            for hop in told.hops
        ],
    )


def _named(hop: Hop) -> Any:
    """What came of a hop, where that is records their names."""
    tied = hop.entry.kind == "link" and isinstance(hop.after, dict) and not hop.field
    return records(hop.after) if tied else hop.after


def _show_reasons(reasons: list[Reason], out: Output) -> None:
    waiting = [reason for reason in reasons if reason.waits]
    if not waiting:
        out.say("It is in step: nothing waits, and nothing is in the way.")
    for reason in [*waiting, *(one for one in reasons if not one.waits)]:
        where = ".".join(part for part in (reason.side, reason.field) if part)
        when = f" (since {reason.since:%Y-%m-%d %H:%M} UTC)" if reason.since else ""
        place = f"{where}: " if where else ""
        out.say(f"{'waits' if reason.waits else 'note ':8} {place}{reason.what}{when}")
        if reason.waits:
            out.say(f"         {reason.do}")
