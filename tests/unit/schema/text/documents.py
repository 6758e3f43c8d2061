"""Generated documents: any tree a person could make, and the characters formats stumble on."""

from __future__ import annotations

from hypothesis import strategies as st

from syncline.schema.text.tree import (
    CODE,
    Attachment,
    Block,
    Break,
    Code,
    Document,
    Heading,
    Image,
    Inline,
    Item,
    List,
    Mention,
    Panel,
    Paragraph,
    Quote,
    Rule,
    Table,
    Text,
)
from tests.unit.schema.text.adf import adf_sources
from tests.unit.schema.text.nasty import NASTY, pieces, words

__all__ = ["NASTY", "documents", "pieces", "words"]

plain_words = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=8
)
addresses = st.sampled_from(
    [
        "http://e.com/",
        "https://e.com/a_b(c)?d=*e*&f=_g_#h",
        "mailto:a@e.com",
        "/issues/1",
        "page",
        "https://e.com/a b\"<>'`",
        "javascript:alert(1)",
        " java\nscript:alert(1)",
        "data:text/html,x",
        "https://e.com/~x/-y-/!z.",
        "http://e.com/@all",
    ]
)
texts = st.builds(Text, words, st.integers(0, 15), st.just("") | addresses)
plain_texts = st.builds(
    Text,
    plain_words | st.sampled_from(["a", "b", " a", "a ", " a b ", "a.", "(b"]),
    st.sampled_from([0, 1, 2, 3, 4, 5, 6, 7, CODE]),
)
inline: st.SearchStrategy[Inline] = (
    plain_texts
    | plain_texts
    | texts
    | st.just(Break())
    | st.builds(Image, addresses, words, st.just("") | addresses)
    | st.builds(Mention, words, st.none() | st.just("a@e.com"))
    | st.builds(Attachment, words)
)
inlines = st.lists(inline, max_size=5).map(tuple)
leaf: st.SearchStrategy[Block] = (
    st.builds(Paragraph, inlines)
    | st.builds(Heading, st.integers(1, 6), inlines)
    | st.just(Rule())
    | st.builds(Code, words, st.sampled_from(["", "ruby", "c++", "not a language"]))
    | st.builds(
        Table,
        st.lists(st.lists(inlines, max_size=3).map(tuple), max_size=3).map(tuple),
        st.booleans(),
    )
)


def _nest(inner: st.SearchStrategy[Block]) -> st.SearchStrategy[Block]:
    blocks = st.lists(inner, max_size=3).map(tuple)
    items = st.lists(st.builds(Item, blocks), max_size=3).map(tuple)
    return (
        st.builds(List, st.booleans(), items, st.sampled_from([1, 1, 1, 0, 7]))
        | st.builds(Quote, blocks)
        | st.builds(Panel, st.sampled_from(["info", "warning", "Note!"]), blocks)
    )


block = st.recursive(leaf, _nest, max_leaves=6)
documents = st.lists(block, max_size=5).map(lambda found: Document(tuple(found)))

prose_sources = st.lists(pieces | st.sampled_from(["\n", "\n\n", "\r\n\r\n"]), max_size=12).map(
    "".join
)


def sources(format: str) -> st.SearchStrategy[str]:
    """Texts that a tool with this format could show, well made or not."""
    return adf_sources if format == "adf" else prose_sources
