"""Stops a unit that is written again and again (I7, S19).

One edit is written once to each other side. When one field of one record has been written many
times within an hour, something sets it back each time: an automation in a tool, another
integration, a second hub. That field is then parked on that side, until a person lets it be tried
again; other fields and other records go on. The journal is the count, and only what was written
often is counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import orjson

from syncline.engine.asking import who
from syncline.engine.context import PassContext
from syncline.engine.planned import LinkPlan
from syncline.engine.spec import Sync
from syncline.schema.text import plain_text
from syncline.sdk.errors import ConnectorError
from syncline.store import journal
from syncline.store.rows import JournalEntry

WINDOW = timedelta(hours=1)
"""Within which writes of one unit of one record are counted."""

ACTION = "loop"
"""What a unit that was written too often is parked as."""

SHOWN = 3
"""Values that a reason names, and people."""

Halted = Mapping[tuple[str, str], str]


async def halts(
    context: PassContext, sync: Sync, plans: Sequence[LinkPlan]
) -> dict[str, dict[tuple[str, str], str]]:
    """Units, `(side, unit)`, that these plans would write once too often, by link, with the reason.

    A link that was decided and written fewer times than the limit, ever, is not looked up.
    """
    limit = context.sync.guards.max_writes_per_hour
    often = {
        plan.link.id: plan
        for plan in plans
        if plan.link.revision >= limit and any(w.kind == "update" for w in plan.writes)
    }
    if not often:
        return {}
    since = context.now() - WINDOW
    entries = await context.read(journal.writes, list(often), since)
    found: dict[str, dict[tuple[str, str], str]] = {}
    for link_id, plan in often.items():
        counted = written(entries.get(link_id, ()))
        for write in plan.writes:
            for name in write.units:
                values = counted.get((write.side, name), ())
                if write.kind == "update" and len(values) >= limit:
                    by = await _others(context, sync, write.side, write.record_id, name)
                    why = reason(name, write.side, write.record_id, values, by)
                    found.setdefault(link_id, {})[write.side, name] = why
    return found


def written(entries: Sequence[JournalEntry]) -> dict[tuple[str, str], list[Any]]:
    """The values written to each side and unit, oldest first, since a person last said "again"."""
    found: dict[tuple[str, str], list[Any]] = {}
    for entry in entries:
        place = entry.side, entry.field or ""
        if entry.kind == "retry":
            found.pop(place, None)
        else:
            found.setdefault(place, []).append(entry.after)
    return found


def reason(
    unit: str, side: str, record: str | None, values: Sequence[Any], by: Sequence[str]
) -> str:
    """What a person is told: which values alternate, and what may be setting them back."""
    last = list(dict.fromkeys(_brief(value) for value in reversed(values)))[:SHOWN]
    names = f" {side} says by whom: {', '.join(by)}." if by else ""
    return (
        f"{unit} of {side}:{record} was written {len(values)} times within an hour "
        f"({', '.join(last)}), and something sets it back each time: an automation of a tool, "
        f"another integration, or a second hub.{names} It is written no more; stop the other one, "
        "then use `syncline quarantine retry`"
    )


def _brief(value: Any) -> str:
    if isinstance(value, dict) and "format" in value:
        value = plain_text(value)  # type: ignore[arg-type]
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return text if len(text) <= 40 else f"{text[:39]}…"


async def _others(
    context: PassContext, sync: Sync, side: str, record_id: str | None, unit: str
) -> list[str]:
    """Who else changed the unit lately, as far as the tool's history tells."""
    if record_id is None or sync is not context.sync:
        return []
    paths = sync.units[unit].lenses[side].paths
    try:
        told = await context.history(side, [record_id], context.now() - WINDOW)
    except ConnectorError:
        return []
    changes = [c for c in told.get(record_id, ()) if c.path in paths and not c.by_us]
    return list(dict.fromkeys(who(change) for change in reversed(changes)))[:SHOWN]
