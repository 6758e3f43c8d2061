"""What every format's codec can do, and the parts of it that are the same for all.

A format supplies three things: where its source divides into blocks and what they mean
(`segments`), how a block is written (`render`), and whether a source may be handed to another
tool as it stands (`inert`). Reading, writing, showing and rewriting follow from these here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import lru_cache

from syncline.schema.text.codecs.parts import Losses, Segment, Written, bounded
from syncline.schema.text.codecs.rewriting import rewrite
from syncline.schema.text.normal import normal
from syncline.schema.text.tree import Block, Blocks, Document


class Codec(ABC):
    """One format. Stateless; every method is a function of its arguments."""

    name: str
    gap = "\n\n"
    """What stands between two blocks."""
    item_gap = "\n"
    """What stands between two items of a list."""

    @abstractmethod
    def segments(self, source: str) -> list[Segment]:
        """The blocks of the source in order, not overlapping; what lies between them means
        nothing."""

    @abstractmethod
    def render(self, blocks: Blocks, losses: Losses) -> str:
        """Blocks in normal form as text, with no blank line before or after."""

    @abstractmethod
    def inert(self, source: str) -> bool:
        """Whether the source holds nothing that acts: scripts, macros, names that notify."""

    def framed(self, text: str) -> str:
        """The source that holds exactly these rendered blocks; the text itself, unless a format
        puts something around them. No blocks are an empty source."""
        return text

    def parts(self, source: str, segment: Segment) -> list[Segment] | None:
        """The items of a list segment, each as a list of one item, or None if they cannot be
        told."""
        return None

    def render_part(self, blocks: Blocks, source: str, losses: Losses) -> str | None:
        """One item as `source`, its list, writes its items; None if that cannot be done."""
        return None

    def check(self, source: str) -> None:
        """ValueError if `read` would raise it, at less cost."""
        bounded(source)

    def read(self, source: str) -> Document:
        """The document, in normal form, that a reader of this source sees. TooLarge if too long."""
        blocks = (block for one in self.segments(bounded(source)) for block in one.blocks)
        return Document(tuple(blocks))

    def write(self, document: Document) -> Written:
        losses = Losses()
        text = self.render(normal(document).blocks, losses)
        return Written(self.framed(text), losses.words())

    def show(self, document: Document) -> Document:
        """What a reader sees when the document is written in this format. Idempotent."""
        return Document(
            tuple(shown for block in normal(document).blocks for shown in self.show_block(block))
        )

    def show_block(self, block: Block) -> Blocks:
        """`show` of one block in normal form; none if nothing of it can be seen."""
        return _shown(self, block)

    def rewrite(self, original: str, document: Document) -> Written:
        """The smallest change of `original` that shows the document, block by block.

        Blocks whose meaning did not change keep their bytes, and `original` itself comes back when
        nothing did. The losses are those of the document, whether or not they were there before.
        """
        return rewrite(self, original, document)


@lru_cache(maxsize=4096)
def _shown(codec: Codec, block: Block) -> Blocks:
    return codec.read(codec.framed(codec.render((block,), Losses()))).blocks
