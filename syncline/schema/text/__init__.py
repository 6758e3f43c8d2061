"""Rich text: what the engine stores of a text field, and how each tool's format shows it.

A value is lazy: `{"format": "markdown", "source": "..."}`, the text as the tool that changed it
last keeps it; an empty text is None. It is parsed only where two values differ as strings, so
unchanged records cost a dict compare. Where a value must hold what no single tool can, its format
is "tree".

    value     the shared value of a rich text field, in any format
    side      a tool's field: a format, and the text it shows (`seen` before, `view` now)
    Overlap   what `lift_text` returns when a side changed a block that changed elsewhere too

Every function raises ValueError for a format it does not know, TooLarge (a ValueError) for a text
beyond 262,144 characters, and ValueError for a source that is none of its format ("adf", "tree").
"""

from __future__ import annotations

import enum
from functools import lru_cache
from typing import TypedDict

from syncline.schema.text import merge
from syncline.schema.text.codecs import CODECS, TooLarge, Written, codec
from syncline.schema.text.codecs.adf_json import adf_object, adf_source
from syncline.schema.text.codecs.parts import Losses
from syncline.schema.text.codecs.plain import PLAIN
from syncline.schema.text.diff import hunks
from syncline.schema.text.normal import normal
from syncline.schema.text.tree import EMPTY, Document

FORMATS = tuple(CODECS)


class Value(TypedDict):
    """A rich text value as it is stored: JSON, and equal as a dict when nothing changed."""

    format: str
    source: str


class _Overlap(enum.Enum):
    OVERLAP = "both changed the same part of the text"

    def __repr__(self) -> str:
        return "Overlap"


Overlap = _Overlap.OVERLAP
"""The one value of its type: compare with `is`. It is a value and no exception, because a
conflict is an ordinary outcome that the engine's rules decide."""


@lru_cache(maxsize=2048)
def _read(format: str, source: str) -> Document:
    return codec(format).read(source) if source else EMPTY


@lru_cache(maxsize=2048)
def _shown(format: str, value_format: str, source: str) -> Document:
    return codec(format).show(_read(value_format, source))


def parse(value: Value | None) -> Document:
    """The value's document in normal form; None is the empty document."""
    return _read(value["format"], value["source"]) if value else EMPTY


def same(a: Value | None, b: Value | None) -> bool:
    """Whether two values mean the same; a blank text means what None means."""
    return a == b or parse(a) == parse(b)


def shown(format: str, value: Value | None) -> Document:
    """What a side with that format shows of the value."""
    if not value:
        codec(format)
        return EMPTY
    if value["format"] == format:
        return parse(value)
    return _shown(format, value["format"], value["source"])


def same_shown(format: str, value: Value | None, view: str | None) -> bool:
    """Whether a side that shows the text `view` shows the value."""
    if value and value["format"] == format and value["source"] == view:
        return True
    return shown(format, value) == _read(format, view or "")


def grown(before: Value | None, written: Value | None, view: Value | None) -> bool:
    """Whether a view is what was written over `before` with blocks put beside it, also where those
    that were written had been put; not where one comes back that was left out."""
    old, new, now = parse(before).blocks, parse(written).blocks, parse(view).blocks
    gone = [block for block in old if block not in new]
    return all(
        one.start == one.end
        and not any(block in gone for block in now[one.new_start : one.new_end])
        for one in hunks(new, now)
    )


@lru_cache(maxsize=2048)
def check(format: str, source: str) -> None:
    """ValueError, saying why, if a side with that format shows a text that cannot be read."""
    codec(format).check(source)


def compose(document: Document, format: str) -> Value | None:
    """The document as a value in that format if it loses nothing there, else in "tree"."""
    return _composed(normal(document), format, None)


def _composed(document: Document, format: str, original: str | None) -> Value | None:
    one = codec(format)
    if not document.blocks:
        return None
    written = one.rewrite(original, document) if original else one.write(document)
    if one.read(written.text) != document:
        format, written = "tree", codec("tree").write(document)
    return {"format": format, "source": written.text}


def write(format: str, value: Value | None, original: str | None) -> Written:
    """The text to send to a side with that format, changing its present text as little as can be.

    Without an original, a value that is in the format already goes as it stands, if nothing in it
    would act on arrival (a script, a macro, a name that notifies); else it is written anew,
    escaped.
    """
    one = codec(format)
    if original:
        return one.rewrite(original, parse(value))
    if not value:
        return Written("")
    if value["format"] == format and one.inert(value["source"]):
        return Written(value["source"])
    return one.write(parse(value))


def lift_text(
    format: str, value: Value | None, seen: str | None, view: str | None
) -> Value | None | _Overlap:
    """The value with the change `seen` -> `view` made by a side with that format, or `Overlap`.

    What the side cannot show is kept in the blocks it did not change. A text emptied by the side is
    None.
    """
    one = codec(format)
    after = _read(format, view or "")
    fresh: Value = {"format": format, "source": view or ""}
    if (value is None and not seen) or (
        value and value["format"] == format and value["source"] == seen
    ):
        return fresh if after.blocks else None
    shared = parse(value)
    lifted = merge.lift(shared, _read(format, seen or ""), after, one.show_block)
    if lifted is None:
        return Overlap
    if lifted == shared:
        return value
    if lifted == after or not value:
        return fresh if after.blocks else None
    return _composed(lifted, value["format"], value["source"])


def plain_text(value: Value | None) -> str:
    """The value's words, for messages and cards: no markup, paragraphs divided by empty lines."""
    return PLAIN.render(parse(value).blocks, Losses())


__all__ = [
    "FORMATS",
    "Overlap",
    "TooLarge",
    "Value",
    "Written",
    "adf_object",
    "adf_source",
    "check",
    "compose",
    "grown",
    "lift_text",
    "parse",
    "plain_text",
    "same",
    "same_shown",
    "shown",
    "write",
]
