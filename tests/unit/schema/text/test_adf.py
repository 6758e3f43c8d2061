"""ADF in particular: what is written is valid, what nobody touched keeps its bytes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncline.schema import text as rich
from syncline.schema.text.codecs import codec
from syncline.schema.text.tree import Document
from tests.unit.schema.text.adf import adf_sources, assert_valid, doc, node, p, text
from tests.unit.schema.text.documents import documents

ADF = codec("adf")
laws = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def value(format: str, source: str) -> rich.Value:
    return {"format": format, "source": source}


@given(documents)
@laws
def test_every_document_is_written_so_that_jira_takes_it(document: Document) -> None:
    assert_valid(ADF.write(document).text)


@given(adf_sources)
@laws
def test_whatever_json_stands_where_a_node_should_is_read_and_can_be_written(source: str) -> None:
    for format in ("html", "markdown", "textile"):
        rich.write(format, value("adf", source), None)
    assert_valid(ADF.write(ADF.read(source)).text)


STRANGE: list[dict[str, Any]] = [
    node("extension", extensionKey="toc", localId="a-1"),
    node("paragraph", node("mention", id="712020:x", text="@Mei", localId="m")),
    {"type": "hologram", "attrs": {"depth": 3}, "content": [text("floats")]},
    node("mediaSingle", node("media", type="file", id="f-1", collection="c"), layout="center"),
]


@pytest.mark.parametrize("strange", STRANGE, ids=lambda one: one["type"])
def test_a_node_that_has_no_counterpart_stays_as_it_is_when_its_neighbour_changes(
    strange: dict[str, Any],
) -> None:
    before = doc(p("first"), strange, p("last"))
    shared = value("adf", before)
    shown = rich.write("markdown", shared, None).text
    lifted = rich.lift_text("markdown", shared, shown, shown.replace("first", "first, edited"))
    assert lifted is not rich.Overlap
    after = rich.write("adf", lifted, before).text
    kept = [one for one in json.loads(after)["content"] if one["type"] == strange["type"]]
    assert strange in kept
    assert json.dumps(strange, ensure_ascii=False) in after
    assert "first, edited" in after


def test_a_mention_goes_elsewhere_as_a_name_that_notifies_nobody() -> None:
    mention = doc(node("paragraph", text("Ask "), node("mention", id="7", text="@Jane Doe")))
    assert not ADF.inert(mention)
    html = rich.write("html", value("adf", mention), None).text
    assert "Jane Doe" in html
    assert "mention" not in html


def test_a_link_that_would_run_a_script_loses_its_address() -> None:
    link = node("link", href="javascript:alert(1)")
    source = doc(node("paragraph", text("press", link)))
    for format in ("html", "markdown", "textile", "adf"):
        assert "javascript" not in rich.write(format, value("adf", source), None).text


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("<p>HTML</p>", "no JSON"),
        ("[1]", "no object"),
        ('{"type":"paragraph"}', "no object of type"),
        ('{"type":"doc","content":"text"}', "no list of nodes"),
        ("[" * 500, "deeper"),
    ],
)
def test_what_is_no_document_is_refused_and_says_why(source: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        ADF.read(source)
    with pytest.raises(ValueError, match=why):
        rich.check("adf", source)


@given(st.data())
@laws
def test_canonical_text_and_document_are_each_others_image(data: st.DataObject) -> None:
    document = json.loads(data.draw(adf_sources))
    source = rich.adf_source(document)
    assert rich.adf_object(source) == (document if document["content"] else None)
    assert rich.adf_source(rich.adf_object(source)) == source
