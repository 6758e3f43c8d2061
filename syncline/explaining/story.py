"""The story of a value: every hop from where somebody entered it to every side it came to.

The journal tells each hop; who made an edit, and when, is asked of the tool's own history, one
request a side, and only when somebody wants to know. What cannot be asked is left open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from syncline.config import ConfigError
from syncline.engine.context import CLOCK_SKEW
from syncline.engine.directory import directory
from syncline.engine.identity import lineage
from syncline.engine.spec import Sync
from syncline.mapping.lens import People, Unmappable
from syncline.sdk.connector import Change
from syncline.sdk.errors import ConnectorError
from syncline.store import journal, people, runs
from syncline.store.rows import JournalEntry, Link
from syncline.store.sql import Tx

if TYPE_CHECKING:
    from syncline.hub import Hub

FAR = timedelta(days=3650)
"""How far back a history is read; nobody asks about older edits."""

RULES = {
    "edit": "somebody changed it in a tool",
    "agreed": "the sides showed the same",
    "first link": "it was there when the records were linked",
    "match": "they show the same in what the sync matches by",
    "reference": "one of them shows the other's address",
    "marker": "it bears the key that Syncline had made it with",
    "new": "it belongs to the sync, and no other record was its counterpart",
    "returned": "it was restored in its tool",
    "adopt": "a person tied it, with `syncline adopt`",
    "missing": "the side had no such record, and the sync makes one",
    "merge": "all changes made at once were joined",
    "newest": "of two values the newer one holds",
    "authority": "the side that has the last word decided",
    "state": "of two states the further one holds",
    "answer": "a person answered the conflict",
    "remap": "the mapping changed, and the plan of that was applied",
    "undo": "an undo took it back",
    "unchanged": "it was decided before, and delivered now",
    "seen": "it was decided before, and delivered now",
}
"""What each rule means, for people; what is not among them speaks for itself."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of a value. `edited_at` is the tool's own time of an edit, where it told."""

    entry: JournalEntry
    field: str
    before: Any
    after: Any
    config: str | None = None
    edited_at: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        one = self.entry
        return {
            "at": one.at,
            "side": one.side or None,
            "record": one.record_id,
            "field": self.field,
            "before": self.before,
            "after": self.after,
            "person": one.person,
            "rule": one.rule,
            "why": RULES.get(one.rule, one.rule),
            "run": one.run,
            "kind": one.kind,
            "config": self.config,
            "edited_at": self.edited_at,
        }


@dataclass(slots=True)
class Story:
    """All hops of the fields of a link, oldest first; `notes` say who could not be asked."""

    hops: list[Hop]
    notes: list[str] = field(default_factory=list)


async def tell(hub: Hub, sync: Sync, link: Link, fields: Mapping[str, str]) -> Story:
    """The story of these fields, each with its unit, of one link."""
    entries, configs, rows = await hub.store.read(_read, link, list(sync.sides))
    table = hub.people()
    known = {side: directory(None, rows[side].values(), table.get(side, {})) for side in sync.sides}
    units = sorted(set(fields.values()))
    told = [*_origins(sync, link, entries, units), *(e for e in entries if e.field in units)]
    whole = [_whole(entry, configs) for entry in entries if entry.field is None]
    asker = _Asker(hub, sync, link, known)
    named = await asker.name(told)
    moved = [
        Hop(
            entry,
            name,
            part(entry.before, unit, name),
            part(entry.after, unit, name),
            configs.get(entry.run),
            at,
        )
        for entry, at in named
        for name, unit in fields.items()
        if unit == entry.field and _concerns(entry, unit, name)
    ]
    tied = [hop for hop in whole if hop.entry.kind == "link"]
    ended = [hop for hop in whole if hop.entry.kind != "link"]
    hops = [*tied, *moved, *ended]
    return Story(sorted(hops, key=lambda hop: hop.entry.at), asker.notes)


def _whole(entry: JournalEntry, configs: Mapping[str, str | None]) -> Hop:
    """What became of a whole record; where several came into a link at once, of all sides."""
    after = entry.after
    if entry.kind == "link" and len(after) > 1:
        entry = replace(entry, side="", record_id=None)
    elif entry.kind == "link":
        after = entry.record_id
    return Hop(entry, "", entry.before, after, configs.get(entry.run))


def part(value: Any, unit: str, field: str) -> Any:
    """A field's own part of its unit's value."""
    return value.get(field) if unit != field and isinstance(value, dict) else value


