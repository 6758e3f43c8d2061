"""Bodies that requests are made of."""

from __future__ import annotations

from typing import Any


def adf(*paragraphs: str) -> dict[str, Any]:
    """A document of plain paragraphs."""
    return {
        "type": "doc",
        "version": 1,
        "content": [
            {"type": "paragraph", "content": [{"type": "text", "text": text}]}
            for text in paragraphs
        ],
    }


def off_screen(field: str) -> str:
    """What Jira says of a field that is on no screen."""
    return f"Field '{field}' cannot be set. It is not on the appropriate screen, or unknown."
