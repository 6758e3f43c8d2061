from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncline.schema.text import (
    FORMATS,
    Overlap,
    Value,
    compose,
    lift_text,
    parse,
    plain_text,
    same,
    same_shown,
    shown,
    write,
)
from syncline.schema.text.codecs import codec
from syncline.schema.text.codecs.parts import MAX_SOURCE
from syncline.schema.text.tree import EMPTY, Document, Mention, Panel, Paragraph, Text
from tests.unit.schema.text.adf import p
from tests.unit.schema.text.documents import documents, prose_sources, sources

formats = st.sampled_from(["markdown", "html", "textile", "adf", "plain"])
laws = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def value(format: str, source: str) -> Value:
    return {"format": format, "source": source}


def test_equal_strings_are_the_same_without_being_parsed() -> None:
    unreadable = "x" * (MAX_SOURCE + 1)
    assert same(value("markdown", unreadable), value("markdown", unreadable))
    assert same_shown("markdown", value("markdown", unreadable), unreadable)


def test_values_of_two_formats_are_the_same_when_they_mean_the_same() -> None:
    html = value("html", "<p>a <b>bold</b> move</p><ul><li>x</li></ul>")
    assert same(value("markdown", "a **bold**\nmove\n\n* x\n"), html)
    assert same(value("textile", "a *bold* move\r\n\r\n* x"), html)
    assert not same(value("markdown", "a bold move\n\n* x"), html)


@pytest.mark.parametrize("blank", ["", " \r\n", "\n\n"])
@pytest.mark.parametrize("format", ["markdown", "html", "textile", "adf", "plain"])
def test_a_blank_text_is_the_same_as_none(format: str, blank: str) -> None:
    assert same(value(format, blank), None)
    assert same_shown(format, None, blank)
    assert same_shown(format, None, None)


def test_an_unknown_format_is_refused_by_name_everywhere() -> None:
    wiki = value("wiki", "x")
    for call in (
        lambda: parse(wiki),
        lambda: same(wiki, None),
        lambda: shown("wiki", None),
        lambda: compose(EMPTY, "wiki"),
        lambda: write("wiki", None, None),
        lambda: lift_text("wiki", None, None, "x"),
        lambda: plain_text(wiki),
    ):
        with pytest.raises(ValueError, match="'wiki'"):
            call()


@given(st.sampled_from(FORMATS), documents)
@laws
def test_a_composed_value_loses_nothing(format: str, document: Document) -> None:
    from syncline.schema.text.normal import normal

    assert parse(compose(document, format)) == normal(document)


def test_compose_stays_in_the_format_where_it_can() -> None:
    document = Document((Paragraph((Text("plain words"),)),))
    assert compose(document, "textile") == value("textile", "plain words")
    panel = Document((Panel("info", document.blocks),))
    found = compose(panel, "textile")
    assert found is not None
    assert found["format"] == "tree"


def test_a_value_in_the_sides_own_format_goes_as_it_stands() -> None:
    source = "Setext\n======\n\n* star\n* list\n\n\n\ntrailing  \n"
    assert write("markdown", value("markdown", source), None).text == source


def test_a_write_says_what_the_side_cannot_show() -> None:
    table = "| a |\n| --- |\n| 1 |"
    written = write("plain", value("markdown", f"{table}\n\ntext\n\n{table}"), None)
    assert "2 tables shown as text" in written.losses


def test_a_write_over_an_original_changes_only_what_changed() -> None:
    original = "Intro *old*\r\n\r\n* one\r\n* two\r\n* three\r\n\r\nbq. End\r\n"
    target = value("markdown", "Intro **old**\n\n- one\n- 2\n- three\n\n> End")
    changed = original.replace("* two", "* 2")
    assert write("textile", target, original).text == changed


def test_a_write_of_nothing_empties_the_text() -> None:
    assert parse(value("markdown", write("markdown", None, "was here\n").text)) == EMPTY


