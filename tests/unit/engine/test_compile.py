"""A configuration and its mappings, compiled: units, modes, policies, defaults, mistakes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from syncline.config import Config, ConfigError
from syncline.engine.compile import compile_sync
from syncline.engine.spec import Sync
from syncline.mapping.load import ToolMapping, load_mapping
from syncline.sdk.connector import Capabilities, FieldSchema, RecordSchema, Schema
from syncline.simulation.connector import FULL, MAPPING, PLAIN

A = load_mapping(MAPPING)
B = load_mapping(
    """\
entity: ticket
record: issue
text: markdown
fields:
  title: {path: title, max_length: 20}
  body: {path: body, create_only: true}
  status: {path: status, group: state, enum: {todo: new, in_progress: [open], done: closed}}
  resolution: {path: reason, group: state}
  priority: {path: priority, enum: {high: P1, low: P2}, nearest: {urgent: high}}
  labels: {path: labels}
  due_on: {path: due}
  type: {path: type, enum: {bug: Bug, task: Task}}
  created_at: {path: created, read_only: true}
  updated_at: {path: updated, read_only: true}
"""
)
FIXED = load_mapping(MAPPING.replace("{path: title}", "{path: title, read_only: true}"))


def markdown(source: str) -> dict[str, str]:
    return {"format": "markdown", "source": source}


def config(**sync: Any) -> Config:
    connection = {"connector": "memory", "base_url": "memory://x", "scope": sync.pop("scope", None)}
    fixed = {**connection, "read_only": sync.pop("read_only", False)}
    return Config.model_validate(
        {
            "connections": {"a": connection, "b": fixed},
            "syncs": {"main": {"entity": "ticket", **sync}},
        }
    )


def made(
    capabilities: Mapping[str, Capabilities] | None = None,
    schemas: Mapping[str, Schema] | None = None,
    mappings: Mapping[str, ToolMapping] | None = None,
    **sync: Any,
) -> Sync:
    found = mappings or {"a": A, "b": B}
    return compile_sync(config(**sync), "main", found, capabilities or {}, schemas)


def problems(**sync: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        made(**sync)
    return str(caught.value)


def test_every_field_that_two_sides_map_is_synced_both_ways() -> None:
    sync = made()
    assert set(sync.units) == {"title", "body", "status", "priority", "labels"}
    assert all(set(unit.modes.values()) == {"both"} for unit in sync.units.values())


def test_only_the_named_fields_are_synced_when_some_are_named() -> None:
    assert set(made(fields={"title": None, "priority": None}).units) == {"title", "priority"}


def test_sets_and_texts_merge_and_everything_else_asks() -> None:
    kinds = {name: unit.policy.kind for name, unit in made().units.items()}
    assert kinds == {
        "title": "ask",
        "body": "merge",
        "status": "ask",
        "priority": "ask",
        "labels": "merge",
    }


def test_a_policy_may_be_named_and_an_authority_breaks_its_ties() -> None:
    units = made(
        fields={
            "title": {"on_conflict": "newest", "authority": "a"},
            "priority": {"authority": "b"},
            "labels": {"on_conflict": "ask"},
        }
    ).units
    assert (units["title"].policy.kind, units["title"].policy.authority) == ("newest", "a")
    assert (units["priority"].policy.kind, units["priority"].policy.authority) == ("authority", "b")
    assert units["labels"].policy.kind == "ask"


def test_a_state_follows_the_entitys_order_unless_another_is_declared() -> None:
    said = {"on_conflict": "state"}
    assert made(fields={"priority": said}).units["priority"].policy.order == (
        "urgent", "high", "medium", "low", "none",
    )  # fmt: skip
    own = made(fields={"priority": {**said, "order": ["low", "high"]}})
    assert own.units["priority"].policy.order == ("low", "high")


def test_a_field_its_tool_never_takes_is_a_source_there() -> None:
    assert made(mappings={"a": FIXED, "b": B}).units["title"].modes == {
        "a": "source",
        "b": "both",
    }


def test_a_field_that_no_side_takes_is_not_synced() -> None:
    assert "created_at" not in made(mappings={"a": B, "b": B}).units


def test_a_group_is_one_unit_and_its_members_share_mode_and_policy() -> None:
    both = {"a": B, "b": B}
    said = {"authority": "b", "sides": {"a": "target"}}
    unit = made(mappings=both, fields={"status": said, "resolution": None}).units["state"]
    assert unit.fields == ("status", "resolution")
    assert (unit.modes, unit.policy.authority) == ({"a": "target", "b": "both"}, "b")
    told = problems(
        mappings=both,
        fields={
            "status": {"sides": {"a": "target"}, "authority": "a"},
            "resolution": {"sides": {"a": "source"}, "authority": "b"},
        },
    )
    assert "cannot have two modes on a" in told
    assert "give them the same policy" in told


def test_a_default_fills_new_records_and_travels_nowhere() -> None:
    sync = made(sides={"a": {}, "b": {"create": "when_missing", "defaults": {"type": "bug"}}})
    assert sync.sides["b"].defaults == {"type": "bug"}
    assert sync.units["type"].modes == {"b": "source"}
    sync = made(sides={"a": {}, "b": {"where": {"type": "bug"}, "defaults": {"type": "bug"}}})
    assert sync.units["type"].modes == {"b": "source"}


def test_a_default_text_is_in_the_sides_format_and_a_default_person_is_anybody() -> None:
    both = {"a": A, "b": load_mapping(MAPPING.replace("text: html", "text: markdown"))}
    filled = {"body": "*new*", "assignee": "ann@example.com"}
    side = made(mappings=both, sides={"a": {}, "b": {"defaults": filled}}).sides["b"]
    assert side.defaults == {"body": markdown("*new*"), "assignee": "ann@example.com"}


def test_a_match_may_use_a_field_that_is_not_synced() -> None:
    units = made(fields={"title": None}, match=[{"fields": ["priority"]}]).units
    assert units["priority"].modes == {"a": "off", "b": "off"}


def test_mappings_that_mean_different_kinds_by_a_field_are_told_with_the_other_mistakes() -> None:
    a, b = (load_mapping(f"{MAPPING}  size: {{path: size, kind: {k}}}") for k in ("text", "number"))
    told = problems(mappings={"a": a, "b": b}, fields={"titel": None, "size": None})
    assert "size is of kind number and text on different sides" in told
    assert "no side maps a field `titel`" in told


def test_what_a_new_record_must_have_is_learnt_from_the_tool() -> None:
    known = {
        "title": FieldSchema("title", "Title", "text", required=True),
        "queue": FieldSchema("queue", "Queue", "text", required=True),
        "labels": FieldSchema("labels", "Labels", "set"),
    }
    schema = Schema("acme", "1", {"issue": RecordSchema("issue", known)}, "html")
    side = made(schemas={"b": schema}).sides["b"]
    assert side.required == ("title",)
    assert side.text_format == "html"


def test_cards_need_a_tool_that_shows_them_and_a_sync_that_wants_them() -> None:
    able = {"a": FULL, "b": PLAIN}
    assert {s.name: s.cards for s in made(able).sides.values()} == {"a": True, "b": False}
    assert not made(able, links="off").sides["a"].cards


def test_comments_deletes_and_guards_are_taken_over() -> None:
    sync = made(
        comments={"visibility": ["public", "internal"], "as": "same"},
        deletes={"propagate": "close", "max": 1},
        guards={"max_changed_percent": 7},
        match=["marker", {"fields": ["title", "due_on"]}],
        mappings={"a": B, "b": B},
    )
    assert sync.comments is not None
    assert (sync.comments.as_, len(sync.comments.visibility)) == ("same", 2)
    assert (sync.deletes.propagate, sync.deletes.max, sync.deletes.on_edit) == ("close", 1, "keep")
    assert sync.guards.max_changed_percent == 7
    assert sync.match == ("marker", ("title", "due_on"))


def test_the_fingerprint_moves_with_what_decides_values_and_with_nothing_else() -> None:
    still = made().fingerprint
    assert made(schedule={"every": "1h"}, guards={"max_changed_percent": 1}).fingerprint == still
    every = dict.fromkeys(made().units)
    assert made(fields={**every, "title": {"on_conflict": "newest"}}).fingerprint == still
    for change in (
        {"fields": {"title": None}},
        {"fields": {**every, "title": {"sides": {"a": "target"}}}},
        {"sides": {"a": {"where": {"labels": {"any": ["x"]}}}, "b": {}}},
        {"scope": {"project": "X"}},
        {"match": ["marker"]},
        {"mappings": {"a": A, "b": replace(B, said={**B.said, "text": "html"})}},
    ):
        assert made(**change).fingerprint != still, change


def test_a_mode_for_a_third_side_that_lacks_the_field_is_told() -> None:
    connection = {"connector": "memory", "base_url": "memory://x"}
    said = {"entity": "ticket", "fields": {"assignee": {"sides": {"c": "off"}}}}
    three = Config.model_validate(
        {"connections": dict.fromkeys("abc", connection), "syncs": {"main": said}}
    )
    with pytest.raises(ConfigError, match="c does not map `assignee`"):
        compile_sync(three, "main", {"a": A, "b": A, "c": B}, {})


def test_a_note_may_say_later_edits_where_a_tool_has_internal_ones() -> None:
    said = {"body": {"on_uneditable": "note"}}
    for known in ({}, {"a": FULL, "b": FULL}):
        assert made(known, fields=said).units["body"].on_uneditable == "note"


def test_all_mistakes_of_a_sync_are_told_at_once() -> None:
    told = problems(
        fields={"titel": None, "title": {"authority": "c"}, "labels": None},
        sides={"a": {"where": {"labls": "x"}}, "b": {"defaults": {"type": "bg"}}},
        match=[{"fields": ["tile"]}],
    )
    for word in ("titel", "`c`", "labls", "'bg'", "tile"):
        assert word in told


def test_an_unknown_sync_gets_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match="did you mean `main`"):
        compile_sync(config(), "mian", {}, {})
