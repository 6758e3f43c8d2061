"""What must hold in the end, when nobody edits, nothing is broken and some passes have gone by.

Everything is told from what the tools show, what people did, and the two lists that Syncline
promises to keep for people: conflicts and what is parked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from syncline.engine.passes import Options
from syncline.simulation.ledger import Group, tokens
from syncline.simulation.people import TOKEN
from syncline.simulation.tool import BOT
from syncline.simulation.world import World
from syncline.store import intents, journal, links, runs
from syncline.store.findings import conflicts, deviations, parked
from syncline.store.rows import Conflict, Intent, JournalEntry, Parked
from syncline.store.sql import Tx

PASSES = 3
"""Passes within which all sides must have come to the same (I6)."""

UNITS = ("title", "labels", "body", "status", "priority")


@dataclass(slots=True)
class Findings:
    """The lists that Syncline keeps for people, each entry with the group that it is about.

    `open_intents`: without those about comments on a record that cannot be read now, which wait.
    """

    conflicts: list[tuple[str | None, Conflict]]
    parked: list[tuple[str | None, Parked]]
    deviating: set[tuple[str | None, str]]
    undone: list[tuple[str | None, JournalEntry]]
    open_intents: int

    def kept(self, group: Group) -> set[str]:
        """Tokens that some conflict of a group holds, decided or not, or that an undo took back."""
        held = [c for name, one in self.conflicts if name in group.all for c in one.candidates]
        return set(tokens([*held, *(hop.before for name, hop in self.undone if name in group.all)]))

    def values(self, group: Group, unit: str) -> list[Any]:
        """Values of a unit that a conflict holds, or that an undo took back."""
        held = [
            candidate["value"]
            for name, one in self.conflicts
            if name in group.all and one.field == unit
            for candidate in one.candidates
        ]
        return held + [h.before for name, h in self.undone if name in group.all and h.field == unit]

    def taken_back(self, group: Group) -> set[str]:
        """Units of a group that somebody took back: people's own edits stay apart since then."""
        return {hop.field for name, hop in self.undone if name in group.all and hop.field}

    def waiting(self, group: Group) -> set[str]:
        """Units of a group that wait for a person's answer."""
        open_ = [one for name, one in self.conflicts if name in group.all]
        return {one.field for one in open_ if one.state != "resolved"}

    def unheard(self, group: Group) -> set[str]:
        """Units of a group about which a person's answer was not taken up."""
        mine = [one for name, one in self.conflicts if name in group.all]
        return {one.field for one in mine if one.state == "answered"}

    def stuck(self, group: Group) -> list[Parked]:
        return [row for name, row in self.parked if name in group.all]


async def judge(world: World) -> None:
    """Bring the world to rest and look at it; answer what waits for an answer, and look again."""
    await _rest(world)
    await _quiet(world)
    _check(world, await _findings(world), answered=False)
    for pick in range(PASSES):
        found = await _findings(world)
        if not any(one.kind == "field" and one.state == "open" for _, one in found.conflicts):
            break
        await world._answer(pick)
        await _quiet(world)
    _check(world, await _findings(world), answered=True)
    await world.stop()


async def _rest(world: World) -> None:
    """People pause and nothing is broken any more."""
    await world.stop()
    world.down.clear()
    for tool in world.tools.values():
        tool.faults.clear()
        tool.token = TOKEN
    world.clock.advance(60)


async def _quiet(world: World) -> None:
    """Passes until one writes nothing; how many wrote is held against what is promised."""
    lag = max(tool.search_lag.total_seconds() for tool in world.tools.values())
    wrote = 0
    for _ in range(2 * PASSES):
        world.clock.advance(lag + 60)
        before = _written(world)
        report = await world.run(Options(full=True, apply=True))
        if report is not None and (report.refused or report.stopped):
            world.broke("refused", f"{report.refused} {report.stopped}")
            return
        if _written(world) != before:
            wrote += 1
        elif not await world.store.read(intents.open, "s"):
            break  # else the next pass knows more: a deletion is believed when it is seen twice
    world.counts[f"passes to rest: {wrote}"] += 1
    if wrote > PASSES:
        world.broke("restless", f"{wrote} passes wrote something after all was quiet")


def _written(world: World) -> int:
    """Requests that change something; where a record is hidden, those that did change something:
    what it has to be told is tried again in each pass."""
    items = [item for tool in world.tools.values() for item in tool.items.values()]
    hidden = any(item.now.hidden for item in items)
    return world.watch.deeds if hidden else world.watch.writes


