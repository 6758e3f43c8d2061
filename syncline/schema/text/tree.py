"""The document tree that every tool's rich text is read into and written from.

A document is a tuple of blocks; a block holds inlines, or blocks of its own. Marks are kept flat,
as a set of bits on each run of text, so that two ways of nesting bold and italic are one value.
Everything is immutable and hashable: trees are compared, cached and diffed all the time. Nothing
here knows a format; `normal.py` says when two documents mean the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

STRONG, EMPHASIS, STRIKE, CODE = 1, 2, 4, 8

MARK_NAMES = {STRONG: "strong", EMPHASIS: "emphasis", STRIKE: "strike", CODE: "code"}


@dataclass(frozen=True, slots=True)
class Text:
    """A run of text with its marks (the bits above) and, if it is a link, its address."""

    text: str
    marks: int = 0
    href: str = ""


@dataclass(frozen=True, slots=True)
class Image:
    src: str
    alt: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class Break:
    """A line break inside a paragraph."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A person named in the text; the e-mail is known only when the person is mapped."""

    name: str
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of the same record, referred to by its name."""

    name: str


Inline: TypeAlias = Text | Image | Break | Mention | Attachment
Inlines: TypeAlias = tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    inlines: Inlines


@dataclass(frozen=True, slots=True)
class Heading:
    level: int
    inlines: Inlines


@dataclass(frozen=True, slots=True)
class Item:
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class List:
    """A bullet list, or an ordered one that counts from `start`."""

    ordered: bool
    items: tuple[Item, ...]
    start: int = 1


@dataclass(frozen=True, slots=True)
class Quote:
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A thematic break."""


@dataclass(frozen=True, slots=True)
class Code:
    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells, each cell a line of inlines; the first row is the header if `header`."""

    rows: tuple[tuple[Inlines, ...], ...]
    header: bool = True


@dataclass(frozen=True, slots=True)
class Panel:
    """A coloured box such as Jira's: `kind` is info, note, warning and the like."""

    kind: str
    blocks: tuple[Block, ...]


Block: TypeAlias = Paragraph | Heading | List | Quote | Rule | Code | Table | Panel
Blocks: TypeAlias = tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    blocks: Blocks = ()


EMPTY = Document()

Json: TypeAlias = dict[str, Any]


def to_json(document: Document) -> Json:
    """The document as JSON: the same document always gives the same object."""
    return {"blocks": [_block_to(block) for block in document.blocks]}


def from_json(value: Json) -> Document:
    """The document that `to_json` gave. ValueError if the object is not one."""
    try:
        return Document(_blocks_from(value["blocks"]))
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a document tree: {error!r}") from error


def _inline_to(inline: Inline) -> Json:
    match inline:
        case Text(text, marks, href):
            out: Json = {"text": text}
            if marks:
                out["marks"] = [name for bit, name in MARK_NAMES.items() if marks & bit]
            return out | ({"href": href} if href else {})
        case Image(src, alt, href):
            return {"image": src, "alt": alt} | ({"href": href} if href else {})
        case Break():
            return {"break": True}
        case Mention(name, email):
            return {"mention": name} | ({"email": email} if email else {})
        case Attachment(name):
            return {"attachment": name}


def _inlines_to(inlines: Inlines) -> list[Json]:
    return [_inline_to(inline) for inline in inlines]


def _block_to(block: Block) -> Json:
    match block:
        case Paragraph(inlines):
            return {"paragraph": _inlines_to(inlines)}
        case Heading(level, inlines):
            return {"heading": _inlines_to(inlines), "level": level}
        case List(ordered, items, start):
            children = [[_block_to(child) for child in item.blocks] for item in items]
            return {"ordered" if ordered else "bullet": children} | (
                {"start": start} if ordered and start != 1 else {}
            )
        case Quote(blocks):
            return {"quote": [_block_to(child) for child in blocks]}
        case Rule():
            return {"rule": True}
        case Code(text, language):
            return {"code": text} | ({"language": language} if language else {})
        case Table(rows, header):
            cells = [[_inlines_to(cell) for cell in row] for row in rows]
            return {"table": cells, "header": header}
        case Panel(kind, blocks):
            return {"panel": [_block_to(child) for child in blocks], "kind": kind}


_BITS = {name: bit for bit, name in MARK_NAMES.items()}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")
    return value


def _inline_from(value: Json) -> Inline:
    href = _text(value.get("href", ""))
    if "text" in value:
        return Text(_text(value["text"]), sum(_BITS[m] for m in set(value.get("marks", ()))), href)
    if "image" in value:
        return Image(_text(value["image"]), _text(value.get("alt", "")), href)
    if "mention" in value:
        email = value.get("email")
        return Mention(_text(value["mention"]), None if email is None else _text(email))
    if "attachment" in value:
        return Attachment(_text(value["attachment"]))
    if "break" in value:
        return Break()
    raise KeyError(f"no inline: {sorted(value)}")


def _inlines_from(value: Iterable[Json]) -> Inlines:
    return tuple(_inline_from(one) for one in value)


def _blocks_from(value: Iterable[Json]) -> Blocks:
    return tuple(_block_from(one) for one in value)


def _list_from(value: Json) -> List:
    ordered = "ordered" in value
    items = tuple(Item(_blocks_from(one)) for one in value["ordered" if ordered else "bullet"])
    return List(ordered, items, int(value.get("start", 1)))


_READERS: dict[str, Callable[[Json], Block]] = {
    "paragraph": lambda value: Paragraph(_inlines_from(value["paragraph"])),
    "heading": lambda value: Heading(int(value["level"]), _inlines_from(value["heading"])),
    "ordered": _list_from,
    "bullet": _list_from,
    "quote": lambda value: Quote(_blocks_from(value["quote"])),
    "rule": lambda value: Rule(),
    "code": lambda value: Code(_text(value["code"]), _text(value.get("language", ""))),
    "table": lambda value: Table(
        tuple(tuple(_inlines_from(cell) for cell in row) for row in value["table"]),
        bool(value.get("header", True)),
    ),
    "panel": lambda value: Panel(_text(value["kind"]), _blocks_from(value["panel"])),
}


def _block_from(value: Json) -> Block:
    for name, reader in _READERS.items():
        if name in value:
            return reader(value)
    raise KeyError(f"no block: {sorted(value)}")
