"""What changed in a list that says of no row when it changed.

Annotations say nothing of when they changed. Profiles have "Updated at", which an edit in
Mixpanel's own pages does not move (docs.mixpanel.com, "User Profiles"). So each pass reads the
whole list and tells the rows that do not look as they did. The cursor holds six bytes of a digest
for each row that was there.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Iterable
from hashlib import blake2b
from typing import Final

import orjson

from syncline.sdk.connector import Record

BYTES: Final = 6
LENGTH: Final = 8  # of six bytes in base 64


def digest(record: Record) -> str:
    """The record as it looks, in eight characters."""
    shown = orjson.dumps([record.id, record.fields], option=orjson.OPT_SORT_KEYS)
    return urlsafe_b64encode(blake2b(shown, digest_size=BYTES).digest()).decode()


def cursor(digests: Iterable[str]) -> str:
    """What was seen, as a cursor; the same for the same records."""
    return "seen:" + "".join(sorted(set(digests)))


def seen(cursor: str | None) -> frozenset[str]:
    """What a cursor says was seen."""
    text = (cursor or "").removeprefix("seen:")
    return frozenset(text[at : at + LENGTH] for at in range(0, len(text), LENGTH))
