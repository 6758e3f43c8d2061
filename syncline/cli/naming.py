"""What people call things: SIDE:RECORD.FIELD, with a tool's id or key, and moments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING

from syncline.cli.output import Wrong
from syncline.store import links, lookup

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from syncline.hub import Hub
    from syncline.store.rows import Link


@dataclass(frozen=True)
class Named:
    """A record, or a field of it, that somebody named. `link` is None for one without a link."""

    sync: str
    side: str
    record: str
    link: Link | None
    field: str | None = None

    @property
    def name(self) -> str:
        return f"{self.side}:{self.record}" + (f".{self.field}" if self.field else "")


async def named(hub: Hub, text: str) -> Named:
    """The linked record, or field, that a text names. Wrong, with the nearest, where none is."""
    from syncline.config import did_you_mean

    side, syncs = side_of(hub, text)
    for record, field in readings(text):
        found = [one for sync in syncs if (one := await _linked(hub, sync, side, record))]
        if found and field is None:
            return found[0]
        for one in found:
            if field in fields(hub, one.sync):
                return Named(one.sync, side, record, one.link, field)
        if found:
            known = sorted({name for one in found for name in fields(hub, one.sync)})
            hint = did_you_mean(field, known)
            raise Wrong(f"{found[0].sync} does not sync `{field}`; {hint}")
    raise await unknown(hub, text)


async def unknown(hub: Hub, text: str) -> Wrong:
    """That no link has a record, with the nearest that has one."""
    side, syncs = side_of(hub, text)
    record = text.partition(":")[2].partition(".")[0]
    alike = [n for sync in syncs for n in await hub.store.read(lookup.names, sync, side, record)]
    close = get_close_matches(record, alike, n=1)
    hint = f"did you mean `{close[0]}`? " if close else ""
    return Wrong(f"no link has {side}:{record}; {hint}`syncline links` lists them")


def side_of(hub: Hub, text: str) -> tuple[str, list[str]]:
    """The side that a text names, and the syncs it is a side of. Wrong, with the nearest."""
    from syncline.config import did_you_mean

    side, colon, rest = text.partition(":")
    if not (side and colon and rest) or rest.endswith(".") or rest.startswith("."):
        raise Wrong(f"{text!r} names no record; write SIDE:RECORD.FIELD, or SIDE:RECORD")
    syncs = [name for name in hub.config.syncs if side in hub.config.side_names(name)]
    if not syncs:
        sides = {one for name in hub.config.syncs for one in hub.config.side_names(name)}
        raise Wrong(f"`{side}` is no side of any sync; {did_you_mean(side, sorted(sides))}")
    return side, syncs


def readings(text: str) -> Iterator[tuple[str, str | None]]:
    """What a text may name: a record, or a record and a field of it."""
    rest = text.partition(":")[2]
    yield rest, None
    for at in (n for n, sign in enumerate(rest) if sign == "."):
        yield rest[:at], rest[at + 1 :]


async def _linked(hub: Hub, sync: str, side: str, record: str) -> Named | None:
    ids: Sequence[str] = await hub.store.read(lookup.by_name, sync, side, record)
    found = await hub.store.read(links.load, ids[:1])
    return Named(sync, side, record, found[ids[0]]) if found else None


def fields(hub: Hub, sync: str) -> dict[str, str]:
    """The fields that a sync keeps the same, with the unit each is decided in."""
    from syncline.engine.compile import compile_sync

    units = compile_sync(hub.config, sync, hub.mappings(sync), {}).units
    return {field: name for name, unit in units.items() for field in unit.fields}


def moment(text: str, now: datetime, option: str) -> datetime:
    """A moment as people write it: a date, a date and time (UTC), or how long ago it was."""
    from syncline.config.durations import duration

    try:
        return now - duration(text)  # type: ignore[no-any-return]
    except ValueError:
        pass
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Wrong(
            f"{option}: {text!r} is no moment; write 2026-03-01, 2026-03-01T14:30 (UTC) or 2h"
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
