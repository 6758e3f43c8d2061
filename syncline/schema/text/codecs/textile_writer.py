"""Writing the Textile that Redmine shows as meant.

Textile has no escape character; a character that would start markup is written as an entity, and
only where it would. What Redmine cannot show, such as a bold part of a word, is written plain and
counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from syncline.schema.text.codecs import lower
from syncline.schema.text.codecs.parts import Losses
from syncline.schema.text.codecs.textile_inline_writer import LineWriter, entity, unclosed
from syncline.schema.text.tree import (
    Block,
    Blocks,
    Code,
    Heading,
    Inlines,
    Item,
    List,
    Panel,
    Paragraph,
    Quote,
    Rule,
    Table,
)

_LINE_START = re.compile(
    r"[*#]+(?=[({ ])|(?:h\d|p|bq|bc|fn\d+|table|clear)(?:[^\w\s.]\S*?)?(?=\.)"
    r"|[|>]|(?=(?:(?:\* {0,2}){3,}|(?:- {0,2}){3,}|(?:_ {0,2}){3,})\Z)[*\-_]|\[(?=[^\]]+\]\S)"
)


def render(blocks: Blocks, losses: Losses) -> str:
    return "\n\n".join(_block(block, losses) for block in blocks)


def _block(block: Block, losses: Losses) -> str:
    match block:
        case Paragraph(inlines):
            return _lines(inlines, losses)
        case Heading(level, inlines):
            return f"h{level}. {_lines(inlines, losses)}"
        case List():
            return "\n".join(_items(block, "", losses))
        case Quote(children):
            return _quote(children, losses)
        case Rule():
            return "---"
        case Code(text, language):
            return _code(text, language)
        case Table(rows, header):
            return "\n".join(
                _row(row, header and index == 0, losses) for index, row in enumerate(rows)
            )
        case Panel():
            return _block(lower.panel(block, losses), losses)


def _quote(blocks: Blocks, losses: Losses) -> str:
    """A quote as lines behind `>`; code in it would break out, so it becomes lines."""
    inner: list[Block] = []
    for block in blocks:
        if isinstance(block, Code):
            found = lower.lines((block,), losses, "in a quote")
            inner.append(Paragraph(lower.broken(found)))
        else:
            inner.append(block)
    text = render(tuple(inner), losses)
    return "\n".join(f"> {one}".rstrip() for one in text.split("\n"))


def _code(text: str, language: str) -> str:
    name = f'<code class="{language}">' if language else "<code>"
    return f"<pre>{name}\n{unclosed(text)}\n</code></pre>"


def _row(row: Sequence[Inlines], header: bool, losses: Losses) -> str:
    sign = "_. " if header else " "
    cells = [sign + _lines(cell, losses, in_cell=True) + " " for cell in row]
    return "|" + "|".join(cells) + "|"


def _items(block: List, above: str, losses: Losses) -> Iterator[str]:
    marks = above + ("#" if block.ordered else "*")
    if block.ordered and block.start != 1:
        losses.note("list", "numbered from one")
    for item in block.items:
        inner = list(item.blocks)
        cut = next((i for i, one in enumerate(inner) if isinstance(one, List)), len(inner))
        words = lower.broken(lower.lines(tuple(inner[:cut]), losses, "in a list"))
        if words:
            yield f"{marks} {_lines(words, losses)}"
        for child in _lists(inner[cut:], losses):
            yield from _items(child, marks, losses)


def _lists(blocks: Sequence[Block], losses: Losses) -> Iterator[List]:
    """The lists below an item; what stands after one of them goes on its last item."""
    for block in blocks:
        if isinstance(block, List):
            yield block
        else:
            losses.note("paragraph", "moved to a list item of its own")
            yield List(False, (Item((block,)),))


def _lines(inlines: Inlines, losses: Losses, in_cell: bool = False) -> str:
    """Inlines as lines, none of which could be taken for another block."""
    line = LineWriter(inlines, losses, in_cell)
    return "\n".join(_started(one) for one in line.lines())


def _started(line: str) -> str:
    """The line, its first character encoded if it would make the line another kind of block."""
    found = _LINE_START.match(line)
    if not found:
        return line
    at = found.end() if line[found.start()].isalpha() else found.start()
    return line[:at] + entity(line[at]) + line[at + 1 :]
