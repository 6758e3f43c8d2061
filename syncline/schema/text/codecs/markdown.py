"""Markdown: CommonMark with GitHub's tables and strike-through, parsed by markdown-it.

A line break in the source is a space, as in CommonMark; a hard break is one in the document. HTML
blocks are read by the HTML codec, so a `<details>` shows its words and a `<script>` nothing.
Writing is `markdown_writer`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import unescape

from markdown_it import MarkdownIt
from markdown_it.token import Token

from syncline.schema.text.codecs import markdown_writer
from syncline.schema.text.codecs.base import Codec
from syncline.schema.text.codecs.html import HTML
from syncline.schema.text.codecs.parts import Losses, Segment, TooLarge, normal_blocks
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
    Paragraph,
    Quote,
    Rule,
    Table,
    Text,
)


class _Parser(MarkdownIt):
    """markdown-it with addresses left as the author wrote them: `normal` decides which are safe."""

    def normalizeLink(self, url: str) -> str:
        return url

    def normalizeLinkText(self, link: str) -> str:
        return link

    def validateLink(self, url: str) -> bool:
        return True


_PARSER = _Parser("commonmark", {"maxNesting": 100}).enable(["table", "strikethrough"])
_MOST_BRACKETS = 5_000
_LINE_END = re.compile(r"\r\n?|\n")
_BULLET = re.compile(r"[-+*]|\d{1,9}([.)])")
_ACTS = re.compile(r"<[A-Za-z/!?]|(?<![\w/])@\w|\{\{|javascript:|data:|vbscript:", re.IGNORECASE)

_MARKS = {"strong": STRONG, "em": EMPHASIS, "s": STRIKE}
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)")
_TAG_MARKS = {"b": STRONG, "strong": STRONG, "i": EMPHASIS, "em": EMPHASIS}
_TAG_MARKS |= {"s": STRIKE, "del": STRIKE, "strike": STRIKE, "code": CODE}


class _Markdown(Codec):
    name = "markdown"

    def segments(self, source: str) -> list[Segment]:
        """TooLarge beyond _MOST_BRACKETS as well: markdown-it's time is quadratic in open ones."""
        if source.count("[") > _MOST_BRACKETS:
            raise TooLarge(
                f"a Markdown text with more than {_MOST_BRACKETS:,} opening brackets is not read;"
                " the field is parked and the record's other fields go on"
            )
        tokens = _PARSER.parse(source)
        starts = [0, *(match.end() for match in _LINE_END.finditer(source)), len(source)]
        found = []
        for children in _siblings(tokens):
            first, last = children[0].map or (0, 0)
            start, end = starts[first], starts[min(last, len(starts) - 1)]
            end = start + len(source[start:end].rstrip())
            blocks = normal_blocks(list(_blocks(children)))
            found.append(Segment(start, end, blocks))
        return found

    def render(self, blocks: Blocks, losses: Losses) -> str:
        return markdown_writer.render(blocks, losses)

    def inert(self, source: str) -> bool:
        return not _ACTS.search(unescape(source))

    def parts(self, source: str, segment: Segment) -> list[Segment] | None:
        """The items by markdown-it's line maps; only a list that is its own whole segment has
        them."""
        text = source[segment.start : segment.end]
        tokens = _PARSER.parse(text)
        starts = [0, *(match.end() for match in _LINE_END.finditer(text)), len(text)]
        if len(_siblings(tokens)) != 1 or not tokens or not tokens[0].type.endswith("list_open"):
            return None
        found = []
        for children in _siblings(tokens[1:-1]):
            first, last = children[0].map or (0, 0)
            start, end = starts[first], starts[min(last, len(starts) - 1)]
            end = start + len(text[start:end].rstrip())
            item = Item(tuple(_blocks(children[1:-1])))
            blocks = normal_blocks([List(tokens[0].type.startswith("ordered"), (item,))])
            found.append(Segment(segment.start + start, segment.start + end, blocks))
        return found

    def render_part(self, blocks: Blocks, source: str, losses: Losses) -> str | None:
        marker = _BULLET.match(source.lstrip())
        if not marker:
            return None
        return markdown_writer.render(blocks, losses, marker[1] or marker[0])