def edited(format: str, text: str, edit: str) -> str:
    """The text with more at its end, as a person with that tool would write it."""
    if format != "adf":
        return text + edit
    document = json.loads(text) if text else {"type": "doc", "version": 1, "content": []}
    return json.dumps({**document, "content": [*document["content"], p(edit)]})


@given(formats, formats, st.data(), prose_sources)
@laws
def test_an_edit_on_any_side_reaches_every_other_and_shows_there(
    home: str, away: str, data: st.DataObject, edit: str
) -> None:
    source = data.draw(sources(home))
    before = value(home, source) if parse(value(home, source)).blocks else None
    text = write(away, before, None).text
    assert same_shown(away, before, text)
    assert write(away, before, text).text == text
    view = edited(away, text, edit)
    after = lift_text(away, before, text, view)
    assert after is not Overlap
    assert same_shown(away, after, view)
    assert same_shown(home, after, write(home, after, source).text)


def test_an_edit_in_the_values_own_format_is_taken_byte_for_byte() -> None:
    old, new = "a *b*\n", "a *b* and   more  \n"
    assert lift_text("markdown", value("markdown", old), old, new) == value("markdown", new)


def test_a_first_text_is_taken_as_it_stands_and_an_emptied_one_is_none() -> None:
    assert lift_text("textile", None, None, "*new*") == value("textile", "*new*")
    assert lift_text("textile", value("textile", "x"), "x", " \r\n") is None
    assert lift_text("plain", value("markdown", "**x**"), "x", "") is None


def test_an_edit_on_a_plain_side_keeps_the_marks_of_the_other_paragraphs() -> None:
    held = value("markdown", "**bold** start\n\n[link](http://e.com) here\n\nend")
    seen = write("plain", held, None).text
    edited = lift_text("plain", held, seen, seen.replace("end", "the end"))
    assert edited == value("markdown", "**bold** start\n\n[link](http://e.com) here\n\nthe end")


def test_two_sides_editing_different_blocks_are_merged_and_one_block_overlaps() -> None:
    base = "one\n\ntwo\n\nthree"
    moved_on = value("markdown", "ONE\n\ntwo\n\nthree")
    merged = lift_text("html", moved_on, "<p>one</p><p>two</p><p>three</p>",
                       "<p>one</p><p>two</p><p>THREE</p>")  # fmt: skip
    assert merged == value("markdown", "ONE\n\ntwo\n\nTHREE")
    assert lift_text("markdown", moved_on, base, base.replace("one", "1")) is Overlap


def test_an_edit_that_changes_bytes_but_no_meaning_leaves_the_value() -> None:
    held = value("markdown", "a **b**")
    assert lift_text("html", held, "<p>a <b>b</b></p>", "<div>a <strong>b</strong></div>") == held


def test_a_mention_survives_an_edit_elsewhere_and_notifies_nobody() -> None:
    document = Document(
        (Paragraph((Text("ask "), Mention("Jane", "j@e.com"))), Paragraph((Text("x"),)))
    )
    held = compose(document, "markdown")
    assert held is not None
    assert held["format"] == "tree"
    text = write("markdown", held, None).text
    assert text == "ask Jane\n\nx"
    edited = lift_text("markdown", held, text, text.replace("x", "y"))
    assert edited is not Overlap
    assert parse(edited).blocks[0] == document.blocks[0]


def test_plain_text_is_words_without_markup() -> None:
    held = value("markdown", "# Title\n\nsome **bold** `code`\n\n- a\n- b")
    assert plain_text(held) == "Title\n\nsome bold code\n\n- a\n- b"
    assert plain_text(None) == ""


def test_ten_rounds_through_three_tools_change_no_byte() -> None:
    sides = {
        "markdown": "# Crash\n\nIt *really* breaks:\n\n1. open\n2. **save**\n   - twice\n\n"
        "```ruby\nputs `x`\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n",
        "textile": "",
        "html": "",
    }
    held = value("markdown", sides["markdown"])
    for _ in range(10):
        before = dict(sides)
        for name, text in before.items():
            sides[name] = write(name, held, text or None).text
        if all(before.values()):
            assert sides == before
    for name, text in sides.items():
        assert codec(name).read(text) == parse(held)
