"""The key of an annotation's create: Mixpanel keeps no external id, so it stands in the text."""

from __future__ import annotations

import re

_TAG = re.compile(r"\s*\[syncline:([^\[\]\r\n]+)\]\s*\Z")


def tagged(text: str, key: str) -> str:
    """The text with the key at its end."""
    return f"{text} [syncline:{key}]".lstrip()


def untagged(text: str) -> tuple[str, str | None]:
    """The text without the key, and the key if there is one."""
    found = _TAG.search(text)
    return (text[: found.start()], found[1]) if found else (text, None)
