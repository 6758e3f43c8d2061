"""Writing the words of a Textile block: see `textile_writer` for what may not be shown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from syncline.schema.text.codecs import lower
from syncline.schema.text.codecs.base import Losses
from syncline.schema.text.codecs.textile_inline import ends_word, inlines
from syncline.schema.text.normal import GUARD
from syncline.schema.text.tree import (
    CODE,
    EMPHASIS,
    STRIKE,
    STRONG,
    Break,
    Image,
    Inline,
    Inlines,
    Text,
)

_SIGNS = {STRONG: "*", EMPHASIS: "_", STRIKE: "-"}
_BEFORE = r"(?:(?<=[\s(>*_\-+^~%?])|^)"
_ACTIVE = re.compile(
    _BEFORE + r"(?:[*_+^~%]|(?<!-)-(?!-)|\?\?)(?=\S|$)"
    r"|(?<!\w)@|(?:(?<=[\s>])|^)!(?=\S|$)|\"(?=:|$)|==|<(?=[A-Za-z/!?]|$)|&(?=#?\w+;|$)"
    r"|\{(?=\{|$)|\[(?=\[|$)|(?<=[A-Z][A-Z0-9])\("
)
_NEEDS_ANOTHER = frozenset("*_-+^~%?!=")
_ENDS_CODE = re.compile(r"<(?=/?(?:pre|code|kbd|notextile)\b)", re.IGNORECASE)
_UNFIT = re.compile(r"[()\"@!|<]")
_UNFIT_END = re.compile(r"[^\w/]\Z")
_NEXT_WORD = re.compile(r"\S*")


def entity(char: str) -> str:
    return f"&#{ord(char)};"


def unclosed(code: str) -> str:
    """Code that cannot end the element it stands in."""
    return _ENDS_CODE.sub("<" + GUARD, code)


class LineWriter:
    """Writes the inlines of one paragraph, heading, item or cell."""

    def __init__(self, content: Inlines, losses: Losses, in_cell: bool) -> None:
        self._losses = losses
        self._in_cell = in_cell
        self._lines = [self._linked(line) for line in _split(lower.names(content, losses))]
        words = " ".join(_raw(one) for line in self._lines for one in line)
        used = {one.marks for line in self._lines for one in line if isinstance(one, Text)}
        signs = {sign for bit, sign in _SIGNS.items() if any(bit & marks for marks in used)}
        self._quiet = {c for c in _NEEDS_ANOTHER if words.count(c) < 2 and c not in signs}

    def lines(self) -> list[str]:
        return [self._run(line, "", "", "") for line in self._lines]

    def _linked(self, line: Sequence[Inline]) -> list[Inline]:
        """The line with each link in one piece: Redmine marks a link whole or not at all."""
        out: list[Inline] = []
        for inline in line:
            last = out[-1] if out else None
            if (
                isinstance(inline, Text)
                and isinstance(last, Text)
                and inline.href
                and inline.href == last.href
            ):
                if inline.marks != last.marks:
                    self._losses.note("marked passage", "in a link shown plain")
                marks = inline.marks & last.marks & ~CODE
                out[-1] = Text(last.text + inline.text, marks, last.href)
            else:
                out.append(inline)
        return out

    def _run(self, line: Sequence[Inline], inside: str, before: str, after: str) -> str:
        """Inlines as source, within the marks `inside`, between the characters around them."""
        out: list[str] = []
        index = 0
        while index < len(line):
            previous = _raw(line[index - 1])[-1:] if index else before
            bit, stop = self._passage(line, index, inside)
            following = _raw(line[stop])[:1] if stop < len(line) else after
            if bit:
                out.append(self._passage_source(line[index:stop], bit, inside, previous, following))
            else:
                rest = self._peek(line, index + 1, inside)
                out.append(self._one(line[index], inside, previous, following, rest))
            index = stop
        return "".join(out)

    def _passage(self, line: Sequence[Inline], start: int, inside: str) -> tuple[int, int]:
        """The mark that goes on longest from `start`, and where it ends; 0 if none starts there."""
        best, end = 0, start + 1
        for bit, sign in _SIGNS.items():
            stop = start
            while stop < len(line) and sign not in inside and _marked(line[stop], bit):
                stop += 1
            if stop > start and (not best or stop > end):
                best, end = bit, stop
        return best, end

    def _passage_source(
        self, passage: Sequence[Inline], bit: int, inside: str, before: str, after: str
    ) -> str:
        sign = _SIGNS[bit]
        first = passage[0]
        if isinstance(first, Text) and first.text.startswith(" ") and not first.href:
            bare = Text(first.text[1:], first.marks)
            rest = [bare, *passage[1:]] if bare.text else list(passage[1:])
            return " " + self._passage_source(rest, bit, inside, " ", after) if rest else " "
        last = passage[-1]
        if isinstance(last, Text) and last.text.endswith(" ") and not last.href:
            bare = Text(last.text[:-1], last.marks)
            return self._passage_source([*passage[:-1], bare], bit, inside, before, " ") + " "
        words = "".join(_raw(one) for one in passage)
        opens = not before or before.isspace() or before in "(>"
        closes = not after or ends_word(after)
        if opens and closes and (len(words) > 1 or words.isalnum()):
            return sign + self._run(passage, inside + sign, "", "") + sign
        self._losses.note("marked passage", "shown plain")
        plain = [Text(t.text, t.marks & ~bit, t.href) for t in passage if isinstance(t, Text)]
        return self._run(plain, inside, before, after)

    def _peek(self, line: Sequence[Inline], index: int, inside: str) -> str:
        """The source of the word that follows, which decides whether a link would end before it."""
        if index >= len(line):
            return ""
        word = _NEXT_WORD.match(_raw(line[index]))
        return word[0] if word else ""

    def _one(self, inline: Inline, inside: str, before: str, after: str, rest: str) -> str:
        match inline:
            case Text(text, marks, "") if marks & CODE:
                return self._code(text, before, after)
            case Text(text, _, ""):
                return self._escaped(text, inside, before)
            case Text(text, marks, href):
                return self._link(text, href, inside, before, rest)
            case Image(src, alt, href):
                return self._image(src, alt, href, inside, before)
            case _:
                return ""

    def _code(self, text: str, before: str, after: str) -> str:
        if self._in_cell and "|" in text:
            self._losses.note("code passage", "shown plain")
            return self._escaped(text, "", before)
        apart = not _wordlike(before) and not _wordlike(after)
        if apart and not re.search(r"[@<&]|^\|", text):
            return f"@{text}@"
        return f"<code>{unclosed(text)}</code>"

    def _link(self, text: str, href: str, inside: str, before: str, rest: str) -> str:
        address = _address(href, inside)
        words = re.sub(r"[()\[\]{}\"]", lambda m: entity(m[0]), self._escaped(text, inside, ""))
        source = f'"{words}":{address}'
        found = inlines(source + rest)
        if _wordlike(before) or not found or found[0] != Text(text, 0, address):
            self._losses.note("link", "shown as its address")
            return self._escaped(f"{text} ({href})", inside, before)
        return source

    def _image(self, src: str, alt: str, href: str, inside: str, before: str) -> str:
        address = _address(src, inside)
        words = re.sub(r"[()!\"&<*_@|]", lambda m: entity(m[0]), alt)
        target = f":{_address(href, inside)}" if href else ""
        if not before or before.isspace():
            return f"!{address}" + (f"({words})" if words else "") + "!" + target
        self._losses.note("image", "shown as its address")
        return self._escaped(f"{alt} ({src})" if alt else src, inside, before)

    def _escaped(self, text: str, inside: str, before: str) -> str:
        """Text in which nothing is markup; the signs of the passage around it never stand in it."""

        def encode(match: re.Match[str]) -> str:
            char = match[0][0]
            return match[0] if char in self._quiet else entity(char) + match[0][1:]

        whole = before + text
        out, done = [], len(before)
        for match in _ACTIVE.finditer(whole, len(before)):
            out += [whole[done : match.start()], encode(match)]
            done = match.end()
        escaped = "".join([*out, whole[done:]])
        for sign in inside:
            escaped = escaped.replace(sign, entity(sign))
        return escaped.replace("|", entity("|")) if self._in_cell else escaped


def _split(content: Inlines) -> Iterator[list[Inline]]:
    line: list[Inline] = []
    for inline in content:
        if isinstance(inline, Break):
            yield line
            line = []
        else:
            line.append(inline)
    yield line


def _raw(inline: Inline) -> str:
    """What stands in the source beside a neighbour: words, or an image's sign."""
    return inline.text if isinstance(inline, Text) else "!"


def _marked(inline: Inline, bit: int) -> bool:
    return isinstance(inline, Text) and bool(inline.marks & bit)


def _percent(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode())


def _address(href: str, inside: str) -> str:
    """The address without what would end it, or the marked passage it stands in."""
    for sign in inside:
        href = href.replace(sign, f"%{ord(sign):02X}")
    return _UNFIT_END.sub(_percent, _UNFIT.sub(_percent, href))


def _wordlike(char: str) -> bool:
    return bool(char) and (char.isalnum() or char == "_")
