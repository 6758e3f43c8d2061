"""When two documents mean the same: the normal form of a document.

Tools differ in things no reader sees: where white space stands, which of two nested marks is the
outer one, empty paragraphs, CRLF. `normal` removes such differences, and bounds what a hostile
text can cost: depth, levels, control characters, addresses. It is idempotent. Two facts about the
form that every writer relies on: a run of text neither begins nor ends with a mark on white
space, and every address in it is safe to put into a link.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from syncline.schema.text.tree import (
    CODE,
    Attachment,
    Block,
    Blocks,
    Break,
    Code,
    Document,
    Heading,
    Image,
    Inline,
    Inlines,
    Item,
    List,
    Mention,
    Panel,
    Paragraph,
    Quote,
    Rule,
    Table,
    Text,
)

MAX_DEPTH = 12
"""Containers (list, quote, panel) within one another; what lies deeper joins its parent."""

GUARD = "\u2060"
"""WORD JOINER. Writers put it where a character would otherwise be read as an instruction by the
tool (`@name`, `{{macro}}`); it cannot be seen, and it is never part of a document's meaning."""

_UNSEEN = re.compile("[\u2060\x00-\x08\x0e-\x1b\x7f\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_SPACE = re.compile(r"\s+")
_CODE_SPACE = re.compile(r"\r\n|[\t\n\r\x0b\x0c\x85\u2028\u2029]")
_SCHEME = re.compile(r"([a-z][a-z0-9+.\-]*):", re.IGNORECASE)
_UNSAFE_IN_ADDRESS = re.compile(r"[\s<>\"\\^`{|}]")
_SCHEMES = frozenset({"http", "https", "mailto", "tel", "ftp", "ftps", "sftp", "ssh"})
_LANGUAGE = re.compile(r"[A-Za-z0-9+#._\-]{1,40}")
_WORD = re.compile(r"[^\W_][\w\-]{0,30}")


def normal(document: Document) -> Document:
    """The normal form; `normal(normal(d)) == normal(d)`."""
    return Document(tuple(_blocks(document.blocks, 0)))


def safe_address(address: str) -> str:
    """The address fit for a link in any format, or "" if following it could run code.

    Only well-known schemes and addresses without one are let through, so `javascript:` and `data:`
    are not, however they are spelt.
    """
    address = _CONTROL.sub("", address.strip())
    scheme = _SCHEME.match(_SPACE.sub("", address))
    if scheme and scheme[1].lower() not in _SCHEMES:
        return ""
    if not scheme and ":" in address.split("/", 1)[0].split("?", 1)[0].split("#", 1)[0]:
        return ""
    return _UNSAFE_IN_ADDRESS.sub(_percent, address)


def _percent(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode())


def line(text: str) -> str:
    """The text on one line, its white space collapsed."""
    return _SPACE.sub(" ", _UNSEEN.sub("", text)).strip()


def _blocks(blocks: Iterable[Block], depth: int) -> Iterator[Block]:
    for block in blocks:
        match block:
            case Paragraph(inlines):
                yield from (Paragraph(part) for part in _paragraphs(inlines))
            case Heading(level, inlines):
                if title := _one_line(inlines, Text(" ")):
                    yield Heading(min(max(level, 1), 6), title)
            case Code(text, language):
                yield from _code(text, language)
            case Table(rows, header):
                yield from _table(rows, header)
            case Rule():
                yield block
            case List(ordered, items, start):
                yield from _list(ordered, items, start, depth)
            case Quote(children) | Panel(_, children):
                yield from _box(block, children, depth)


def _box(block: Quote | Panel, children: Blocks, depth: int) -> Iterator[Block]:
    if depth >= MAX_DEPTH:
        yield from _blocks(_flat(children), depth)
        return
    inner = tuple(_blocks(children, depth + 1))
    if not inner:
        return
    if isinstance(block, Panel):
        kind = _WORD.match(block.kind)
        yield Panel(kind[0].lower() if kind else "info", inner)
    else:
        yield Quote(inner)


def _list(ordered: bool, items: tuple[Item, ...], start: int, depth: int) -> Iterator[Block]:
    if depth >= MAX_DEPTH:
        yield from _blocks(_flat(child for item in items for child in item.blocks), depth)
        return
    inner = tuple(
        Item(blocks) for item in items if (blocks := tuple(_blocks(item.blocks, depth + 1)))
    )
    if inner:
        yield List(ordered, inner, min(max(start, 0), 999_999_999) if ordered else 1)


def _flat(blocks: Iterable[Block]) -> Iterator[Block]:
    """The blocks without their containers, found without recursion: the depth may be hostile."""
    stack = [iter(blocks)]
    while stack:
        block = next(stack[-1], None)
        if block is None:
            stack.pop()
        elif isinstance(block, Quote | Panel):
            stack.append(iter(block.blocks))
        elif isinstance(block, List):
            stack.append(child for item in block.items for child in item.blocks)
        else:
            yield block


def _code(text: str, language: str) -> Iterator[Block]:
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = "\n".join(one.rstrip() for one in text.split("\n")).strip("\n")
    if text:
        found = _LANGUAGE.match(language.strip())
        yield Code(text, found[0] if found else "")


def _table(rows: tuple[tuple[Inlines, ...], ...], header: bool) -> Iterator[Block]:
    cells = [tuple(_one_line(cell, Break()) for cell in row) for row in rows]
    if header and cells and not any(cells[0]):
        header, cells = False, cells[1:]
    cells = [row for row in cells if any(row)]
    width = max((len(row) for row in cells), default=0)
    if width:
        yield Table(tuple(row + ((),) * (width - len(row)) for row in cells), header)


def _one_line(inlines: Inlines, gap: Inline) -> Inlines:
    """The inlines as a single line, `gap` where a line or paragraph ended."""
    out: list[Inline] = []
    for part in _paragraphs(inlines, breaks=not isinstance(gap, Break)):
        out += [gap, *part] if out else part
    return next(_paragraphs(tuple(out), breaks=False), ()) if out else ()


def _paragraphs(inlines: Inlines, breaks: bool = False) -> Iterator[Inlines]:
    """The paragraphs of a run of inlines; an empty line (two breaks) ends one, or with `breaks`
    any."""
    lines: list[Inlines] = []
    for start, end in pairwise(
        [-1, *(i for i, one in enumerate(inlines) if isinstance(one, Break)), len(inlines)]
    ):
        one = _line(inlines[start + 1 : end])
        if one and not breaks:
            lines += [(Break(),), one] if lines else [one]
        elif one:
            yield one
        elif lines:
            yield tuple(inline for part in lines for inline in part)
            lines = []
    if lines:
        yield tuple(inline for part in lines for inline in part)


def _line(inlines: Inlines) -> Inlines:
    """One line's inlines: cleaned, white space collapsed, equal neighbours merged."""
    clean = [one for inline in inlines if (one := _clean(inline)) is not None]
    runs = merged(_collapsed(merged(clean)))
    plain = (_plain_address(run) if isinstance(run, Text) else run for run in runs)
    return tuple(merged(plain))


def _clean(inline: Inline) -> Inline | None:
    match inline:
        case Text(text, marks, href):
            if marks & CODE:
                text = _CONTROL.sub("", _CODE_SPACE.sub(" ", text))
                if not text.strip():
                    text, marks = " " * bool(text), marks & ~CODE
            else:
                text = _UNSEEN.sub("", text)
            return Text(text, marks & 15, safe_address(href)) if text else None
        case Image(src, alt, href):
            src, alt = safe_address(src), line(alt)
            if not src:
                return Text(alt) if alt else None
            return Image(src, alt, safe_address(href))
        case Mention(name, email):
            return Mention(line(name), (email or "").strip() or None) if line(name) else None
        case Attachment(name):
            return Attachment(line(name)) if line(name) else None
        case Break():
            return inline


def merged(inlines: Iterable[Inline]) -> list[Inline]:
    """The inlines with neighbours of the same marks and address made one, and no empty text."""
    out: list[Inline] = []
    for inline in inlines:
        last = out[-1] if out else None
        if (
            isinstance(last, Text)
            and isinstance(inline, Text)
            and last.marks == inline.marks
            and last.href == inline.href
        ):
            out[-1] = Text(last.text + inline.text, last.marks, last.href)
        elif not (isinstance(inline, Text) and not inline.text):
            out.append(inline)
    return out


def _collapsed(runs: list[Inline]) -> list[Inline]:
    """White space as single spaces between words, carrying the marks that both its neighbours
    carry."""
    out: list[Inline] = []
    gap = False
    for run in runs:
        before = after = False
        if isinstance(run, Text):
            words = run.text.strip() if run.marks & CODE else " ".join(run.text.split())
            if not run.marks & CODE:
                before, after = run.text[0].isspace(), run.text[-1].isspace()
            if not words:
                gap = True
                continue
            run = Text(words, run.marks, run.href)
        if (gap or before) and out:
            out.append(_space_between(out[-1], run))
        out.append(run)
        gap = after
    return out


def _space_between(left: Inline, right: Inline) -> Text:
    if not (isinstance(left, Text) and isinstance(right, Text)):
        return Text(" ")
    same = left.href if left.href == right.href else ""
    return Text(" ", left.marks & right.marks & ~CODE, same)


def _plain_address(run: Text) -> Text:
    """A link whose text is its own address is that address as text: tools make such links anew."""
    if run.href and run.href in (run.text, f"mailto:{run.text}"):
        return Text(run.text, run.marks)
    return run
