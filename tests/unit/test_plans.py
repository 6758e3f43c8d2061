"""Values as people read them in a line."""

from __future__ import annotations

from syncline.plans import brief

TITLE = "Filters on time sheets are forgotten in dark mode"


def test_long_values_beside_each_other_show_where_they_differ() -> None:
    one, other = brief(f"{TITLE}: three customers", f"{TITLE}: cache too small")
    assert one.endswith("dark mode: three customers")
    assert other.endswith("dark mode: cache too small")
    assert max(len(one), len(other)) <= 48


def test_what_follows_a_difference_is_cut_off() -> None:
    one, other = brief(TITLE + "!" + TITLE, TITLE + "?" + TITLE)
    assert "mode!" in one and "mode?" in other and one.endswith("…") and len(one) == 48


def test_a_value_without_another_begins_at_its_beginning() -> None:
    assert brief(TITLE) == (TITLE[:47] + "…",)
    assert brief(None, TITLE) == ("empty", TITLE[:47] + "…")
    assert brief(TITLE, TITLE) == (TITLE[:47] + "…",) * 2


def test_short_values_are_shown_whole_and_texts_on_one_line() -> None:
    assert brief("todo", "todone") == ("todo", "todone")
    assert brief({"format": "markdown", "source": "a\n\nb"}, ["x"]) == ("a b", '["x"]')
    assert brief() == ()
