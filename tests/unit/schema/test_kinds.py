"""What each kind takes as a value, when two are equal, and what merging two changes gives."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncline.schema.kinds import KINDS, OVERLAP, Enum, Extension, Group, Kind, Overlap
from tests.unit.mapping.strategies import values

PRIORITY = Enum(("urgent", "high", "none"))

NORMAL: list[tuple[str, Any, Any]] = [
    ("text", "  Login\r\nfails ", "Login\nfails"),
    ("text", " \n ", None),
    ("url", " https://acme.example ", "https://acme.example"),
    ("person", " Ana@Acme.Example ", "ana@acme.example"),
    ("person", "Release Robot", "Release Robot"),
    ("people", ["BEN@x.y", "ana@x.y", "ben@x.y", ""], ["ana@x.y", "ben@x.y"]),
    ("set", ["vip", " refund", "vip", " "], ["refund", "vip"]),
    ("set", [], None),
    ("number", 3.0, 3),
    ("number", 3.5, 3.5),
    ("money", {"amount": 12.3, "currency": "eur"}, {"amount": "12.30", "currency": "EUR"}),
    ("money", {"amount": "1e3", "currency": "EUR"}, {"amount": "1000.00", "currency": "EUR"}),
    ("money", {"amount": "0.1250", "currency": "EUR"}, {"amount": "0.125", "currency": "EUR"}),
    ("money", {"amount": "-0", "currency": "EUR"}, {"amount": "0.00", "currency": "EUR"}),
    ("money", {"amount": None, "currency": "EUR"}, None),
    ("date", "20261123", "2026-11-23"),
    ("date", "", None),
    ("datetime", "2026-11-23T12:00:00+02:00", "2026-11-23T10:00:00Z"),
    ("datetime", "2026-11-23T10:00:00.120Z", "2026-11-23T10:00:00.12Z"),
    ("bool", False, False),
    ("rich_text", {"format": "html", "source": "<p> </p>"}, None),
    ("rich_text", {"format": "html", "source": "<p>&nbsp;</p>"}, None),
    ("rich_text", {"format": "plain", "source": "x"}, {"format": "plain", "source": "x"}),
]

NO_VALUES: list[tuple[str, Any, str]] = [
    ("text", 3, "3 is not a text"),
    ("set", "vip", "'vip' is not a list"),
    ("set", [1], "1 is not a set"),
    ("number", "3", "'3' is not a number"),
    ("number", True, "True is not a number"),
    ("number", float("nan"), "nan is not a number that can be stored"),
    ("number", 2**63, "too large"),
    ("money", "12", "not an amount with a currency"),
    ("money", {"amount": "12,3", "currency": "EUR"}, "'12,3' is not an amount"),
    ("date", "23.11.2026", "not a day like 2026-11-23"),
    ("datetime", "2026-11-23T10:00:00", "not a moment with its time zone"),
    ("datetime", "0001-01-01T00:00:00+14:00", "not a moment"),
    ("bool", 1, "neither true nor false"),
    ("rich_text", "hello", "not a text with its format"),
    ("rich_text", {"format": "word", "source": "x"}, "no text format"),
]


@pytest.mark.parametrize(("kind", "given_", "normal"), NORMAL)
def test_a_value_has_one_spelling(kind: str, given_: Any, normal: Any) -> None:
    assert KINDS[kind].normal(given_) == normal


@pytest.mark.parametrize(("kind", "wrong", "why"), NO_VALUES)
def test_what_is_no_value_is_refused_in_words(kind: str, wrong: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        KINDS[kind].normal(wrong)


@pytest.mark.parametrize("kind", [*KINDS.values(), PRIORITY, Extension(KINDS["set"])])
def test_none_is_the_empty_value_of_every_kind(kind: Kind) -> None:
    assert kind.normal(None) is None
    assert kind.equal(None, None)


@pytest.mark.parametrize("name", sorted(KINDS))
@settings(deadline=None)
@given(data=st.data())
def test_normal_forms_are_their_own_and_equal_themselves(name: str, data: Any) -> None:
    kind = KINDS[name]
    value, other = data.draw(values(kind)), data.draw(values(kind))
    assert kind.normal(value) == value
    assert kind.equal(value, value)
    assert kind.equal(value, other) == kind.equal(other, value)


@given(st.text(" \t\r\nA@b"), st.lists(st.text(" \nA@b"), max_size=4))
def test_a_normal_form_stays_as_it_is_however_odd_what_was_typed(typed: str, few: list) -> None:
    for name, value in {"text": typed, "person": typed, "set": few, "people": few}.items():
        normal = KINDS[name].normal(value)
        assert KINDS[name].normal(normal) == normal


@pytest.mark.parametrize("name", sorted(set(KINDS) - {"rich_text"}))
@settings(deadline=None)
@given(data=st.data())
def test_a_change_of_what_everybody_showed_becomes_the_value(name: str, data: Any) -> None:
    kind = KINDS[name]
    value = data.draw(values(kind))
    view = data.draw(values(kind))
    assert kind.equal(kind.lift(value, value, view), kind.normal(view))


@given(
    *[st.sets(st.sampled_from("abcdef")) for _ in range(3)],
)
def test_two_peoples_changes_of_a_set_both_hold(
    before: set[str], mine: set[str], yours: set[str]
) -> None:
    kind = KINDS["set"]
    start, one, two = (kind.normal(sorted(s)) for s in (before, mine, yours))
    merged = kind.lift(kind.lift(start, start, one), start, two)
    other_way = kind.lift(kind.lift(start, start, two), start, one)
    assert merged == other_way
    shown = set(merged or ())
    assert shown >= (mine - before) | (yours - before)
    assert not shown & ((before - mine) | (before - yours))


def test_texts_are_equal_when_they_read_the_same() -> None:
    kind = KINDS["rich_text"]
    html = {"format": "html", "source": "<p>Down <b>again</b></p>"}
    assert kind.equal(html, {"format": "markdown", "source": "Down **again**"})
    assert not kind.equal(html, {"format": "markdown", "source": "Down again"})
    assert not kind.equal(html, None)


def test_changes_of_different_paragraphs_merge_and_of_the_same_one_overlap() -> None:
    kind = KINDS["rich_text"]

    def text(source: str) -> dict[str, str]:
        return {"format": "markdown", "source": source}

    seen = text("First.\n\nSecond.")
    elsewhere = text("First!\n\nSecond.")
    merged = kind.lift(elsewhere, seen, text("First.\n\nSecond?"))
    assert kind.equal(merged, text("First!\n\nSecond?"))
    assert kind.lift(elsewhere, seen, text("First?\n\nSecond.")) is OVERLAP


@pytest.mark.parametrize(
    ("view", "grown"),
    [
        ("New.\n\nLast.", True),
        ("Theirs.\n\nNew.\n\nLast.\n\nMore.", True),
        ("New.", False),
        ("New!\n\nLast.", False),
        ("Old.\n\nNew.\n\nLast.", False),
        ("", False),
    ],
)
def test_a_text_has_grown_where_all_that_was_written_stands_in_it_and_nothing_is_back(
    view: str, grown: bool
) -> None:
    def text(source: str) -> dict[str, str]:
        return {"format": "markdown", "source": source}

    before, written = text("Old.\n\nLast."), text("New.\n\nLast.")
    for kind in (KINDS["rich_text"], Extension(KINDS["rich_text"])):
        assert kind.grown(before, written, kind.normal(text(view))) is grown
    assert not KINDS["text"].grown("a", "b", "b")


def test_an_enum_takes_only_its_options() -> None:
    assert PRIORITY.normal("high") == "high"
    assert PRIORITY.normal("") is None
    with pytest.raises(ValueError, match="'High' is not one of urgent, high, none"):
        PRIORITY.normal("High")


def test_true_is_not_one() -> None:
    assert not KINDS["bool"].equal(True, 1)


def test_an_extension_behaves_as_its_inner_kind() -> None:
    kind = Extension(KINDS["set"])
    assert kind.merges
    assert kind.normal(["b", "a"]) == ["a", "b"]
    assert kind.lift(["a"], ["a"], ["b"]) == ["b"]
    assert not Extension(KINDS["number"]).merges


def test_a_group_leaves_out_what_is_empty() -> None:
    kind = Group({"status": Enum(("done",)), "labels": KINDS["set"]})
    assert kind.normal({"status": "done", "labels": []}) == {"status": "done"}
    assert kind.normal({"labels": []}) is None
    assert kind.equal({"status": "done"}, {"status": "done", "labels": None})
    assert not kind.equal({"status": "done"}, None)
    with pytest.raises(ValueError, match="does not hold the fields status, labels"):
        kind.normal({"title": "x"})


def test_overlap_is_one_value() -> None:
    assert Overlap() is OVERLAP
    assert repr(OVERLAP) == "OVERLAP"
