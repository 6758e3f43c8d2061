"""Textile as Redmine reads it (lib/redmine/wiki_formatting/textile/redcloth3.rb), not as its book
says.

Redmine's dialect makes every line end a line break, marks only whole words, and has no list item
of several paragraphs. Where the two differ, Redmine holds, since Redmine is what people look at.
This module finds the blocks; `textile_inline` reads their words, `textile_writer` writes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import unescape

from syncline.schema.text.codecs import textile_writer
from syncline.schema.text.codecs.base import Codec
from syncline.schema.text.codecs.parts import Losses, Segment, normal_blocks
from syncline.schema.text.codecs.textile_inline import as_code, inlines
from syncline.schema.text.normal import MAX_DEPTH
from syncline.schema.text.tree import (
    Block,
    Blocks,
    Code,
    Heading,
    Inlines,
    Item,
    List,
    Paragraph,
    Quote,
    Rule,
    Table,
)

_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n|\Z)")
_PRE = re.compile(r"\s*<pre\b", re.IGNORECASE)
_PRE_END = re.compile(r"</pre>", re.IGNORECASE)
_PRE_BODY = re.compile(
    r"\s*<pre\b[^>]*>\s*?(?:<code\b(?P<code>[^>]*)>)?(?P<text>.*?)(?:</code>\s*)?(?:</pre>|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_CLASS = re.compile(r"class\s*=\s*[\"']?([^\s\"'>]+)")
_LIST = re.compile(r"([*#]+)(?:\([^)\s]*\)|\{[^}]*\})? +(?=\S)")
_RULE = re.compile(r"(?:(?:\* {0,2}){3,}|(?:- {0,2}){3,}|(?:_ {0,2}){3,})\Z")
_HEAD = re.compile(r"(h[1-6]|bq|bc|p)([(){}\[\]<>=\w#;:\-]*?)\.(?::\S+)? +(?=\S)")
_QUOTED = re.compile(r"> ?")
_CELL = re.compile(
    r"(_?[\\/\d<>=^~\-]*(?:\([^)]*\)|\{[^}]*\})*\. ?)?((?:\[\[[^|\]]*\|[^|\]]*\]\]|[^|])*)\|"
)
_ROW_STYLE = re.compile(r"[<>=^~\-]*(?:\([^)]*\)|\{[^}]*\})*\. (?=\|)")
_TABLE_STYLE = re.compile(r"table[^.\n]*\. ?\n")
_ACTS = re.compile(r"(?<!\w)@\w|\{\{|<!|javascript:|data:|vbscript:", re.IGNORECASE)


class _Textile(Codec):
    name = "textile"

    def segments(self, source: str) -> list[Segment]:
        found = []
        for start, end in _chunks(source):
            text = source[start:end].replace("\r\n", "\n").replace("\r", "\n")
            lead = len(source[start:end]) - len(source[start:end].lstrip())
            tail = len(source[start:end].rstrip())
            found.append(
                Segment(start + lead, start + tail, normal_blocks([_block(text.strip(), 0)]))
            )
        return found

    def render(self, blocks: Blocks, losses: Losses) -> str:
        return textile_writer.render(blocks, losses)

    def inert(self, source: str) -> bool:
        return not _ACTS.search(unescape(source))

    def parts(self, source: str, segment: Segment) -> list[Segment] | None:
        """Each top-level item with its continuation lines and the items under it."""
        found: list[tuple[int, int]] = []
        marker = source[segment.start]
        for match in _LINE.finditer(source, segment.start, segment.end):
            item = _LIST.match(match[0])
            if item and item[1] == marker:
                found.append((match.start(), match.end()))
            elif found and not (item and len(item[1]) == 1):
                found[-1] = (found[-1][0], match.end())
            else:
                return None
        out = []
        for start, end in found:
            text = source[start:end].rstrip()
            block = _block(text.replace("\r\n", "\n").replace("\r", "\n"), 0)
            out.append(Segment(start, start + len(text), normal_blocks([block])))
        return out or None

    def render_part(self, blocks: Blocks, source: str, losses: Losses) -> str | None:
        return textile_writer.render(blocks, losses)


def _kind(line: str) -> str:
    """What a line within a chunk starts: a line of another kind than its chunk starts a new one."""
    if line.startswith(">"):
        return "quote"
    if _LIST.match(line):
        return "list"
    return "table" if line.startswith("|") else "text"


def _chunks(source: str) -> Iterator[tuple[int, int]]:
    """The blocks' positions: divided by empty lines, but for code, and where the kind of line
    changes."""
    start, kind, pre = -1, "", False
    for match in _LINE.finditer(source):
        line = match[0]
        if pre:
            pre = not _PRE_END.search(line)
            if not pre:
                yield start, match.end()
                start, kind = -1, ""
            continue
        fresh = _kind(line)
        opens = bool(_PRE.match(line))
        blank = not line.strip()
        if start >= 0 and (blank or opens or _divides(kind, fresh, source[start : match.start()])):
            yield start, match.start()
            start = -1
        if blank:
            continue
        if start < 0:
            start, kind = match.start(), fresh
        if opens:
            pre = not _PRE_END.search(line)
            if not pre:
                yield start, match.end()
                start = -1
    if start >= 0:
        yield start, len(source)


def _divides(kind: str, fresh: str, before: str) -> bool:
    """Whether a line of kind `fresh` ends a chunk of kind `kind`; a list's lines may go on below
    it."""
    if kind == fresh:
        return False
    if fresh == "quote" or kind == "quote":
        return True
    if kind == "text" and fresh == "table":
        return not _TABLE_STYLE.fullmatch(before.replace("\r\n", "\n"))
    return kind == "text" and fresh == "list" and not _HEAD.match(before)


def _block(text: str, depth: int) -> Block:
    if _PRE.match(text):
        return _code(text)
    if text.startswith(">") and depth < MAX_DEPTH:
        return _quote(text, depth)
    if _LIST.match(text):
        return _list(text.split("\n"), max(1, MAX_DEPTH - depth))
    if _RULE.match(text):
        return Rule()
    table = _TABLE_STYLE.sub("", text, count=1) if text.startswith("table") else text
    if table.startswith("|") and table.endswith("|"):
        return _table(table)
    if head := _HEAD.match(text):
        rest = text[head.end() :]
        if head[1] == "bc":
            return Code(rest)
        if head[1] == "bq":
            return Quote((Paragraph(inlines(rest)),))
        if head[1] == "p":
            return Paragraph(inlines(rest))
        return Heading(int(head[1][1]), inlines(rest))
    return Paragraph(inlines(text))


def _code(text: str) -> Code:
    found = _PRE_BODY.match(text)
    if not found:
        return Code(text)
    language = _CLASS.search(found["code"] or "")
    return Code(as_code(found["text"]), language[1] if language else "")


def _quote(text: str, depth: int) -> Quote:
    inner = "\n".join(_QUOTED.sub("", line, count=1) for line in text.split("\n"))
    blocks = [_block(inner[start:end].strip(), depth + 1) for start, end in _chunks(inner)]
    return Quote(tuple(blocks))


def _table(text: str) -> Table:
    rows: list[tuple[Inlines, ...]] = []
    header = False
    for line in re.split(r"(?<=\|)[ \t]*\n", text):
        row = line[style.end() :] if (style := _ROW_STYLE.match(line)) else line
        cells = _CELL.findall(row[1:])
        if not rows:
            header = bool(cells) and all(style.startswith("_") for style, _ in cells)
        rows.append(tuple(inlines(cell.strip()) for _, cell in cells))
    return Table(tuple(rows), header)


def _list(lines: Sequence[str], deepest: int) -> List:
    """A list from its lines; a line without a marker goes on the item above it."""
    items: list[tuple[str, str]] = []
    for line in lines:
        if match := _LIST.match(line):
            items.append((match[1], line[match.end() :]))
        else:
            items[-1] = (items[-1][0], f"{items[-1][1]}\n{line}")
    return _nested([(marks[:deepest], text) for marks, text in items])


def _nested(items: Sequence[tuple[str, str]]) -> List:
    """Items with markers such as `*`, `**`, `*#` as lists in lists; the last mark says which
    kind."""
    depth = min(len(marks) for marks, _ in items)
    ordered = next(marks for marks, _ in items if len(marks) == depth)[-1] == "#"
    out: list[Item] = []
    index = 0
    while index < len(items):
        marks, text = items[index]
        index += 1
        below = index
        if len(marks) > depth:
            below -= 1
        while below < len(items) and len(items[below][0]) > depth:
            below += 1
        blocks: list[Block] = [Paragraph(inlines(text))] if len(marks) == depth else []
        inner = items[index if len(marks) == depth else index - 1 : below]
        blocks += [_nested(run) for run in _alike(inner)]
        out.append(Item(tuple(blocks)))
        index = below
    return List(ordered, tuple(out))


def _alike(items: Sequence[tuple[str, str]]) -> Iterator[Sequence[tuple[str, str]]]:
    """The items under one item, divided where the kind of their shallowest list changes."""
    if not items:
        return
    depth = min(len(marks) for marks, _ in items)
    start, kind = 0, ""
    for index, (marks, _) in enumerate(items):
        if len(marks) == depth:
            if kind and marks[-1] != kind:
                yield items[start:index]
                start = index
            kind = marks[-1]
    yield items[start:]


TEXTILE = _Textile()