async def _findings(world: World) -> Findings:
    return await world.store.read(_read_findings, _homes(world), _unread(world))


def _homes(world: World) -> dict[tuple[str, str], str]:
    return {
        (side, id_): group.name
        for group in world.groups.values()
        for side, id_ in group.ids.items()
    }


def _unread(world: World) -> set[tuple[str, str]]:
    """Records that nobody can read now: what a lost request made of them cannot be told either."""
    found = set()
    for side, id_ in _homes(world):
        item = world.tools[side].items.get(id_)
        if item is None or item.now.hidden:
            found.add((side, id_))
    return found


def _waits(tx: Tx, intent: Intent, unread: set[tuple[str, str]]) -> bool:
    """Whether what an intent wrote hangs on a record that cannot be read now."""
    for link in links.load(tx, [intent.link_id]).values():
        for parent in links.load(tx, [link.parent or ""]).values():
            at = parent.sides.get(intent.side)
            return at is not None and (at.side, at.record_id) in unread
    return False


def _read_findings(
    tx: Tx, homes: dict[tuple[str, str], str], unread: set[tuple[str, str]]
) -> Findings:
    all_conflicts = conflicts.every(tx)
    all_parked = parked.list(tx)
    all_deviations = deviations.list(tx, "s")
    undos = [run.id for run in runs.list(tx, "s") if run.kind == "undo"]
    all_undone = [hop for id_ in undos for hop in journal.of_run(tx, id_) if hop.kind == "undo"]
    ids = {one.link_id for one in all_conflicts if one.link_id}
    ids |= {one.link_id for one in all_parked} | {one.link_id for one in all_deviations}
    ids |= {hop.link_id for hop in all_undone}
    found = links.load(tx, sorted(ids))
    parents = links.load(tx, sorted({link.parent for link in found.values() if link.parent}))

    def home(link_id: str | None) -> str | None:
        link = found.get(link_id or "")
        link = parents.get(link.parent, link) if link and link.parent else link
        sides = link.sides.items() if link else ()
        return next((homes[s, at.record_id] for s, at in sides if (s, at.record_id) in homes), None)

    return Findings(
        [(home(one.link_id), one) for one in all_conflicts],
        [(home(one.link_id), one) for one in all_parked],
        {(home(one.link_id), one.field) for one in all_deviations},
        [(home(hop.link_id), hop) for hop in all_undone],
        sum(not _waits(tx, one, unread) for one in intents.open(tx, "s")),
    )


def _check(world: World, found: Findings, *, answered: bool) -> None:
    if found.open_intents:
        world.broke("unsettled", f"{found.open_intents} intents are open though all is quiet")
    for group in world.groups.values():
        waiting = found.waiting(group)
        stuck = _parked(world, group, found.stuck(group))
        lost = _lost(world, group, found.kept(group))
        # Who merges two records settles which of the two has which status.
        for unit, choices in group.choices.items() if not group.kin else ():
            shown = _shown(world, group, unit)
            gone = choices.lost([*found.values(group, unit), *shown.values()])
            lost |= {f"{unit} {value}" for value in gone}
        if lost:
            world.broke(
                "lost", f"{group.name}: {sorted(lost)} are nowhere; {_sights(world, group)}"
            )
        if _intact(world, group) and not stuck:
            automated = any(tool.automation for tool in world.story.tools.values())
            own = group.replaced | ({"priority"} if automated else set())
            told = {unit for unit in own if (group.name, unit) in found.deviating}
            apart = waiting | found.taken_back(group) | world.story.modes.keys()
            _agree(world, group, apart | told)
            _commented(world, group)
            for unit in found.unheard(group) if answered else ():
                world.broke("unheard", f"{group.name}: the answer about {unit} changed nothing")
        if answered and not waiting and not stuck:
            world.counts["groups that agree"] += 1
    if answered:
        _tally(world, found)


def _parked(world: World, group: Group, rows: Sequence[Parked]) -> bool:
    """Whether something of a group waits in the quarantine; a reason must be a real one."""
    for row in rows:
        lost_for_good = row.action == "create" and not world.story.tools[row.side].keyed
        if not lost_for_good:
            world.broke("parked", f"{group.name}: {row.side} {row.field} {row.reason}")
    world.counts["parked"] += len(rows)
    return bool(rows)


