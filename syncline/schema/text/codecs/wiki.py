"""Wiki markup: `h1. Title`, `*strong*`, `{code}`, `[text|address]`, `||heading||`.

This is the notation of Atlassian's wiki renderer, which Jira Data Center and older tools keep
their texts in (help page "Text Formatting Notation", jira.atlassian.com/secure/
WikiRendererHelpAction.jspa). Where that page says little, the published source of the renderer
(com.atlassian.renderer, version 2) holds: which signs a backslash escapes, that a mark needs the
edge of a word unless its sign stands in braces (`un{*}believ{*}able`), that lists go on to the next
empty line, that entities stay entities.

`wiki_reader` finds the blocks, `wiki_inline` reads their words; `wiki_writer` and
`wiki_inline_writer` write.
"""

from __future__ import annotations

import re
from html import unescape

from syncline.schema.text.codecs import wiki_reader, wiki_writer
from syncline.schema.text.codecs.base import Codec
from syncline.schema.text.codecs.parts import Losses, Segment, normal_blocks
from syncline.schema.text.tree import Blocks, List

_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n|\Z)")
_ACTS = re.compile(
    r"\[~|javascript:|data:|vbscript:"
    r"|(?<![\\{])\{(?!(?:code|noformat|quote|panel|color|anchor)\b)[a-zA-Z]",
    re.IGNORECASE,
)


class _WikiMarkup(Codec):
    name = "wiki_markup"

    def segments(self, source: str) -> list[Segment]:
        return wiki_reader.segments(source)

    def render(self, blocks: Blocks, losses: Losses) -> str:
        return wiki_writer.render(blocks, losses)

    def inert(self, source: str) -> bool:
        return not _ACTS.search(unescape(source))

    def parts(self, source: str, segment: Segment) -> list[Segment] | None:
        """Each top-level item with its continuation lines and the items under it."""
        found: list[tuple[int, int]] = []
        for match in _LINE.finditer(source, segment.start, segment.end):
            item = wiki_reader.LIST.match(match[0])
            if item and len(item[1]) == 1:
                found.append((match.start(), match.end()))
            elif found:
                found[-1] = (found[-1][0], match.end())
            else:
                return None
        out = []
        for start, end in found:
            text = source[start:end].rstrip()
            shown = wiki_reader.blocks(text.replace("\r\n", "\n").replace("\r", "\n"))
            out.append(Segment(start, start + len(text), normal_blocks(shown)))
        return out or None

    def render_part(self, blocks: Blocks, source: str, losses: Losses) -> str | None:
        (block,) = blocks
        if not isinstance(block, List):
            return None
        return "\n".join(wiki_writer.item_lines(block, losses, bullet=source.lstrip()[0]))


WIKI_MARKUP = _WikiMarkup()
