"""The mapping-rot guard between made-up tools: an administrator changes something, and it is told
with its consequence before a record fails; what is told then comes true, and the patch mends it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.two_tools import SYNC, TwoTools, two_tools
from tests.support.commands import main

SETUP = {
    "entity": "ticket",
    "sides": {
        "support": {"create": "never"},
        "tracker": {"create": "when_missing", "defaults": {"type": "bug"}},
    },
    "match": ["marker"],
    "fields": {"title": {}, "status": {}, "priority": {}, "type": {}},
    "links": "off",
}


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoTools]:
    """Both tools with linked records."""
    with two_tools(tmp_path_factory.mktemp("rot"), 12, search_lag="1ms", **SETUP) as one:
        shutil.copy(one.folder / "syncline.yaml", one.folder / "kept.yaml")
        assert main(["sync", SYNC, "--config", str(one.folder)]) == 0
        yield one


@pytest.fixture
def tools(linked: TwoTools, monkeypatch: pytest.MonkeyPatch) -> TwoTools:
    """The tools as they were set up, with a snapshot of each, and the shipped mappings."""
    monkeypatch.chdir(linked.folder)
    shutil.copy(linked.folder / "kept.yaml", linked.folder / "syncline.yaml")
    shutil.rmtree(linked.folder / "mappings", ignore_errors=True)
    administer(linked, "tracker", "restore")
    assert main(["check", "--accept"]) == 0
    return linked


@pytest.fixture
def syncline(tools: TwoTools, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Run a command; its code and its object."""

    def run(*arguments: str) -> tuple[int, Any]:
        capsys.readouterr()
        code = main([*arguments, "--json"])
        return code, json.loads(capsys.readouterr().out.splitlines()[-1])

    return run


def administer(tools: TwoTools, side: str, do: str, **given: Any) -> None:
    tools.ask(side, "POST", "/_sandbox/admin", json={"do": do, **given})


def patch(folder: Path, checked: Any) -> None:
    """Apply every diff that `check` printed, as an operator does."""
    for one in checked["patches"]:
        subprocess.run(
            ["patch", "-p1"], input=one["diff"], text=True, cwd=folder, check=True,
            capture_output=True,
        )  # fmt: skip


def only(checked: Any, kind: str) -> Any:
    found = [one for one in checked["changes"] if one["kind"] == kind]
    assert len(found) == 1, checked["changes"]
    return found[0]


def named(tools: TwoTools, told: Any) -> dict[str, Any]:
    """The first issue that a finding names."""
    key = told["records"][0].removeprefix("tracker:")
    return next(one for one in tools.issues() if one["key"] == key)


def parked(syncline: Any, field: str) -> list[Any]:
    _, waiting = syncline("quarantine")
    return [one for one in waiting["quarantine"] if one["field"] == field]


def test_nothing_changed_is_nothing_told_and_writes_to_no_tool(
    tools: TwoTools, syncline: Any
) -> None:
    tools.forget()
    code, checked = syncline("check")
    assert (code, checked["changes"], checked["patches"]) == (0, [], [])
    assert set(checked["snapshots"]["since"]) == {"support", "tracker"}
    sent = {side: tools.sent(side) for side in ("support", "tracker")}
    assert [one.writes for one in sent.values()] == [0, 0]
    # A search for each of the six statuses, beside what describing a site costs.
    assert (sent["support"].work, sent["tracker"].work) == (0, 6)


def test_a_renamed_status_of_jira_is_told_parks_what_was_said_and_is_mended_by_the_patch(
    tools: TwoTools, syncline: Any
) -> None:
    administer(tools, "tracker", "rename", field="status", option="Done", to="Finished")
    code, checked = syncline("check")
    assert code == 2
    told = only(checked, "option_renamed")
    assert "it is called 'Finished' now (the tool's id 10002 is the same)" in told["what"]
    assert (told["connection"], told["syncs"], told["field"]) == ("tracker", [SYNC], "status")
    assert told["where"] == "mappings/jira/ticket.yaml:16"
    shown = named(tools, told)
    assert shown["fields"]["status"]["name"] == "Finished"
    assert "records that show 'Finished' cannot be read" in told["until"]

    # What was said comes true: that field of that record is parked, its title still travels.
    tools.later()
    tools.retitle("tracker", shown["id"], "Still in step")
    tools.later()
    code, done = syncline("sync", SYNC)
    assert code == 3, done
    waiting = {one["sides"]["tracker"]: one["reason"] for one in parked(syncline, "status")}
    assert "'Finished' has no counterpart" in waiting[shown["id"]]
    assert "Still in step" in [ticket["subject"] for ticket in tools.tickets()]

    # It is told until it is mended, and the patch mends it.
    _, checked = syncline("check")
    only(checked, "option_renamed")
    (diff,) = checked["patches"]
    assert diff["file"] == "mappings/tracker/ticket.yaml"
    patch(tools.folder, checked)
    code, checked = syncline("check")
    assert (code, checked["problems"], checked["changes"]) == (0, [], [])
    assert set(checked["snapshots"]["taken"]) == {"support", "tracker"}


