"""The blocks of wiki markup, line by line as its renderer takes them.

`{code}`, `{noformat}`, `{quote}` and `{panel}` are found first, wherever they stand. What lies
between them is read in lines: a heading, a rule or a `bq.` is one line, a list goes on to the next
empty line, a row of a table until a line ends with a bar, and any other line belongs to the
paragraph before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from syncline.schema.text.codecs.parts import Segment, normal_blocks
from syncline.schema.text.codecs.wiki_inline import inlines
from syncline.schema.text.normal import GUARD
from syncline.schema.text.tree import (
    STRONG,
    Block,
    Blocks,
    Code,
    Heading,
    Item,
    List,
    Panel,
    Paragraph,
    Quote,
    Rule,
    Table,
    Text,
)

PANELS = {
    "info": "#deebff",
    "note": "#eae6ff",
    "success": "#e3fcef",
    "warning": "#fffae6",
    "error": "#ffebe6",
}
"""The colour by which a panel's kind is shown, and known again."""

LIST = re.compile(r"[ \t]*([*\-#]+)[ \t]+(?=\S)")
_DASHES = re.compile(r"[ \t]*-{2,3}")
_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n|\Z)")
_ALONE = re.compile(r"[ \t]*(?:h(?P<level>[1-6])\.|(?P<quote>bq)\.|(?P<rule>-{4,})[ \t]*\Z)")
_TAG = re.compile(r"(?<![\\{])\{(?P<kind>code|noformat|quote|panel)(?P<said>:[^{}\n]*)?\}")
_VERBATIM = ("code", "noformat")
_GUARDED = re.compile(r"\{" + GUARD + r"(?=(?:code|noformat|quote|panel)\b)")
_CELL = re.compile(
    r"(?:\\.|\[[^\[\]\n]*\]"
    r"|!(?:https?://[^\s!|]+|[^\s!|]+\.\w{1,8})(?:\|[^!\n]*)?!|[^|\\]|\\\Z)*"
)
_DEEPEST = 12


@dataclass(frozen=True, slots=True)
class _Macro:
    """A macro with a body: `start` and `end` are its own, `inner` those of its body."""

    kind: str
    said: str
    start: int
    end: int
    inner: tuple[int, int]


def segments(source: str) -> list[Segment]:
    """The source's blocks and where they stand."""
    found: list[Segment] = []
    at = 0
    for macro in _macros(source):
        found += _lines(source, at, macro.start)
        body = source[slice(*macro.inner)]
        found.append(Segment(macro.start, macro.end, normal_blocks([_boxed(macro, body)])))
        at = macro.end
    return [*found, *_lines(source, at, len(source))]


def blocks(text: str) -> Blocks:
    """What a text shows."""
    return tuple(block for one in segments(text) for block in one.blocks)


def _macros(source: str) -> Iterator[_Macro]:
    tags = list(_TAG.finditer(source))
    ends = {kind: -1 for kind in ("code", "noformat", "quote", "panel")}
    for index, tag in enumerate(tags):
        if tag["said"] is None:
            ends[tag["kind"]] = index
    index = 0
    while index < len(tags):
        close = _close(tags, index) if ends[tags[index]["kind"]] > index else None
        if close is None:
            index += 1
            continue
        opening, closing = tags[index], tags[close]
        yield _Macro(
            opening["kind"],
            (opening["said"] or ":")[1:],
            opening.start(),
            closing.end(),
            (opening.end(), closing.start()),
        )
        index = close + 1


def _close(tags: Sequence[re.Match[str]], index: int) -> int | None:
    """The tag that closes the one at `index`; code inside of it hides what looks like one."""
    kind, at = tags[index]["kind"], index + 1
    while at < len(tags):
        tag = tags[at]
        if tag["kind"] == kind and tag["said"] is None:
            return at
        if kind not in _VERBATIM and tag["kind"] in _VERBATIM:
            at = _past(tags, at)
        at += 1
    return None


def _past(tags: Sequence[re.Match[str]], index: int) -> int:
    """The tag that ends a piece of code, or the one it begins with if none does."""
    kind = tags[index]["kind"]
    for at in range(index + 1, len(tags)):
        if tags[at]["kind"] == kind and tags[at]["said"] is None:
            return at
    return index


def _boxed(macro: _Macro, body: str) -> Block:
    body = body.replace("\r\n", "\n").replace("\r", "\n")
    if macro.kind in _VERBATIM:
        text = _GUARDED.sub("{", body)
        return Code(text, _language(macro.said) if macro.kind == "code" else "")
    inside = blocks(body)
    if macro.kind == "quote":
        return Quote(inside)
    said = dict(part.partition("=")[::2] for part in macro.said.split("|"))
    colour = said.get("bgColor", "").strip().lower()
    kind = next((name for name, known in PANELS.items() if known == colour), "info")
    title = Paragraph((Text(said.get("title", ""), STRONG),))
    return Panel(kind, (title, *inside))


