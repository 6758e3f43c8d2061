"""The faults a proxy can be asked for, and which of them a request meets.

A fault matches by method and path, lets `skip` matching requests through, then strikes `times`
times (for ever when `times` is null). With `rate` each request it would strike is spared with
probability `1 - rate`, by the proxy's seeded dice. The first fault in the order of asking that
strikes decides.
"""

from __future__ import annotations

import json
import math
import random
import re
from dataclasses import asdict, dataclass
from typing import Any

PLAIN = ("drop_before", "drop_after_apply", "hang_after_apply")
VALUED = ("delay", "status", "truncate_listing")
KEYS = frozenset({"method", "path", "action", "times", "skip", "rate"})


class BadFault(Exception):
    """A fault that cannot be understood; nothing was set."""


@dataclass
class Fault:
    """One asked-for fault; `times` and `skip` count down as requests meet it."""

    action: str
    method: str = "*"
    path: str = "/"
    times: int | None = 1
    skip: int = 0
    rate: float = 1.0
    struck: int = 0

    @property
    def name(self) -> str:
        """The action without its value."""
        return self.action.partition(":")[0]

    @property
    def value(self) -> float:
        """The number behind the colon."""
        return float(self.action.partition(":")[2])

    def matches(self, method: str, target: str) -> bool:
        """True for this method (`*`: all) and a path that begins so, or fits a `^` pattern."""
        if self.method not in ("*", method):
            return False
        if self.path.startswith("^"):
            return re.search(self.path, target) is not None
        return target.startswith(self.path)

    def strikes(self, dice: random.Random) -> bool:
        """Count one matching request and say whether it is hit."""
        if self.times == 0:
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.rate < 1.0 and dice.random() >= self.rate:
            return False
        self.struck += 1
        if self.times is not None:
            self.times -= 1
        return True

    def shown(self) -> dict[str, Any]:
        """The fault as JSON."""
        return asdict(self)


def parse(data: Any) -> Fault:
    """The fault in a JSON object; raises BadFault with the reason."""
    if not isinstance(data, dict) or not isinstance(data.get("action"), str):
        raise BadFault("a fault is an object with an `action`")
    if unknown := set(data) - KEYS:
        raise BadFault(f"unknown keys: {', '.join(sorted(unknown))}")
    fault = Fault(**data)
    if not isinstance(fault.path, str) or not isinstance(fault.method, str):
        raise BadFault("`path` and `method` are texts")
    if fault.times is not None and not _count(fault.times):
        raise BadFault("`times` is a whole number, or null for every time")
    if not _count(fault.skip):
        raise BadFault("`skip` is a whole number")
    if not isinstance(fault.rate, int | float) or not 0 < fault.rate <= 1:
        raise BadFault("`rate` is above 0 and at most 1")
    fault.method = fault.method.upper()
    _check_action(fault)
    try:
        re.compile(fault.path)
    except re.error as error:
        if fault.path.startswith("^"):
            raise BadFault(f"`path`: {error}") from None
    return fault


def truncated(body: bytes, percent: float) -> bytes:
    """A JSON listing without the last `percent` of all its items, on whichever page they are.

    The counts say what is left, so that the listing looks whole. Request Tracker's listings
    (`items`, `count`, `total`, `pages`, `next_page`) and Redmine's (a list beside
    `total_count`) are known; anything else comes back unchanged.
    """
    try:
        data = json.loads(body)
    except ValueError:
        return body
    if not isinstance(data, dict):
        return body
    if isinstance(data.get("items"), list) and "per_page" in data:
        _truncate_items(data, percent)
    elif isinstance(data.get("total_count"), int):
        _truncate_total_count(data, percent)
    else:
        return body
    return json.dumps(data, ensure_ascii=False).encode()


def _truncate_items(data: dict[str, Any], percent: float) -> None:
    items, size, page = data["items"], int(data["per_page"]), int(data["page"])
    # A user who may not see everything gets no total; then each page is cut by itself.
    total = data.get("total")
    if total is None:
        data["items"] = items[: _kept(len(items), percent)]
        data["count"] = len(data["items"])
        return
    left = _kept(int(total), percent)
    data["items"] = items[: max(0, left - (page - 1) * size)]
    data["count"] = len(data["items"])
    data["total"] = left
    data["pages"] = math.ceil(left / size)
    if page >= data["pages"]:
        data.pop("next_page", None)


def _truncate_total_count(data: dict[str, Any], percent: float) -> None:
    left = _kept(data["total_count"], percent)
    room = max(0, left - int(data.get("offset", 0)))
    for key, value in data.items():
        if isinstance(value, list):
            data[key] = value[:room]
    data["total_count"] = left


def _kept(total: int, percent: float) -> int:
    return total - math.ceil(total * percent / 100)


def _count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _check_action(fault: Fault) -> None:
    if fault.action in PLAIN:
        return
    known = ", ".join([*PLAIN, *(f"{name}:NUMBER" for name in VALUED)])
    if fault.name not in VALUED:
        raise BadFault(f"unknown action {fault.action!r}; known are {known}")
    try:
        value = fault.value
    except ValueError:
        raise BadFault(f"{fault.action!r} has no number") from None
    top = {"delay": 3600.0, "status": 599.0, "truncate_listing": 100.0}[fault.name]
    low = 200.0 if fault.name == "status" else 0.0
    if not low <= value <= top:
        raise BadFault(f"{fault.action!r}: the number must be from {low:g} to {top:g}")
