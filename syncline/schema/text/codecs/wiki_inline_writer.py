"""Writing the words of one line of wiki markup.

A sign that could open a mark gets a backslash, and only where it could. What has been written is
read again: should the line not show exactly what it must, it is written a second time with every
sign in it as an entity, and, where even that does not help, without marks, which is a loss.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from syncline.schema.text.codecs.parts import Losses, normal_blocks
from syncline.schema.text.codecs.wiki_inline import (
    ADDRESS,
    LINKABLE,
    UNFIT_END,
    inlines,
    wordlike,
)
from syncline.schema.text.normal import merged
from syncline.schema.text.tree import (
    CODE,
    EMPHASIS,
    STRIKE,
    STRONG,
    Image,
    Inline,
    Inlines,
    Paragraph,
    Text,
)

_SIGNS = {STRONG: "*", EMPHASIS: "_", STRIKE: "-"}
_OPENS = re.compile(
    r"(?<![^\W_])(?:\*(?!\*)|_(?!_)|-(?!-)|\+(?!\+)|\^(?!\^)|~(?!~)|!(?!!)|\?\?(?!\?))(?=\S)"
    r"|\{(?=[^\s\d]|\Z)"
    r"|\[(?=[~^]|[^\[\]]*(?:\||://|mailto:))"
    r"|(?<=[:;])\)|(?<=:)\(|\((?=(?:[yni/x!+?\-]|on|off|\*[rgby]?|flag|flagoff)\))"
)
"""What could start a mark, a macro, a link, an image or a little picture."""
_SLASH = re.compile(r"\\(?=[\\\-#*_+?^~|%{}\[\]()!@]|\Z)|(?<=\\)\\")
_ENTITY = re.compile(r"&(?=#?\w+;)")
_SPECIAL = re.compile(r"[-\\*_+^~?{}\[\]()!|&#:@%]")
_ENDS_IN_ADDRESS = re.compile(rf"{ADDRESS.pattern}\Z", re.IGNORECASE)
_UNFIT_IN_ADDRESS = re.compile(r"[\[\]|!{}]")
_UNFIT_IN_ALT = re.compile(r"[^\w \-.:]")


def entity(char: str) -> str:
    return f"&#{ord(char)};"


def line(content: Inlines, losses: Losses, *, in_cell: bool = False) -> str:
    """The source of inlines without breaks."""
    content = _fitting(content, losses)
    for strict in (False, True):
        text = _Writer(content, in_cell, strict).text()
        if _reads_as(text, content):
            return text
    return _Writer(tuple(merged(_bare(one, losses) for one in content)), in_cell, True).text()


def _reads_as(text: str, content: Inlines) -> bool:
    return normal_blocks([Paragraph(inlines(text))]) == normal_blocks([Paragraph(content)])


def _fitting(content: Inlines, losses: Losses) -> Inlines:
    """The inlines, with what wiki markup has no way to write in words."""
    out: list[Inline] = []
    for index, inline in enumerate(content):
        following = content[index + 1] if index + 1 < len(content) else None
        match inline:
            case Text(_, _, href) if href and not LINKABLE.fullmatch(href):
                out.append(_without_link(inline, following, losses))
            case Image(src, alt, href) if not _shows(inline):
                losses.note("image", "shown as its address")
                out.append(Text(f"{alt} ({src})" if alt else src))
            case _:
                out.append(inline)
    return tuple(merged(out))


def _without_link(inline: Text, following: Inline | None, losses: Losses) -> Text:
    goes_on = isinstance(following, Text) and following.href == inline.href
    if goes_on:
        return Text(inline.text, inline.marks)
    losses.note("link", "shown as its address")
    return Text(f"{inline.text} ({inline.href})", inline.marks)


def _shows(image: Image) -> bool:
    linkable = LINKABLE.fullmatch(image.src) and not image.src.lower().startswith("mailto:")
    return bool(linkable and (not image.href or LINKABLE.fullmatch(image.href)))


def _bare(inline: Inline, losses: Losses) -> Inline:
    match inline:
        case Text(text, marks, href):
            if marks:
                losses.note("marked passage", "shown plain")
            if href:
                losses.note("link", "shown as its address")
            return Text(f"{text} ({href})" if href else text)
        case Image(src, alt):
            losses.note("image", "shown as its address")
            return Text(f"{alt} ({src})" if alt else src)
        case _:
            return inline


@dataclass(frozen=True, slots=True)
class _Link:
    """What one pair of brackets holds; `marks` are those of all of it."""

    href: str
    label: Inlines
    marks: int


_Unit = Inline | _Link


class _Writer:
    def __init__(
        self, content: Inlines, in_cell: bool, strict: bool, in_label: bool = False
    ) -> None:
        self._units = list(_units(content))
        self._in_cell = in_cell
        self._strict = strict
        self._in_label = in_label
        words = "".join(one.text for one in content if isinstance(one, Text))
        used = {one.marks for one in content if isinstance(one, Text)}
        signs = {sign for bit, sign in _SIGNS.items() if any(bit & marks for marks in used)}
        alone = {sign for sign in "*_-+^~!" if words.count(sign) < 2 and sign not in signs}
        # A sign that stands alone in its line closes nothing; in a cell the others' signs could.
        self._quiet = frozenset() if in_cell or in_label else frozenset(alone)

    def text(self) -> str:
        """The line's source."""
        return self._run(self._units, 0, "", "")

    def _run(self, units: Sequence[_Unit], inside: int, before: str, after: str) -> str:
        """Units as source within the marks `inside`, between these characters."""
        out, index = "", 0
        while index < len(units):
            bit, stop = _passage(units, index, inside)
            following = _first(units[stop]) if stop < len(units) else after
            last = out[-1:] or before
            if bit:
                out += self._marked(units[index:stop], bit, inside, last, following)
            else:
                beside = (index > 0 and _solid(units[index - 1]), _solid_at(units, index + 1))
                out += self._one(units[index], inside, last, following, beside)
            index = stop
        return out

    def _marked(
        self, passage: Sequence[_Unit], bit: int, inside: int, before: str, after: str
    ) -> str:
        sign = _SIGNS[bit]
        lead, passage, tail = _trimmed(passage)
        if not passage:
            return lead
        inner = self._run(passage, inside | bit, sign, sign)
        free = not (wordlike((lead or before)[-1:]) or (lead or before)[-1:] == "\\")
        opens = free and not self._strict and not inner.startswith("{")
        closes = not wordlike((tail or after)[:1]) and not self._strict
        closes = closes and not _ENDS_IN_ADDRESS.search(inner)
        opening = sign if opens else f"{{{sign}}}"
        return lead + opening + inner + (sign if closes else f"{{{sign}}}") + tail

    def _one(
        self, unit: _Unit, inside: int, before: str, after: str, beside: tuple[bool, bool]
    ) -> str:
        match unit:
            case _Link(href, label, marks):
                rest = [_unmarked(one, inside) for one in label]
                words = _Writer(tuple(rest), False, self._strict, in_label=True).text()
                return f"[{words}|{_encoded(href)}]"
            case Image():
                return self._image(unit)
            case Text(text, marks) if marks & CODE:
                return "{{" + self._escaped(text, inside | CODE, "{", "}") + "}}"
            case Text(text):
                return self._apart(text, inside, before, after, beside)
            case _:
                return ""

    def _apart(
        self, text: str, inside: int, before: str, after: str, beside: tuple[bool, bool]
    ) -> str:
        """The text; beside monospaced words or an image, no letter of it is seen as a letter."""
        head, tail = "", ""
        if beside[0] and wordlike(text[0]):
            head, text, before = entity(text[0]), text[1:], ";"
        if beside[1] and text and wordlike(text[-1]):
            text, tail, after = text[:-1], entity(text[-1]), "&"
        return head + self._escaped(text, inside, before, after) + tail

    def _image(self, image: Image) -> str:
        alt = _UNFIT_IN_ALT.sub(lambda m: entity(m[0]), image.alt)
        shown = f"!{_encoded(image.src)}{f'|alt={alt}' if alt else ''}!"
        return f"[{shown}|{_encoded(image.href)}]" if image.href else shown

    # words

    def _escaped(self, text: str, inside: int, before: str, after: str) -> str:
        """Text in which nothing is markup; addresses in it stay as they are."""
        if self._strict:
            return _SPECIAL.sub(lambda m: entity(m[0]), text)
        out, done = "", 0
        for found in ADDRESS.finditer(before + text):
            start, address = found.start() - len(before), found[0].rstrip(UNFIT_END)
            if start < done:
                continue
            out += self._words(text[done:start], inside, out[-1:] or before, "h") + address
            done = start + len(address)
        return out + self._words(text[done:], inside, out[-1:] or before, after)

    def _words(self, text: str, inside: int, before: str, after: str) -> str:
        closing = "".join(sign for bit, sign in _SIGNS.items() if inside & bit)
        whole = f"{before}{text}{after}"
        first, last = len(before), len(before) + len(text)
        found = {m.start(): m[0] for m in _OPENS.finditer(whole) if first <= m.start() < last}
        slashes = {m.start() for m in _SLASH.finditer(whole[:last])}
        entities = {m.start() for m in _ENTITY.finditer(whole)}
        out = []
        for at in range(first, last):
            char = whole[at]
            opens = at in found and char not in self._quiet
            if at in slashes or at in entities:
                out.append(entity(char) if char == "\\" else "&amp;")
            elif char in "{}" and inside & CODE or self._in_label and char in "[]|":
                out.append(entity(char))
            elif opens or char in closing or (self._in_cell and char in "|[!"):
                out.append("\\" + char)
            else:
                out.append(char)
        return "".join(out)


