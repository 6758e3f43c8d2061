"""`syncline sandbox`, as far as it does not depend on which tools have fakes."""

from __future__ import annotations

from tests.cli.desk import Desk


def test_a_tool_without_a_sandbox_is_told_with_those_that_have_one(desk: Desk) -> None:
    answer = desk.run("sandbox", "up", "request_tracker", "--json")
    assert answer.code == 2
    assert "There is no sandbox of `request_tracker`" in answer.json["error"]
    assert not (desk.folder / ".syncline" / "sandbox").exists()


def test_a_plugin_without_a_sandbox_is_told_too(desk: Desk) -> None:
    answer = desk.run("sandbox", "up", "memory", "--plugin", "tests.cli.plugin", "--json")
    assert answer.code == 2
    assert "There is no sandbox of `memory`" in answer.json["error"]


def test_down_says_when_nothing_is_up(desk: Desk) -> None:
    assert desk.json("sandbox", "down") == {"ended": []}
    assert "No sandbox is up in" in desk.run("sandbox", "down").out
