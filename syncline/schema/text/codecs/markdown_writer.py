"""Writing Markdown that every CommonMark reader takes for what was meant.

Two things make that hard. Text may hold any character, so what could start markup is escaped. And
a closing `**` between a full stop and a letter does not close; where a delimiter's neighbours
would rob it of its power, the neighbouring letter is written as a character reference, which is
punctuation to the parser and a letter to the reader.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from syncline.schema.text.codecs import lower
from syncline.schema.text.codecs.parts import Losses
from syncline.schema.text.normal import GUARD, safe_address
from syncline.schema.text.tree import (
    CODE,
    EMPHASIS,
    STRIKE,
    STRONG,
    Block,
    Blocks,
    Break,
    Code,
    Heading,
    Image,
    Inline,
    Inlines,
    Item,
    List,
    Panel,
    Paragraph,
    Quote,
    Rule,
    Table,
    Text,
)

_DELIMITERS = {STRONG: "**", EMPHASIS: "_", STRIKE: "~~"}
_SPECIAL = re.compile(r"[\\`*\[\]~]|(?<![^\W_])_|_(?![^\W_])|<(?=[A-Za-z/!?])|&(?=[#A-Za-z])")
_MENTION = re.compile(r"(?<![\w/])@(?=\w)|\{(?=\{)")
_ADDRESS = re.compile(r"https?://[^\s<>\\`]+", re.IGNORECASE)
_PLAIN_ADDRESS = re.compile(r"[\w:/.?=#%+,;@\-]+", re.ASCII)
_LINE_START = re.compile(r"(?:[#>+\-=]|\d{1,9}[.)])")
_NUMBER = re.compile(r"\d{1,9}(?=[.)])")
_TASK = re.compile(r"\\\[([ xX])\\\](?= )")
_TICKS = re.compile(r"`+")


def render(blocks: Blocks, losses: Losses, marker: str = "") -> str:
    """Blocks as Markdown; `marker` is the list marker to use for a list that comes first."""
    out: list[str] = []
    for _, text in _written(blocks, losses, marker):
        out += ["\n\n", text] if out else [text]
    return "".join(out)


def _written(blocks: Blocks, losses: Losses, marker: str) -> Iterator[tuple[Block, str]]:
    """Each block's text; two lists in a row take different markers, or they would be one."""
    before: Block | None = None
    for block in blocks:
        if isinstance(block, List):
            alike = isinstance(before, List) and before.ordered == block.ordered
            if alike:
                marker = {"-": "*", ".": ")"}.get(marker, "." if block.ordered else "-")
            elif before is not None or not marker:
                marker = "." if block.ordered else "-"
            yield block, _list(block, losses, marker)
        else:
            yield block, _block(block, losses)
        before = block


def _block(block: Block, losses: Losses) -> str:
    match block:
        case Paragraph(inlines):
            return _lines(inlines, losses)
        case Heading(level, inlines):
            title = _lines(inlines, losses)
            return "#" * level + " " + (title[:-1] + r"\#" if title.endswith("#") else title)
        case Quote(children):
            return _prefixed("> ", render(children, losses))
        case Rule():
            return "___"
        case Code(text, language):
            fence = "`" * max(3, 1 + max((len(t) for t in _TICKS.findall(text)), default=0))
            return f"{fence}{language}\n{text}\n{fence}"
        case Table():
            return _table(block, losses)
        case Panel():
            return _block(lower.panel(block, losses), losses)
        case List():
            return _list(block, losses, "." if block.ordered else "-")


def _prefixed(prefix: str, text: str) -> str:
    return "\n".join((prefix + one).rstrip() for one in text.split("\n"))


def _list(block: List, losses: Losses, marker: str) -> str:
    loose = any(not _tight(item) for item in block.items)
    out = []
    for number, item in enumerate(block.items, block.start):
        lead = f"{min(number, 999_999_999)}{marker} " if block.ordered else f"{marker} "
        body = _item(item, losses)
        indented = "\n".join(" " * len(lead) + one if one else "" for one in body.split("\n"))
        out.append(lead + indented[len(lead) :])
    return ("\n\n" if loose else "\n").join(out)


def _tight(item: Item) -> bool:
    """Whether the item is a line with at most a list under it."""
    match item.blocks:
        case (Paragraph(),):
            return True
        case (Paragraph(), List(ordered, _, start)):
            return not ordered or start == 1
    return False


def _item(item: Item, losses: Losses) -> str:
    text = render(item.blocks, losses)
    if _tight(item):
        text = text.replace("\n\n", "\n", 1) if len(item.blocks) == 2 else text
    return _TASK.sub(r"[\1]", text, count=1) if _TASK.match(text) else text


def _table(block: Table, losses: Losses) -> str:
    rows = block.rows
    if not block.header:
        losses.note("table", "given an empty header")
        rows = (((),) * len(rows[0]), *rows)
    cells = [[_cell(cell, losses) for cell in row] for row in rows]
    lines = ["| " + " | ".join(row) + " |" for row in cells]
    lines.insert(1, "|" + " --- |" * len(rows[0]))
    return "\n".join(lines)


def _cell(cell: Inlines, losses: Losses) -> str:
    text = _Line(cell, losses).text().replace("\\\n", "<br>")
    return text.replace("|", r"\|")


def _lines(inlines: Inlines, losses: Losses) -> str:
    """Inlines as lines, none of which could be taken for another block."""
    text = _Line(inlines, losses).text()
    lines = [_shielded(one) for one in text.split("\n")]
    if len(lines) > 1:
        lines = [one.replace("|", r"\|") for one in lines]
    return "\n".join(lines)


def _shielded(text: str) -> str:
    if number := _NUMBER.match(text):
        return text[: number.end()] + "\\" + text[number.end() :]
    return "\\" + text if _LINE_START.match(text) else text


