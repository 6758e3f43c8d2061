"""An operator's day at the command line: plan, apply, decide, tie, and what people read."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from syncline.simulation.connector import MAPPING, MemoryTool
from tests.cli.desk import Desk

ROOT = Path(__file__).parents[2]


def writes(tool: MemoryTool) -> int:
    return tool.log.count(mutating=True)


def test_a_plan_changes_nothing_anywhere(desk: Desk) -> None:
    desk.a.create({"title": "One"})
    before = writes(desk.a), writes(desk.b)
    desk.run("plan", "main")
    assert (writes(desk.a), writes(desk.b)) == before
    assert not desk.b.items


def test_a_saved_plan_does_exactly_its_actions(desk: Desk) -> None:
    one, other = desk.linked()
    desk.a.edit(one, {"title": "Two"})
    planned = desk.json("plan", "main", "--out", "plan.json")["actions"]
    late = desk.a.create({"title": "Came later"})
    report = desk.json("apply", "plan.json")
    assert report["counts"]["updated"] == len(planned) == 1
    assert report["counts"]["created"] == 0
    assert desk.b.fields(other)["title"] == "Two"
    assert len(desk.b.items) == 1
    desk.json("sync", "main")
    assert {desk.b.fields(i)["title"] for i in desk.b.items} == {
        "Two",
        desk.a.fields(late)["title"],
    }


def test_a_saved_plan_is_readable_by_its_owner_alone(desk: Desk) -> None:
    desk.run("plan", "main", "--out", "plan.json")
    assert stat.S_IMODE((desk.folder / "plan.json").stat().st_mode) == 0o600


def test_a_plan_tells_what_a_delete_does_to_the_other_side(desk: Desk) -> None:
    desk.config["syncs"]["main"]["deletes"] = {"propagate": "archive"}
    desk.write()
    one, other = desk.linked()
    desk.a.archive(one)
    (action,) = desk.json("plan", "main")["actions"]
    assert (action["side"], action["kind"], action["record"]) == ("b", "archive", other)
    assert not desk.b.item(other).now.deleted
    desk.run("sync", "main")
    assert desk.b.item(other).now.deleted


def test_a_plan_made_before_a_delete_does_not_carry_it_out(desk: Desk) -> None:
    desk.config["syncs"]["main"]["deletes"] = {"propagate": "archive"}
    desk.write()
    one, other = desk.linked()
    second, copy = desk.linked()
    desk.a.edit(second, {"title": "Two"})
    assert desk.run("plan", "main", "--out", "plan.json").code == 0
    desk.a.archive(one)
    answer = desk.run("apply", "plan.json")
    assert answer.code == 1
    assert f"archive of b:{other} has come up" in answer.err
    assert not desk.b.item(other).now.deleted
    assert desk.b.fields(copy)["title"] == "Printer on fire"


def test_an_applied_plan_cannot_be_applied_again(desk: Desk) -> None:
    one, other = desk.linked()
    desk.a.edit(one, {"title": "Two"})
    desk.run("plan", "main", "--out", "plan.json")
    assert desk.run("apply", "plan.json").code == 0
    version = desk.b.item(other).now.version
    assert desk.run("apply", "plan.json").code == 1
    assert desk.b.item(other).now.version == version


def test_a_plan_without_actions_applies_to_nothing(desk: Desk) -> None:
    desk.linked()
    assert desk.run("plan", "main", "--out", "plan.json").code == 0
    before = writes(desk.a) + writes(desk.b)
    assert desk.json("apply", "plan.json")["state"] == "done"
    assert writes(desk.a) + writes(desk.b) == before


def test_pending_changes_have_an_exit_code_of_their_own_when_asked(desk: Desk) -> None:
    desk.a.create({"title": "One"})
    assert desk.run("plan", "main").code == 0
    assert desk.run("plan", "main", "--detailed-exitcode").code == 4
    desk.run("sync", "main")
    assert desk.run("plan", "main", "--detailed-exitcode").code == 0


def test_a_few_records_can_be_tried_first(desk: Desk) -> None:
    ids = [desk.a.create({"title": f"Ticket {n}"}) for n in range(5)]
    assert desk.json("sync", "main", "--limit", "2")["counts"]["created"] == 2
    missing = desk.json("plan", "main")["actions"][0]["source"]["a"]
    assert missing in ids
    assert desk.json("sync", "main", "--only", f"a:{missing}")["counts"]["created"] == 1
    assert desk.json("sync", "main")["counts"]["created"] == 2


def test_a_conflict_is_shown_answered_and_delivered(desk: Desk) -> None:
    one, other = desk.clash()
    shown = desk.run("conflicts")
    assert "a: From A" in shown.out
    assert "b: From B" in shown.out
    (conflict,) = desk.json("conflicts")["conflicts"]
    digest = ("--digest", conflict["digest"])
    assert desk.run("conflicts", "answer", conflict["id"], *digest, "--use", "b").code == 0
    assert desk.run("sync", "main").code == 0
    assert desk.a.fields(one)["title"] == desk.b.fields(other)["title"] == "From B"
    assert "No conflicts." in desk.run("conflicts").out


def test_an_answer_may_be_a_value_of_its_own(desk: Desk) -> None:
    one, other = desk.clash()
    (conflict,) = desk.json("conflicts")["conflicts"]
    command = ("conflicts", "answer", conflict["id"], "--digest", conflict["digest"])
    assert desk.run(*command, "--value", "[1]").code == 2
    assert desk.run(*command, "--value", '"Both"').code == 0
    desk.run("sync", "main")
    assert desk.a.fields(one)["title"] == desk.b.fields(other)["title"] == "Both"


def test_an_answer_to_other_candidates_is_refused_and_they_are_shown_again(desk: Desk) -> None:
    one, _ = desk.clash()
    (conflict,) = desk.json("conflicts")["conflicts"]
    desk.a.edit(one, {"title": "Even later"})
    desk.run("sync", "main")
    command = ("conflicts", "answer", conflict["id"], "--digest", conflict["digest"])
    answer = desk.run(*command, "--use", "b")
    assert answer.code == 3
    assert "Even later" in answer.out
    assert "The candidates have changed since" in answer.out


def test_a_parked_action_is_tried_again_when_its_reason_is_gone(desk: Desk) -> None:
    desk.mapping(MAPPING.replace("{path: title}", "{path: title, max_length: 20}"), side="b")
    one, other = desk.linked()
    desk.b.rules["priority"] = desk.b.rules["priority"].__class__("enum", options=("low",))
    desk.a.edit(one, {"priority": "high"})
    assert desk.run("sync", "main").code == 3
    (parked,) = desk.json("quarantine")["quarantine"]
    del desk.b.rules["priority"]
    assert desk.run("quarantine", "retry", parked["id"]).code == 0
    assert desk.run("sync", "main").code == 0
    assert desk.b.fields(other)["priority"] == "high"
    assert "Nothing is parked." in desk.run("quarantine").out


def test_dropping_a_parked_action_takes_it_off_the_list(desk: Desk) -> None:
    one, _ = desk.linked()
    desk.b.rules["priority"] = desk.b.rules["priority"].__class__("enum", options=("low",))
    desk.a.edit(one, {"priority": "high"})
    desk.run("sync", "main")
    (parked,) = desk.json("quarantine")["quarantine"]
    assert desk.run("quarantine", "drop", parked["id"]).code == 2
    assert desk.run("quarantine", "drop", parked["id"], "--yes").code == 0
    desk.run("sync", "main")
    assert "Nothing is parked." in desk.run("quarantine").out


def test_unlinking_asks_first_and_takes_the_cards_off_both_records(desk: Desk) -> None:
    one, other = desk.linked()
    assert desk.a.item(one).cards
    assert desk.b.item(other).cards
    refused = desk.run("unlink", "main", f"a:{one}")
    assert refused.code == 2
    assert "--yes" in refused.err
    assert desk.run("unlink", "main", f"a:{one}", "--yes").code == 0
    assert not desk.a.item(one).cards
    assert not desk.b.item(other).cards


def test_unlinked_records_stay_apart_until_they_are_adopted(desk: Desk) -> None:
    one, other = desk.linked()
    desk.run("unlink", "main", f"b:{other}", "--yes")
    desk.a.edit(one, {"title": "Only here"})
    desk.run("sync", "main")
    assert desk.b.fields(other)["title"] == "Printer on fire"
    assert len(desk.a.items) == len(desk.b.items) == 1
    assert desk.run("adopt", "main", f"a:{one}", f"b:{other}").code == 0
    desk.run("sync", "main")
    (link,) = desk.json("links")["links"]
    assert link["states"] == {"a": "in", "b": "in"}


def test_a_link_may_be_named_by_the_beginning_of_its_id(desk: Desk) -> None:
    desk.linked()
    (link,) = desk.json("links")["links"]
    assert desk.run("unlink", "main", link["id"][:8], "--yes").code == 0
    (link,) = desk.json("links")["links"]
    assert sorted(link["states"].values()) == ["cut", "in"]


def test_records_that_nothing_ties_can_be_adopted(desk: Desk) -> None:
    desk.config["syncs"]["main"]["sides"] = ["a", "b"]
    desk.write()
    one = desk.a.create({"title": "Same", "priority": "low"})
    other = desk.b.create({"title": "Same"})
    desk.run("sync", "main")
    assert desk.json("links")["links"] == []
    assert desk.run("adopt", "main", f"a:{one}", f"b:{other}").code == 0
    assert desk.run("sync", "main").code == 0
    assert desk.b.fields(other)["priority"] == "low"


def test_a_forced_guard_is_asked_about(desk: Desk) -> None:
    desk.linked()
    answer = desk.run("sync", "main", "--force", "changed")
    assert answer.code == 2
    assert "add --yes" in answer.err
    assert desk.run("sync", "main", "--force", "changed", "--yes").code == 0


def test_the_people_table_lets_a_person_travel(desk: Desk) -> None:
    desk.config["people"] = [{"name": "Ann", "handles": {"a": "ann", "b": "ann.b"}}]
    desk.write()
    _, other = desk.linked(assignee="ann")
    assert desk.b.fields(other)["assignee"] == "ann.b"


def test_empty_results_say_so(desk: Desk) -> None:
    assert "never ran" in desk.run("status").out
    assert "No links yet" in desk.run("links").out
    assert "No conflicts." in desk.run("conflicts").out
    assert "Nothing is parked." in desk.run("quarantine").out
    assert "Nobody is known yet" in desk.run("people").out
    assert "nothing to change" in desk.run("plan", "main").out


def test_what_tools_say_cannot_command_the_terminal(desk: Desk) -> None:
    desk.a.create({"title": "\x1b[2J[bold]boo[/bold]\nnext"})
    out = desk.run("plan", "main").out
    assert "\x1b" not in out
    assert "[bold]boo[/bold] next" in out


def test_a_secret_appears_in_nothing_that_is_written(desk: Desk) -> None:
    desk.clash()
    desk.run("plan", "main", "--out", "plan.json")
    desk.run("check")
    desk.run("status", "--json")
    for path in desk.folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert desk.a.token.encode() not in content, path
            assert desk.b.token.encode() not in content, path


INIT = (
    "init", "--plugin", "tests.cli.plugin", "--entity", "ticket",
    "--connection", "a=memory", "--connection", "b=memory",
    "--set", "a.auth.token=${env:TOKEN_A}", "--set", "b.auth.token=${env:TOKEN_B}",
)  # fmt: skip


def test_init_writes_a_configuration_that_works(desk: Desk) -> None:
    bases = [
        f"--set={name}.base_url={desk.config['connections'][name]['base_url']}"
        for name in ("a", "b")
    ]
    (desk.folder / "syncline.yaml").unlink()
    answer = desk.run(*INIT, *bases, "--json")
    assert answer.code == 0, answer.err
    assert answer.json["ok"] is True
    desk.a.create({"title": "One"})
    assert desk.run("check").code == 0
    assert desk.run("sync", "main").code == 0
    assert not desk.b.items


def test_init_asks_a_person_for_what_the_connectors_need(desk: Desk) -> None:
    (desk.folder / "syncline.yaml").unlink()
    base = {name: desk.config["connections"][name]["base_url"] for name in ("a", "b")}
    keys = (base["a"], "TOKEN_A", base["b"], "TOKEN_B")
    desk.types("memory", "a", "memory", "b", *keys, "ticket")
    answer = desk.run("init", "--plugin", "tests.cli.plugin")
    assert answer.code == 0, answer.out + answer.err
    assert "Wrote syncline.yaml." in answer.out
    assert "${env:TOKEN_A}" in (desk.folder / "syncline.yaml").read_text()
    assert desk.run("check").code == 0


def test_a_person_who_says_no_changes_nothing(desk: Desk) -> None:
    one, _ = desk.linked()
    desk.types("n")
    answer = desk.run("unlink", "main", f"a:{one}")
    assert answer.code == 1
    assert "Nothing was done." in answer.err
    (link,) = desk.json("links")["links"]
    assert set(link["states"].values()) == {"in"}


def test_init_asks_before_it_writes_over_a_configuration(desk: Desk) -> None:
    before = (desk.folder / "syncline.yaml").read_text()
    answer = desk.run(*INIT)
    assert answer.code == 2
    assert "Write over it?" in answer.err
    assert (desk.folder / "syncline.yaml").read_text() == before


def test_init_says_what_the_tools_did_not_like(desk: Desk) -> None:
    answer = desk.run(*INIT, "--yes", "--json")
    assert answer.code == 2
    assert any("base_url" in problem["where"] for problem in answer.json["problems"])


def test_init_writes_no_secret_down(desk: Desk) -> None:
    (desk.folder / "syncline.yaml").unlink()
    answer = desk.run(*INIT, "--set", "a.auth.token=witness-2112")
    assert answer.code == 2
    assert "${env:NAME}" in answer.err
    assert "witness-2112" not in answer.err
    assert not (desk.folder / "syncline.yaml").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--connection", "a=memory"), "a sync needs two connections"),
        (("--connection", "a=memry", "--connection", "b=memory"), "did you mean `memory`?"),
        (("--connection", "a"), "NAME=CONNECTOR"),
    ],
)
def test_init_says_what_it_needs(desk: Desk, arguments: tuple[str, ...], words: str) -> None:
    answer = desk.run("init", "--yes", "--plugin", "tests.cli.plugin", *arguments)
    assert answer.code == 2
    assert words in answer.err


def test_the_installed_command_starts_without_prefect_or_any_connector(desk: Desk) -> None:
    script = (
        "import sys; from syncline.cli.main import main; code = main(['status']);"
        "bad = [m for m in sys.modules if m.split('.')[0] in ('prefect', 'connectors', 'httpx')];"
        "sys.exit(code or len(bad) and f'imported {bad}')"
    )
    desk.config["plugins"] = []
    desk.write()
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=desk.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "never ran" in done.stdout
