"""Intents: made from writes before they are sent, turned back into writes to be settled."""

from __future__ import annotations

from datetime import datetime

from syncline.engine.context import PassContext
from syncline.engine.identity import create_name
from syncline.engine.planned import UnitWrite, Write
from syncline.store.rows import Intent


def create_key(context: PassContext, write: Write) -> str:
    """The key of a link's create on a side: the same for every attempt, and signed."""
    return context.sign(create_name(write.link_id, write.side, len(write.follows)))


def new_intent(context: PassContext, write: Write, at: datetime) -> Intent:
    """The note to commit before this write is sent."""
    return Intent(
        id=context.new_id(),
        sync=context.sync.name,
        run=context.run,
        link_id=write.link_id,
        side=write.side,
        kind=write.kind,
        record_id=write.record_id,
        key=create_key(context, write) if write.kind == "create" else "",
        payload={
            "patch": dict(write.patch),
            "expected": dict(write.expected),
            "version": write.version,
            "why": write.why,
            "follows": list(write.follows),
            "units": {
                name: {
                    "value": unit.value,
                    "before": unit.before,
                    "after": unit.after,
                    **({"why": unit.why} if unit.why else {}),
                }
                for name, unit in write.units.items()
            },
        },
        created_at=at,
    )


def write_of(intent: Intent) -> Write:
    """The write that an intent stands for."""
    payload = intent.payload
    return Write(
        link_id=intent.link_id,
        side=intent.side,
        kind=intent.kind,
        record_id=intent.record_id,
        units={
            name: UnitWrite(unit["value"], unit["before"], unit["after"], unit.get("why", ""))
            for name, unit in payload["units"].items()
        },
        patch=payload["patch"],
        expected=payload["expected"],
        version=payload["version"],
        why=payload["why"],
        follows=tuple(payload.get("follows", ())),
    )
