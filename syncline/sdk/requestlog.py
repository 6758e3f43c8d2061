"""What a connection asked of its tool: counts for reports, and the last requests for people."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass

# Words of an API's own paths; whatever else stands in a segment may be an id, a key or a name.
_WORD = re.compile(r"[A-Za-z][A-Za-z_.-]{0,39}")


@dataclass(frozen=True, slots=True)
class RequestEntry:
    """One request: no query, no ids, no body. `status` is None where no answer came."""

    method: str
    template: str
    status: int | None
    seconds: float
    mutating: bool
    items: int


class RequestLog:
    """Counts requests by kind (`read`, `write`), re-sent ones too, and keeps the last `keep`.

    A request whose connection could not be opened never reached the tool: kept, not counted.
    """

    def __init__(self, keep: int = 200) -> None:
        self.counts = {"read": 0, "write": 0}
        self.recent: deque[RequestEntry] = deque(maxlen=keep)

    def add(self, entry: RequestEntry, *, sent: bool) -> None:
        """Note a request that has ended."""
        if sent:
            self.counts["write" if entry.mutating else "read"] += 1
        self.recent.append(entry)


def path_template(path: str) -> str:
    """The path with every segment that may name a record as `{}`, and without its query."""
    segments = path.partition("?")[0].split("/")
    return "/".join(s if not s or _WORD.fullmatch(s) else "{}" for s in segments)
