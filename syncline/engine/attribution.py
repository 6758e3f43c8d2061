"""The line that says who wrote a copied comment, in every text format, and how to take it off."""

from __future__ import annotations

import re
from typing import Any

from syncline.schema.text import adf_object, adf_source

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

ADF_LINE = re.compile(r"[^\n]{1,80} wrote in [\w. -]{1,60}:")

UNSAFE = re.compile(r"[^\w .,'@+-]")


def attributed(format: str, name: str, side: str, body: str) -> str:
    """A comment's body under the line that names its author and the tool it was written in.

    The name is reduced to characters that mean nothing in any format and notify nobody.
    """
    safe = UNSAFE.sub(" ", name).replace("@", " at ").strip()[:80] or "Somebody"
    if format == "adf":
        return _above(safe, side, body)
    return FORMATS.get(format, FORMATS["plain"]).format(name=safe, side=side) + body


def stripped(format: str, body: str) -> tuple[str, bool]:
    """A body without that line, and whether it had one."""
    if format == "adf":
        return _below(body)
    found = PATTERNS.get(format, PATTERNS["plain"]).match(body)
    return (body[found.end() :], True) if found else (body, False)


def _above(name: str, side: str, body: str) -> str:
    """The same for ADF, which is JSON: the line is a node before the others."""
    document: dict[str, Any] = adf_object(body) or {"type": "doc", "version": 1, "content": []}
    strong = {"type": "text", "text": name, "marks": [{"type": "strong"}]}
    said = {"type": "text", "text": f" wrote in {side}:"}
    line = {"type": "paragraph", "content": [strong, said]}
    return adf_source({**document, "content": [line, *document.get("content", [])]}) or ""


def _below(body: str) -> tuple[str, bool]:
    try:
        document = adf_object(body)
    except ValueError:
        return body, False
    if not document or not document.get("content"):
        return body, False
    first, *rest = document["content"]
    words = first.get("content") if isinstance(first, dict) else None
    match words:
        case [{"text": str(name), "marks": [{"type": "strong"}]}, {"text": str(said)}]:
            if ADF_LINE.fullmatch(name + said):
                return adf_source({**document, "content": rest}) or "", True
    return body, False
