"""Messages: which MIME part is the body, and the body in the connection's one text format."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from connectors.request_tracker.client import Row
from syncline.schema.text.codecs import TooLarge, codec

MIME = {"html": "text/html", "plain": "text/plain"}

# What every search for messages asks of parts: text, and not a file (RT leaves its name NULL).
IS_TEXT = {"field": "ContentType", "operator": "STARTSWITH", "value": "text/"}
NO_FILE = {"field": "Filename", "operator": "IS", "value": "NULL"}
IS_FILE = {"field": "Filename", "operator": "IS NOT", "value": "NULL"}
BODY_FIELDS = "TransactionId,ContentType,Content"


def body_of(parts: Sequence[Row], wanted: str) -> str:
    """The message that these parts of one transaction make: the first of the wanted format.

    A mail often brings both formats; one that has only the other is converted. No part is "".
    """
    by_type: dict[str, str] = {}
    for part in parts:
        by_type.setdefault(part["ContentType"].lower(), str(part.get("Content") or ""))
    if (own := by_type.get(MIME[wanted])) is not None:
        return _one_line_end(own)
    other = "plain" if wanted == "html" else "html"
    return _converted(_one_line_end(by_type.get(MIME[other], "")), other)


def _converted(text: str, source: str) -> str:
    if source == "plain":
        paragraphs = (part for part in text.split("\n\n") if part.strip())
        return "\n".join(f"<p>{_lines(part)}</p>" for part in paragraphs)
    try:
        return codec("plain").write(codec("html").read(text)).text
    except TooLarge:
        return text


def _lines(paragraph: str) -> str:
    return "<br>".join(escape(line, quote=False) for line in paragraph.strip("\n").split("\n"))


def _one_line_end(text: str) -> str:
    return text.replace("\r\n", "\n")
