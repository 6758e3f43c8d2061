"""Edits of a mapping's text: what nobody asked for stays as it was, and the result is what was
meant."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncline.mapping.load import load_mapping
from syncline.mapping.source import read
from syncline.rot.found import Edit, Swap
from syncline.rot.patching import assigned, diff, edited, flow, override, plain

TEXT = """\
# Ours.
entity: ticket
record: issue
fields:
  title: {path: summary, max_length: 255}   # one line
  # In the tool's words.
  status:
    path: status
    enum:
      todo: [New, Reopened]
      done: Closed  # for good
  labels:
    path: labels

  due_on: {path: duedate}
  # the end
"""


def lines(after: str) -> list[str]:
    """The lines that differ."""
    shown = diff("x.yaml", TEXT, after).splitlines()[2:]
    return [line for line in shown if line[:1] in "+-"]


def edit(*edits: Edit, extends: bool = False) -> list[str]:
    return lines(edited(TEXT, edits, extends=extends))


def test_one_state_of_a_table_changes_one_line_and_its_comment_stays() -> None:
    table = {"todo": ["New", "Reopened"], "done": "Finished"}
    assert edit(Edit(("fields", "status", "enum"), table)) == [
        "-      done: Closed  # for good",
        "+      done: Finished  # for good",
    ]


def test_an_option_of_a_field_is_added_where_the_field_stands() -> None:
    assert edit(Edit(("fields", "title", "read_only"), True)) == [
        "-  title: {path: summary, max_length: 255}   # one line",
        "+  title: {path: summary, max_length: 255, read_only: true}   # one line",
    ]
    assert edit(Edit(("fields", "labels", "read_only"), True)) == ["+    read_only: true"]


def test_a_field_is_taken_out_whole_or_said_to_be_none_where_the_file_extends_another() -> None:
    assert edit(Edit(("fields", "due_on"), drop=True)) == ["-  due_on: {path: duedate}"]
    assert edit(Edit(("fields", "due_on"), drop=True), extends=True) == [
        "-  due_on: {path: duedate}",
        "+  due_on: null",
    ]
    assert len(edit(Edit(("fields", "status"), drop=True))) == 5


def test_a_field_is_taken_out_of_a_mapping_on_one_line() -> None:
    text = (
        "entity: ticket\nrecord: r\nfields: {title: {path: a}, body: {path: b}, type: {path: c}}\n"
    )
    for name in ("title", "body", "type"):
        after = edited(text, [Edit(("fields", name), drop=True)], extends=False)
        left = {"title", "body", "type"} - {name}
        assert set(read(after, "x").data["fields"]) == left, after


def test_a_new_field_comes_last_and_a_new_key_of_the_file_too() -> None:
    added = {"kind": "enum", "path": "custom_fields.Team", "enum": ["A, B", "no"]}
    assert edit(Edit(("fields", "team"), added), Edit(("text",), "html")) == [
        '+  team: {kind: enum, path: custom_fields.Team, enum: ["A, B", "no"]}',
        "+text: html",
    ]


def test_a_field_in_lines_of_its_own_is_taken_out_of_an_extending_file_behind_its_key() -> None:
    text = "fields:\n  area:  # ours\n    path: a\n    enum:\n      - x\n  due: {path: d}\n"
    assert edited(text, [Edit(("fields", "area"), drop=True)], extends=True) == (
        "fields:\n  area: null\n  due: {path: d}\n"
    )


def test_what_is_said_already_changes_nothing() -> None:
    assert edit(Edit(("fields", "title", "max_length"), 255), Edit(("record",), "issue")) == []


def test_two_changes_of_one_table_are_both_made() -> None:
    said = {"status": {"enum": {"todo": ["New", "Reopened"], "done": "Closed"}}}
    swaps = [
        Swap("status", "enum", "todo", "Reopened"),
        Swap("status", "enum", "todo", "New", "Fresh"),
        Swap("status", "enum", "done", new="Shipped"),
    ]
    (one,) = plain(swaps, said)
    assert one.value == {"todo": "Fresh", "done": ["Closed", "Shipped"]}


def test_a_table_that_is_a_list_becomes_one_of_values_when_a_name_changes() -> None:
    (one,) = plain([Swap("area", "enum", "api", "api", "API")], {"area": {"enum": ["api", "web"]}})
    assert one.value == {"api": "API", "web": "web"}


def test_an_override_of_a_shipped_mapping_loads_and_says_only_what_differs() -> None:
    text = override("ticket", [Edit(("fields", "body", "read_only"), True)])
    mapping = load_mapping(text, tool="jira")
    assert mapping.fields["body"].read_only
    assert set(mapping.fields) == set(load_mapping(TEXT_OF_JIRA, tool="jira").fields)


TEXT_OF_JIRA = "extends: builtin\nentity: ticket\n"


def test_patch_takes_a_diff_of_a_file_without_a_last_newline(tmp_path: Path) -> None:
    before = TEXT.rstrip("\n").removesuffix("\n  # the end")
    after = assigned(before, ("fields", "due_on", "path"), "due")
    (tmp_path / "x.yaml").write_text(before, "utf-8")
    shown = diff("x.yaml", before, after)
    subprocess.run(
        ["patch", "-p1"], input=shown, text=True, cwd=tmp_path, check=True, capture_output=True
    )
    assert (tmp_path / "x.yaml").read_text("utf-8") == after


@given(st.text(min_size=1, max_size=30))
def test_any_name_of_a_tool_is_read_back_as_it_was(name: str) -> None:
    if any(0xD800 <= ord(c) <= 0xDFFF for c in name):
        return
    for text in (f"- {flow(name)}\n", f"[{flow(name)}, x]\n", f"{{{flow(name)}: 1}}\n"):
        data: Any = read(text, "x").data
        assert [*data][0] == name
        assert text[:-1].isprintable()


@pytest.mark.parametrize("name", ["true", "No", "1", "1.5", "null", "~", "", "a: b", "a #b", "-"])
def test_a_name_that_yaml_takes_for_something_else_is_quoted(name: str) -> None:
    assert flow(name).startswith('"')
