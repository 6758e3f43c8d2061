"""Mistakes of a configuration: each is told with the place that it is at, and what to do."""

from __future__ import annotations

from typing import Any

import pytest

from syncline.simulation.connector import PLAIN
from tests.unit.engine.test_compile import FIXED, A, B, problems


@pytest.mark.parametrize(
    ("sync", "at", "told"),
    [
        (
            {"fields": {"titel": None}},
            "fields.titel",
            "no side maps a field `titel`; did you mean `title`?",
        ),
        ({"fields": {"type": None}}, "fields.type", "only b maps `type`"),
        ({"entity": "tickt"}, "entity", "there is no entity `tickt`; did you mean `ticket`?"),
        (
            {"sides": {"a": {}, "bb": {}}},
            "sides.bb",
            "no connection is called `bb`; did you mean `b`?",
        ),
        ({"sides": {"a": {}}}, "sides", "main has 1 side(s), and a sync needs two"),
        (
            {"fields": {"title": {"sides": {"c": "off"}}}},
            "fields.title.sides.c",
            "`c` is no side of this sync",
        ),
        (
            {"fields": {"title": {"authority": "c"}}},
            "fields.title.authority",
            "`c` is no side of this sync",
        ),
        (
            {"fields": {"title": {"on_conflict": "merge"}}},
            "fields.title.on_conflict",
            "two values of `title` cannot be merged",
        ),
        (
            {"fields": {"title": {"on_conflict": "state"}}},
            "fields.title.on_conflict",
            "`state` needs a field of its own",
        ),
        (
            {"fields": {"title": {"order": ["x"]}}},
            "fields.title.order",
            "`order` is for `on_conflict: state`",
        ),
        (
            {"fields": {"title": {"on_uneditable": "note"}}},
            "fields.title.on_uneditable",
            "`title` can be edited on every side",
        ),
        (
            {"fields": {"priority": {"on_conflict": "state", "order": ["hgh"]}}},
            "fields.priority.order",
            "`priority` has no value `hgh`; did you mean `high`?",
        ),
        (
            {"sides": {"a": {"record": "tickt"}, "b": {}}},
            "sides.a.record",
            "write `record: ticket`",
        ),
        (
            {"sides": {"a": {"where": {"labls": "x"}}, "b": {}}},
            "sides.a.where.labls",
            "a maps no field `labls`",
        ),
        (
            {"sides": {"a": {"where": {"labels": "x"}}, "b": {}}},
            "sides.a.where.labels",
            "write {any: [x]}",
        ),
        (
            {"sides": {"a": {"where": {"labels": {"has": "x"}}}, "b": {}}},
            "sides.a.where.labels",
            "`has` is no comparison",
        ),
        (
            {"sides": {"a": {"where": {"title": {"before": "x"}}}, "b": {}}},
            "sides.a.where.title",
            "compares days",
        ),
        (
            {"sides": {"a": {"where": {"status": "opn"}}, "b": {}}},
            "sides.a.where.status",
            "'opn' is not one of",
        ),
        (
            {"sides": {"b": {"defaults": {"type": "bg"}}, "a": {}}},
            "sides.b.defaults.type",
            "did you mean `bug`?",
        ),
        (
            {"sides": {"b": {"defaults": {"type": "story"}}, "a": {}}},
            "sides.b.defaults.type",
            "story",
        ),
        (
            {"sides": {"b": {"defaults": {"created_at": None}}, "a": {}}},
            "sides.b.defaults.created_at",
            "read-only",
        ),
        (
            {"sides": {"b": {"defaults": {"titel": "x"}}, "a": {}}},
            "sides.b.defaults.titel",
            "b maps no field `titel`",
        ),
        (
            {"sides": {"b": {"defaults": {"title": "x" * 30}}, "a": {}}},
            "sides.b.defaults.title",
            "title",
        ),
        ({"match": [{"fields": ["type"]}]}, "match", "`type` is not mapped by two sides"),
        (
            {"capabilities": {"a": PLAIN, "b": PLAIN}, "deletes": {"propagate": "archive"}},
            "deletes.propagate",
            "no side of main can archive records",
        ),
        (
            {
                "capabilities": {"a": PLAIN, "b": PLAIN},
                "sides": {"a": {"on_closed": "follow_up"}, "b": {}},
            },
            "sides.a.on_closed",
            "memory has no follow-ups to records that were closed for good",
        ),
        (
            {"sides": {"b": {"where": {"due_on": {"before": None}}}, "a": {}}},
            "sides.b.where.due_on",
            "to compare with",
        ),
        (
            {"sides": {"a": {"where": {"title": {"contains": ""}}}, "b": {}}},
            "sides.a.where.title",
            "takes a text",
        ),
        (
            {"sides": {"a": {"where": {"status": {"contains": "do"}}}, "b": {}}},
            "sides.a.where.status",
            "this is neither",
        ),
        (
            {"sides": {"a": {"where": {"status": {"in": "done"}}}, "b": {}}},
            "sides.a.where.status",
            "like [done]",
        ),
        (
            {
                "fields": {"title": None},
                "sides": {
                    "a": {"defaults": {"priority": "low"}},
                    "b": {"defaults": {"priority": "low"}},
                },
            },
            "fields",
            "`priority` has defaults on several sides but is not synced",
        ),
        (
            {"mappings": {"a": B, "b": B}, "fields": {"created_at": None}},
            "fields.created_at",
            "`created_at` is read-only on every side",
        ),
        (
            {"mappings": {"a": A, "b": FIXED}, "fields": {"title": {"sides": {"b": "target"}}}},
            "fields.title.sides.b",
            "`title` is read-only in b, so it cannot be a target",
        ),
        (
            {"capabilities": {"b": PLAIN}, "fields": {"body": {"on_uneditable": "note"}}},
            "fields.body.on_uneditable",
            "b has no internal notes",
        ),
        ({"mappings": {"a": A}}, "sides.b", "no mapping shows memory's records as ticket"),
        (
            {"capabilities": {"a": PLAIN, "b": PLAIN}, "deletes": {"propagate": "delete"}},
            "deletes.propagate",
            "no side of main can delete records; they can neither archive nor delete; "
            "`unlink` works everywhere",
        ),
        (
            {"read_only": True, "sides": {"a": {}, "b": {"create": "when_missing"}}},
            "sides.b.create",
            "the connection b is `read_only`, so nothing is created there",
        ),
        (
            {
                "mappings": {"a": B, "b": B},
                "fields": {
                    "status": {"sides": {"b": "source"}},
                    "resolution": {"sides": {"b": "target"}},
                },
            },
            "fields.resolution.sides.b",
            "which cannot have two modes on b; give them the same mode",
        ),
    ],
)
def test_a_mistake_is_told_with_the_place_and_the_nearest_word(
    sync: dict[str, Any], at: str, told: str
) -> None:
    mine = f"configuration syncs.main.{at}: "
    found = [line for line in problems(**sync).splitlines() if line.startswith(mine)]
    assert any(told in line for line in found)


def test_a_field_that_a_side_lacks_is_told_with_the_one_that_was_meant() -> None:
    for key in ("where", "defaults"):
        told = problems(sides={"b": {key: {"titel": "x"}}, "a": {}})
        assert "b maps no field `titel`" in told
        assert "did you mean `title`?" in told
