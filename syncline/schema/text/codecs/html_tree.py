"""Untrusted HTML as a small tree of elements that remember where in the source they stand.

Nothing is ever executed or fetched. The tokens are those of the HTML standard, found here because
the parsers at hand either tell no positions, which rewriting in place needs, or take quadratic time
on an unclosed tag. As in a browser, what follows an unclosed tag or comment is not seen. Depth is
bounded here and length by the codec, so hostile input costs no more than its own length.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from typing import TypeAlias

MAX_DEPTH = 80

VOID = frozenset({"br", "hr", "img", "input", "meta", "link", "wbr", "area", "base", "col", "embed",
                  "source", "track", "param"})  # fmt: skip
BLOCKS = frozenset({"p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote",
                    "pre", "hr", "table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption",
                    "section", "article", "main", "header", "footer", "aside", "nav", "figure",
                    "figcaption", "details", "summary", "dl", "dt", "dd", "address", "center",
                    "form", "fieldset", "html", "body"})  # fmt: skip
UNSEEN = frozenset({"script", "style", "head", "title", "template", "noscript", "iframe", "object",
                    "embed", "svg", "math", "textarea", "select", "button", "audio", "video",
                    "canvas", "applet", "meta", "link", "base", "param", "xmp",
                    "noembed", "noframes"})  # fmt: skip

_RAW = UNSEEN & {"script", "style", "xmp", "iframe", "noembed", "noframes", "noscript", "textarea",
                 "title"}  # fmt: skip
"""Elements whose content is no markup, up to their own closing tag."""

_TAG = re.compile(r"<(/?)([A-Za-z][^\s/>]*)")
_TAG_END = re.compile(r"[\s/]*>")
_ATTRIBUTE = re.compile(
    r"[\s/]*([^\s/>][^\s/>=]*)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"'][^\s>]*)))?"
)
_OPEN_QUOTE = re.compile(r"\s*=\s*[\"']")

_CLOSED_BY: dict[str, frozenset[str]] = {
    "li": frozenset({"li"}),
    "dt": frozenset({"dt", "dd"}),
    "dd": frozenset({"dt", "dd"}),
    "tr": frozenset({"tr", "thead", "tbody", "tfoot"}),
    "td": frozenset({"td", "th", "tr", "thead", "tbody", "tfoot"}),
    "th": frozenset({"td", "th", "tr", "thead", "tbody", "tfoot"}),
    "thead": frozenset({"tbody", "tfoot", "thead"}),
    "tbody": frozenset({"tbody", "tfoot", "thead"}),
    "p": BLOCKS - {"td", "th", "tr", "thead", "tbody", "tfoot", "html", "body", "caption"},
}
"""An open element on the left ends where one on the right begins, as in the HTML standard."""

_BARRIERS = frozenset({"table", "ul", "ol", "td", "th", "blockquote", "div", "li", "dl"})


@dataclass(slots=True)
class Element:
    tag: str
    start: int
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)
    end: int = 0
    blocks: bool = False
    """Whether it is, or holds, an element that stands on lines of its own."""


@dataclass(frozen=True, slots=True)
class Words:
    text: str
    start: int
    end: int


Node: TypeAlias = Element | Words


class _Builder:
    def __init__(self, source: str) -> None:
        self.root = Element("", 0, end=len(source))
        self._stack = [self.root]
        self._overflow = 0
        self._source = source
        at = 0
        while at < len(source):
            at = self._token(at)
        self._pop_to(1, len(source))

    def _token(self, at: int) -> int:
        """Take the token at `at`; where the next one starts."""
        source = self._source
        if source[at] != "<":
            end = source.find("<", at)
            return self._words(at, end if end >= 0 else len(source))
        if tag := _TAG.match(source, at):
            return self._tag(tag)
        if source.startswith("<!--", at):
            return self._after("-->", at + 4)
        if source.startswith(("<!", "<?", "</"), at):
            return self._after(">", at + 2)
        return self._words(at, at + 1)

    def _after(self, mark: str, at: int) -> int:
        end = self._source.find(mark, at)
        return end + len(mark) if end >= 0 else len(self._source)

    def _words(self, start: int, end: int) -> int:
        self._stack[-1].children.append(Words(unescape(self._source[start:end]), start, end))
        return end

    def _tag(self, tag: re.Match[str]) -> int:
        attributes: dict[str, str] = {}
        at = tag.end()
        while not (closed := _TAG_END.match(self._source, at)):
            found = _ATTRIBUTE.match(self._source, at)
            if not found or (
                found[2] is found[3] is found[4] and _OPEN_QUOTE.match(self._source, found.end())
            ):
                return len(self._source)
            value = found[2] or found[3] or found[4] or ""
            attributes.setdefault(found[1].lower(), unescape(value))
            at = found.end()
        name = tag[2].lower()
        if tag[1]:
            self._close(name, tag.start(), closed.end())
            return closed.end()
        self._open(name, tag.start(), closed.end(), attributes)
        return self._after_raw(name, closed.end()) if name in _RAW else closed.end()

    def _after_raw(self, name: str, at: int) -> int:
        """Where an element's raw content ends, before its closing tag."""
        end = re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE).search(self._source, at)
        return end.start() if end else len(self._source)

    def _open(self, tag: str, start: int, end: int, attributes: dict[str, str]) -> None:
        self._close_implied(tag, start)
        one = Element(tag, start, attributes, end=end, blocks=tag in BLOCKS)
        if tag in VOID or len(self._stack) < MAX_DEPTH:
            self._stack[-1].children.append(one)
        if tag in VOID:
            self._stack[-1].blocks |= one.blocks
        elif len(self._stack) < MAX_DEPTH:
            self._stack.append(one)
        else:
            self._overflow += 1

    def _close(self, tag: str, start: int, end: int) -> None:
        if tag == "br":
            self._open(tag, start, end, {})
            return
        if self._overflow and tag not in VOID:
            self._overflow -= 1
            return
        for index in range(len(self._stack) - 1, 0, -1):
            one = self._stack[index]
            if one.tag == tag:
                self._pop_to(index, start, end)
                return
            if one.tag in _BARRIERS and tag not in BLOCKS:
                return

    def _close_implied(self, tag: str, at: int) -> None:
        for index in range(len(self._stack) - 1, 0, -1):
            one = self._stack[index]
            if tag in _CLOSED_BY.get(one.tag, ()):
                self._pop_to(index, at)
            elif one.tag in _BARRIERS and one.tag not in ("td", "th", "li"):
                return

    def _pop_to(self, index: int, at: int, end: int | None = None) -> None:
        """Close the stack down to `index`; the lowest ends at `end`, those in it at `at`."""
        while len(self._stack) > index:
            one = self._stack.pop()
            one.end = at if len(self._stack) > index or end is None else end
            if one.blocks:
                self._stack[-1].blocks = True


def parse(source: str) -> Element:
    """The source as a tree under a nameless root. Never fails: wrong HTML is what it looks like."""
    return _Builder(source).root


def text_of(node: Node) -> str:
    """All words under a node, as they stand."""
    if isinstance(node, Words):
        return node.text
    if node.tag == "br":
        return "\n"
    return "" if node.tag in UNSEEN else "".join(text_of(child) for child in node.children)
