"""Writing the wiki markup that its renderer shows as meant.

What the format has no place for (a quote in a quote, code in a list) is put into simpler words and
counted. A line that would begin another kind of block has its first sign escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from syncline.schema.text.codecs import lower
from syncline.schema.text.codecs.parts import Losses
from syncline.schema.text.codecs.wiki_inline_writer import entity, line
from syncline.schema.text.codecs.wiki_reader import PANELS
from syncline.schema.text.normal import GUARD
from syncline.schema.text.tree import (
    Block,
    Blocks,
    Break,
    Code,
    Heading,
    Inline,
    Inlines,
    Item,
    List,
    Panel,
    Paragraph,
    Quote,
    Rule,
    Table,
)

LANGUAGES = frozenset({
    "actionscript", "ada", "applescript", "bash", "c", "c#", "c++", "cpp", "css", "erlang", "go",
    "groovy", "haskell", "html", "java", "javascript", "js", "json", "lua", "objc", "perl", "php",
    "python", "r", "ruby", "scala", "sh", "sql", "swift", "visualbasic", "xml", "yaml",
})  # fmt: skip
"""Those that the renderer colours; of any other it says instead that it has none such."""

_ENDS_CODE = re.compile(r"\{(?=(?:code|noformat|quote|panel)\b)")
_LINE_START = re.compile(
    r"(?P<word>[ \t]*(?:h[1-6]|bq))(?=\.)|(?P<sign>[*\-#]+(?=\s)|\||-{4,}(?=\s*\Z))"
)


def render(blocks: Blocks, losses: Losses, within: frozenset[str] = frozenset()) -> str:
    """The blocks as text; `within` names the boxes around them, since none holds its like."""
    return "\n\n".join(
        text for block in blocks if (text := _block(block, losses, within)) is not None
    )


def _block(block: Block, losses: Losses, within: frozenset[str]) -> str:
    match block:
        case Paragraph(inlines):
            return _text(inlines, losses)
        case Heading(level, inlines):
            return f"h{level}. {line(lower.names(inlines, losses), losses)}"
        case List():
            return "\n".join(item_lines(block, losses))
        case Rule():
            return "----"
        case Code(text, language):
            return _code(text, language, losses)
        case Table(rows, header):
            return "\n".join(
                _row(row, "||" if header and not index else "|", losses)
                for index, row in enumerate(rows)
            )
        case Quote(children):
            return _boxed("quote", "", children, losses, within)
        case Panel(kind, children) if kind in PANELS:
            return _boxed("panel", f":bgColor={PANELS[kind]}", children, losses, within)
        case Panel():
            return _block(lower.panel(block, losses), losses, within)


def _boxed(kind: str, said: str, children: Blocks, losses: Losses, within: frozenset[str]) -> str:
    if kind in within:
        losses.note(kind, f"in a {kind} shown without its own")
        return render(children, losses, within)
    inner = render(children, losses, within | {kind})
    return f"{{{kind}{said}}}\n{inner}\n{{{kind}}}"


def _code(text: str, language: str, losses: Losses) -> str:
    body = _ENDS_CODE.sub("{" + GUARD, text)
    if not language:
        return f"{{noformat}}\n{body}\n{{noformat}}"
    if language not in LANGUAGES:
        losses.note("code block", "shown without its language")
        return f"{{noformat}}\n{body}\n{{noformat}}"
    return f"{{code:{language}}}\n{body}\n{{code}}"


def _row(row: Sequence[Inlines], bar: str, losses: Losses) -> str:
    return bar + bar.join(_cell(cell, losses) for cell in row) + bar


def _cell(cell: Inlines, losses: Losses) -> str:
    lines = [line(part, losses, in_cell=True) for part in _split(lower.names(cell, losses))]
    return " \\\\ ".join(_started(one) for one in lines) or " "


def item_lines(block: List, losses: Losses, above: str = "", bullet: str = "*") -> Iterator[str]:
    """The lines of a list below the marker `above`."""
    marks = above + ("#" if block.ordered else bullet)
    if block.ordered and block.start != 1:
        losses.note("list", "numbered from one")
    for item in block.items:
        inner = list(item.blocks)
        cut = next((i for i, one in enumerate(inner) if isinstance(one, List)), len(inner))
        words = lower.broken(lower.lines(tuple(inner[:cut]), losses, "in a list"))
        if words:
            yield f"{marks} {_text(words, losses)}"
        else:
            losses.note("list item", "without words of its own joined to what is above it")
        yield from _below(_lists(inner[cut:], losses), marks, losses)


def _below(lists: Iterator[List], marks: str, losses: Losses) -> Iterator[str]:
    """Lists under one item; two lists of bullets in a row have two kinds of bullet."""
    bullet, last = "*", None
    for block in lists:
        if last is not None and last.ordered and block.ordered:
            losses.note("list", "joined to the one above it")
        together = last is not None and not (last.ordered or block.ordered)
        bullet = "-" if together and bullet == "*" else "*"
        yield from item_lines(block, losses, marks, bullet)
        last = block


def _lists(blocks: Sequence[Block], losses: Losses) -> Iterator[List]:
    """The lists below an item; what stands after one of them goes on an item of its own."""
    for block in blocks:
        if isinstance(block, List):
            yield block
        else:
            losses.note("paragraph", "moved to a list item of its own")
            yield List(False, (Item((block,)),))


def _text(inlines: Inlines, losses: Losses) -> str:
    """Inlines as lines, none of which could be taken for another block."""
    found = (line(part, losses) for part in _split(lower.names(inlines, losses)))
    return "\n".join(_started(one) for one in found)


def _split(content: Inlines) -> Iterator[Inlines]:
    part: list[Inline] = []
    for inline in content:
        if isinstance(inline, Break):
            yield tuple(part)
            part = []
        else:
            part.append(inline)
    yield tuple(part)


def _started(text: str) -> str:
    """The line, the sign escaped that would make it the start of another kind of block."""
    found = _LINE_START.match(text)
    if not found:
        return text
    if found["word"]:
        return found["word"] + entity(".") + text[found.end() + 1 :]
    return "\\" + text
