"""HTML as rich text editors and mail programs make it: read from anything, written from a short
list.

Reading takes what a person would see: scripts, styles and unknown attributes mean nothing.
Writing uses only the elements and attributes named here, every word escaped, every address
checked by `normal`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from syncline.schema.text.codecs import html_writer, lower
from syncline.schema.text.codecs.base import Codec
from syncline.schema.text.codecs.html_tree import UNSEEN, Element, Node, Words, parse, text_of
from syncline.schema.text.codecs.parts import Losses, Segment, normal_blocks
from syncline.schema.text.normal import safe_address
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

_MARKS = {"b": STRONG, "strong": STRONG, "i": EMPHASIS, "em": EMPHASIS, "cite": EMPHASIS}
_MARKS |= {"s": STRIKE, "del": STRIKE, "strike": STRIKE}
_MARKS |= {"code": CODE, "tt": CODE, "kbd": CODE, "samp": CODE}
_WRAPPERS = frozenset({"html", "body", "div", "section", "article", "main"})
_LANGUAGE = re.compile(r"(?:language|lang)-(\S+)")
_MENTION = re.compile(r"(?<![\w/])@\w|\{\{")

_HARMLESS: dict[str, frozenset[str]] = {
    **{tag: frozenset() for tag in (*_MARKS, "p", "div", "span", "br", "hr", "blockquote", "pre")},
    **{f"h{level}": frozenset() for level in range(1, 7)},
    **{tag: frozenset() for tag in ("ul", "li", "table", "thead", "tbody", "tr", "td", "th", "u")},
    "ol": frozenset({"start"}),
    "code": frozenset({"class"}),
    "a": frozenset({"href"}),
    "img": frozenset({"src", "alt"}),
}
"""Elements and attributes that may go to another tool as they stand."""

_PLAIN = re.compile(rf"(?:[^<&@{{]++|</?(?:{'|'.join(sorted(_HARMLESS))})>)*+")
"""Harmless at a glance, without a tree: bare harmless elements around words in which nothing can
stand for anything else. What does not match may still be harmless."""


class _Html(Codec):
    name = "html"
    gap = "\n"

    def segments(self, source: str) -> list[Segment]:
        return [
            Segment(start, end, normal_blocks(list(_grouped(_flow(nodes, 0, "")))))
            for start, end, nodes in _stretches(source, _body(parse(source)))
        ]

    def render(self, blocks: Blocks, losses: Losses) -> str:
        return html_writer.render(blocks, losses)

    def inert(self, source: str) -> bool:
        if _PLAIN.fullmatch(source):
            return True
        if "<!" in source or "<?" in source:
            return False
        return all(_harmless(node) for node in parse(source).children)

    def parts(self, source: str, segment: Segment) -> list[Segment] | None:
        text = source[segment.start : segment.end]
        (whole, *others) = parse(text).children
        if others or not isinstance(whole, Element) or whole.tag not in ("ul", "ol"):
            return None
        found = []
        for child in whole.children:
            if isinstance(child, Element) and child.tag == "li":
                item = Item(tuple(_grouped(_flow(child.children, 0, ""))))
                blocks = normal_blocks([List(whole.tag == "ol", (item,))])
                start = segment.start + child.start
                end = start + len(text[child.start : child.end].rstrip())
                found.append(Segment(start, end, blocks))
            elif text_of(child).strip():
                return None
        return found or None

    def render_part(self, blocks: Blocks, source: str, losses: Losses) -> str | None:
        return html_writer.render_items(blocks, losses)


def _harmless(node: Node) -> bool:
    if isinstance(node, Words):
        return not _MENTION.search(node.text)
    allowed = _HARMLESS.get(node.tag)
    if allowed is None or not node.attributes.keys() <= allowed:
        return False
    addresses = (node.attributes[name] for name in ("href", "src") if name in node.attributes)
    return all(map(safe_address, addresses)) and all(map(_harmless, node.children))


def _body(root: Element) -> Element:
    """The innermost element that wraps everything, such as body or an editor's single div."""
    while True:
        inner = [
            one
            for one in root.children
            if isinstance(one, Element) and one.tag not in UNSEEN or text_of(one).strip()
        ]
        (only,) = inner if len(inner) == 1 else (None,)
        if not isinstance(only, Element) or only.tag not in _WRAPPERS:
            return root
        if not any(isinstance(one, Element) and one.blocks for one in only.children):
            return root
        root = only


def _stretches(source: str, body: Element) -> Iterator[tuple[int, int, list[Node]]]:
    """The source's top-level stretches: an element with blocks is one, and so is each run
    between."""
    run: list[Node] = []
    ends = [*(one.start for one in body.children), _inner_end(source, body)][1:]
    spans: list[tuple[int, int, list[Node]]] = []
    for node, following in zip(body.children, ends, strict=True):
        block = isinstance(node, Element) and (node.blocks or node.tag in UNSEEN)
        end = node.end if isinstance(node, Element) else following
        if block:
            spans.append((node.start, end, [node]))
            run = []
        elif run:
            run.append(node)
            spans[-1] = (spans[-1][0], end, run)
        elif text_of(node).strip() or isinstance(node, Element):
            run = [node]
            spans.append((node.start, end, run))
    for start, end, nodes in spans:
        text = source[start:end]
        lead = len(text) - len(text.lstrip())
        yield start + lead, start + max(lead, len(text.rstrip())), nodes


