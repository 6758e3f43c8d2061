"""What a fake was asked: one entry for each request to the vendor's API, kept in memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(slots=True)
class Entry:
    """One request. `status` 0: no answer left the tool; whether it was done, `applied` tells."""

    seq: int
    at: datetime
    method: str
    path: str
    mutating: bool = False
    status: int = 0
    applied: list[str] = field(default_factory=list)
    items: int = 0

    def apply(self, ids: Iterable[str]) -> None:
        """These records were changed by it; each is named once."""
        self.applied += [id for id in dict.fromkeys(ids) if id not in self.applied]

    def shown(self) -> dict[str, Any]:
        """As `GET /_sandbox/requests` tells it."""
        return {
            "seq": self.seq,
            "at": self.at.isoformat(),
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "mutating": self.mutating,
            "applied": list(self.applied),
            "items": self.items,
        }


class Journal:
    """The requests so far."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._seq = 0

    def begin(self, at: datetime, method: str, path: str) -> Entry:
        """Note a request as it comes in."""
        self._seq += 1
        entry = Entry(self._seq, at, method, path)
        self._entries.append(entry)
        return entry

    def shown(self) -> list[dict[str, Any]]:
        """All entries, oldest first."""
        return [entry.shown() for entry in self._entries]

    def clear(self) -> None:
        """Forget the entries; numbers go on."""
        self._entries.clear()
