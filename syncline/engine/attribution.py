"""The line that says who wrote a copied comment, in every text format, and how to take it off."""

from __future__ import annotations

import re

FORMATS = {
    "html": "<p><strong>{name}</strong> wrote in {side}:</p>\n",
    "markdown": "**{name}** wrote in {side}:\n\n",
    "textile": "*{name}* wrote in {side}:\n\n",
    "plain": "{name} wrote in {side}:\n\n",
}

PATTERNS = {
    "html": re.compile(r"\A<p><strong>[^<]{1,80}</strong> wrote in [\w. -]{1,60}:</p>\s*"),
    "markdown": re.compile(r"\A\*\*[^*\n]{1,80}\*\* wrote in [\w. -]{1,60}:\s*\n\s*"),
    "textile": re.compile(r"\A\*[^*\n]{1,80}\* wrote in [\w. -]{1,60}:\s*\n\s*"),
    "plain": re.compile(r"\A[^\n]{1,80} wrote in [\w. -]{1,60}:\s*\n\s*"),
}

UNSAFE = re.compile(r"[^\w .,'@+-]")


def attributed(format: str, name: str, side: str, body: str) -> str:
    """A comment's body under the line that names its author and the tool it was written in.

    The name is reduced to characters that mean nothing in any format and notify nobody.
    """
    safe = UNSAFE.sub(" ", name).replace("@", " at ").strip()[:80] or "Somebody"
    return FORMATS.get(format, FORMATS["plain"]).format(name=safe, side=side) + body


def stripped(format: str, body: str) -> tuple[str, bool]:
    """A body without that line, and whether it had one."""
    found = PATTERNS.get(format, PATTERNS["plain"]).match(body)
    return (body[found.end() :], True) if found else (body, False)
