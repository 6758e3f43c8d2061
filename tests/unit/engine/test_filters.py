"""A filter on a side (`where`) is judged on shared values, whatever its tool calls them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.engine.test_compile import made, markdown


def test_a_filter_is_judged_on_shared_values() -> None:
    where = (
        made(
            sides={
                "a": {},
                "b": {
                    "where": {
                        "labels": {"any": ["escalated", "vip"]},
                        "status": "todo",
                        "title": {"contains": "PRINTER"},
                        "due_on": {"before": "2026-12-01"},
                    }
                },
            }
        )
        .sides["b"]
        .where
    )
    assert where is not None
    good = {
        "labels": ["vip"],
        "status": "todo",
        "title": "The printer burns",
        "due_on": "2026-11-30",
    }
    assert where(good)
    for name, value in (
        ("labels", ["other"]),
        ("labels", None),
        ("status", "done"),
        ("title", "The scanner burns"),
        ("due_on", "2026-12-01"),
        ("due_on", None),
    ):
        assert not where({**good, name: value})


@pytest.mark.parametrize(
    ("condition", "fits", "fits_not"),
    [
        ({"eq": None}, None, ["x"]),
        ({"all": ["x", "y"]}, ["x", "y", "z"], ["x"]),
        ({"none": ["x"]}, None, ["x", "y"]),
        ({"in": ["x"]}, ["x", "z"], ["z"]),
        ({"contains": "x"}, ["x"], ["xx"]),
        ({"any": ["x"], "none": ["y"]}, ["x"], ["x", "y"]),
    ],
)
def test_comparisons_of_sets(condition: Any, fits: Any, fits_not: Any) -> None:
    where = made(sides={"a": {"where": {"labels": condition}}, "b": {}}).sides["a"].where
    assert where is not None
    assert where({"labels": fits})
    assert not where({"labels": fits_not})


@pytest.mark.parametrize(
    ("field", "condition", "fits", "fits_not"),
    [
        ("status", {"in": ["todo", "done"]}, "done", "in_progress"),
        ("due_on", {"after": "2026-12-01"}, "2026-12-02", "2026-12-01"),
        ("body", {"contains": "ON FIRE"}, markdown("*on* fire"), markdown("*on* ice")),
    ],
)
def test_comparisons_of_single_values(field: str, condition: Any, fits: Any, fits_not: Any) -> None:
    where = made(sides={"b": {"where": {field: condition}}, "a": {}}).sides["b"].where
    assert where is not None
    assert where({field: fits})
    assert not where({field: fits_not}) and not where({field: None})


def test_a_filter_that_compares_nothing_is_no_filter() -> None:
    assert made(sides={"a": {"where": {"labels": {}}}, "b": {}}).sides["a"].where is None


def test_a_filter_may_use_a_field_that_is_not_synced() -> None:
    sync = made(fields={"title": None}, sides={"a": {}, "b": {"where": {"type": "bug"}}})
    assert sync.units["type"].modes == {"b": "off"}
    assert "type" in sync.read("b", {"type": "Bug"})
