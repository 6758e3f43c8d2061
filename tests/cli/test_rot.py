"""`check` tells what changed in a tool since the mappings fitted it, and how to mend them."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from typing import Any

from syncline.simulation.connector import MAPPING
from syncline.simulation.tool import FIELDS, FieldRule
from tests.cli.desk import Desk

LEVELS = ("urgent", "high", "medium", "low", "none")
OWN = "mappings/memory/ticket.yaml"


def options(desk: Desk, *names: str) -> None:
    """An administrator of `b` sets the options of a priority."""
    desk.b.rules = {**FIELDS, "priority": FieldRule("enum", options=names)}


def changes(desk: Desk, code: int) -> dict[str, Any]:
    answer = desk.run("check", "--json")
    assert answer.code == code, answer.out + answer.err
    return answer.json


def test_the_first_check_has_nothing_to_compare_with_and_takes_a_snapshot(desk: Desk) -> None:
    options(desk, *LEVELS)
    first = changes(desk, 0)
    assert first["snapshots"] == {"since": {}, "taken": ["a", "b"], "unread": {}}
    assert set(changes(desk, 0)["snapshots"]["since"]) == {"a", "b"}


def test_an_option_spelt_alike_is_proposed_and_the_patch_keeps_the_files_comments(
    desk: Desk,
) -> None:
    desk.mapping(MAPPING.replace("  labels:", "  # Ours.\n  labels:"))
    options(desk, *LEVELS)
    changes(desk, 0)
    options(desk, "urgent", "high", "medium", "lower", "none")
    found = changes(desk, 2)
    (told,) = found["changes"]
    assert (told["kind"], told["connection"], told["syncs"]) == ("option_renamed", "b", ["main"])
    assert told["where"] == f"{OWN}:18"
    assert "'lower' is new and spelt alike" in told["what"]
    (patch,) = found["patches"]
    assert (patch["file"], patch["diff"].count("\n+ "), patch["diff"].count("\n- ")) == (OWN, 1, 1)
    # The very text that people are shown is one that `patch` takes.
    shown = desk.run("check").out
    subprocess.run(["patch", "-p1"], input=shown, text=True, check=True, capture_output=True)
    assert "# Ours." in (desk.folder / OWN).read_text("utf-8")
    assert changes(desk, 0)["changes"] == []


def test_of_two_names_spelt_alike_none_is_guessed(desk: Desk) -> None:
    options(desk, *LEVELS)
    changes(desk, 0)
    options(desk, "urgent", "high", "medium", "lowly", "lower", "none")
    found = changes(desk, 2)
    told = [one for one in found["changes"] if one["kind"] == "option_renamed"]
    assert "of several none is guessed" in told[0]["do"]
    assert found["patches"] == []


def test_an_option_that_is_gone_is_taken_out_and_the_value_is_said_to_have_none(
    desk: Desk,
) -> None:
    options(desk, *LEVELS)
    one, _ = desk.linked(priority="high")
    changes(desk, 0)
    options(desk, "urgent", "high", "medium", "none")
    found = changes(desk, 2)
    (told,) = found["changes"]
    assert told["kind"] == "option_removed"
    assert "main parks that field of each record that becomes it elsewhere" in told["until"]
    # What was said comes true, and for that field alone.
    desk.a.edit(one, {"priority": "low", "title": "Still travels"})
    assert desk.run("sync", "main").code == 3
    assert [p["field"] for p in desk.run("quarantine", "--json").json["quarantine"]] == ["priority"]
    assert "Still travels" in [item.now.fields["title"] for item in desk.b.items.values()]


def test_a_new_option_is_told_where_records_in_it_are_heard(desk: Desk) -> None:
    options(desk, *LEVELS)
    changes(desk, 0)
    options(desk, *LEVELS, "someday")
    for _ in range(2):  # told as long as it stays so
        (told,) = changes(desk, 3)["changes"]
        assert (told["kind"], told["field"]) == ("option_added", "priority")
    desk.config["syncs"]["main"]["fields"] = {"title": {}, "priority": {"sides": {"b": "target"}}}
    desk.write()
    assert changes(desk, 0)["changes"] == []


def test_a_field_that_no_sync_uses_is_nobodys_business(desk: Desk) -> None:
    options(desk, *LEVELS)
    desk.config["syncs"]["main"]["fields"] = {"title": {}}
    desk.write()
    changes(desk, 0)
    options(desk, "other")
    assert changes(desk, 2)["changes"] == []  # `check` says that the mapping does not fit


def test_a_field_that_is_gone_and_named_in_the_sync_says_so(desk: Desk) -> None:
    desk.config["syncs"]["main"]["fields"] = {"title": {}, "labels": {}}
    desk.write()
    changes(desk, 0)
    desk.b.rules = {path: rule for path, rule in FIELDS.items() if path != "labels"}
    found = changes(desk, 2)
    (told,) = found["changes"]
    assert told["kind"] == "field_removed"
    assert "take `labels` out of what main names" in told["do"]
    assert "\n-  labels: {path: labels}\n" in found["patches"][0]["diff"]


def test_a_retyped_shortened_and_locked_field_are_each_told(desk: Desk) -> None:
    changes(desk, 0)
    desk.b.rules = {
        **FIELDS,
        "title": FieldRule(required=True, max_length=80),
        "body": FieldRule("rich_text", create_only=True),
        "status": FieldRule("text"),
    }
    found = changes(desk, 2)
    assert {one["kind"]: one["field"] for one in found["changes"]} == {
        "field_shorter": "title",
        "field_locked": "body",
        "field_retyped": "status",
    }
    (patch,) = found["patches"]
    assert "+  title: {path: title, max_length: 80}" in patch["diff"]
    assert "+  body: {path: body, create_only: true}" in patch["diff"]


def test_a_record_type_that_is_gone_stops_that_side(desk: Desk) -> None:
    changes(desk, 0)
    desk.b.record = "case"
    (told,) = changes(desk, 2)["changes"]
    assert (told["kind"], told["where"]) == ("record_removed", f"{OWN}:2")


def test_another_account_is_not_compared(desk: Desk) -> None:
    options(desk, *LEVELS)
    changes(desk, 0)
    options(desk, "urgent")
    desk.b.name = "somebody else"
    found = changes(desk, 2)
    assert (found["changes"], set(found["snapshots"]["since"])) == ([], {"a"})


def test_what_is_accepted_is_not_told_again(desk: Desk) -> None:
    options(desk, *LEVELS)
    changes(desk, 0)
    options(desk, *LEVELS, "someday")
    answer = desk.run("check", "--accept")
    assert answer.code == 0
    assert "changed  'priority' of b has a new option 'someday'" in answer.out
    assert "Accepted" in answer.out
    assert changes(desk, 0)["changes"] == []


def test_a_name_from_a_tool_cannot_write_to_a_terminal_or_into_a_mapping(desk: Desk) -> None:
    options(desk, *LEVELS)
    changes(desk, 0)
    options(desk, "urgent", "high", "medium: \x1b}\u202e", "low", "none")
    answer = desk.run("check")
    assert "\x1b" not in answer.out and "\u202e" not in answer.out
    subprocess.run(["patch", "-p1"], input=answer.out, text=True, check=True, capture_output=True)
    desk.a.rules = desk.b.rules
    assert changes(desk, 0)["problems"] == []


def test_a_tool_that_is_down_keeps_its_snapshot(desk: Desk) -> None:
    options(desk, *LEVELS)
    changes(desk, 0)
    desk.b.faults.add("describe", "down")
    assert changes(desk, 1)["ok"] is False
    options(desk, "urgent", "high", "medium", "lower", "none")
    (told,) = changes(desk, 2)["changes"]
    assert told["kind"] == "option_renamed"


def test_a_field_that_others_fill_may_be_required_and_one_that_nothing_fills_is_mapped(
    desk: Desk,
) -> None:
    changes(desk, 0)
    assignee = replace(FIELDS["assignee"], required=True)
    area = FieldRule("text", required=True)
    desk.b.rules = {**FIELDS, "assignee": assignee, "custom.Area 51": area}
    found = changes(desk, 2)
    told = {one["field"]: one for one in found["changes"]}
    assert "that have no `assignee`" in told["assignee"]["until"]
    assert told["assignee"]["do"] == (
        "give it a value under `syncs.main.sides.b.defaults.assignee`"
    )
    assert "`syncs.main.sides.b.defaults" in told[""]["do"]
    (patch,) = found["patches"]
    assert '+  custom_area_51: {kind: text, path: "custom.Area 51"}' in patch["diff"] or (
        "path: custom.Area 51" in patch["diff"]
    )