@dataclass(slots=True)
class _Piece:
    """A stretch of a line: escaped text (`raw` is what it says), or syntax (`raw` is empty)."""

    source: str
    raw: str = ""


class _Line:
    """Writes the inlines of one paragraph, heading or cell."""

    def __init__(self, inlines: Inlines, losses: Losses) -> None:
        self._inlines = lower.names(inlines, losses)
        self._out: list[_Piece] = []
        self._open: list[int] = []

    def text(self) -> str:
        href = ""
        for index, inline in enumerate(self._inlines):
            target = inline.href if isinstance(inline, Text | Image) else ""
            if target != href:
                self._marks(0)
                self._link(href, target)
                href = target
            self._inline(inline, self._ahead(index))
        self._marks(0)
        self._link(href, "")
        _empower(self._out)
        return "".join(piece.source for piece in self._out)

    def _ahead(self, index: int) -> Inline | None:
        return self._inlines[index + 1] if index + 1 < len(self._inlines) else None

    def _link(self, old: str, new: str) -> None:
        if old:
            self._out.append(_Piece(f"]({_address(old)})"))
        if new:
            if self._out and self._out[-1].source.endswith("!"):
                self._out[-1].source = self._out[-1].source[:-1] + r"\!"
            self._out.append(_Piece("["))

    def _inline(self, inline: Inline, ahead: Inline | None) -> None:
        match inline:
            case Text(text, marks, href):
                text = self._marks(marks & ~CODE, text)
                self._out.append(_code(text) if marks & CODE else self._words(text, href))
            case Image(src, alt, _):
                self._marks(0)
                self._out.append(_Piece(f"![{_escaped_words(alt)}]({_address(src)})"))
            case Break():
                self._marks(0)
                self._out.append(_Piece("\\\n"))

    def _words(self, text: str, href: str) -> _Piece:
        """Escaped text; a bare address keeps its letters, but within a link there is no other."""
        return _Piece(_escaped_words(text) if href else _escaped(text), text)

    def _marks(self, wanted: int, text: str = "") -> str:
        """Close what is not wanted, and what was opened after it; open what is missing.

        White space beside a delimiter is put outside, where it does not rob it of its power: the
        result is what is left of the text that comes next.
        """
        kept = next((i for i, bit in enumerate(self._open) if not bit & wanted), len(self._open))
        missing = [bit for bit in _DELIMITERS if bit & wanted and bit not in self._open[:kept]]
        last = self._out[-1] if self._out else _Piece("")
        spaced = kept < len(self._open) and last.raw[-1:] == " "
        if spaced:
            last.source, last.raw = last.source[:-1], last.raw[:-1]
        while len(self._open) > kept:
            self._out.append(_Piece(_DELIMITERS[self._open.pop()]))
        if missing and text[:1] == " ":
            spaced, text = True, text[1:]
        if spaced:
            self._out.append(_Piece(" ", " "))
        for bit in missing:
            self._open.append(bit)
            self._out.append(_Piece(_DELIMITERS[bit]))
        return text


def _escaped(text: str) -> str:
    """Text in which nothing is markup; an address keeps its letters, or the tool would cut it."""
    out, done = [], 0
    for match in _ADDRESS.finditer(text):
        if _SPECIAL.search(match[0]) and safe_address(match[0]) == match[0]:
            out += [_escaped_words(text[done : match.start()]), f"<{match[0]}>"]
            done = match.end()
    return "".join([*out, _escaped_words(text[done:])])


def _escaped_words(text: str) -> str:
    return _MENTION.sub(rf"\g<0>{GUARD}", _SPECIAL.sub(r"\\\g<0>", text))


def _address(address: str) -> str:
    return address if _PLAIN_ADDRESS.fullmatch(address) else f"<{address.replace('&', '&amp;')}>"


def _code(text: str) -> _Piece:
    ticks = {len(run) for run in _TICKS.findall(text)}
    fence = "`" * next(n for n in range(1, len(ticks) + 2) if n not in ticks)
    pad = " " if text[0] == "`" or text[-1] == "`" else ""
    return _Piece(f"{fence}{pad}{text}{pad}{fence}")


def _empower(pieces: list[_Piece]) -> None:
    """Encode letters beside delimiters that would otherwise neither open nor close."""
    depth: set[str] = set()
    for index, piece in enumerate(pieces):
        if piece.source not in _DELIMITERS.values() or piece.raw:
            continue
        opening = piece.source not in depth
        depth ^= {piece.source}
        before = pieces[index - 1] if index else None
        after = pieces[index + 1] if index + 1 < len(pieces) else None
        inner, outer = (after, before) if opening else (before, after)
        if inner is None or outer is None or not outer.raw:
            continue
        inside = inner.raw[0 if opening else -1] if inner.raw else "*"
        outside = outer.raw[-1 if opening else 0]
        if not _lettered(outside):
            continue
        if piece.source == "_" or not _letter(inside):
            _encode(outer, last=opening)


def _encode(piece: _Piece, last: bool) -> None:
    """Write the first or last letter as a reference; an address in brackets is punctuation
    already."""
    at = -1 if last else 0
    if piece.source[at] == piece.raw[at]:
        reference = f"&#{ord(piece.raw[at])};"
        piece.source = piece.source[:-1] + reference if last else reference + piece.source[1:]


def _letter(char: str) -> bool:
    """Neither white space nor punctuation to any reader: a letter, digit or mark."""
    return not char.isspace() and unicodedata.category(char)[0] not in "PS"


def _lettered(char: str) -> bool:
    """Not certainly white space or punctuation: symbols (emoji) are letters to older readers."""
    return not char.isspace() and unicodedata.category(char)[0] != "P" and char not in "$+<=>^`|~"