def _units(content: Iterable[Inline]) -> Iterable[_Unit]:
    """The inlines, with neighbours of one address as one link."""

    def address(inline: Inline) -> str:
        return inline.href if isinstance(inline, Text) else ""

    for href, group in groupby(content, key=address):
        run = tuple(group)
        if not href:
            yield from run
            continue
        marks = -1
        for one in run:
            marks &= one.marks if isinstance(one, Text) else 0
        label = tuple(Text(one.text, one.marks) for one in run if isinstance(one, Text))
        yield _Link(href, label, marks)


def _passage(units: Sequence[_Unit], start: int, inside: int) -> tuple[int, int]:
    """The mark that goes on longest from `start`, and where it ends; 0 if none starts there."""
    best, end = 0, start + 1
    for bit in _SIGNS:
        stop = start
        while stop < len(units) and not bit & inside and _marks(units[stop]) & bit:
            stop += 1
        if stop > start and (not best or stop > end):
            best, end = bit, stop
    return best, end


def _trimmed(passage: Sequence[_Unit]) -> tuple[str, list[_Unit], str]:
    """The passage without the white space at its ends, which no mark can begin or end with."""
    inner, lead, tail = list(passage), "", ""
    if inner and isinstance(first := inner[0], Text) and first.text.startswith(" "):
        lead, rest = " ", Text(first.text[1:], first.marks)
        inner[:1] = [rest] if rest.text else []
    if inner and isinstance(last := inner[-1], Text) and last.text.endswith(" "):
        tail, rest = " ", Text(last.text[:-1], last.marks)
        inner[-1:] = [rest] if rest.text else []
    return lead, inner, tail


def _solid(unit: _Unit) -> bool:
    """Whether a unit is seen only where no letter touches it."""
    return isinstance(unit, Image) or (isinstance(unit, Text) and bool(unit.marks & CODE))


def _solid_at(units: Sequence[_Unit], index: int) -> bool:
    return index < len(units) and _solid(units[index])


def _marks(unit: _Unit) -> int:
    return unit.marks if isinstance(unit, Text | _Link) else 0


def _unmarked(inline: Inline, marks: int) -> Inline:
    return Text(inline.text, inline.marks & ~marks) if isinstance(inline, Text) else inline


def _first(unit: _Unit) -> str:
    """The character that a unit begins with, as far as the one before it cares."""
    if isinstance(unit, Text) and not unit.marks & CODE:
        return unit.text[0]
    return "{" if isinstance(unit, Text) else "["


def _encoded(address: str) -> str:
    """The address without what would end it. It means the same."""
    fit = _UNFIT_IN_ADDRESS.sub(lambda m: f"%{ord(m[0]):02X}", address)
    return _ENTITY.sub("&amp;", fit)
