"""What must hold at every moment, looked at after everything that happens.

The tools write down each deed of the hub; from that alone, and from what people did, it is told
whether the hub made a thing twice, removed what nobody removed, wrote what nobody wrote, wrote
what was there already, or acted when another had taken its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from syncline.engine.report import Report
from syncline.simulation.choices import UNITS
from syncline.simulation.ledger import Group, tokens
from syncline.simulation.tool import BOT, Deed

if TYPE_CHECKING:
    from syncline.simulation.world import World


class Watch:
    """Follows the tools' deeds.

    `planning`: the hub has been asked to plan only.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.planning = False
        self.writes = 0
        self.deeds = 0
        self._read: dict[str, int] = dict.fromkeys(world.tools, 0)
        self._comments: dict[str, set[str]] = {}
        self._whole = 0
        self._took_at: dict[str, float] = {}
        self._whole_from = 0.0
        self._made_at: dict[tuple[str, str], tuple[int, float]] = {}
        self._owner: str | None = None
        self._writer = ""
        self._making: dict[tuple[str, str], tuple[str, list[Callable[[], None]]]] = {}
        self._lost: set[tuple[str, str]] = set()
        self._ends: list[tuple[str, object]] = []
        self._unheard: dict[tuple[str, str], dict[str, tuple[Any, Any]]] = {}
        self._sent: dict[tuple[str, str], dict[str, tuple[int, Any]]] = {}
        self._shown: dict[tuple[str, str], int] = {}
        self._late: dict[str, int] = {}
        self.repriced: dict[str, list[Deed]] = {}

    def step(self, hub: str, what: str, writes: bool) -> None:
        """A hub takes a step."""
        if not writes:
            return
        self.writes += 1
        self._writer = hub
        if self.planning:
            self.world.broke("plan wrote", f"{hub} sent a {what} while it was planning")
        if self._owner != hub:
            self._late[hub] = self._late.get(hub, 0) + 1
            if self._late[hub] > len(self.world.tools):
                self.world.broke(
                    "two writers", f"{hub} sent a {what} after {self._owner} took over"
                )

    def took(self, hub: str) -> None:
        """A hub has taken the lease."""
        self._owner = hub
        self._took_at[hub] = self.world.clock.monotonic()
        self._late[hub] = 0

    def ended(self, hub: str, outcome: object) -> None:
        """A pass has ended."""
        if isinstance(outcome, Report):
            self._refusals(outcome)
        self._ends.append((hub, outcome))

    def _over(self, hub: str, outcome: object) -> None:
        """A pass is over; a whole one has heard of everything it did, if no answer was lost."""
        heard = False
        if isinstance(outcome, Report) and outcome.state != "failed":
            self._whole += 1
            self._whole_from = self._took_at[hub]
            heard = not outcome.counts.get("ambiguous")
            late = outcome.stopped if heard else self.world.tools
            self._unheard = {at: told for at, told in self._unheard.items() if at[0] in late}
        for place in [place for place, (maker, _) in self._making.items() if maker == hub]:
            _, excuses = self._making.pop(place)
            if not heard:
                self._lost.add(place)
                for excuse in excuses:
                    excuse()

    def _refusals(self, report: Report) -> None:
        """A hub may refuse to work, or leave a side out, only where there is a reason."""
        for reason in report.refused:
            # Every other guard asks for more records than a story has.
            if not (reason.startswith("mapping") and self.world.fingerprint > 1):
                self.world.broke("refused", reason)
        for side, reason in report.stopped.items():
            if side not in self.world.troubled:
                self.world.broke("stopped", f"{side} was left out though it works: {reason}")

    def newborn(self, side: str, id_: str) -> bool:
        """Whether the hub made a record and may not have heard of it yet."""
        if (side, id_) not in self._made_at:
            return False
        passes, at = self._made_at[side, id_]
        lag = self.world.tools[side].search_lag.total_seconds()
        return self._whole < passes + 2 or self._whole_from < at + lag + 60

    def unless_answered(self, side: str, id_: str, excuse: Callable[[], None]) -> None:
        """Excuse what was done to a record if the answer to the create that made it is lost."""
        if (side, id_) in self._lost:
            excuse()
        elif (side, id_) in self._making:
            self._making[side, id_][1].append(excuse)

    def taken_back(self, side: str, id_: str, fields: Mapping[str, Any]) -> bool:
        """Whether a record shows again what it showed before a write the hub may not know of.

        Of labels one is enough: the tool may as well have left it out of what it was sent.
        """
        unheard = self._unheard.get((side, id_), {})
        before, after = unheard.get("labels", ((), ()))
        gone = set(after) - set(before) - set(fields["labels"])
        return bool(gone) or any(fields[path] == told for path, (told, _) in unheard.items())

    def shown(self, side: str, id_: str) -> None:
        """A hub is shown a record as it stands."""
        self._shown[side, id_] = len(self.world.tools[side].deeds)

    def replaced(self, side: str, id_: str, fields: Mapping[str, Any]) -> set[str]:
        """What the hub wrote to a record and has not read again, and of which something is gone."""
        last = self._shown.get((side, id_), 0)
        return {
            path
            for path, (deed, sent) in self._sent.get((side, id_), {}).items()
            if deed >= last
            and (set(tokens(sent)) - set(tokens(fields[path])) or path in UNITS)
            and fields[path] != sent
        }

    def look(self) -> None:
        """Read what the tools wrote down since the last look."""
        for side, tool in self.world.tools.items():
            deeds = tool.deeds[self._read[side] :]
            self._read[side] = len(tool.deeds)
            for number, deed in enumerate(deeds, len(tool.deeds) - len(deeds)):
                if deed.by == BOT:
                    self._judge(side, deed, number)
        while self._ends:
            self._over(*self._ends.pop(0))

    def _judge(self, side: str, deed: Deed, number: int) -> None:
        self.world.counts[f"hub: {deed.kind}"] += 1
        self.deeds += 1
        match deed.kind:
            case "create":
                self._made(side, deed)
            case "delete" | "archive":
                self._removed(side, deed)
            case "edit":
                self._wrote(side, deed, number)
            case "comment":
                self._copied(side, deed)

    def _made(self, side: str, deed: Deed) -> None:
        world = self.world
        title = tokens((deed.after or {}).get("title"))
        home = world.ledger.home.get(title[0]) if title else None
        if home is None:
            world.broke("invention", f"{side}:{deed.id} was made with a title nobody wrote")
            return
        group = world.groups[home]
        if side in world.story.never:
            world.broke("mode", f"{side}:{deed.id} was made where the sync makes none")
        if side in group.ids:
            world.broke(
                "duplicate", f"{home} has {side}:{group.ids[side]}, and {side}:{deed.id} was made"
            )
            return
        group.ids[side] = deed.id
        self._chosen(side, deed, group.choices)
        self._made_at[side, deed.id] = self._whole, self.world.clock.monotonic()
        self._making[side, deed.id] = self._writer, []
        self._provenance(side, deed)

    def _removed(self, side: str, deed: Deed) -> None:
        group = self._group(side, deed.id)
        torn = group.torn - {side} if group else set()
        if self.world.story.deletes != "archive" or not torn:
            self.world.broke("deletion", f"{side}:{deed.id} was removed and nobody asked for it")

    def _wrote(self, side: str, deed: Deed, number: int) -> None:
        told = self.world.story.tools[side]
        # What a tool cut off is sent again when an operator asks for it or the mapping is another;
        # without compare-and-set somebody may have written the same a moment before.
        if deed.before == deed.after and told.conditional and told.cut is None:
            self.world.broke("echo", f"{side}:{deed.id} was written what it showed already")
        before, after = deed.before or {}, deed.after or {}
        changed = {path: value for path, value in before.items() if after[path] != value}
        self._written(side, deed, changed)
        unheard = self._unheard.setdefault((side, deed.id), {})
        sent = self._sent.setdefault((side, deed.id), {})
        for path, value in changed.items():
            unheard[path] = unheard.get(path, (value,))[0], after[path]
            sent[path] = number, after[path]
        self._provenance(side, deed)

    def _written(self, side: str, deed: Deed, changed: Iterable[str]) -> None:
        """What a write changed: by the hub, which may not write all, or by the tool itself."""
        before, asked, after = deed.before or {}, deed.asked or {}, deed.after or {}
        mine = [unit for unit, value in asked.items() if value != before.get(unit)]
        for unit in mine:
            if self.world.story.modes.get(unit, {}).get(side) in ("source", "off"):
                self.world.broke("mode", f"{side}:{deed.id} was written {unit}, against its mode")
        if "status" in mine and asked["status"] == "cancelled":
            self._closing(side, deed)
        own = [unit for unit, value in asked.items() if value != after[unit]]
        self._chosen(side, deed, [unit for unit in UNITS if unit in (*mine, *own)])
        if "priority" in changed and self.world.story.tools[side].robot:
            self.repriced.setdefault(side, []).append(deed)

    def _closing(self, side: str, deed: Deed) -> None:
        """Whether a record was closed because another one was taken away, as the operator wants it.

        What it showed had arrived wherever it had to: a side whose status is never written shows
        none, so that whoever took the record away there could not see it, and yet ended it.
        """
        group, modes = self._group(side, deed.id), self.world.story.modes.get("status", {})
        if group is None or self.world.story.deletes != "close":
            return
        if any(modes.get(torn) in ("source", "off") for torn in group.torn - {side}):
            group.choices["status"].excuse(side)

    def _chosen(self, side: str, deed: Deed, units: Iterable[str]) -> None:
        """Choices that the hub put on a side. Where a rule of the tool's own made something else
        of one, at once, that rule chose, and had what the hub sent before its eyes."""
        group, asked, after = self._group(side, deed.id), deed.asked or {}, deed.after or {}
        if group is None:
            return
        for unit in units:
            group.choices[unit].carried(side, asked.get(unit))
            if asked.get(unit) != after.get(unit) and self.world.hears(side, unit):
                group.choices[unit].chose(side, after.get(unit))

    def _provenance(self, side: str, deed: Deed) -> None:
        """Every token that the hub writes was written by a person, in this very group."""
        group = self._group(side, deed.id)
        homes = group.all if group else set()
        for token in set(tokens(deed.after)) - set(tokens(deed.before)):
            if self.world.ledger.home.get(token) not in homes:
                self.world.broke("invention", f"{side}:{deed.id} was given {token}")

    def _copied(self, side: str, deed: Deed) -> None:
        comment = self.world.tools[side].items[deed.id].comments
        found = [token for one in comment for token in tokens(one.body) if token[0] == "c"]
        for token in {t for t in found if found.count(t) > 1}:
            self.world.broke("duplicate", f"{side}:{deed.id} has the comment {token} twice")

    def _group(self, side: str, id_: str) -> Group | None:
        return self.world.group_of(side, id_)
