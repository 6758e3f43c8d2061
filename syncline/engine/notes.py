"""Values that a side takes at creation only, said there later in an internal note.

Pure. A note is a child of its record's link, like a comment, and is made by the same code: it has
an intent, and is looked for when its answer is lost. The same value is said once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from syncline.engine.decision import UnitState
from syncline.engine.owing import CHILD
from syncline.engine.planned import LinkPlan, Note
from syncline.engine.spec import Sync
from syncline.schema.kinds import rich_text
from syncline.sdk.connector import Visibility
from syncline.store.rows import Link, LinkSide

NOTES = "_notes"
"""Where a link keeps which values were said in a note, by side and unit."""


def with_notes(plan: LinkPlan) -> LinkPlan:
    """The plan with a note for each value that can only be said, and that was not said before."""
    notes: list[Note] = []
    said: dict[str, list[str]] = dict(plan.link.fields.get(NOTES, {}))
    for refusal in plan.refusals:
        if refusal.action != "note":
            continue
        name, place = _name(refusal.value), f"{refusal.side}/{refusal.unit}"
        if name not in said.get(place, ()):
            said[place] = [*said.get(place, ()), name]
            origin = _origin(plan, refusal.unit, refusal.side)
            notes.append(Note(refusal.side, refusal.unit, refusal.value, origin, name))
    if not notes:
        return plan
    link = replace(plan.link, fields={**plan.link.fields, NOTES: said})
    return replace(plan, link=link, notes=tuple(notes), changed=True)


def _origin(plan: LinkPlan, unit: str, side: str) -> str:
    """The side that somebody edited, or one that shows the value."""
    edited = [hop.side for hop in plan.hops if hop.unit == unit and hop.side != side]
    showing = plan.link.fields.get(unit, {}).get("delivered", ())
    return next((s for s in [*edited, *showing] if s != side), side)


def _name(value: Any) -> str:
    packed = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(packed).hexdigest()[:16]


def note_link(sync: Sync, parent: Link, note: Note) -> Link:
    """The link of a note that is to be made: a record on one side, and on no other."""
    place = f"{parent.id}/{note.side}/{note.unit}/{note.name}"
    body = UnitState(_body(note.value), True)
    meta = {
        "from": note.origin,
        "author": f"Somebody who edited the {note.unit}",
        "as": {note.side: Visibility.INTERNAL.value},
    }
    return Link(
        id=hashlib.sha256(place.encode()).hexdigest()[:32],
        sync=parent.sync,
        kind="note",
        parent=parent.id,
        sides={side: LinkSide(side, "", "cut") for side in sync.sides if side != note.side},
        fields={CHILD: meta, "body": body.pack()},
        dirty=True,
    )


def _body(value: Any) -> Any:
    """A shared value as rich text."""
    if isinstance(value, Mapping) and "format" in value:
        return value
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return rich_text("plain", text)
