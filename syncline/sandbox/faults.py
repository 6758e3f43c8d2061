"""Faults on demand: what goes wrong with the next requests that match.

`times` counts the requests that were struck. A fault that needs something to strike (a listing, a
bulk, a record that an index is to show later) is used up only by a request that has it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

BEFORE = ("drop_before", "status", "rate_limit")
AFTER = ("drop_after_apply", "hang_after_apply", "status_after_apply")
SHAPING = ("truncate_listing", "lag", "partial")
_LIMITS: Mapping[str, tuple[float, float]] = {
    "status": (400, 599),
    "status_after_apply": (400, 599),
    "rate_limit": (0, 86_400),
    "truncate_listing": (0, 100),
    "lag": (0, 86_400),
    "partial": (0, 1_000_000),
}


class BadFault(ValueError):
    """It is no fault that can be asked for; the text says why."""


@dataclass(slots=True)
class Fault:
    """A fault and how often it still strikes; an empty method or path fits all."""

    action: str
    number: float
    method: str
    path: str
    times: int

    def shown(self) -> dict[str, Any]:
        """As it was asked for."""
        number = f":{self.number:g}" if self.action in _LIMITS else ""
        return {
            "method": self.method,
            "path": self.path,
            "action": f"{self.action}{number}",
            "times": self.times,
        }


class Faults:
    """The faults in force."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, asked: Any) -> Fault:
        """Put a fault in force; raises BadFault."""
        if not isinstance(asked, Mapping) or not isinstance(asked.get("action"), str):
            raise BadFault("A fault is an object with an action, and may have method, path, times.")
        if unknown := sorted(set(asked) - {"method", "path", "action", "times"}):
            raise BadFault(f"A fault has no {unknown[0]!r}.")
        action, _, given = asked["action"].partition(":")
        number = _number(action, given)
        times = asked.get("times", 1)
        if isinstance(times, bool) or not isinstance(times, int) or times < 1:
            raise BadFault("times is how many requests are struck: 1 or more.")
        method, path = str(asked.get("method") or "").upper(), str(asked.get("path") or "")
        fault = Fault(action, number, method, path, times)
        self._faults.append(fault)
        return fault

    def take(self, method: str, path: str, *actions: str) -> Fault | None:
        """The first fault in force of one of these actions, used up by one request."""
        for fault in self._faults:
            if (
                fault.action in actions
                and fault.method in ("", method)
                and path.startswith(fault.path)
            ):
                fault.times -= 1
                if not fault.times:
                    self._faults.remove(fault)
                return fault
        return None

    def shown(self) -> list[dict[str, Any]]:
        """What is in force, oldest first."""
        return [fault.shown() for fault in self._faults]

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self._faults.clear()


def _number(action: str, given: str) -> float:
    if action not in (*BEFORE, *AFTER, *SHAPING):
        raise BadFault(
            f"{action!r} is no fault. There are {', '.join((*BEFORE, *AFTER, *SHAPING))}."
        )
    if action not in _LIMITS:
        if given:
            raise BadFault(f"{action} takes no number.")
        return 0
    low, high = _LIMITS[action]
    try:
        number = float(given)
    except ValueError:
        number = math.nan
    if not low <= number <= high:
        raise BadFault(f"{action} needs a number from {low:g} to {high:g}: {action}:{low:g}.")
    return number
