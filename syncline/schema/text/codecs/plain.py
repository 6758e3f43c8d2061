"""Plain text: paragraphs divided by empty lines, every character shown as it stands.

Nothing in a plain text is markup, so nothing is escaped. A tool whose plain texts act on `@name`
or on macros is not plain; its connector names the format it really has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from syncline.schema.text.codecs import lower
from syncline.schema.text.codecs.base import Codec, Losses, Segment, normal_blocks
from syncline.schema.text.tree import (
    Block,
    Blocks,
    Break,
    Code,
    Heading,
    Image,
    Inline,
    List,
    Panel,
    Paragraph,
    Quote,
    Rule,
    Table,
    Text,
)

_PARAGRAPH = re.compile(
    r"[^\s].*?(?=[ \t\f\v]*(?:\r\n?|\n)[ \t\f\v]*(?:\r\n?|\n)|\s*\Z)", re.DOTALL
)
_LINE = re.compile(r"\r\n?|\n")


class _Plain(Codec):
    name = "plain"

    def segments(self, source: str) -> list[Segment]:
        found = []
        for match in _PARAGRAPH.finditer(source):
            inlines: list[Inline] = []
            for one in _LINE.split(match[0]):
                inlines += [Break(), Text(one)] if inlines else [Text(one)]
            blocks = normal_blocks([Paragraph(tuple(inlines))])
            found.append(Segment(match.start(), match.end(), blocks))
        return found

    def render(self, blocks: Blocks, losses: Losses) -> str:
        return "\n\n".join("\n".join(_lines(block, losses)) for block in blocks)

    def inert(self, source: str) -> bool:
        return True


def _lines(block: Block, losses: Losses) -> Iterator[str]:
    match block:
        case Paragraph(inlines):
            yield _text(inlines, losses)
        case Heading(_, inlines):
            losses.note("heading", "shown as text")
            yield _text(inlines, losses)
        case List(ordered, items, start):
            losses.note("list", "shown as text")
            for number, item in enumerate(items, start):
                mark = f"{number}. " if ordered else "- "
                yield from _indented(mark, item.blocks, losses)
        case Quote(children):
            losses.note("quote", "shown as text")
            yield from (f"> {one}" for child in children for one in _lines(child, losses))
        case Panel():
            yield from _lines(lower.panel(block, losses), losses)
        case Code(text):
            losses.note("code block", "shown as text")
            yield from (one for one in text.split("\n") if one.strip())
        case Table():
            losses.note("table", "shown as text")
            yield from (lower.plain(row) for row in lower.table_rows(block))
        case Rule():
            losses.note("rule", "shown as dashes")
            yield "-----"


def _indented(mark: str, blocks: Blocks, losses: Losses) -> Iterator[str]:
    lead = mark
    for block in blocks:
        for one in _lines(block, losses):
            yield lead + one.replace("\n", "\n" + " " * len(mark))
            lead = " " * len(mark)


def _text(inlines: tuple[Inline, ...], losses: Losses) -> str:
    for inline in inlines:
        if isinstance(inline, Image):
            losses.note("image", "shown as its address")
        elif isinstance(inline, Text) and inline.href:
            losses.note("link", "shown as its address")
        elif isinstance(inline, Text) and inline.marks:
            losses.note("marked passage", "shown plain")
    return lower.plain(lower.names(inlines, losses))


PLAIN = _Plain()