def test_a_required_field_is_told_with_what_cannot_be_made_and_its_patch_needs_a_default(
    tools: TwoTools, syncline: Any
) -> None:
    for kind in ("Bug", "Task"):
        administer(tools, "tracker", "require", type=kind, fields=["Team"])
    code, checked = syncline("check")
    assert code == 3
    told = only(checked, "field_required")
    assert told["what"] == "tracker requires 'Team' (custom_fields.Team) now for Task and Bug"
    assert "cannot make records there for Task and Bug" in told["until"]
    assert "syncs.all.sides.tracker.defaults.team" in told["do"]

    typed = {"person": "Leila Haddad", "field:subject": "New", "field:type": "problem"}
    tools.ask("support", "POST", "/new/ticket", data=typed)
    tools.later()
    code, done = syncline("sync", SYNC)
    assert code == 3, done
    _, waiting = syncline("quarantine")
    (one,) = [p for p in waiting["quarantine"] if p["action"] == "create"]
    assert "Team" in one["reason"]

    patch(tools.folder, checked)
    _, checked = syncline("check")
    only(checked, "field_required")  # mapped, and nothing fills it yet
    text = (tools.folder / "syncline.yaml").read_text("utf-8")
    filled = text.replace("type: bug", "type: bug, team: Mobile").replace(
        "defaults:\n          type: bug, team: Mobile",
        "defaults:\n          type: bug\n          team: Mobile",
    )
    (tools.folder / "syncline.yaml").write_text(filled, "utf-8")
    code, checked = syncline("check")
    assert (code, checked["changes"]) == (0, [])


def test_a_step_taken_out_of_the_workflow_names_what_cannot_be_reached(
    tools: TwoTools, syncline: Any
) -> None:
    step = {"type": "Bug", "from": "In Review", "to": "Done"}
    administer(tools, "tracker", "close_transition", **step)
    code, checked = syncline("check")
    assert code == 3
    one = only(checked, "workflow")
    assert one["what"] == (
        "the workflow of Bug in tracker no longer leads from 'In Review' to 'Done'"
    )
    assert "'Done' cannot be reached from 'In Progress', 'In Review'" in one["until"]
    stuck = named(tools, one)["fields"]
    assert (stuck["issuetype"]["name"], stuck["status"]["name"] in one["until"]) == ("Bug", True)

    # An operator who knows and wants it so is not told again.
    assert syncline("check", "--accept")[0] == 0
    code, checked = syncline("check")
    assert (code, checked["changes"]) == (0, [])


def test_a_lost_permission_is_told(tools: TwoTools, syncline: Any) -> None:
    administer(tools, "tracker", "revoke", permission="TRANSITION_ISSUES")
    code, checked = syncline("check")
    assert code == 3
    told = [one for one in checked["changes"] if one["kind"] == "rights"]
    assert [one["what"] for one in told] == [
        "The account lacks the permission 'Transition Issues' in APP."
    ]
    assert told[0]["syncs"] == [SYNC]


def test_a_renamed_custom_status_of_zendesk_is_found_in_the_operators_own_mapping(
    tools: TwoTools, syncline: Any
) -> None:
    own = tools.folder / "mappings" / "zendesk" / "ticket.yaml"
    own.parent.mkdir(parents=True)
    own.write_text(
        "extends: builtin\n"
        "entity: ticket\n"
        "fields:\n"
        "  # The support team's own words.\n"
        "  status:\n"
        "    path: custom_status\n"
        "    enum:\n"
        "      todo: New\n"
        "      in_progress: [Open, In progress]\n"
        "      blocked: [Pending, On-hold]\n"
        "      done: Solved\n"
        "      cancelled: Cancelled  # since 2024\n",
        "utf-8",
    )
    code, checked = syncline("check")
    assert code == 2, checked  # `nearest` of the shipped mapping makes no sense any more
    own.write_text(
        own.read_text("utf-8").replace("    enum:", "    nearest: {}\n    enum:"), "utf-8"
    )
    code, checked = syncline("check")
    assert (code, checked["problems"], checked["changes"]) == (0, [], [])
    administer(
        tools, "support", "rename", field="custom_status", option="Cancelled", to="Withdrawn"
    )
    code, checked = syncline("check")
    assert code == 2
    told = only(checked, "option_renamed")
    assert told["where"] == "mappings/zendesk/ticket.yaml:13"
    (diff,) = checked["patches"]
    added = [line for line in diff["diff"].splitlines() if line[:1] in "+-"]
    assert added == [
        "--- a/mappings/zendesk/ticket.yaml",
        "+++ b/mappings/zendesk/ticket.yaml",
        "-      cancelled: Cancelled  # since 2024",
        "+      cancelled: Withdrawn  # since 2024",
    ]
    patch(tools.folder, checked)
    code, checked = syncline("check")
    assert (code, checked["changes"]) == (0, [])
