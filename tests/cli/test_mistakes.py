"""Whatever an operator gets wrong, or meets, ends in a clear message and the right exit code."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from syncline.observability import SystemClock
from syncline.simulation.connector import MAPPING, FieldRule
from syncline.store.lease import Lease
from syncline.store.store import Store
from tests.cli.desk import Answer, Desk
from tests.support.commands import main


def told(answer: Answer, code: int, *words: str) -> None:
    """The command ended with this code and said these words, without a traceback."""
    said = answer.out + answer.err
    assert answer.code == code, said
    assert "Traceback" not in said
    for word in words:
        assert word in said


def test_an_unknown_key_names_its_place_and_the_nearest_key(desk: Desk) -> None:
    desk.config["syncs"]["main"]["sides"]["a"] = {"creat": "never"}
    desk.write()
    answer = desk.run("sync", "main")
    told(answer, 2, "syncs.main.sides.a.creat", "unknown key `creat`; did you mean `create`?")


def test_a_missing_secret_names_the_variable(desk: Desk) -> None:
    desk.env("TOKEN_A", None)
    told(desk.run("sync", "main"), 2, "connections.a", "${env:TOKEN_A} is missing or empty")
    told(desk.run("check"), 2, "${env:TOKEN_A} is missing or empty")


def test_a_secret_in_clear_is_refused_and_not_repeated(desk: Desk) -> None:
    desk.config["connections"]["a"]["auth"] = {"token": "witness-5150"}
    desk.write()
    answer = desk.run("config", "lint")
    told(answer, 2, "connections.a.auth.token", "${env:NAME}")
    assert "witness-5150" not in answer.out + answer.err


def test_webhooks_that_are_asked_for_are_said_to_have_no_effect(desk: Desk) -> None:
    desk.config["syncs"]["main"]["schedule"] = {"webhooks": True}
    desk.write()
    said = ("syncs.main.schedule.webhooks", "webhooks are not acted on yet; changes are polled")
    for command in (["config", "lint"], ["check"]):
        told(desk.run(*command), 0, *said)
    desk.config["syncs"]["main"]["schedule"] = {"webhooks": False}
    desk.write()
    assert "webhooks" not in desk.run("config", "lint").out


def test_wrong_credentials_stop_the_sync_and_say_what_to_do(desk: Desk) -> None:
    desk.env("TOKEN_A", "not-the-token")
    answer = desk.run("sync", "main")
    told(answer, 1, "does not accept the token", "Set a valid one and run again")
    assert "not-the-token" not in answer.out + answer.err
    health = desk.json("status")["connections"]["a"]
    assert health["ok"] is False
    assert "does not accept the token" in health["reason"]


def test_credentials_that_are_revoked_later_stop_only_their_side(desk: Desk) -> None:
    desk.linked()
    desk.a.token = "another-one"
    answer = desk.run("sync", "main", "--json")
    told(answer, 1)
    assert answer.json["state"] == "failed"
    assert set(answer.json["stopped"]) == {"a"}


def test_a_mapped_field_the_tool_does_not_have_is_found_by_check(desk: Desk) -> None:
    desk.mapping(MAPPING.replace("{path: labels}", "{path: labls}"))
    told(desk.run("check"), 2, "the tool has no field 'labls'; did you mean `labels`?")


def test_a_mapped_option_the_tool_does_not_have_is_found_by_check(desk: Desk) -> None:
    desk.a.rules["priority"] = FieldRule("enum", options=("high", "low"))
    told(desk.run("check"), 2, "priority has no 'urgent', 'medium', 'none'; it has: high, low")


def test_a_mapping_that_cannot_be_read_names_its_line(desk: Desk) -> None:
    desk.mapping(MAPPING.replace("path: title", "pth: title"))
    told(desk.run("plan", "main"), 2, "ticket.yaml:5", "unknown option `pth`")


def test_a_text_that_is_too_long_parks_that_field_alone(desk: Desk) -> None:
    desk.mapping(MAPPING.replace("{path: title}", "{path: title, max_length: 20}"), side="b")
    one, other = desk.linked()
    desk.a.edit(one, {"title": "A title of more than twenty characters", "priority": "high"})
    told(desk.run("sync", "main"), 3, "1 action parked", "syncline quarantine")
    assert desk.b.fields(other)["priority"] == "high"
    told(desk.run("quarantine"), 0, "title", "20")


def test_an_unknown_person_parks_the_field_and_says_where_to_add_them(desk: Desk) -> None:
    one, other = desk.linked()
    desk.a.edit(one, {"assignee": "stranger", "priority": "high"})
    told(desk.run("sync", "main"), 3, "1 action parked")
    assert desk.b.fields(other)["priority"] == "high"
    told(desk.run("quarantine"), 0, "'stranger' is nobody Syncline knows", "`people`")


def test_a_tool_that_is_down_stops_its_side_and_names_it(desk: Desk) -> None:
    desk.linked()
    desk.a.faults.add("*", "down", times=100)
    told(desk.run("sync", "main"), 1, "stopped  a:", "did not answer")
    desk.a.faults.clear()
    assert desk.run("sync", "main").code == 0


def test_a_tool_that_is_down_is_no_mistake_of_the_configuration(desk: Desk) -> None:
    desk.b.faults.add("*", "down", times=100)
    told(desk.run("check"), 1, "connections.b", "did not answer")


def test_a_store_that_another_process_locks_is_told(desk: Desk) -> None:
    desk.config["store"] = "sqlite:///state.db?timeout=0.1"
    desk.write()
    assert desk.run("sync", "main").code == 0
    with closing(sqlite3.connect(desk.folder / "state.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        told(desk.run("sync", "main"), 1, "state.db")


def test_a_store_of_a_newer_version_is_left_alone(desk: Desk) -> None:
    assert desk.run("status").code == 0
    with closing(sqlite3.connect(desk.folder / ".syncline" / "state.db")) as other:
        other.execute("UPDATE alembic_version SET version_num = '9999'")
        other.commit()
    told(desk.run("sync", "main"), 1, "newer")


def test_a_store_that_cannot_be_made_is_told(desk: Desk) -> None:
    (desk.folder / "taken").write_text("")
    desk.config["store"] = "sqlite:///taken/state.db"
    desk.write()
    told(desk.run("status"), 1, "taken")


def test_a_plan_that_has_gone_stale_says_what_has_moved_and_sends_nothing(desk: Desk) -> None:
    one, other = desk.linked()
    desk.a.edit(one, {"title": "First"})
    assert desk.run("plan", "main", "--out", "plan.json").code == 0
    desk.a.edit(one, {"title": "Second"})
    answer = desk.run("apply", "plan.json")
    told(answer, 1, "no longer holds", f"b:{other}.title", "First", "Second", "Nothing was sent")
    assert desk.b.fields(other)["title"] == "Printer on fire"


def test_a_plan_whose_change_was_made_by_hand_is_stale(desk: Desk) -> None:
    one, other = desk.linked()
    desk.a.edit(one, {"title": "First"})
    desk.run("plan", "main", "--out", "plan.json")
    desk.b.edit(other, {"title": "First"})
    told(desk.run("apply", "plan.json"), 1, "not needed or not possible any more")


def test_a_plan_made_under_another_configuration_is_stale(desk: Desk) -> None:
    one, _ = desk.linked()
    desk.a.edit(one, {"title": "First"})
    desk.run("plan", "main", "--out", "plan.json")
    desk.config["syncs"]["main"]["fields"] = {"title": None}
    desk.write()
    told(desk.run("apply", "plan.json"), 1, "fields, filters, scope or mapping are others now")


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"format": "syncline-plan/0"}', "\x00"])
def test_a_file_that_is_no_plan_is_told(desk: Desk, content: str) -> None:
    (desk.folder / "plan.json").write_text(content)
    told(desk.run("apply", "plan.json"), 2, "is no plan")


def test_a_plan_file_that_is_not_there_is_told(desk: Desk) -> None:
    told(desk.run("apply", "none.json"), 2, "none.json", "cannot be read")


@contextmanager
def held(url: str) -> Iterator[None]:
    """Somebody else is at work on `main`."""

    async def take() -> None:
        clock = SystemClock()
        async with await Store.open(url, "acme", clock) as store:
            await Lease.acquire(store, "main", "another-host process 7", clock)

    asyncio.run(take())
    yield


@pytest.mark.parametrize(
    "command",
    [("sync", "main"), ("plan", "main"), ("unlink", "main", "a:A-1", "--yes")],
)
def test_while_another_run_holds_the_sync_nothing_starts(
    desk: Desk, command: tuple[str, ...]
) -> None:
    desk.linked()
    with held(f"sqlite:///{desk.folder}/.syncline/state.db"):
        told(desk.run(*command), 1, "another-host process 7", "Nothing was started")


def test_other_credentials_for_another_account_are_refused_by_a_guard(desk: Desk) -> None:
    desk.linked()
    desk.a.name = "somebody-elses"
    desk.env("TOKEN_A", "token-a-2")
    desk.a.token = "token-a-2"
    answer = desk.run("sync", "main")
    told(answer, 3, "refused  account", "another account", "Nothing was sent")


def test_a_changed_mapping_is_refused_until_its_plan_is_applied(desk: Desk) -> None:
    desk.linked(priority="low")
    desk.mapping(MAPPING.replace("low: [low]", "low: [low, lowest]"))
    told(desk.run("sync", "main"), 3, "refused  mapping", "syncline plan main --out FILE")
    desk.run("plan", "main", "--out", "plan.json")
    assert desk.run("apply", "plan.json").code == 0
    assert desk.run("sync", "main").code == 0


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("plan",), "Missing argument"),
        (("bogus",), "No such command 'bogus'"),
        (("plan", "mian"), "there is no sync `mian`; did you mean `main`?"),
        (("sync", "main", "--limit", "many"), "--limit"),
        (
            ("sync", "main", "--force", "delets"),
            "there is no guard `delets`; did you mean `deletes`?",
        ),
        (("why", "title"), "write SIDE:RECORD.FIELD"),
        (("why", "a:A-99.title"), "no link has a:A-99"),
        (("why", "c:A-1.title"), "`c` is no side of any sync"),
        (("links", "mian"), "did you mean `main`?"),
        (("people", "aa"), "no connection is called `aa`"),
        (("adopt", "main", "a:A-1"), "two different sides"),
        (("adopt", "main", "a:A-1", "c:C-1"), "`c` is no side of main"),
        (("adopt", "main", "a:A-77", "b:B-77"), "a shows no ticket A-77"),
        (("adopt", "main", "a", "b:B-1"), "write SIDE:ID"),
        (("unlink", "main", "a:A-99", "--yes"), "main has no link with a:A-99"),
        (("conflicts", "answer", "x", "--digest", "d", "--use", "a"), "x is no conflict"),
        (("conflicts", "answer", "x", "--digest", "d"), "either --use SIDE or --value JSON"),
        (("quarantine", "retry", "x"), "x is no parked action"),
        (("plan", "main", "--out", "/proc/nowhere/plan"), "cannot be written"),
    ],
)
def test_a_wrong_command_line_says_what_to_write(
    desk: Desk, command: tuple[str, ...], words: str
) -> None:
    desk.a.create({"title": "One"})
    told(desk.run(*command), 2, words)


def test_a_folder_without_a_configuration_says_how_to_make_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SYNCLINE_CONFIG", raising=False)
    assert main(["status"]) == 2
    assert "syncline init" in capsys.readouterr().err


def test_an_error_in_json_is_one_object_on_the_last_line(desk: Desk) -> None:
    desk.config["syncs"]["main"]["entity"] = "tickt"
    desk.write()
    answer = desk.run("sync", "main", "--json")
    told(answer, 2)
    assert answer.json["ok"] is False
    assert answer.json["problems"][0]["what"] == "there is no entity `tickt`"


def test_an_error_nobody_foresaw_is_told_without_a_traceback_or_secrets(desk: Desk) -> None:
    def broken(call: object) -> None:
        raise RuntimeError(f"a bug near {desk.a.token}")

    desk.linked()
    desk.a.faults.add("changes", broken)
    answer = desk.run("sync", "main")
    told(answer, 1, "Syncline met something it does not know: RuntimeError", "SYNCLINE_TRACEBACK=1")
    assert desk.a.token not in answer.out + answer.err


def test_a_traceback_is_shown_to_who_asks_for_one(desk: Desk) -> None:
    desk.env("SYNCLINE_TRACEBACK", "1")
    desk.env("TOKEN_A", None)
    with pytest.raises(Exception, match="TOKEN_A"):
        desk.run("sync", "main")
