"""`verify --canary`: a marked record travels the loop, is measured, and is taken away again."""

from __future__ import annotations

import pytest

from syncline import canary
from syncline.simulation.tool import FIELDS, FieldRule, MemoryTool
from tests.cli.desk import Desk


def kinds(tool: MemoryTool) -> list[str]:
    return [deed.kind for deed in tool.deeds]


def test_a_canary_travels_there_and_back_and_leaves_nothing(desk: Desk) -> None:
    one, other = desk.linked()
    body = desk.json("verify", "main", "--canary", "--yes")
    flight = body["canary"]
    assert flight["there"] is not None and flight["back"] is not None
    assert (flight["lost"], flight["left"]) == ("", {})
    assert len(flight["removed"]) == 2
    assert (set(desk.a.items), set(desk.b.items)) == ({one}, {other})
    assert kinds(desk.a) == ["create", "create", "edit", "delete"]
    assert kinds(desk.b) == ["create", "create", "edit", "delete"]
    titles = {deed.after["title"] for deed in desk.b.deeds if deed.kind == "edit" and deed.after}
    assert titles == {f"{flight['title']} (and back)"}
    # Nothing of it is left to be compared, or made again by a later pass.
    assert (body["agreement"], body["links"]["compared"]) == (1.0, 1)
    assert desk.run("sync", "main").code == 0
    assert (set(desk.a.items), set(desk.b.items)) == ({one}, {other})


def test_a_canary_touches_no_other_record(desk: Desk) -> None:
    one, other = desk.linked()
    desk.a.edit(one, {"title": "Waits for its pass"})
    desk.json("verify", "main", "--canary", "--yes")
    assert desk.b.fields(other)["title"] == "Printer on fire"


def test_a_canary_asks_first(desk: Desk) -> None:
    desk.linked()
    desk.types("n")
    answer = desk.run("verify", "main", "--canary")
    assert answer.code == 1
    assert "makes a marked record in" in answer.err
    assert len(desk.a.items) == len(desk.b.items) == 1
    answer = desk.run("verify", "main", "--canary", "--json")
    assert answer.code == 2
    assert "--yes" in answer.err


def test_where_nothing_is_made_no_canary_travels(desk: Desk) -> None:
    desk.config["syncs"]["main"]["sides"] = {"a": {}, "b": {}}
    desk.write()
    answer = desk.run("verify", "main", "--canary", "--yes")
    assert answer.code == 2
    assert "no canary can travel" in answer.err
    assert not desk.a.items and not desk.b.items


def test_a_canary_needs_a_sync_by_name(desk: Desk) -> None:
    answer = desk.run("verify", "--canary", "--yes")
    assert (answer.code, "name the sync" in answer.err) == (2, True)


def test_a_canary_that_does_not_fit_the_filter_is_taken_away(desk: Desk) -> None:
    sides = {"a": {"where": {"labels": {"any": ["escalated"]}}}, "b": {"create": "when_missing"}}
    desk.config["syncs"]["main"]["sides"] = sides
    desk.write()
    answer = desk.run("verify", "main", "--canary", "--yes")
    assert answer.code == 3
    assert "does not fit the filter of a" in answer.out
    assert not desk.a.items
    desk.config["syncs"]["main"]["sides"]["a"]["defaults"] = {"labels": ["escalated"]}
    desk.write()
    assert desk.json("verify", "main", "--canary", "--yes")["canary"]["there"] is not None


def test_a_canary_that_never_arrives_is_lost_and_taken_away(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(canary, "PATIENCE", 0.0)
    monkeypatch.setattr(canary, "PAUSE", 0.0)
    desk.linked()
    desk.config["syncs"]["main"]["sides"] = {"a": {}, "b": {"create": "when_missing"}}
    desk.write()
    desk.b.rules = {**FIELDS, "title": FieldRule(required=True, max_length=5)}
    answer = desk.run("verify", "main", "--canary", "--yes")
    assert answer.code == 3
    assert "got lost on its way there" in answer.out
    assert len(desk.a.items) == 1


def test_what_a_tool_does_not_remove_is_told_and_stays_apart(desk: Desk) -> None:
    for tool in (desk.a, desk.b):
        tool.faults.add("remove", "reject")
    answer = desk.run("verify", "main", "--canary", "--yes")
    assert answer.code == 0
    assert answer.out.count("Canary left:") == 2
    assert "because the tool refuses it" in answer.out
    before = len(desk.a.items), len(desk.b.items)
    desk.run("sync", "main")
    assert (len(desk.a.items), len(desk.b.items)) == before == (1, 1)