def _concerns(entry: JournalEntry, unit: str, field: str) -> bool:
    """Whether a hop of a group moved this field of it."""
    whole = entry.kind in ("link", "create") or unit == field
    return whole or part(entry.before, unit, field) != part(entry.after, unit, field)


def _read(
    tx: Tx, link: Link, sides: Sequence[str]
) -> tuple[list[JournalEntry], dict[str, str | None], dict[str, Any]]:
    stories = journal.of_links(tx, lineage(link))
    entries = sorted((one for told in stories.values() for one in told), key=lambda e: e.at)
    found = runs.load(tx, {entry.run for entry in entries})
    configs = {id_: (one.report or {}).get("fingerprint") for id_, one in found.items()}
    return entries, configs, {side: people.of_connection(tx, side) for side in sides}


def _origins(
    sync: Sync, link: Link, entries: Sequence[JournalEntry], units: Sequence[str]
) -> Iterable[JournalEntry]:
    """What the records showed when they were linked, for the sides that nothing was written to:
    the beginning of each value, which the journal need not repeat for every field."""
    linked = next((entry for entry in entries if entry.kind == "link"), None)
    # What a person tied was decided by the next run.
    first = next((e.run for e in entries if linked and e.run and e.at >= linked.at), None)
    for unit in units if linked is not None else ():
        mine = [entry for entry in entries if entry.field == unit]
        at_once = [e for e in mine if e.run == first and e.kind != "edit"]
        written = {e.side for e in at_once if e.kind in ("write", "create", "lost")}
        if at_once:
            value = at_once[0].after
        elif mine:
            value = next((e.before for e in mine if e.kind in ("edit", "write", "undo")), None)
        else:
            value = (link.fields.get(unit) or {}).get("value")
        if linked is None or value is None:
            continue
        for side, record in linked.after.items():
            if side not in written and unit in sync.units and side in sync.units[unit].lenses:
                yield replace(
                    linked, side=side, record_id=record, field=unit, before=None, after=value,
                    rule="first link",
                )  # fmt: skip


class _Asker:
    """Asks the tools' histories who made the edits of one link."""

    def __init__(self, hub: Hub, sync: Sync, link: Link, known: Mapping[str, People]) -> None:
        self.hub = hub
        self.sync = sync
        self.link = link
        self.known = known
        self.notes: list[str] = []

    async def name(
        self, entries: Sequence[JournalEntry]
    ) -> list[tuple[JournalEntry, datetime | None]]:
        """The entries with the person and the tool's time of each edit, where it tells."""
        open_ = [e for e in entries if e.kind in ("edit", "link") and e.person is None]
        changes = {side: await self._changes(side) for side in {e.side for e in open_}}
        found: list[tuple[JournalEntry, datetime | None]] = []
        for entry in entries:
            change = self._change(entry, changes.get(entry.side, ())) if entry in open_ else None
            if change is None:
                found.append((entry, None))
                continue
            who = change.by.email or change.by.name or change.by.handle
            found.append((replace(entry, person=who), change.at))
        return found

    async def _changes(self, side: str) -> Sequence[Change]:
        at = self.link.sides.get(side)
        if at is None or not at.record_id:
            return ()
        try:
            connector = (await self.hub.connections()).get(side)
            record = self.sync.sides[side].record
            if not connector.capabilities_of(record).history:
                self.notes.append(f"{side} keeps no history: who edited there is not known")
                return ()
            since = self.hub.clock.now() - FAR
            return (await connector.history(record, [at.record_id], since)).get(at.record_id, ())
        except (ConnectorError, ConfigError) as error:
            self.notes.append(f"{side} could not be asked who edited there: {error}")
            return ()

    def _change(self, entry: JournalEntry, changes: Sequence[Change]) -> Change | None:
        """The person's change that an entry tells of: the last one before it that made the value,
        else the last one at all that fits in time."""
        unit = self.sync.units[entry.field or ""]
        lens = unit.lenses.get(entry.side)
        if lens is None:
            return None
        mine = [
            change
            for change in changes
            if change.path in lens.paths and not change.by_us and change.at <= entry.at + CLOCK_SKEW
        ]
        for change in reversed(mine):
            if self._makes(entry, change):
                return change
        return mine[-1] if mine and entry.kind == "edit" else None

    def _makes(self, entry: JournalEntry, change: Change) -> bool:
        unit = self.sync.units[entry.field or ""]
        lens = unit.lenses[entry.side]
        if len(lens.paths) > 1:
            return False
        try:
            shown = lens.get({change.path: change.after}, self.known[entry.side])
        except Unmappable:
            return False
        return unit.kind.equal(shown, entry.after)
