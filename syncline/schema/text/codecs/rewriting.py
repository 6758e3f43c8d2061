"""Rewriting a tool's text with the least change: what was not edited keeps its bytes.

The original's segments and the document's blocks are aligned by what they show. Aligned segments
are copied, with what stands between them; the others are written anew. The result is read back:
should it not show exactly the document (a reference that a removed block defined, say), the whole
document is written instead, so a small change is never bought with a wrong text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from syncline.schema.text.codecs.parts import Losses, Segment, Written, blocks_of
from syncline.schema.text.diff import hunks
from syncline.schema.text.normal import normal
from syncline.schema.text.tree import Block, Blocks, Document, List

if TYPE_CHECKING:
    from syncline.schema.text.codecs.base import Codec

_TRAIL = re.compile(r"\s*\Z")


def rewrite(codec: Codec, original: str, document: Document) -> Written:
    """See `Codec.rewrite`."""
    document = normal(document)
    written = codec.write(document)
    wanted = codec.show(document)
    segments = codec.segments(original)
    if blocks_of(segments) == wanted.blocks:
        return Written(original, written.losses)
    eol = "\r\n" if "\r\n" in original else "\n"
    text = _Rewriter(codec, original, eol).text(segments, document.blocks)
    if codec.read(text) == wanted:
        return Written(text, written.losses)
    tail = _TRAIL.search(original)
    whole = written.text.replace("\n", eol) + (tail[0] if tail and original.strip() else "")
    return Written(whole, written.losses)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of the result; `place` is the index of the segment it keeps or replaces, if any."""

    text: str
    place: int | None = None


class _Rewriter:
    def __init__(self, codec: Codec, original: str, eol: str) -> None:
        self._codec = codec
        self._original = original
        self._eol = eol

    def text(self, segments: Sequence[Segment], blocks: Blocks) -> str:
        """The original with its segments made to show the blocks."""
        if not segments:
            return self._codec.framed(self._render(blocks))
        pieces = self._pieces(segments, blocks)
        head, tail = self._original[: segments[0].start], self._original[segments[-1].end :]
        return (
            head + self._joined(segments, pieces, self._codec.gap.replace("\n", self._eol)) + tail
        )

    def _render(self, blocks: Blocks) -> str:
        return self._codec.render(blocks, Losses()).replace("\n", self._eol)

    def _joined(self, segments: Sequence[Segment], pieces: list[_Piece], gap: str) -> str:
        out: list[str] = []
        for index, piece in enumerate(pieces):
            before = pieces[index - 1].place if index else None
            if index and before is not None and piece.place == before + 1:
                out.append(self._original[segments[before].end : segments[before + 1].start])
            elif index:
                out.append(gap)
            out.append(piece.text)
        return "".join(out)

    def _pieces(self, segments: Sequence[Segment], blocks: Blocks) -> list[_Piece]:
        old = [one.blocks for one in segments]
        new = _grouped(self._codec, blocks, frozenset(old))
        out: list[_Piece] = []
        done = 0
        for hunk in hunks(old, [shown for _, shown in new]):
            out += [self._kept(segments, i) for i in range(done, hunk.start)]
            fresh = [blocks for blocks, _ in new[hunk.new_start : hunk.new_end]]
            out += self._replaced(segments, range(hunk.start, hunk.end), fresh)
            done = hunk.end
        out += [self._kept(segments, i) for i in range(done, len(segments))]
        return [piece for piece in out if piece.text]

    def _replaced(
        self, segments: Sequence[Segment], places: range, fresh: list[Blocks]
    ) -> Iterator[_Piece]:
        """New blocks in the places of old ones; segments that show nothing stay where they are."""
        waiting = iter(fresh)
        for place in places:
            if not segments[place].blocks:
                yield self._kept(segments, place)
            elif (blocks := next(waiting, None)) is not None:
                yield _Piece(self._changed(segments[place], blocks), place)
        yield from (_Piece(self._render(blocks)) for blocks in waiting)

    def _kept(self, segments: Sequence[Segment], index: int) -> _Piece:
        one = segments[index]
        return _Piece(self._original[one.start : one.end], index)

    def _changed(self, segment: Segment, blocks: Blocks) -> str:
        """The segment's new text: its list item by item where that can be, else written anew."""
        return self._list(segment, blocks) or self._render(blocks)

    def _list(self, segment: Segment, blocks: Blocks) -> str | None:
        old, new = segment.blocks, blocks
        if len(old) != 1 or len(new) != 1:
            return None
        (before,), (after,) = old, new
        if not (isinstance(before, List) and isinstance(after, List)):
            return None
        if (before.ordered, before.start) != (after.ordered, after.start):
            return None
        parts = self._codec.parts(self._original, segment)
        if parts is None or blocks_of(parts) != _items(before):
            return None
        source = self._original[segment.start : segment.end]
        pieces = _ItemRewriter(self._codec, self._original, self._eol, source)
        text = pieces.text(parts, _items(after))
        start, end = parts[0].start, parts[-1].end
        lead = self._original[segment.start : start]
        body = text[start : len(text) - (len(self._original) - end)]
        candidate = lead + body + self._original[end : segment.end]
        if self._codec.read(self._codec.framed(candidate)).blocks != self._codec.show_block(after):
            return None
        return candidate


class _ItemRewriter(_Rewriter):
    """The same, for the items of one list, each written the way its list writes them."""

    def __init__(self, codec: Codec, original: str, eol: str, source: str) -> None:
        super().__init__(codec, original, eol)
        self._source = source

    def _render(self, blocks: Blocks) -> str:
        text = self._codec.render_part(blocks, self._source, Losses())
        return (text if text is not None else "").replace("\n", self._eol)

    def _joined(self, segments: Sequence[Segment], pieces: list[_Piece], gap: str) -> str:
        return super()._joined(segments, pieces, self._codec.item_gap.replace("\n", self._eol))

    def _changed(self, segment: Segment, blocks: Blocks) -> str:
        return self._render(blocks)


def _items(block: List) -> Blocks:
    return tuple(List(block.ordered, (item,)) for item in block.items)


def _grouped(codec: Codec, blocks: Blocks, known: frozenset[Blocks]) -> list[tuple[Blocks, Blocks]]:
    """The blocks with what each shows, gathered where the original has several in one segment."""
    longest = max((len(one) for one in known), default=1)
    single: list[tuple[Block, Blocks]] = [
        (block, shown) for block in blocks if (shown := codec.show_block(block))
    ]
    out: list[tuple[Blocks, Blocks]] = []
    index = 0
    while index < len(single):
        size = 1
        for width in range(min(longest, len(single) - index), 1, -1):
            group = single[index : index + width]
            if tuple(b for _, shown in group for b in shown) in known:
                size = width
                break
        group = single[index : index + size]
        out.append((tuple(b for b, _ in group), tuple(b for _, shown in group for b in shown)))
        index += size
    return out