def _shown(world: World, group: Group, unit: str) -> dict[str, Any]:
    """What each living record of a group shows, comparable across tools."""
    shown: dict[str, Any] = {}
    for side, id_ in group.ids.items():
        if id_ in world.tools[side].items:
            value = world.tools[side].fields(id_)[unit]
            ordered = unit in ("title", "body")
            shown[side] = tokens(value) if ordered else value
            if unit == "labels":
                shown[side] = sorted(value)
    return shown


def _sights(world: World, group: Group) -> str:
    return ", ".join(f"{unit} {_shown(world, group, unit)}" for unit in UNITS[:3])


def _intact(world: World, group: Group) -> bool:
    """Whether every side has the record, in sight, and nobody ever took it away."""
    wanted = set(world.tools) - set(world.story.never)
    return not _out_of_reach(world, group) and set(group.ids) >= wanted


def _out_of_reach(world: World, group: Group) -> bool:
    """Whether a record of a group was taken away at some time, or cannot be seen now."""
    if group.torn:
        return True
    states = [world.tools[side].items[id_].now for side, id_ in group.ids.items()]
    return any(s.deleted or s.hidden or s.merged_into or not s.in_scope for s in states)


def _lost(world: World, group: Group, kept: set[str]) -> set[str]:
    """Tokens that are neither shown, nor replaced knowingly, nor kept in a conflict. What was
    merged shows them still."""
    safe = world.ledger.superseded() | world.ledger.excused | kept
    for name in group.all:
        safe |= {t for unit in UNITS for t in tokens(_shown(world, world.groups[name], unit))}
    written = {t for kind in "tlp" for t in world.ledger.of(group.name, kind)}
    return written - safe


def _agree(world: World, group: Group, waiting: set[str]) -> None:
    for unit in UNITS:
        shown = _shown(world, group, unit)
        values = list(shown.values())
        if not world.ledger.excused.isdisjoint(tokens(shown)):
            continue
        if unit not in waiting and any(value != values[0] for value in values):
            world.broke("apart", f"{group.name}: {unit} {shown}")
    for side, id_ in group.ids.items():
        body = str(world.tools[side].fields(id_)["body"])
        # A paragraph that was replaced, and that an answer brings back, is as its side shows it.
        bold = world.ledger.bold.get(side, set()) - world.ledger.superseded()
        for token in bold & set(tokens(body)):
            if not re.search(rf"(<b>|<strong>|\*\*){token}\b", body):
                world.broke("plain", f"{group.name}: {side} lost the bold of {token}: {body!r}")
    wanted = world.ledger.of(group.name, "l") - world.ledger.taken
    extra = set(tokens(_shown(world, group, "labels"))) ^ wanted
    if "labels" not in waiting and not group.kin and extra - world.ledger.excused:
        world.broke("labels", f"{group.name}: {sorted(extra)} differ from what people wanted")


def _commented(world: World, group: Group) -> None:
    """Every comment once on every side; a copy is never public."""
    for side, id_ in group.ids.items():
        comments = world.tools[side].items[id_].comments
        bodies = [re.findall(r"c[0-9]+", one.body) for one in comments]
        told = [token for body in bodies for token in body]
        for token in world.ledger.of(group.name, "c") if world.story.comments else ():
            if told.count(token) != 1:
                world.broke("comments", f"{group.name}: {side} has {token} {told.count(token)} x")
        if any(one.author.handle == BOT and one.visibility == "public" for one in comments):
            world.broke("leak", f"{group.name}: {side} shows a copy in public")


def _tally(world: World, found: Findings) -> None:
    """How many edits arrived: shown everywhere, or replaced knowingly, or decided against."""
    for group in world.groups.values():
        kept = found.kept(group) | world.ledger.superseded() | world.ledger.excused
        shown = [set(_everywhere(world, group, side)) for side in group.ids]
        everywhere = set.intersection(*shown) if shown else set()
        beyond = _out_of_reach(world, group)
        for token in _edits(world, group):
            arrived = token in kept or token in everywhere or beyond
            world.counts["edits delivered" if arrived else "edits not delivered"] += 1


def _edits(world: World, group: Group) -> Iterable[str]:
    return [token for token, home in world.ledger.home.items() if home == group.name]


def _everywhere(world: World, group: Group, side: str) -> list[str]:
    item = world.tools[side].items.get(group.ids[side])
    if item is None:
        return []
    return tokens(item.now.fields) + [t for one in item.comments for t in tokens(one.body)]
