"""No text that a value holds becomes part of a query: read by the rules of Salesforce's own."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.salesforce import soql
from connectors.salesforce.fake import soql as theirs
from connectors.salesforce.fake.schema import columns_of
from connectors.salesforce.reading import Cursor
from syncline.sdk.errors import Misconfigured

HOSTILE = st.text(st.sampled_from("'\"\\\n\r\t\b\f nNrRuU)(=%_éש🚀-/*"), max_size=30)


def parsed(query: str) -> theirs.Query:
    return theirs.parse(query, lambda source: {one.name: one for one in columns_of(source)})


@given(st.one_of(HOSTILE, st.text()))
def test_a_quoted_text_is_read_as_the_same_text(text: str) -> None:
    assert theirs.unquoted(soql.text(text)) == text


@given(st.lists(HOSTILE, min_size=1, max_size=4))
def test_a_condition_of_hostile_texts_finds_these_and_nothing_else(texts: list[str]) -> None:
    query = parsed(soql.select(("Id",), "Case", (soql.among("Subject", texts),)))
    rows = [{"Id": str(n), "Subject": text} for n, text in enumerate(texts)]
    assert query.of([*rows, {"Id": "other", "Subject": "nobody asked"}]) == rows


@given(st.text(max_size=20))
def test_a_name_is_a_name_or_refused(text: str) -> None:
    if text.isascii() and text.replace("_", "a").isalnum() and text[0].isalpha():
        assert soql.name(text) == text
        return
    with pytest.raises(Misconfigured):
        soql.name(text)


MOMENT = st.integers(1_577_836_800, 1_893_456_000).map(lambda n: datetime.fromtimestamp(n, UTC))


@given(st.lists(st.tuples(MOMENT, st.integers(0, 3)), max_size=8), MOMENT, st.integers(0, 3))
def test_a_cursor_goes_on_behind_its_row_among_equal_stamps_too(
    rows: list[tuple[datetime, int]], at: datetime, id: int
) -> None:
    rows += [(at, n) for n in range(4)]
    cursor = Cursor.parse(Cursor(at, f"{id:018d}").text())
    query = parsed(soql.select(("Id",), "Case", (cursor.condition(),)))
    given_ = [
        {"Id": f"{n:018d}", "SystemModstamp": then.strftime("%Y-%m-%dT%H:%M:%S.000+0000")}
        for then, n in rows
    ]
    behind = [row for row, place in zip(given_, rows, strict=True) if place > (at, id)]
    assert query.of(given_) == behind
