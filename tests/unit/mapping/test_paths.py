"""Paths in wire records, and patches made of them."""

from __future__ import annotations

from types import MappingProxyType

from syncline.mapping import paths
from syncline.mapping.load import load_mapping

TEXT = """
entity: ticket
record: issue
fields:
  title: {path: fields.summary}
  resolution: {path: [custom, "a.b", "c d"]}
"""


def test_a_path_is_read_and_written_at_the_same_place() -> None:
    lens = load_mapping(TEXT).fields["resolution"]
    slice_ = lens.read({"custom": {"a.b": {"c d": "fixed"}}})
    assert list(slice_.values()) == ["fixed"]
    assert lens.patch(None, slice_) == {"custom": {"a.b": {"c d": "fixed"}}}


def test_what_is_missing_reads_as_none() -> None:
    title = load_mapping(TEXT).fields["title"]
    for wire in ({}, {"fields": None}, {"fields": {}}, {"fields": "text"}):
        assert title.read(wire) == {"fields.summary": None}


def test_any_mapping_can_be_read() -> None:
    title = load_mapping(TEXT).fields["title"]
    wire = MappingProxyType({"fields": MappingProxyType({"summary": "x"})})
    assert title.read(wire) == {"fields.summary": "x"}


def test_a_patch_of_a_new_record_leaves_out_what_is_empty() -> None:
    after = {"a.x": "1", "a.y": None, "b": [], "c": "", "d": False, "e": 0}
    assert paths.patch(None, after) == {"a": {"x": "1"}, "d": False, "e": 0}


def test_a_patch_clears_what_was_set() -> None:
    assert paths.patch({"a.x": "1", "a.y": 2}, {"a.x": None, "a.y": 2}) == {"a": {"x": None}}


def test_paths_clash_where_one_write_touches_both() -> None:
    assert paths.clash("fields.status", "fields.status")
    assert paths.clash("fields", "fields.status")
    assert not paths.clash("fields.status", "fields.statuses")
    assert not paths.clash("a\\.b", "a.b")


def test_a_patch_without_some_paths_keeps_everything_else_and_nothing_empty() -> None:
    patch = {"title": "x", "fields": {"a.b": 1}, "custom": {"c": [], "d": {"e": 2}}}
    assert paths.without(patch, [r"fields.a\.b", "custom.d"]) == {"title": "x", "custom": {"c": []}}
    assert paths.without(patch, ["custom", "other.path"]) == {"title": "x", "fields": {"a.b": 1}}