def _language(said: str) -> str:
    for part in said.split("|"):
        name, equals, value = part.partition("=")
        if not equals or name.strip() in ("language", "lang"):
            return (value if equals else name).strip()
    return ""


def _lines(source: str, start: int, end: int) -> Iterator[Segment]:
    """The blocks of lines in source[start:end]."""
    first, kind, begun = -1, "", start
    for match in _LINE.finditer(source, start, end):
        line = match[0].rstrip("\r\n")
        if not match[0] or not line.strip():
            fresh = ""
        elif kind and _goes_on(kind, source[begun : match.start()], line):
            fresh = kind
        else:
            fresh = _kind(line)
        goes_on = fresh == kind and kind in ("text", "list", "table")
        if first >= 0 and not goes_on:
            yield _segment(source, first, match.start(), kind)
            first = -1
        if fresh and first < 0:
            first = match.start()
        kind, begun = fresh, match.start()
    if first >= 0:
        yield _segment(source, first, end, kind)


def _goes_on(kind: str, last: str, line: str) -> bool:
    """Whether a line belongs to the list or the row that the line before it is of."""
    if kind == "list":
        return True
    open_row = not last.rstrip().endswith("|")
    return kind == "table" and (open_row or line.lstrip().startswith("|"))


def _kind(line: str) -> str:
    if LIST.match(line) and not _DASHES.match(line):
        return "list"
    if line.lstrip().startswith("|"):
        return "table"
    return "alone" if _ALONE.match(line) else "text"


def _segment(source: str, start: int, end: int, kind: str) -> Segment:
    text = source[start:end]
    lead, tail = len(text) - len(text.lstrip()), len(text.rstrip())
    text = text.strip().replace("\r\n", "\n").replace("\r", "\n")
    found: list[Block]
    match kind:
        case "list":
            found = _lists(text.split("\n"))
        case "table":
            found = [_table(text)]
        case "alone":
            found = [_alone(text)]
        case _:
            found = [Paragraph(inlines(text))]
    return Segment(start + lead, start + tail, normal_blocks(found))


def _alone(line: str) -> Block:
    found = _ALONE.match(line)
    if found is None or found["rule"]:
        return Rule()
    words = inlines(line[found.end() :])
    return Heading(int(found["level"]), words) if found["level"] else Quote((Paragraph(words),))


def _table(text: str) -> Table:
    rows: list[str] = []
    open_row = False
    for line in text.split("\n"):
        if open_row and not line.lstrip().startswith("|"):
            rows[-1] += "\n" + line
        else:
            rows.append(line)
        open_row = not line.rstrip().endswith("|")
    read = [_row(row.strip()) for row in rows]
    header = bool(read[0]) and all(head for head, _ in read[0])
    return Table(tuple(tuple(inlines(cell) for _, cell in row) for row in read), header)


def _row(row: str) -> list[tuple[bool, str]]:
    """The cells of a row, each with whether it is a heading's."""
    cells: list[tuple[bool, str]] = []
    at = 0
    while at < len(row):
        start = at + 1
        while start < len(row) and row[start] == "|":
            start += 1
        if start >= len(row):
            break
        found = _CELL.match(row, start)
        stop = found.end() if found and found.end() > start else start + 1
        cells.append((start - at > 1, row[start:stop].strip()))
        at = stop
    return cells


def _lists(lines: Sequence[str]) -> list[Block]:
    """The lists in these lines; a line without a marker goes on the item above it."""
    items: list[tuple[str, str]] = []
    for line in lines:
        if match := LIST.match(line):
            items.append((match[1][:_DEEPEST], line[match.end() :]))
        else:
            items[-1] = (items[-1][0], f"{items[-1][1]}\n{line}")
    return [_nested(run) for run in _alike(items)]


def _nested(items: Sequence[tuple[str, str]]) -> List:
    """Items with markers such as `*`, `**`, `*#` as lists in lists; the last sign says which
    kind."""
    depth = min(len(marks) for marks, _ in items)
    ordered = next(marks for marks, _ in items if len(marks) == depth)[-1] == "#"
    out: list[Item] = []
    at = 0
    while at < len(items):
        own = len(items[at][0]) == depth
        below = at + 1
        while below < len(items) and len(items[below][0]) > depth:
            below += 1
        lead: Blocks = (Paragraph(inlines(items[at][1])),) if own else ()
        inner = items[at + 1 if own else at : below]
        out.append(Item((*lead, *(_nested(run) for run in _alike(inner)))))
        at = below
    return List(ordered, tuple(out))


def _alike(items: Sequence[tuple[str, str]]) -> Iterator[Sequence[tuple[str, str]]]:
    """Items divided where the kind of their shallowest list changes."""
    depth = min((len(marks) for marks, _ in items), default=0)
    start, kind = 0, ""
    for index, (marks, _) in enumerate(items):
        if len(marks) == depth:
            if kind and marks[-1] != kind:
                yield items[start:index]
                start = index
            kind = marks[-1]
    if items:
        yield items[start:]
