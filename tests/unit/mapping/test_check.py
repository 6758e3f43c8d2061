"""A mapping held against what the tool has: what would fail is named with what to do about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from syncline.mapping.check import Problem, check, gaps
from syncline.mapping.load import ToolMapping, load_mapping
from syncline.sdk.connector import FieldSchema, RecordSchema, Schema

MAPPING = load_mapping(
    """
entity: ticket
record: issue
text: markdown
fields:
  title: {path: subject, max_length: 255}
  body: {path: description}
  status: {path: status, enum: {todo: [New, Reopened], done: Closed}, nearest: {blocked: todo}}
  labels: {path: custom_fields.Area, enum: {api: API, web: [Web, Site], print: []}}
  created_at: {path: created_on, read_only: true}
"""
)

FIELDS = (
    FieldSchema("subject", "Subject", "text", required=True, max_length=255),
    FieldSchema("description", "Description", "text"),
    FieldSchema("status", "Status", "option", options=("New", "Closed")),
    FieldSchema("custom_fields.Area", "Area", "option", options=("API", "Web")),
    FieldSchema("created_on", "Created", "date", read_only=True),
)


def schema(*others: FieldSchema, without: str = "", **changes: Any) -> Schema:
    fields = {field.path: field for field in (*FIELDS, *others) if field.path != without}
    records = {"issue": RecordSchema("issue", fields)}
    given = Schema("acme", "1", records, text_format="markdown")
    return replace(given, **changes)


def changed(path: str, **changes: Any) -> Schema:
    (field,) = (field for field in FIELDS if field.path == path)
    return schema(replace(field, **changes))


def only(problems: list[Problem]) -> Problem:
    assert len(problems) == 1, problems
    return problems[0]


def test_a_mapping_that_fits_has_no_problem() -> None:
    assert check(MAPPING, schema(), provided=["title", "body", "status"]) == []


def test_a_record_type_the_tool_lacks_is_one_problem() -> None:
    found = only(check(MAPPING, schema(records={"issues": RecordSchema("issues", {})})))
    assert "no record type 'issue'; did you mean `issues`?" in found.what


def test_a_field_the_tool_lacks_is_named_with_the_nearest() -> None:
    moved = schema(FieldSchema("subjects", "Subjects", "text"), without="subject")
    found = only(check(MAPPING, moved))
    assert found.where == "mapping title"
    assert found.what == "the tool has no field 'subject'; did you mean `subjects`?"
    assert "`field: null`" in found.do


def test_an_option_that_would_be_written_must_exist() -> None:
    found = only(check(MAPPING, changed("status", options=("Open", "Closed"))))
    assert found.what == "Status has no 'New'; it has: Open, Closed"


def test_a_synonym_that_is_only_read_need_not_exist() -> None:
    assert check(MAPPING, schema()) == []


def test_an_option_of_a_list_must_exist_too() -> None:
    found = only(check(MAPPING, changed("custom_fields.Area", options=("Web",))))
    assert found.what == "Area has no 'API'; it has: Web"


def test_a_field_that_cannot_be_written_must_be_said_so() -> None:
    assert only(check(MAPPING, changed("subject", read_only=True))).do == "add `read_only: true`"
    found = only(check(MAPPING, changed("description", create_only=True)))
    assert found.do == "add `create_only: true`"


def test_a_field_that_is_too_short_is_named_with_its_length() -> None:
    found = only(check(MAPPING, changed("subject", max_length=80)))
    assert found.do == "add `max_length: 80`"
    found = only(check(MAPPING, changed("description", max_length=65535)))
    assert found.what == "Description takes at most 65535 characters"


def test_the_text_format_must_be_the_connections() -> None:
    found = only(check(MAPPING, schema(text_format="textile")))
    assert found.do == "write `text: textile` in the mapping"
    plain: ToolMapping = load_mapping(
        "entity: ticket\nrecord: issue\nfields: {title: {path: subject, max_length: 9}}\n"
    )
    assert check(plain, schema(text_format="textile")) == []


def test_a_required_field_needs_a_value_where_records_are_made() -> None:
    needed = schema(FieldSchema("tracker", "Tracker", "option", required=True))
    assert check(MAPPING, needed) == []
    found = only(check(MAPPING, needed, provided=["title"]))
    assert found.what == "Tracker (tracker) is required, and a record made here would have none"
    found = only(check(MAPPING, schema(), provided=["body"]))
    assert found.what.startswith("Subject (subject) is required")


def test_options_nobody_mapped_are_gaps_and_no_problem() -> None:
    wider = changed("status", options=("New", "Closed", "Waiting"))
    assert check(MAPPING, wider) == []
    assert only(gaps(MAPPING, wider)).what == "'Waiting' of Status has no counterpart"
    assert gaps(MAPPING, schema()) == []
