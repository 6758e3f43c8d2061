from __future__ import annotations

import json

import pytest
from hypothesis import given, settings

from syncline.schema.text.normal import MAX_DEPTH, normal, safe_address
from syncline.schema.text.tree import (
    CODE,
    EMPHASIS,
    STRONG,
    Break,
    Code,
    Document,
    Heading,
    Image,
    Item,
    List,
    Mention,
    Paragraph,
    Quote,
    Table,
    Text,
    from_json,
    to_json,
)
from tests.unit.schema.text.documents import documents


def _paragraph(*inlines: Text | Break | Image | Mention) -> Document:
    return Document((Paragraph(inlines),))


@given(documents)
@settings(deadline=None)
def test_the_normal_form_of_a_normal_form_is_itself(document: Document) -> None:
    assert normal(normal(document)) == normal(document)


@given(documents)
@settings(deadline=None)
def test_a_document_survives_json_and_gives_the_same_json_again(document: Document) -> None:
    document = normal(document)
    as_json = to_json(document)
    assert from_json(json.loads(json.dumps(as_json))) == document
    assert to_json(from_json(as_json)) == as_json


@pytest.mark.parametrize(
    "value",
    [{}, {"blocks": [{"what": 1}]}, {"blocks": [{"paragraph": [{"text": 1}]}]}, {"blocks": 3}],
)
def test_json_that_is_no_document_is_a_value_error(value: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not a document tree"):
        from_json(value)


def test_white_space_between_two_bold_words_is_bold_and_at_an_edge_is_not() -> None:
    scattered = _paragraph(
        Text("  a", STRONG), Text(" \r\n "), Text("b ", STRONG), Text("c"), Text("\t", EMPHASIS)
    )
    assert normal(scattered) == _paragraph(Text("a b", STRONG), Text(" c"))


def test_white_space_inside_code_stays() -> None:
    assert normal(_paragraph(Text("a  b", CODE))) == _paragraph(Text("a  b", CODE))
    (block,) = normal(Document((Code("\n  a\r\n\tb  \r\n"),))).blocks
    assert block == Code("  a\n\tb")


def test_an_empty_line_of_breaks_divides_two_paragraphs() -> None:
    broken = _paragraph(Break(), Text("a"), Break(), Text(" "), Break(), Text("b"), Break())
    assert normal(broken) == Document((Paragraph((Text("a"),)), Paragraph((Text("b"),))))


def test_what_shows_nothing_is_dropped() -> None:
    empty = Document(
        (
            Paragraph(()),
            Heading(2, (Text(" "),)),
            Quote((Paragraph(()),)),
            List(False, (Item(()), Item((Paragraph((Text("\u2060"),)),)))),
            Table((((), ()),)),
            Code("\n \n"),
        )
    )
    assert normal(empty) == Document()


def test_a_link_that_shows_its_own_address_is_that_address() -> None:
    linked = _paragraph(Text("https://e.com/a", 0, "https://e.com/a"))
    assert normal(linked) == _paragraph(Text("https://e.com/a"))
    mailed = _paragraph(Text("a@e.com", STRONG, "mailto:a@e.com"))
    assert normal(mailed) == _paragraph(Text("a@e.com", STRONG))


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "java\tscript:alert(1)",
        "\x01javascript:alert(1)",
        "vbscript:x",
        "data:text/html,<script>",
        "file:///etc/passwd",
        "java\u00a0script:alert(1)",
        "javascript&colon;alert(1):",
    ],
)
def test_an_address_that_could_run_code_is_no_address(address: str) -> None:
    assert safe_address(address) == ""
    assert normal(_paragraph(Text("x", 0, address))) == _paragraph(Text("x"))
    assert normal(_paragraph(Image(address, "x"))) == _paragraph(Text("x"))


@pytest.mark.parametrize(
    "address", ["https://e.com/a:b?c#d", "mailto:a@e.com", "/issues/1", "#top", "a/b:c", "tel:+49"]
)
def test_ordinary_addresses_stay_as_they_are(address: str) -> None:
    assert safe_address(address) == address


def test_depth_beyond_the_bound_joins_its_parent_however_deep() -> None:
    block: Quote | Paragraph = Paragraph((Text("x"),))
    for _ in range(MAX_DEPTH + 5):
        block = Quote((block,))
    found = normal(Document((block,))).blocks[0]
    depth = 0
    while isinstance(found, Quote):
        depth, found = depth + 1, found.blocks[0]
    assert depth == MAX_DEPTH
    assert found == Paragraph((Text("x"),))


def test_lone_surrogates_and_control_characters_never_reach_a_tool() -> None:
    cleaned = normal(_paragraph(Text("a\ud800b\x00c\x1b[0m")))
    assert cleaned == _paragraph(Text("abc[0m"))
    assert repr(to_json(cleaned)).encode()
