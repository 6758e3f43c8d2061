"""Who wrote a copied comment stands above it, in every format, and comes off again."""

from __future__ import annotations

import json

import pytest

from syncline.engine.attribution import attributed, stripped
from syncline.schema.text import FORMATS, parse, plain_text, write

BODIES = {
    "html": "<p>It <em>burns</em>.</p>",
    "markdown": "It *burns*.\n",
    "textile": "It _burns_.\r\n",
    "wiki_markup": "It _burns_.\r\n",
    "plain": "It burns.",
    "adf": write("adf", {"format": "markdown", "source": "It *burns*."}, None).text,
}


@pytest.mark.parametrize("format", BODIES)
def test_the_line_is_read_in_every_format_and_comes_off_to_the_byte(format: str) -> None:
    body = attributed(format, "Ann @Example <b>", "support", BODIES[format])
    shown = plain_text({"format": format, "source": body})
    assert " ".join(shown.split()).startswith("Ann at Example b wrote in support:")
    assert shown.endswith("It burns.")
    assert stripped(format, body) == (BODIES[format], True)


@pytest.mark.parametrize("format", BODIES)
def test_a_body_without_the_line_stays_as_it_is(format: str) -> None:
    assert stripped(format, BODIES[format]) == (BODIES[format], False)


def test_every_format_of_a_tool_is_tried_here() -> None:
    assert set(BODIES) == set(FORMATS) - {"tree"}


BOLD = {"type": "text", "text": "The printer", "marks": [{"type": "strong"}]}


@pytest.mark.parametrize(
    "content",
    [
        [],
        ["text"],
        [{"type": "paragraph"}],
        [{"type": "paragraph", "content": [{"text": "Ann"}, {"text": " wrote in desk:"}]}],
        [{"type": "paragraph", "content": [{"text": 7}, {"text": None}]}],
        [{"type": "paragraph", "content": [BOLD, {"type": "text", "text": " is on fire"}]}],
        [{"type": "paragraph", "content": [{"text": "A", "marks": [5]}, {"text": " wrote in d:"}]}],
    ],
)
def test_odd_documents_have_no_such_line(content: list[object]) -> None:
    body = json.dumps({"type": "doc", "version": 1, "content": content})
    assert stripped("adf", body) == (body, False)


def test_what_is_no_document_has_no_such_line() -> None:
    assert stripped("adf", "<p>Ann wrote in desk:</p>") == ("<p>Ann wrote in desk:</p>", False)


def test_a_line_over_nothing_is_a_document_of_its_own() -> None:
    alone = attributed("adf", "Ann", "support", "")
    assert [one.__class__.__name__ for one in parse({"format": "adf", "source": alone}).blocks] == [
        "Paragraph"
    ]
    assert stripped("adf", alone) == ("", True)
