"""The page and the table that a run leaves, from reports made up here."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from flows.summary import Summary, brief, headline, plain
from syncline.engine.report import Action, Report
from syncline.store.rows import Conflict, Link, LinkSide, Parked

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
QUIET = Report(
    run="0123456789abcdef",
    sync="escalations",
    started_at=AT,
    finished_at=AT + timedelta(seconds=75),
    counts={},
    requests={"desk": {"read": 1200, "write": 0}},
    links=2000,
    agreed=1999,
)


def action(**changes: Any) -> Action:
    return replace(
        Action("desk", "update", "D-1", "title", "a", "b", "edit", {"app": "A-1"}), **changes
    )


@pytest.mark.parametrize(
    ("changes", "line", "words"),
    [
        ({}, "Nothing to do", ""),
        ({"counts": {"conflicts": 1}}, "1 conflict waits for an answer", "1 conflict"),
        (
            {"counts": {"conflicts": 2, "parked": 3, "created": 1000}},
            "2 conflicts wait for an answer, 3 parked, 1,000 created",
            "2 conflicts, 3 parked, 1,000 created",
        ),
        ({"refused": ("deletes: 9 gone",)}, "Nothing written. deletes: 9 gone", "refused: deletes"),
        ({"stopped": {"app": "app: is down"}}, "app: is down", "app failed"),
    ],
)
def test_a_report_is_told_in_a_line_and_in_a_few_words(
    changes: dict[str, Any], line: str, words: str
) -> None:
    report = replace(QUIET, **changes)
    assert (headline(report), brief(report)) == (line, words)


def test_agreement_is_never_rounded_up_to_everything() -> None:
    assert "1,999 of 2,000 links agree (99.9 %). It took 1 min 15 s." in Summary(QUIET).page()


def test_the_hundred_and_first_change_is_counted() -> None:
    report = replace(QUIET, actions=tuple(action(record=f"D-{n}") for n in range(342)))
    rows = Summary(report).rows()
    assert len(rows) == 101
    assert rows[-1]["record"] == "and 242 more"
    assert rows[0] == {
        "tool": "desk",
        "record": "D-0",
        "field": "title",
        "before": "a",
        "after": "b",
        "why": "edit",
        "linked with": "app:A-1",
    }


def test_a_long_text_is_shown_on_one_short_line() -> None:
    body = {"format": "html", "source": "<p>Hello\n" + "again " * 100}
    (row,) = Summary(replace(QUIET, actions=(action(after=body),))).rows()
    assert row["after"].startswith("<p>Hello again again")
    assert len(row["after"]) == 120


def test_conflicts_and_parked_actions_come_with_what_to_do_about_them() -> None:
    link = Link(
        "l1",
        "escalations",
        "record",
        None,
        {
            "desk": LinkSide("desk", "17", key="D-17", url="https://desk.example/17"),
            "app": LinkSide("app", "A-1", url="javascript:alert(1)"),
        },
        {},
    )
    candidates = ({"side": "desk", "value": "Ours"}, {"side": None, "value": None})
    asks = Conflict("c1", "escalations", "l1", "title", "field", candidates, "d1")
    held = Parked(
        "0123456789/app/status/write", "escalations", "l1", "app", "status", "write", "no"
    )
    page = Summary(QUIET, [asks], [held], {"l1": link}).page()
    assert "**title** of [desk:D-17](https://desk.example/17) = app\\:A\\-1" in page
    assert "desk: Ours" in page
    assert "current: (empty)" in page
    assert "`syncline conflicts answer c1 --digest d1 --use SIDE`" in page
    assert "`syncline quarantine retry 01234567/app/status/write`" in page
    assert "javascript" not in page


@given(st.text())
def test_text_from_a_tool_is_shown_as_it_is_and_never_as_markup(text: str) -> None:
    (paragraph, inline, _) = MarkdownIt("gfm-like", {"linkify": False}).parse(f"x{plain(text)}x")
    assert paragraph.type == "paragraph_open"
    shown = "".join(part.content for part in inline.children or ())
    assert {part.type for part in inline.children or ()} <= {"text", "text_special"}
    assert shown.split() == f"x{' '.join(text.split())}x".replace("\0", "\ufffd").split()
