"""The small things every codec deals in: written texts, segments of a source, counts of losses.

source    the text as the tool keeps it
segment   a stretch of the source that is one block to the author, and its meaning
loss      what the format cannot show, counted in words: "2 tables shown as text"
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from syncline.schema.text.normal import normal, safe_address
from syncline.schema.text.tree import Block, Blocks, Document

MAX_SOURCE = 262_144
"""Characters of a source; tools stop below (Jira at 32,767, HubSpot at 65,536)."""

_ADDRESS = re.compile(r"https?://[^\s<>\"']*[^\s<>\"'.,;:!?()\[\]{}]", re.IGNORECASE)


class TooLarge(ValueError):
    """A text longer than MAX_SOURCE, refused before it is parsed."""


@dataclass(frozen=True, slots=True)
class Written:
    """A text for a tool, and what of the document it cannot show, in words."""

    text: str
    losses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Segment:
    """source[start:end] means `blocks`, in normal form; none if it shows nothing (a comment)."""

    start: int
    end: int
    blocks: Blocks


class Losses:
    """Counts what a writer could not show."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()

    def note(self, thing: str, fate: str) -> None:
        self._counts[thing, fate] += 1

    def words(self) -> tuple[str, ...]:
        return tuple(
            f"{count} {thing if count == 1 else _plural(thing)} {fate}"
            for (thing, fate), count in sorted(self._counts.items())
        )


def _plural(thing: str) -> str:
    return thing + ("es" if thing.endswith("s") else "s")


def bounded(source: str) -> str:
    """The source. TooLarge if it is longer than any tool lets a text be."""
    if len(source) > MAX_SOURCE:
        raise TooLarge(
            f"a text of {len(source):,} characters is longer than the {MAX_SOURCE:,} that are read;"
            " the field is parked and the record's other fields go on"
        )
    return source


def addresses_apart(text: str) -> Iterator[tuple[str, str]]:
    """The text in pieces, each with the address it is, or "": for formats that make no links
    themselves."""
    done = 0
    for match in _ADDRESS.finditer(text):
        if safe_address(match[0]) == match[0]:
            if match.start() > done:
                yield text[done : match.start()], ""
            yield match[0], match[0]
            done = match.end()
    if done < len(text):
        yield text[done:], ""


def blocks_of(segments: Sequence[Segment]) -> Blocks:
    return tuple(block for one in segments for block in one.blocks)


def normal_blocks(blocks: Sequence[Block]) -> Blocks:
    return normal(Document(tuple(blocks))).blocks
