"""`syncline why`: every hop of a value, and what stands in its way."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.desk import Desk


def why(desk: Desk, what: str) -> dict[str, Any]:
    return desk.json("why", what)


def steps(body: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [
        (hop["kind"], hop["side"], hop["before"], hop["after"], hop["person"], hop["rule"])
        for hop in body["hops"]
    ]


def reasons(body: dict[str, Any]) -> str:
    return " | ".join(f"{one['side']} {one['what']}" for one in body["reasons"])


def test_a_value_is_followed_from_its_person_to_every_side_and_back(desk: Desk) -> None:
    desk.b.add_person("bob", "bob@example.com", "Bob")
    one, other = desk.linked(priority="low")
    desk.b.edit(other, {"priority": "high"}, by="bob")
    run = desk.json("sync", "main")["run"]
    undo = desk.json("undo", run, "--yes")["run"]
    body = why(desk, f"a:{one}.priority")
    assert body["value"] == "low"
    (name,) = {hop["person"] for hop in body["hops"] if hop["kind"] == "undo"}
    assert name
    assert steps(body) == [
        ("link", "a", None, one, None, "new"),
        ("link", "a", None, "low", None, "first link"),
        ("create", "b", None, "low", None, "missing"),
        ("edit", "b", "low", "high", "bob@example.com", "edit"),
        ("write", "a", "low", "high", None, "edit"),
        ("undo", None, "high", "low", name, "undo"),
        ("write", "a", "high", "low", None, "undo"),
    ]
    assert [hop["run"] for hop in body["hops"][3:]] == [run, run, undo, undo]
    (config,) = {hop["config"] for hop in body["hops"]}
    assert len(config) == 16
    edit = body["hops"][3]
    assert edit["edited_at"] <= edit["at"] and edit["record"] == other
    assert "taken back elsewhere" in reasons(body)


def test_losers_and_who_answered_are_hops(desk: Desk) -> None:
    one, other = desk.clash()
    (conflict,) = desk.json("conflicts")["conflicts"]
    arguments = ("--digest", conflict["digest"], "--use", "a")
    desk.json("conflicts", "answer", conflict["id"], *arguments)
    desk.json("sync", "main")
    body = why(desk, f"b:{other}.title")
    told = [hop for hop in body["hops"] if hop["rule"] == "answer"]
    assert [(h["kind"], h["side"], h["after"]) for h in told] == [
        ("edit", "a", "From A"),
        ("edit", "b", "From B"),
        ("lost", "b", "From A"),
        ("answer", None, "From A"),
        ("write", "b", "From A"),
    ]
    assert told[2]["before"] == "From B" and told[3]["person"]


def test_each_field_of_one_write_has_its_own_rule(desk: Desk) -> None:
    desk.config["syncs"]["main"]["fields"] = {"title": {"authority": "a"}, "priority": {}}
    desk.write()
    one, other = desk.linked(priority="low")
    desk.a.edit(one, {"title": "From A", "priority": "high"})
    desk.b.edit(other, {"title": "From B"})
    desk.json("sync", "main")
    rules = {
        field: why(desk, f"b:{other}.{field}")["hops"][-1]["rule"]
        for field in ("title", "priority")
    }
    assert rules == {"title": "authority", "priority": "edit"}


def test_a_whole_record_is_told_with_all_its_fields(desk: Desk) -> None:
    one, _ = desk.linked(priority="low")
    body = why(desk, f"a:{one}")
    assert body["value"]["title"] == "Printer on fire" and body["value"]["priority"] == "low"
    assert {hop["field"] for hop in body["hops"]} >= {"title", "priority"}
    assert (body["state"], [r for r in body["reasons"] if r["waits"]]) == ("in step", [])
    assert "It is in step" in desk.run("why", f"a:{one}.title").out


def test_a_story_is_told_though_a_tool_cannot_be_asked_who_edited_there(desk: Desk) -> None:
    _, other = desk.linked()
    desk.env("TOKEN_A", None)
    body = why(desk, f"b:{other}.title")
    assert (body["value"], len(body["hops"])) == ("Printer on fire", 3)
    (note,) = body["notes"]
    assert note.startswith("a could not be asked who edited there")


def test_a_conflict_is_a_reason_with_its_answer(desk: Desk) -> None:
    one, _ = desk.clash()
    body = why(desk, f"a:{one}.title")
    assert body["state"] == "waiting"
    (reason,) = [r for r in body["reasons"] if r["waits"]]
    assert "in conflict (a, b)" in reason["what"] and reason["since"]
    assert "conflicts answer" in reason["do"]


def test_a_parked_field_tells_its_reason(desk: Desk) -> None:
    one, _ = desk.linked()
    desk.a.edit(one, {"assignee": "stranger"})
    assert desk.run("sync", "main").code == 3
    body = why(desk, f"a:{one}.assignee")
    assert "parked (read)" in reasons(body) and "stranger" in reasons(body)
    assert any("quarantine retry" in r["do"] for r in body["reasons"])


def test_a_deviation_is_told_with_what_the_tool_made(desk: Desk) -> None:
    one, other = desk.linked(priority="low")
    desk.b.automations.append(lambda before, after: {"priority": "low"})
    desk.a.edit(one, {"priority": "high"})
    desk.run("sync", "main")
    assert "b it shows another value" in reasons(why(desk, f"b:{other}.priority"))


def test_a_field_that_is_only_read_is_told_and_waits_for_nothing(desk: Desk) -> None:
    desk.config["syncs"]["main"]["fields"] = {
        "title": {},
        "priority": {"sides": {"a": "source", "b": "off"}},
    }
    desk.write()
    one, _ = desk.linked()
    body = why(desk, f"a:{one}.priority")
    assert "a priority is only read there" in reasons(body)
    assert "b priority is switched off there" in reasons(body)
    assert not any(r["waits"] for r in body["reasons"])


def test_a_record_out_of_scope_says_so(desk: Desk) -> None:
    one, other = desk.linked()
    desk.b.move(other, in_scope=False)
    desk.run("sync", "main", "--full")
    desk.run("sync", "main")
    assert "outside the scope" in reasons(why(desk, f"a:{one}.title"))


def test_a_record_without_a_counterpart_says_what_would_make_one(desk: Desk) -> None:
    desk.config["syncs"]["main"]["sides"] = {"a": {}, "b": {}}
    desk.write()
    one = desk.a.create({"title": "Alone"})
    desk.run("sync", "main")
    body = why(desk, f"a:{one}")
    assert (body["state"], body["link"]) == ("not linked", None)
    assert "no counterpart in b, where `create` is `never`" in reasons(body)
    assert "create: when_missing" in body["reasons"][0]["do"]


def test_an_unlinked_pair_says_who_cut_it(desk: Desk) -> None:
    one, other = desk.linked()
    desk.json("unlink", "main", f"b:{other}", "--yes")
    assert "unlinked by an operator" in reasons(why(desk, f"a:{one}.title"))


def test_what_a_guard_holds_is_told_with_the_guard(desk: Desk) -> None:
    one, _ = desk.linked()
    desk.config["syncs"]["main"]["fields"] = {"title": {}}
    desk.write()
    desk.a.edit(one, {"title": "Two"})
    assert desk.run("sync", "main").code == 3
    body = why(desk, f"a:{one}.title")
    assert "held by the guard mapping" in reasons(body)
    assert "seen, and is not decided yet" in reasons(body)


def test_a_tool_that_is_down_is_the_reason(desk: Desk) -> None:
    one, other = desk.linked()
    desk.a.edit(one, {"title": "Two"})
    desk.b.faults.add("*", "down", times=50)
    desk.run("sync", "main")
    desk.b.faults.clear()
    body = why(desk, f"b:{other}.title")
    assert "b could not be used in the last pass" in reasons(body)


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("a:{one}9.title", "did you mean `{one}`?"),
        ("a:{one}.titel", "did you mean `title`?"),
        ("aa:{one}.title", "did you mean `a`?"),
        ("a:A-77", "a has no ticket A-77 that Syncline's account may see"),
    ],
)
def test_a_name_that_is_not_known_gets_the_nearest(desk: Desk, what: str, words: str) -> None:
    one, _ = desk.linked()
    answer = desk.run("why", what.format(one=one))
    assert answer.code == 2 and words.format(one=one) in answer.err


def test_a_record_that_no_pass_has_read_is_told_to_exist(desk: Desk) -> None:
    desk.linked()
    new = desk.a.create({"title": "New"})
    answer = desk.run("why", f"a:{new}")
    assert answer.code == 2 and "a has it, and no pass has read it yet" in answer.err


def test_a_record_that_one_sync_knows_and_another_links_is_told_by_its_link(desk: Desk) -> None:
    desk.config["syncs"] = {
        "first": {**desk.config["syncs"]["main"], "sides": {"a": {}, "b": {}}},
        "main": desk.config["syncs"]["main"],
    }
    desk.write()
    desk.a.create({"title": "Printer on fire", "priority": "low"})
    desk.json("sync", "first")
    desk.json("sync", "main")
    body = why(desk, "a:A-1.priority")
    assert (body["sync"], body["value"], len(body["hops"])) == ("main", "low", 3)


def test_what_tied_two_records_is_told_with_both(desk: Desk) -> None:
    desk.config["syncs"]["main"]["match"] = [{"fields": ["title"]}]
    desk.write()
    one = desk.a.create({"title": "Printer on fire"})
    other = desk.b.create({"title": "printer  on fire"})
    assert desk.run("sync", "main").code == 3
    body = why(desk, f"b:{other}")
    (tied,) = (hop for hop in body["hops"] if hop["kind"] == "link" and not hop["field"])
    assert (tied["side"], tied["record"], tied["after"]) == (None, None, {"a": one, "b": other})
    assert (tied["rule"], tied["why"]) == (
        "match",
        "they show the same in what the sync matches by",
    )
    assert f"a:{one} b:{other}" in desk.run("why", f"b:{other}.title").out


def test_records_that_a_person_tied_have_a_beginning_and_a_name(desk: Desk) -> None:
    desk.config["syncs"]["main"] |= {"sides": {"a": {}, "b": {}}}
    desk.write()
    one = desk.a.create({"title": "Same", "priority": "low"})
    other = desk.b.create({"title": "Same", "priority": "low"})
    desk.json("sync", "main")
    desk.json("adopt", "main", f"a:{one}", f"b:{other}")
    desk.json("sync", "main")
    desk.b.archive(other)
    for _ in range(3):
        desk.run("sync", "main")
    desk.b.restore(other)
    desk.run("sync", "main")
    body = why(desk, f"a:{one}.priority")
    told = [(hop["rule"], hop["side"], hop["after"]) for hop in body["hops"]]
    assert told[:3] == [
        ("adopt", None, {"a": one, "b": other}),
        ("first link", "a", "low"),
        ("first link", "b", "low"),
    ]
    assert told[-1] == ("returned", "b", other)
    assert body["hops"][0]["person"]


def test_a_record_that_is_asked_about_is_made_once_somebody_says_so(desk: Desk) -> None:
    desk.config["syncs"]["main"]["sides"] = {"a": {}, "b": {"create": "ask"}}
    desk.write()
    one = desk.a.create({"title": "Printer on fire"})
    assert desk.run("sync", "main").code == 3
    (question,) = desk.json("conflicts")["conflicts"]
    assert (question["kind"], question["sides"]) == ("create", {"a": one})
    assert "syncline adopt SYNC SIDE:ID" in desk.run("conflicts").out
    (reason, *_) = why(desk, f"a:{one}")["reasons"]
    assert f"`syncline adopt main a:{one}` makes it there" in reason["do"]
    assert desk.json("adopt", "main", f"a:{one}")["sides"] == {"a": one}
    desk.json("sync", "main")
    assert [item.now.fields["title"] for item in desk.b.items.values()] == ["Printer on fire"]
    assert desk.json("conflicts")["conflicts"] == []
