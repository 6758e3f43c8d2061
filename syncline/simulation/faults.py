"""What goes wrong with a tool, planned beforehand, and the log of what was asked of it.

A fault strikes the next `times` calls of its method, then it is used up. Actions:

    drop_before         the call is lost; nothing was applied, and the caller cannot know
    drop_after_apply    the call was applied and its answer is lost
    retry               the tool answers "not now"; nothing was applied
    reject              the tool refuses every item
    partial:K           the first K items are applied and answered, the others answered "not now"
    torn:K              the first K items are applied, then the answer is lost
    listing_loses:P     a listing (`changes`, `census`) leaves out P per cent of the records
    down                the tool cannot be reached; nothing was sent
    a function          is called with the `Call`: a person who edits just then, or a crash
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

NAMES = {"drop_before", "drop_after_apply", "retry", "reject", "down"}
NUMBERED = {"partial", "torn", "listing_loses"}


@dataclass(slots=True)
class Call:
    """One request to the tool: what for, about which records, and how many items it applied."""

    kind: str
    ids: tuple[str, ...]
    mutating: bool
    applied: int = 0
    fault: str | None = None


Action = str | Callable[[Call], object]


@dataclass(slots=True)
class Fault:
    """One planned trouble. `method` "*" means any. `when` matters for a function only."""

    method: str
    action: Action
    times: int
    when: Literal["before", "after"]

    @property
    def name(self) -> str:
        return self.action.partition(":")[0] if isinstance(self.action, str) else "function"

    @property
    def number(self) -> int:
        assert isinstance(self.action, str)
        return int(self.action.partition(":")[2])


@dataclass(slots=True)
class Faults:
    """The plan: `add` to it, `clear` it; the tool takes from it call by call."""

    planned: list[Fault] = field(default_factory=list)
    struck: list[tuple[str, str]] = field(default_factory=list)

    def add(
        self,
        method: str,
        action: Action,
        times: int = 1,
        when: Literal["before", "after"] = "before",
    ) -> None:
        """Plan a fault for the next `times` calls of `method` that no earlier fault strikes."""
        if isinstance(action, str):
            name, _, number = action.partition(":")
            known = number.isdecimal() if name in NUMBERED else name in NAMES and not number
            if not known:
                raise ValueError(f"no fault is called {action!r}")
        self.planned.append(Fault(method, action, times, when))

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self.planned.clear()

    def take(self, kind: str, when: Literal["before", "after"] = "before") -> Fault | None:
        """The fault that strikes this call, counted down; or None."""
        for fault in self.planned:
            if fault.when == when and fault.method in (kind, "*"):
                fault.times -= 1
                if fault.times <= 0:
                    self.planned.remove(fault)
                self.struck.append((kind, fault.name))
                return fault
        return None


@dataclass(slots=True)
class CallLog:
    """Every request in order."""

    calls: list[Call] = field(default_factory=list)

    def begin(self, kind: str, ids: Sequence[str], mutating: bool) -> Call:
        call = Call(kind, tuple(ids), mutating)
        self.calls.append(call)
        return call

    def count(self, kind: str | None = None, *, mutating: bool | None = None) -> int:
        """How many requests were made, of one kind or all, reading or writing or both."""
        return sum(
            kind in (None, call.kind) and mutating in (None, call.mutating) for call in self.calls
        )

    def clear(self) -> None:
        """Start counting anew."""
        self.calls.clear()