def _siblings(tokens: Sequence[Token]) -> list[list[Token]]:
    """The tokens, one list a top-level block."""
    out: list[list[Token]] = []
    depth = 0
    for token in tokens:
        if depth == 0:
            out.append([])
        out[-1].append(token)
        depth += token.nesting
    return out


def _blocks(tokens: Sequence[Token]) -> Iterator[Block]:
    for children in _siblings(tokens):
        yield from _block(children)


def _block(tokens: list[Token]) -> Iterator[Block]:
    first, inner = tokens[0], tokens[1:-1]
    match first.type:
        case "paragraph_open":
            yield Paragraph(_inlines(inner))
        case "heading_open":
            yield Heading(int(first.tag[1:]), _inlines(inner))
        case "bullet_list_open" | "ordered_list_open":
            ordered = first.type == "ordered_list_open"
            items = tuple(Item(tuple(_blocks(item[1:-1]))) for item in _siblings(inner))
            start = first.attrGet("start")
            yield List(ordered, items, 1 if start is None else int(start))
        case "blockquote_open":
            yield Quote(tuple(_blocks(inner)))
        case "hr":
            yield Rule()
        case "fence" | "code_block":
            yield Code(first.content, unescape(first.info).strip().split(" ")[0])
        case "html_block":
            yield from HTML.read(first.content).blocks
        case "table_open":
            yield _table(inner)


def _table(tokens: list[Token]) -> Table:
    rows: list[tuple[Inlines, ...]] = []
    cells: list[Inlines] = []
    for token in tokens:
        if token.type == "tr_open":
            cells = []
        elif token.type == "inline":
            cells.append(_inlines([token]))
        elif token.type == "tr_close":
            rows.append(tuple(cells))
    return Table(tuple(rows))


def _inlines(tokens: Sequence[Token]) -> Inlines:
    out: list[Inline] = []
    for token in tokens:
        out += _Inliner().read(token.children or ())
    return tuple(out)


class _Inliner:
    """Turns a flat run of opening and closing tokens into marked runs of text."""

    def __init__(self) -> None:
        self._depth = {STRONG: 0, EMPHASIS: 0, STRIKE: 0, CODE: 0}
        self._href = ""

    def read(self, tokens: Sequence[Token]) -> list[Inline]:
        return [inline for token in tokens for inline in self._one(token)]

    def _one(self, token: Token) -> Iterator[Inline]:
        kind = token.type.rsplit("_", 1)[0]
        if kind in _MARKS:
            self._depth[_MARKS[kind]] += token.nesting
        elif kind == "link":
            self._href = str(token.attrGet("href") or "") if token.nesting == 1 else ""
        elif token.type in ("text", "text_special"):
            yield Text(token.content, self._marks(), self._href)
        elif token.type == "code_inline":
            yield Text(token.content, self._marks() | CODE, self._href)
        elif token.type == "softbreak":
            yield Text(" ", self._marks(), self._href)
        elif token.type == "hardbreak":
            yield Break()
        elif token.type == "image":
            alt = "".join(_words(token.children or ()))
            yield Image(str(token.attrGet("src") or ""), alt, self._href)
        elif token.type == "html_inline":
            yield from self._tag(token.content)

    def _marks(self) -> int:
        return sum(bit for bit, depth in self._depth.items() if depth > 0)

    def _tag(self, source: str) -> Iterator[Inline]:
        """An HTML tag among Markdown: marks, breaks and images mean what they mean; others
        nothing."""
        tag = _TAG.match(source)
        name = tag[2].lower() if tag else ""
        if name in _TAG_MARKS and tag:
            bit = _TAG_MARKS[name]
            self._depth[bit] = max(0, self._depth[bit] + (-1 if tag[1] else 1))
        elif name == "br":
            yield Break()
        elif name == "img":
            found = HTML.read(source).blocks
            if found and isinstance(found[0], Paragraph):
                yield from found[0].inlines


def _words(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type == "image" or token.children:
            yield from _words(token.children or ())
        elif token.type in ("softbreak", "hardbreak"):
            yield " "
        else:
            yield token.content


MARKDOWN = _Markdown()
