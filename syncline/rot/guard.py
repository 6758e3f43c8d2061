"""The mapping-rot guard at work: asks the tools, compares, and keeps the snapshots in the store.

A connection's first snapshot is taken when it is first looked at. From then on it moves on whenever
nothing that the mappings use has gone bad, so that it always is what they last fitted; while there
are findings it stays, and with it what was called how. `accept` takes the tools as they are.
Nothing is written to a tool.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from syncline.config import ConfigError
from syncline.engine.compile import compile_sync
from syncline.engine.spec import Sync
from syncline.mapping.load import ToolMapping
from syncline.rot.compare import compare
from syncline.rot.files import MappingFile
from syncline.rot.found import Affected, Finding, SyncUse, Use
from syncline.rot.snapshot import Details, Snapshot, TellsDetails
from syncline.sdk.errors import ConnectorError
from syncline.store import links, state
from syncline.store.rows import Link
from syncline.store.sql import Tx

if TYPE_CHECKING:
    from syncline.hub import Hub

KEY = "snapshot"
PAGE = 500
NAMED = 5
"""Records of a finding that are named; the rest are counted."""


@dataclass(slots=True)
class Rot:
    """What was found. `patches`: a diff for each mapping file that there is one answer for.

    `affected` has a place for each finding. `since`: when the snapshot that was compared with was
    taken, by connection; `taken`: connections whose snapshot is of now; `unread`: those that could
    not be asked, with the reason.
    """

    findings: list[Finding] = field(default_factory=list)
    patches: dict[str, str] = field(default_factory=dict)
    affected: list[Affected] = field(default_factory=list)
    since: dict[str, str] = field(default_factory=dict)
    taken: list[str] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            "changes": [*map(_finding, self.findings, self.affected)],
            "patches": [{"file": file, "diff": diff} for file, diff in self.patches.items()],
            "snapshots": {"since": self.since, "taken": self.taken, "unread": self.unread},
        }


def _finding(one: Finding, about: Affected) -> dict[str, Any]:
    return {
        "connection": one.connection,
        "kind": one.kind,
        "what": one.what,
        "syncs": list(one.syncs),
        "field": one.field,
        "where": one.where,
        "until": one.until,
        "do": one.do,
        "linked": about.count,
        "records": list(about.records),
    }


async def watch(hub: Hub, *, fresh: bool = False, accept: bool = False) -> Rot:
    """Every connection compared with its snapshot.

    `fresh`: each tool is asked to describe itself; else what it said within a day counts. A tool
    that cannot be asked is named, and its snapshot stays.
    """
    rot = Rot()
    compiled = _compiled(hub)
    for name in hub.config.connections:
        mappings = _mappings(hub, compiled, name)
        try:
            now = await _now(hub, name, mappings, fresh)
        except (ConfigError, ConnectorError) as error:
            rot.unread[name] = str(error)
            continue
        await _look(hub, name, mappings, now, accept, rot)
    rot.affected = [await hub.store.read(_affected, one) for one in rot.findings]
    return rot


@dataclass(frozen=True)
class _Mapped:
    """A mapping of a connection, its file, and how syncs use it."""

    mapping: ToolMapping
    file: MappingFile
    use: Use


async def _look(
    hub: Hub, name: str, mapped: list[_Mapped], now: Snapshot, accept: bool, rot: Rot
) -> None:
    kept = await hub.store.read(state.get, _place(name), KEY)
    before = None if kept is None else Snapshot.of_json(kept)
    found: list[Finding] = []
    if before is not None and before.comparable(now):
        rot.since[name] = before.taken_at
        found = compare(before, now, [one.use for one in mapped])
    rot.findings += found
    for one in mapped:
        edits = [edit for f in found if f.file == one.use.file for edit in f.edits]
        if edits and (diff := one.file.diff(one.mapping, edits)):
            rot.patches[one.file.mended] = diff
    # Without a mapping in use nothing was asked that a later comparison could rest on.
    if mapped and (accept or not found):
        await hub.store.write(state.put, _place(name), KEY, now.to_json())
        rot.taken.append(name)


def _place(connection: str) -> str:
    # No sync can be called so: names have no colon.
    return f"connection:{connection}"


async def _now(hub: Hub, name: str, mapped: list[_Mapped], fresh: bool) -> Snapshot:
    """What the connection says of itself, in description and in details."""
    connections = await hub.connections()
    schema = await connections.schema(name, fresh=fresh)
    connector = connections.get(name)
    details = {}
    if isinstance(connector, TellsDetails):
        for record in dict.fromkeys(one.mapping.record for one in mapped):
            if record in schema.records:
                details[record] = Details.of(await connector.details(record))
    said = hub.config.connections[name]
    about = f"{said.connector} {said.said.get('base_url')} {said.scope}"
    return Snapshot(hub.clock.now().isoformat(timespec="seconds"), about, schema, details)


def _compiled(hub: Hub) -> dict[str, tuple[Sync, Mapping[str, ToolMapping]]]:
    """The syncs that compile; what is wrong with the others is for `check` to tell."""
    found: dict[str, tuple[Sync, Mapping[str, ToolMapping]]] = {}
    for name in hub.config.syncs:
        try:
            mappings = hub.mappings(name)
            found[name] = compile_sync(hub.config, name, mappings, {}), mappings
        except ConfigError:
            continue
    return found


def _mappings(
    hub: Hub, compiled: Mapping[str, tuple[Sync, Mapping[str, ToolMapping]]], side: str
) -> list[_Mapped]:
    """The mappings that a connection is used with; one for each file."""
    by_entity: dict[str, list[tuple[Sync, Mapping[str, ToolMapping]]]] = {}
    for sync, mappings in compiled.values():
        if side in sync.sides:
            by_entity.setdefault(sync.entity, []).append((sync, mappings))
    found = []
    for using in by_entity.values():
        mapping = using[0][1][side]
        file = MappingFile.of(hub.config, side, mapping)
        syncs = tuple(_use(hub, sync, mappings, side) for sync, mappings in using)
        found.append(_Mapped(mapping, file, Use(side, file.name, mapping, syncs, file.line)))
    return found


def _use(hub: Hub, sync: Sync, mappings: Mapping[str, ToolMapping], side: str) -> SyncUse:
    modes = {
        name: unit.modes[side]
        for unit in sync.units.values()
        if side in unit.lenses
        for name in unit.fields
        if name in mappings[side].fields
    }
    others = {f for s, m in mappings.items() if s != side for f in m.fields}
    defaults = frozenset(hub.config.side(sync.name, side).defaults)
    return SyncUse(
        sync.name,
        modes,
        creates=sync.sides[side].create != "never",
        provided=frozenset(n for n in modes if n in others),
        defaults=defaults,
        named=frozenset(hub.config.syncs[sync.name].fields or ()),
    )


def _affected(tx: Tx, one: Finding) -> Affected:
    """The linked records that were last seen to show what a finding is about."""
    if not one.shown:
        return Affected()
    count, named = 0, []
    for sync in one.syncs:
        after: str | None = None
        while page := links.page(tx, sync, after, PAGE):
            after = page[-1].id
            for link in page:
                at = link.sides.get(one.connection)
                if at is not None and at.state == "in" and _shows(link, one):
                    count += 1
                    if count <= NAMED:
                        named.append(f"{one.connection}:{at.key or at.record_id}")
    return Affected(count, tuple(named))


def _shows(link: Link, one: Finding) -> bool:
    seen: dict[str, Any] = {}
    for unit in link.fields.values():
        if isinstance(unit, Mapping):
            seen.update(unit.get("seen", {}).get(one.connection) or {})
    return all(_among(seen.get(path), wanted) for path, wanted in one.shown)


def _among(shown: Any, wanted: tuple[str, ...]) -> bool:
    return any(str(v) in wanted for v in (shown if isinstance(shown, list) else [shown]))
