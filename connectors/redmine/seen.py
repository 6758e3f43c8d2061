"""Where the reading of versions goes on: what they looked like when they were read last.

Their list is read whole, so that nothing shows itself late. Six bytes of a digest stand for each
version; one that looks otherwise is told, also where two changes share a second.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

from syncline.sdk.connector import Record

BYTES, LENGTH = 6, 8  # eight characters are six bytes in base 64


def digest(record: Record) -> str:
    """The record as it looks, in eight characters."""
    shown = json.dumps([record.id, record.marker, record.fields], sort_keys=True)
    return urlsafe_b64encode(blake2b(shown.encode(), digest_size=BYTES).digest()).decode()


@dataclass(frozen=True, slots=True)
class Seen:
    """`projects` gives the ids of the scope's identifiers; `strict`: a bad key is refused here."""

    projects: Mapping[str, int]
    strict: bool
    digests: frozenset[str] = frozenset()

    def after(self, digests: Iterable[str]) -> Seen:
        """After a pass that saw these."""
        return replace(self, digests=frozenset(digests))

    def text(self) -> str:
        """As a cursor; the same for the same versions."""
        told = {"projects": dict(self.projects), "strict": self.strict}
        return json.dumps(told | {"seen": "".join(sorted(self.digests))}, separators=(",", ":"))

    @classmethod
    def parse(cls, cursor: str | None, scope: Sequence[str]) -> Seen | None:
        """None without a cursor, or where it was made for other projects."""
        if cursor is None:
            return None
        told = json.loads(cursor)
        if list(told["projects"]) != list(scope):
            return None
        seen = told["seen"]
        marks = (seen[at : at + LENGTH] for at in range(0, len(seen), LENGTH))
        return cls(told["projects"], told["strict"], frozenset(marks))
