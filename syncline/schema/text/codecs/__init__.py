"""The formats that tools keep their texts in, one module a format, behind one small class."""

from __future__ import annotations

from syncline.schema.text.codecs.adf import ADF
from syncline.schema.text.codecs.base import Codec
from syncline.schema.text.codecs.html import HTML
from syncline.schema.text.codecs.lossless import TREE
from syncline.schema.text.codecs.markdown import MARKDOWN
from syncline.schema.text.codecs.parts import TooLarge, Written
from syncline.schema.text.codecs.plain import PLAIN
from syncline.schema.text.codecs.textile import TEXTILE
from syncline.schema.text.codecs.wiki import WIKI_MARKUP

CODECS: dict[str, Codec] = {
    one.name: one for one in (MARKDOWN, HTML, TEXTILE, WIKI_MARKUP, ADF, PLAIN, TREE)
}


def codec(name: str) -> Codec:
    """The codec of that name. ValueError, naming it, if there is none."""
    try:
        return CODECS[name]
    except KeyError:
        known = ", ".join(sorted(CODECS))
        raise ValueError(f"unknown text format {name!r}; Syncline knows {known}") from None


__all__ = ["CODECS", "Codec", "TooLarge", "Written", "codec"]
