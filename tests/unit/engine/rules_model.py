"""The rules of the merge for one unit of one link, in as few words as they can be said.

Written from docs/architecture.md ("The merge") alone, to run beside the real engine: no store, no
lenses, no wire values. An atomic value is a string, a set a frozenset. A side that shows less is a
function `looks`, from a value to what the side shows of it. `Tools` are the tools themselves,
`Rules` what is remembered and decided; one pass is `Rules.run`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Value = Any


class Crash(Exception):
    """The process ends here."""


@dataclass
class Tool:
    """One tool with one record. `sent` has the number of every write of ours that arrived."""

    shows: Value
    looks: Callable[[Value], Value]
    mode: str = "both"
    up: bool = True
    inside: bool = True
    touched: float = 0.0
    sent: set[int] = field(default_factory=set)

    def put(self, value: Value, now: float) -> None:
        if value != self.shows:
            self.shows, self.touched = value, now


@dataclass
class Sent:
    """A write that may or may not have arrived."""

    number: int
    value: Value
    after: Value


@dataclass(frozen=True)
class Sight:
    """What a tool was seen to show and nobody has decided about yet."""

    shows: Value
    inside: bool


Candidates = tuple[tuple[str | None, Value], ...]
Fates = Mapping[str, Iterator[str]]
Person = Callable[[str], Value]


class Rules:
    """What is remembered of the unit: the words of the architecture, as they stand there."""

    def __init__(self, tools: Mapping[str, Tool], value: Value, authority: str | None) -> None:
        self.tools = tools
        self.authority = authority
        self.value = value
        self.delivered = set(tools)
        self.seen = {side: tool.shows for side, tool in tools.items()}
        self.known_inside = dict.fromkeys(tools, True)
        self.sights: dict[str, Sight] = {}
        self.open: dict[str, Sent] = {}
        self.read_until = dict.fromkeys(tools, 0.0)
        self.conflict: Candidates = ()
        self.answer: tuple[Candidates, Value] | None = None
        self.number = 0
        self.now = 0.0

    def run(self, now: float, full: bool, dies: bool, fates: Fates, person: Person) -> None:
        """One pass. `fates` say what befalls each write, `person` makes an edit just then."""
        self.now = now
        self.stopped = {side for side, tool in self.tools.items() if not tool.up}
        self.settle()
        self.observe(full)
        if dies:
            return
        try:
            for _ in range(3):
                if not self.deliver(self.decide(), fates, person):
                    break
        except Crash:
            pass

    def settle(self) -> None:
        """Rule 0."""
        for side in set(self.open) - self.stopped:
            sent, tool = self.open.pop(side), self.tools[side]
            if sent.number in tool.sent:
                self.seen[side] = sent.after
                if sent.value == self.value:
                    self.delivered.add(side)
            self.look(side)

    def observe(self, full: bool) -> None:
        """Listings show what is inside and changed since the last one, a census the rest."""
        for side in set(self.tools) - self.stopped:
            tool = self.tools[side]
            changed = tool.touched >= self.read_until[side]
            overtaken = side in self.sights
            news = overtaken or tool.shows != self.seen[side] or not self.known_inside[side]
            if (tool.inside and changed and news) or (full and not tool.inside):
                self.look(side)
            self.read_until[side] = self.now

    def look(self, side: str) -> None:
        self.sights[side] = Sight(self.tools[side].shows, self.tools[side].inside)

    def decide(self) -> list[str]:
        """Rules 1 to 4; answers with the sides to write to."""
        inside = {side: sight.inside for side, sight in self.sights.items()}
        leaving = {side for side in inside if self.known_inside[side] and not inside[side]}
        self.known_inside |= {side: here for side, here in inside.items() if here}
        views = {
            side: sight.shows
            for side, sight in sorted(self.sights.items())
            if (sight.inside or side in leaving) and side not in self.open
        }
        news = {side: view for side, view in views.items() if view != self.seen[side]}
        edits = {s: v for s, v in news.items() if self.tools[s].mode in ("both", "source")}
        drift = {s: v for s, v in news.items() if self.tools[s].mode == "target"}
        self.conflict = ()
        if edits and not self.choose(edits, drift, views):
            return []
        self.known_inside |= inside
        self.seen |= {s: v for s, v in drift.items() if s not in self.delivered}
        self.sights.clear()
        return [
            side
            for side, tool in self.tools.items()
            if self.known_inside[side]
            and tool.mode in ("both", "target")
            and not {side} & (leaving | self.stopped | self.delivered | set(self.open))
        ]

    def choose(self, edits: dict[str, Value], drift: dict[str, Value], views: Any) -> bool:
        """Rules 2 to 4; False where a person is to be asked."""
        meant = {side: self.lift(side, self.value, view) for side, view in edits.items()}
        candidates: list[tuple[str | None, Value]] = list(meant.items())
        if not self.delivered & set(edits):
            candidates.insert(0, (None, self.value))
        chosen = self.choice(tuple(candidates), edits)
        if chosen is self:
            self.conflict = tuple(candidates)
            return False
        knew = self.delivered - set(edits) if chosen == self.value else set()
        self.delivered = knew | {s for s, v in views.items() if self.shows(s, v, chosen)}
        if chosen != self.value:
            self.seen |= drift
        self.seen |= edits
        self.value = chosen
        return True

    def choice(self, candidates: Candidates, edits: dict[str, Value]) -> Value:
        """The value to hold from now on, or the rules themselves to ask a person."""
        could = candidates[:1] if candidates[0][0] is None else candidates
        for _, value in could:
            if all(self.shows(side, view, value) for side, view in edits.items()):
                return value
        if isinstance(self.value, frozenset):
            value = self.value
            for side, view in edits.items():
                value = self.lift(side, value, view)
            return value
        if self.answer is not None and set(self.answer[0]) == set(candidates):
            return self.answer[1]
        for side, value in candidates if self.authority else ():
            if side == self.authority or (side is None and self.authority in self.delivered):
                return value
        return self

    def lift(self, side: str, value: Value, view: Value) -> Value:
        """The side's own change, applied to a value."""
        if isinstance(value, frozenset):
            return (value - (self.seen[side] - view)) | (view - self.seen[side])
        return value if self.tools[side].looks(value) == view else view

    def shows(self, side: str, view: Value, value: Value) -> bool:
        return view in (value, self.tools[side].looks(value))

    def deliver(self, sides: list[str], fates: Fates, person: Person) -> bool:
        """Rule 5; answers whether something moved under our hands."""
        for side in list(sides):
            after = self.tools[side].looks(self.value)
            if self.shows(side, self.seen[side], self.value):
                self.delivered.add(side)
                sides.remove(side)
                continue
            self.number += 1
            self.open[side] = Sent(self.number, self.value, after)
        moved = False
        for side in sides:
            moved |= self.send(side, next(fates[side]), person)
        return moved

    def send(self, side: str, fate: str, person: Person) -> bool:
        sent, tool = self.open[side], self.tools[side]
        if fate == "dies":
            raise Crash
        if fate == "later":
            del self.open[side]
            return False
        if fate == "edited":
            tool.put(person(side), self.now)
        if fate == "lost":
            return False
        if tool.shows != self.seen[side]:
            if fate == "unanswered":
                return False
            del self.open[side]
            self.look(side)
            return True
        tool.put(sent.after, self.now)
        tool.sent.add(sent.number)
        if fate == "dies after":
            raise Crash
        if fate == "edited after":
            tool.put(person(side), self.now)
        if fate != "unanswered":
            del self.open[side]
            self.seen[side] = sent.after
            self.delivered.add(side)
        return False