def _inner_end(source: str, body: Element) -> int:
    """Where the element's content ends: before its closing tag, if it has one."""
    if not body.tag:
        return len(source)
    at = source.rfind("</", body.start, body.end)
    return at if at >= 0 and source[at + 2 : body.end].lower().startswith(body.tag) else body.end


def _grouped(flow: Iterable[Block | Inline | None]) -> Iterator[Block]:
    """Runs of inlines as paragraphs; None is the edge of an element on lines of its own."""
    run: list[Inline] = []
    for one in flow:
        if isinstance(one, Text | Image | Break):
            run.append(one)
            continue
        if run:
            yield Paragraph(tuple(run))
            run = []
        if isinstance(one, Paragraph | Heading | List | Quote | Rule | Code | Table):
            yield one
    if run:
        yield Paragraph(tuple(run))


def _flow(nodes: Sequence[Node], marks: int, href: str) -> Iterator[Block | Inline | None]:
    for node in nodes:
        if isinstance(node, Words):
            yield Text(node.text, marks, href)
        elif node.tag not in UNSEEN:
            yield from _element(node, marks, href)


def _element(node: Element, marks: int, href: str) -> Iterator[Block | Inline | None]:
    tag, inside = node.tag, node.children
    if tag == "br":
        yield Break()
    elif tag == "img":
        yield Image(node.attributes.get("src", ""), node.attributes.get("alt", ""), href)
    elif tag == "a":
        yield from _flow(inside, marks, node.attributes.get("href", "") or href)
    elif tag in _MARKS:
        yield from _flow(inside, marks | _MARKS[tag], href)
    elif tag in _BLOCK_READERS:
        yield _BLOCK_READERS[tag](node, marks, href)
    elif tag in ("ul", "ol"):
        yield _list(node, marks, href)
    elif node.blocks:
        yield None
        yield from _flow(inside, marks, href)
        yield None
    else:
        yield from _flow(inside, marks, href)


def _heading(node: Element, marks: int, href: str) -> Block:
    return Heading(int(node.tag[1]), _as_line(node.children, marks, href))


def _as_line(nodes: Sequence[Node], marks: int, href: str) -> Inlines:
    """Content as one line, for headings and cells: blocks in it become lines."""
    blocks = normal_blocks(list(_grouped(_flow(nodes, marks, href))))
    return lower.broken(lower.lines(blocks, Losses(), "here"))


def _quote(node: Element, marks: int, href: str) -> Block:
    return Quote(tuple(_grouped(_flow(node.children, marks, href))))


def _pre(node: Element, marks: int, href: str) -> Block:
    inner = [one for one in node.children if isinstance(one, Element) and one.tag == "code"]
    classes = " ".join(one.attributes.get("class", "") for one in [node, *inner[:1]])
    found = _LANGUAGE.search(classes)
    own = inner[0].attributes.get("class", "").split() if inner else []
    return Code(text_of(node), found[1] if found else own[0] if own else "")


def _rule(node: Element, marks: int, href: str) -> Block:
    return Rule()


def _list(node: Element, marks: int, href: str) -> List:
    items: list[Item] = []
    for child in node.children:
        stray = not (isinstance(child, Element) and child.tag == "li")
        inside = [child] if stray else child.children if isinstance(child, Element) else []
        blocks = tuple(_grouped(_flow(inside, marks, href)))
        if stray and items and normal_blocks(blocks):
            items[-1] = Item(items[-1].blocks + blocks)
        else:
            items.append(Item(blocks))
    start = node.attributes.get("start", "")
    number = int(start) if start.isascii() and start.isdigit() and len(start) < 10 else 1
    return List(node.tag == "ol", tuple(items), number)


def _table(node: Element, marks: int, href: str) -> Block:
    rows = list(_rows(node))
    cells = tuple(tuple(_as_line(one.children, marks, href) for one in row) for row in rows)
    return Table(cells, bool(rows) and all(one.tag == "th" for one in rows[0]))


def _rows(node: Element) -> Iterator[list[Element]]:
    for child in node.children:
        if not isinstance(child, Element):
            continue
        if child.tag == "tr":
            inside = [one for one in child.children if isinstance(one, Element)]
            yield [one for one in inside if one.tag in ("td", "th")]
        elif child.tag in ("thead", "tbody", "tfoot"):
            yield from _rows(child)


_BLOCK_READERS = {
    **{f"h{level}": _heading for level in range(1, 7)},
    "blockquote": _quote,
    "pre": _pre,
    "hr": _rule,
    "table": _table,
}

HTML = _Html()
