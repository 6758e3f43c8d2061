"""Writing the words of a Textile block: see `textile_writer` for what may not be shown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from syncline.schema.text.codecs import lower
from syncline.schema.text.codecs.parts import Losses
from syncline.schema.text.codecs.textile_inline import ends_word
from syncline.schema.text.normal import GUARD, merged
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
_BEFORE = r"(?:(?<=[\s(>@*_\-+^~%?])|^)"
_ACTIVE = re.compile(
    _BEFORE + r"(?:[*_+^~%]|(?<!-)-(?!-)|\?\?)(?=\S|$)"
    r"|(?<!\w)@|(?:(?<=[\s>])|^)!(?=\S|$)|\"(?=:|$)|==|<(?=[A-Za-z/!?]|$)|&(?=#?\w+;|$)"
    r"|\{(?=\{|$)|\[(?=\[|$)|(?<=[A-Z][A-Z0-9])\("
)
_NEEDS_ANOTHER = frozenset("*_-+^~%?!=")
_ENDS_CODE = re.compile(r"<(?=/?(?:pre|code|kbd|notextile)\b)", re.IGNORECASE)
_BRACKET = re.compile(r"[()]")
_UNFIT_IN_IMAGE = re.compile(r"[(!]")
_UNFIT_END = re.compile(r"[^\w=/;)\-]\Z")
_LINKABLE = re.compile(r"(?:/|[a-zA-Z]{2,12}://|www\.|mailto:)[\w/]\S")
_AFTER_ADDRESS = re.compile(r"[^\w=/;()\-]*")
_NEXT_WORD = re.compile(r"\S*")
_AFTER_SIGN = re.compile(r"[.,;:)]+")


def entity(char: str) -> str:
    return f"&#{ord(char)};"


def unclosed(code: str) -> str:
    """Code that cannot end the element it stands in."""
    return _ENDS_CODE.sub("<" + GUARD, code)


def _word(text: str) -> str:
    """What stands before the first white space."""
    found = _NEXT_WORD.match(text)
    return found[0] if found else ""


class LineWriter:
    """Writes the inlines of one paragraph, heading, item or cell."""

    def __init__(self, content: Inlines, losses: Losses, in_cell: bool) -> None:
        self._losses = losses
        self._in_cell = in_cell
        lines = [self._linked(line) for line in _split(lower.names(content, losses))]
        words = " ".join(_raw(one) for line in lines for one in line)
        used = {one.marks for line in lines for one in line if isinstance(one, Text)}
        signs = {sign for bit, sign in _SIGNS.items() if any(bit & marks for marks in used)}
        # Redmine writes each bare & as x%x% until a line is done.
        words += words.count("&") * "%"
        self._quiet = {c for c in _NEEDS_ANOTHER if words.count(c) < 2 and c not in signs}
        self._lines = [self._reachable(line) for line in lines]

    def lines(self) -> list[str]:
        return [self._run(line, "", "", "") for line in self._lines]

    def _linked(self, line: Sequence[Inline]) -> list[Inline]:
        """The line with each link in one piece: Redmine marks a link whole or not at all."""
        out: list[Inline] = []
        for inline in line:
            if isinstance(inline, Text) and inline.href and inline.marks & CODE:
                self._losses.note("code passage", "in a link shown plain")
                inline = Text(inline.text, inline.marks & ~CODE, inline.href)
            last = out[-1] if out else None
            if (
                isinstance(inline, Text)
                and isinstance(last, Text)
                and inline.href
                and inline.href == last.href
            ):
                if inline.marks != last.marks:
                    self._losses.note("marked passage", "in a link shown plain")
                marks = inline.marks & last.marks
                out[-1] = Text(last.text + inline.text, marks, last.href)
            else:
                out.append(inline)
        return out

    def _reachable(self, line: Sequence[Inline]) -> list[Inline]:
        """The line, with links and images that Redmine would not see where they stand as text."""
        out: list[Inline] = []
        for index, inline in enumerate(line):
            before = _edge(out[-1], last=True) if out else ""
            after = line[index + 1] if index + 1 < len(line) else None
            if isinstance(inline, Text) and inline.href:
                fits = _LINKABLE.match(inline.href) and not _wordlike(before)
                if not (fits and self._ends(inline.marks, after)):
                    self._losses.note("link", "shown as its address")
                    inline = Text(f"{inline.text} ({inline.href})", inline.marks)
            elif isinstance(inline, Image):
                fits = not before or before.isspace()
                if not (fits and (not inline.href or self._ends(0, after))):
                    self._losses.note("image", "shown as its address")
                    alt, src = inline.alt, inline.src
                    inline = Text(f"{alt} ({src})" if alt else src)
            out.append(inline)
        return merged(out)

    def _ends(self, marks: int, after: Inline | None) -> bool:
        """Whether an address ends where it should before what comes after it."""
        if after is None:
            return True
        if not isinstance(after, Text) or after.marks & CODE or after.href:
            return False
        if marks & ~after.marks:  # the sign that ends the mark comes between
            return after.text[0].isspace() or bool(_AFTER_SIGN.fullmatch(_word(after.text)))
        word = _word(after.text)
        inside = "".join(sign for bit, sign in _SIGNS.items() if bit & marks & after.marks)
        return bool(_AFTER_ADDRESS.fullmatch(self._escaped(word, inside, "x")))

    def _run(self, line: Sequence[Inline], inside: str, before: str, after: str) -> str:
        """Inlines as source, within the marks `inside`, between the characters around them."""
        out: list[str] = []
        index, previous = 0, before
        while index < len(line):
            bit, stop = self._passage(line, index, inside)
            following = _edge(line[stop], last=False) if stop < len(line) else after
            if bit:
                out.append(self._passage_source(line[index:stop], bit, inside, previous, following))
            else:
                out.append(self._one(line[index], inside, previous, following))
            shown = bit and out[-1][-1:] == _SIGNS[bit]
            previous = _SIGNS[bit] if shown else _edge(line[stop - 1], last=True)
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
        if opens and closes:
            lone = len(words) == 1 and not (words.isalnum() or _marked(last, CODE))
            return (
                sign + (entity(words) if lone else self._run(passage, inside + sign, "", "")) + sign
            )
        self._losses.note("marked passage", "shown plain")
        plain = [Text(t.text, t.marks & ~bit, t.href) for t in passage if isinstance(t, Text)]
        return self._run(plain, inside, before, after)

    def _one(self, inline: Inline, inside: str, before: str, after: str) -> str:
        match inline:
            case Text(text, marks, "") if marks & CODE:
                return self._code(text, before, after)
            case Text(text, _, ""):
                return self._escaped(text, inside, before)
            case Text(text, marks, href):
                return self._link(text, href, inside)
            case Image(src, alt, href):
                return self._image(src, alt, href, inside)
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

    def _link(self, text: str, href: str, inside: str) -> str:
        words = re.sub(r"[()\[\]{}\"]", lambda m: entity(m[0]), self._escaped(text, inside, ""))
        return f'"{words}":{self._encoded(href, _address(href, inside))}'

    def _image(self, src: str, alt: str, href: str, inside: str) -> str:
        words = re.sub(r"[()!\"&<*_@|]", lambda m: entity(m[0]), alt)
        target = f":{self._encoded(href, _address(href, inside))}" if href else ""
        source = self._encoded(src, _UNFIT_IN_IMAGE.sub(_percent, src))
        return f"!{source}" + (f"({words})" if words else "") + f"!{target}"

    def _encoded(self, address: str, fit: str) -> str:
        if fit != address:
            self._losses.note("address", "written with more of it encoded")
        return fit

    def _escaped(self, text: str, inside: str, before: str) -> str:
        """Text in which nothing is markup; the signs of the passage around it never stand in it."""

        def encode(match: re.Match[str]) -> str:
            char = match[0][0]
            return match[0] if char in self._quiet else entity(char) + match[0][1:]

        whole = before + text
        out, done = [], len(before)
        if before and before in _SIGNS.values() and text.startswith(before):
            out, done = [entity(before)], done + 1
        for match in _ACTIVE.finditer(whole, done):
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
    return inline.text if isinstance(inline, Text) else ""


def _edge(inline: Inline, last: bool) -> str:
    """The first or last character an inline has in the source, as far as its neighbours care."""
    if not isinstance(inline, Text):
        return "!"
    if inline.href:
        return "x" if last else '"'
    return "@" if inline.marks & CODE else inline.text[-1 if last else 0]


def _marked(inline: Inline, bit: int) -> bool:
    return isinstance(inline, Text) and bool(inline.marks & bit)


def _percent(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode())


def _address(href: str, inside: str) -> str:
    """The address without what would end it, or the marked passage it stands in."""
    for sign in inside:
        href = re.sub(rf"{re.escape(sign)}(?!\w)", _percent, href)
    if href.count("(") != href.count(")"):
        href = _BRACKET.sub(_percent, href)
    return _UNFIT_END.sub(_percent, href)


def _wordlike(char: str) -> bool:
    return bool(char) and (char.isalnum() or char == "_")
