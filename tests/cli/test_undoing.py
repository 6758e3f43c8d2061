"""`syncline undo`, through the real entry point: planned first, asked for, told in JSON."""

from __future__ import annotations

from tests.cli.desk import Desk


def edited(desk: Desk) -> tuple[str, str, str]:
    """A linked pair, and the run that brought an edit from b to a."""
    one, other = desk.linked(priority="low")
    desk.b.edit(other, {"priority": "high"})
    return one, other, desk.json("sync", "main")["run"]


def test_an_undo_is_shown_first_and_asked_for(desk: Desk) -> None:
    one, other, run = edited(desk)
    desk.types("n")
    answer = desk.run("undo", run)
    assert answer.code == 1 and "Nothing was done." in answer.err
    assert f"a     {one}     priority  high   low" in " ".join(answer.out.split(" "))
    assert "Take back 1 field of 1 record?" in answer.err
    assert desk.a.fields(one)["priority"] == "high"
    desk.types("y")
    answer = desk.run("undo", run[:8])
    assert answer.code == 0, answer.err
    assert "1 field of 1 record went back" in answer.out
    assert (desk.a.fields(one)["priority"], desk.b.fields(other)["priority"]) == ("low", "high")
    report = desk.json("sync", "main")
    assert (report["counts"]["updated"], report["state"]) == (0, "done")


def test_without_a_terminal_only_yes_is_an_answer(desk: Desk) -> None:
    one, _, run = edited(desk)
    answer = desk.run("undo", run, "--json")
    assert answer.code == 2 and "add --yes" in answer.json["error"]
    assert desk.a.fields(one)["priority"] == "high"


def test_a_dry_run_tells_all_and_changes_nothing(desk: Desk) -> None:
    one, other, run = edited(desk)
    body = desk.json("undo", run, "--dry-run")
    assert (body["sync"], body["run"], body["undone"]) == ("main", None, [run])
    (action,) = body["actions"]
    assert action["source"] == {"a": one, "b": other}
    assert (action["side"], action["kind"], action["record"]) == ("a", "update", one)
    assert (action["field"], action["before"], action["after"]) == ("priority", "high", "low")
    assert action["why"] == "undo"
    assert body["counts"]["updated"] == 1
    assert body["requests"] == {"a": 1}
    assert desk.a.fields(one)["priority"] == "high"
    assert desk.json("status")["runs"][0]["id"] == run


def test_an_undo_tells_its_own_run_which_can_be_undone(desk: Desk) -> None:
    one, _, run = edited(desk)
    body = desk.json("undo", run, "--yes")
    assert body["run"] not in (None, run)
    assert (body["conflicts"], body["parked"], body["state"]) == ([], [], "done")
    assert desk.json("status")["runs"][0]["kind"] == "undo"
    again = desk.json("undo", run, "--yes")
    assert (again["actions"], again["already"]) == ([], 1)
    desk.json("undo", body["run"], "--yes")
    assert desk.a.fields(one)["priority"] == "high"


def test_what_has_changed_since_is_a_conflict_and_stays(desk: Desk) -> None:
    one, other, run = edited(desk)
    desk.a.edit(one, {"priority": "urgent"})
    answer = desk.run("undo", run, "--yes", "--json")
    assert answer.code == 3
    (left,) = answer.json["conflicts"]
    assert (left["sides"], left["field"], left["reason"]) == (
        {"a": one, "b": other},
        "priority",
        "changed there since",
    )
    assert (left["written"], left["shown"]) == ("high", "urgent")
    assert {(c["side"], c["value"]) for c in left["candidates"]} == {("a", "urgent"), (None, "low")}
    assert desk.a.fields(one)["priority"] == "urgent"
    told = desk.run("undo", run, "--yes")
    assert f"left     a:{one}.priority: changed there since" in told.out


def test_the_last_write_to_a_field_is_undone_by_its_name(desk: Desk) -> None:
    one, other = desk.linked(priority="low")
    desk.b.edit(other, {"priority": "high"})
    desk.run("sync", "main")
    desk.b.edit(other, {"priority": "urgent", "title": "Two"})
    desk.run("sync", "main")
    desk.json("undo", f"b:{other}.priority", "--yes")
    now = desk.a.fields(one)
    assert (now["priority"], now["title"]) == ("high", "Two")
    desk.json("undo", f"a:{one}.title", "--yes")
    assert desk.a.fields(one)["title"] == "Printer on fire"


def test_everything_written_to_a_record_within_a_time_goes_back(desk: Desk) -> None:
    one, other = desk.linked(priority="low")
    for priority in ("high", "urgent"):
        desk.b.edit(other, {"priority": priority})
        desk.run("sync", "main")
    desk.b.edit(other, {"title": "Two"})
    desk.run("sync", "main")
    assert desk.json("undo", f"a:{one}", "--until", "1h", "--yes")["actions"] == []
    body = desk.json("undo", f"a:{one}", "--since", "1h", "--yes")
    assert {a["field"]: a["after"] for a in body["actions"]} == {
        "priority": "low",
        "title": "Printer on fire",
    }
    assert desk.a.fields(one)["priority"] == "low"


def test_records_that_a_run_made_go_only_when_that_is_said(desk: Desk) -> None:
    desk.a.create({"title": "One"})
    run = desk.json("sync", "main")["run"]
    (copy,) = desk.b.items
    body = desk.json("undo", run, "--yes")
    assert body["created"] == [{"side": "b", "record": copy, "fate": "kept", "reason": ""}]
    assert copy in desk.b.items
    body = desk.json("undo", run, "--created", "delete", "--yes")
    assert (body["created"][0]["fate"], body["counts"]["deleted"]) == ("deleted", 1)
    assert not desk.b.items
    assert desk.json("sync", "main")["counts"]["created"] == 0
    assert not desk.b.items


def test_too_many_records_go_only_by_force(desk: Desk) -> None:
    for number in range(8):
        desk.a.create({"title": f"Ticket {number}"})
    run = desk.json("sync", "main")["run"]
    answer = desk.run("undo", run, "--created", "delete", "--yes", "--json")
    assert answer.code == 3 and answer.json["refused"][0].startswith("deletes: 8 records")
    assert len(desk.b.items) == 8
    desk.json("undo", run, "--created", "delete", "--force", "deletes", "--yes")
    assert not desk.b.items


def test_a_changed_mapping_stops_an_undo_until_it_was_looked_at(desk: Desk) -> None:
    one, _, run = edited(desk)
    desk.config["syncs"]["main"]["fields"] = {"priority": {}, "title": {}}
    desk.write()
    answer = desk.run("undo", run, "--yes", "--json")
    assert answer.code == 3 and answer.json["refused"][0].startswith("mapping:")
    assert desk.a.fields(one)["priority"] == "high"


def test_what_cannot_be_undone_is_said_in_words(desk: Desk) -> None:
    one, _, run = edited(desk)
    for arguments, words in (
        (("undo", "zzzz"), "there is no run zzzz"),
        (("undo", run, "--since", "1h"), "a run has its own time"),
        (("undo", f"a:{one}", "--since", "soon"), "is no moment"),
        (("undo", f"a:{one}.priorty"), "did you mean `priority`?"),
        (("undo", f"x:{one}"), "`x` is no side of any sync"),
        (("undo", f"a:{one}9"), f"did you mean `{one}`?"),
        (("undo", run, "--force", "shrink", "--yes"), "undo has no guard `shrink`"),
    ):
        answer = desk.run(*arguments)
        assert answer.code == 2 and words in answer.err, (arguments, answer.err)
