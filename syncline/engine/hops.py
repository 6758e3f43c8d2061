"""What a write adds to the story of a value, for the journal and for reports."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from syncline.engine.context import PassContext
from syncline.engine.planned import Write
from syncline.engine.spec import Sync
from syncline.mapping.lens import Unmappable
from syncline.sdk.connector import Record
from syncline.store.rows import Intent, JournalEntry


def written(
    context: PassContext, sync: Sync, write: Write, record: Record, intent: Intent, at: datetime
) -> list[JournalEntry]:
    """A write that was proved by its receipt, a unit each."""
    return [
        JournalEntry(
            at=at,
            sync=context.sync.name,
            run=context.run,
            link_id=write.link_id,
            side=write.side,
            record_id=record.id,
            field=name,
            kind="create" if write.kind == "create" else "write",
            before=before(context, sync, write, name),
            after=unit.value,
            person=None,
            rule=unit.why or write.why,
            intent_id=intent.id,
        )
        for name, unit in write.units.items()
    ]


def before(context: PassContext, sync: Sync, write: Write, name: str) -> Any:
    """What the side showed before, as a shared value, or as the tool has it if unreadable."""
    if write.kind == "create":
        return None
    shown = write.units[name].before
    try:
        return sync.units[name].lenses[write.side].get(shown, context.people[write.side])
    except Unmappable:
        return dict(shown)
