"""The laws that every format keeps, on generated documents and on generated sources."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncline.schema.text.codecs import CODECS, Codec, TooLarge, codec
from syncline.schema.text.codecs.parts import MAX_SOURCE
from syncline.schema.text.normal import normal
from syncline.schema.text.tree import Document, Paragraph, Text
from tests.unit.schema.text.adf import doc, p
from tests.unit.schema.text.documents import block, documents, sources

formats = st.sampled_from(sorted(CODECS)).map(codec)
PROSE = ["markdown", "html", "textile", "wiki_markup", "adf", "plain"]
prose = st.sampled_from(PROSE).map(codec)
laws = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@given(formats, documents)
@laws
def test_what_is_written_reads_as_what_it_shows(one: Codec, document: Document) -> None:
    assert one.read(one.write(document).text) == one.show(document)


@given(formats, documents)
@laws
def test_showing_what_is_shown_changes_nothing(one: Codec, document: Document) -> None:
    shown = one.show(document)
    assert one.show(shown) == shown
    assert normal(shown) == shown


@given(formats, documents)
@laws
def test_what_is_written_without_loss_reads_back_whole(one: Codec, document: Document) -> None:
    written = one.write(document)
    if not written.losses:
        assert one.read(written.text) == normal(document)


@given(prose, st.data())
@laws
def test_a_source_that_is_not_edited_comes_back_byte_for_byte(
    one: Codec, data: st.DataObject
) -> None:
    source = data.draw(sources(one.name))
    document = one.read(source)
    assert normal(document) == document
    assert one.show(document) == document
    assert one.rewrite(source, document).text == source


@given(prose, documents, documents, st.sampled_from(["\n", "\r\n"]), st.data())
@laws
def test_a_rewritten_source_shows_the_document_and_keeps_its_line_ends(
    one: Codec, before: Document, other: Document, eol: str, data: st.DataObject
) -> None:
    original = one.write(before).text.replace("\n", eol) + eol
    blocks = normal(before).blocks
    start = data.draw(st.integers(0, len(blocks)))
    end = data.draw(st.integers(start, len(blocks)))
    after = Document(blocks[:start] + normal(other).blocks[:2] + blocks[end:])
    rewritten = one.rewrite(original, after).text
    assert one.read(rewritten) == one.show(after)
    if eol == "\r\n":
        assert "\n" not in rewritten.replace("\r\n", "")
    if after.blocks[: len(blocks)] == blocks == after.blocks:
        assert rewritten == original


@given(prose, st.lists(block, min_size=3, max_size=6), st.integers(0, 5))
@laws
def test_editing_one_block_leaves_the_bytes_of_the_others(
    one: Codec, blocks: list[object], index: int
) -> None:
    before = one.show(Document(tuple(blocks)))  # type: ignore[arg-type]
    if len(before.blocks) < 3:
        return
    at = index % len(before.blocks)
    original = one.write(before).text
    edited = Paragraph((Text("an edit"),))
    after = Document((*before.blocks[:at], edited, *before.blocks[at + 1 :]))
    rewritten = one.rewrite(original, after).text
    segments = one.segments(original)
    if [len(segment.blocks) for segment in segments] == [1] * len(before.blocks):
        for segment in segments[:at]:
            assert original[segment.start : segment.end] in rewritten
        assert rewritten.startswith(original[: segments[at].start])
        assert rewritten.endswith(original[segments[at].end :])


@given(prose, prose, prose, st.data())
@laws
def test_ten_round_trips_without_an_edit_change_no_byte(
    first: Codec, second: Codec, third: Codec, data: st.DataObject
) -> None:
    source = data.draw(sources(first.name))
    texts = [source, "", ""]
    codecs = [first, second, third]
    value = first.read(source)
    texts[1] = second.write(value).text
    texts[2] = third.write(value).text
    for _ in range(10):
        before = list(texts)
        texts = [one.rewrite(text, value).text for one, text in zip(codecs, texts, strict=True)]
        assert texts == before


@pytest.mark.parametrize("name", PROSE)
def test_a_text_beyond_the_bound_is_refused_before_it_is_parsed(name: str) -> None:
    with pytest.raises(TooLarge, match="parked"):
        codec(name).read("x" * (MAX_SOURCE + 1))


def test_an_unknown_format_is_named_with_those_that_are_known() -> None:
    with pytest.raises(ValueError, match=r"'wiki'.*markdown"):
        codec("wiki")


@pytest.mark.parametrize("name", PROSE)
def test_a_text_of_thirty_two_thousand_characters_goes_through(name: str) -> None:
    one = codec(name)
    source = "\n\n".join(f"paragraph {n} says *so* & <so>" for n in range(1000))
    if name == "adf":
        source = doc(*(p(f"paragraph {n} says *so* & <so>") for n in range(1000)))
    document = one.read(source)
    assert one.show(document) == document
    edited = Document((*document.blocks[:500], *document.blocks[501:]))
    if name != "html":
        rewritten = one.rewrite(source, edited).text
        if name == "adf":  # what stands between two nodes means nothing
            source, rewritten = source.replace("}, {", "},{"), rewritten.replace("}, {", "},{")
            gone = json.dumps(p("paragraph 500 says *so* & <so>")) + ","
        else:
            gone = "paragraph 500 says *so* & <so>\n\n"
        assert rewritten == source.replace(gone, "")
