"""Texts as Zendesk takes and shows them: the description as plain text, comments as HTML.

Zendesk reads `body` as Markdown and `html_body` as HTML, so what is plain is sent as HTML, where
nothing in it can act. Zendesk shows a ticket's description as the text of that.
"""

from __future__ import annotations

import re
from html import escape

from connectors.zendesk.client import Row

_WRAPPER = re.compile(r'\A\s*<div class="zd-comment"[^>]*>(?P<body>.*)</div>\s*\Z', re.DOTALL)
_DIRECTION = re.compile(r'(<[a-z0-9]+)((?:\s+[a-z-]+="[^"]*")*?)\s+dir="auto"', re.IGNORECASE)
_PARAGRAPHS = re.compile(r"\n[ \t]*\n\s*")
# HTML shows one space where several stand, and none at a line's beginning.
_KEPT_SPACE = re.compile(r"(?m)^ | (?= )")
_NO_BREAK = "\u00a0"


def plain(text: object) -> str:
    """A description as Zendesk tells it, with one kind of line end and of space."""
    return str(text or "").replace("\r\n", "\n").replace(_NO_BREAK, " ")


def as_html(text: str) -> str:
    """Plain text as HTML that shows every character of it."""
    parts = _PARAGRAPHS.split(text.replace("\r\n", "\n").strip("\n"))
    return "\n".join(f"<p>{_lines(part)}</p>" for part in parts)


def html_of(row: Row) -> str:
    """A comment as HTML, as it was written: without the element that Zendesk puts around it."""
    html = str(row.get("html_body") or "").replace("\r\n", "\n")
    if not html:
        text = str(row.get("plain_body") or row.get("body") or "")
        return as_html(text) if text.strip() else ""
    wrapped = _WRAPPER.match(html)
    return _DIRECTION.sub(r"\1\2", wrapped["body"] if wrapped else html).strip()


def _lines(part: str) -> str:
    kept = _KEPT_SPACE.sub(_NO_BREAK, part)
    return "<br>".join(escape(line, quote=False) for line in kept.split("\n"))
