"""What `--json` prints: one object on the last line, with the keys that are a contract."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest

from syncline.simulation.connector import MAPPING
from tests.cli.desk import Desk


def has(body: Any, *keys: str) -> None:
    assert set(keys) <= set(body), f"missing {set(keys) - set(body)}"


def test_plan(desk: Desk) -> None:
    id_ = desk.a.create({"title": "One", "priority": "low"})
    body = desk.json("plan", "main")
    has(body, "sync", "actions", "counts", "conflicts", "parked", "requests")
    assert body["sync"] == "main"
    for action in body["actions"]:
        has(action, "side", "kind", "record", "field", "before", "after", "why")
    title = next(action for action in body["actions"] if action["field"] == "title")
    assert (title["side"], title["kind"], title["record"]) == ("b", "create", None)
    assert (title["before"], title["after"], title["source"]) == (None, "One", {"a": id_})
    assert body["counts"]["created"] == 1
    assert body["requests"]["b"] >= 1
    assert not desk.b.items


def test_a_plan_of_an_edit_names_the_record_and_both_values(desk: Desk) -> None:
    one, other = desk.linked()
    desk.a.edit(one, {"title": "Two"})
    (action,) = desk.json("plan", "main")["actions"]
    assert (action["side"], action["kind"], action["record"]) == ("b", "update", other)
    assert (action["field"], action["before"], action["after"]) == (
        "title",
        "Printer on fire",
        "Two",
    )


def test_a_plan_with_conflicts_and_parked_fields_lists_them(desk: Desk) -> None:
    one, other = desk.linked()
    desk.a.edit(one, {"title": "From A", "assignee": "stranger"})
    desk.b.edit(other, {"title": "From B"})
    answer = desk.run("plan", "main", "--json")
    assert answer.code == 3
    (conflict,) = answer.json["conflicts"]
    assert (conflict["field"], conflict["sides"]) == ("title", {"a": one, "b": other})
    assert {c["value"] for c in conflict["candidates"]} == {"From A", "From B"}
    (parked,) = answer.json["parked"]
    assert (parked["field"], parked["side"]) == ("assignee", "a")


@pytest.mark.parametrize("command", ["sync", "apply"])
def test_sync_and_apply(desk: Desk, command: str) -> None:
    desk.a.create({"title": "One"})
    if command == "apply":
        assert desk.run("plan", "main", "--out", "plan.json").code == 0
    body = desk.json(command, "main" if command == "sync" else "plan.json")
    has(body, "run", "state", "counts", "requests")
    has(body["counts"], "created", "updated", "commented", "conflicts", "parked")
    assert (body["state"], body["counts"]["created"]) == ("done", 1)
    for side in ("a", "b"):
        has(body["requests"][side], "read", "write")
    assert body["requests"]["b"]["write"] >= 1


def test_status(desk: Desk) -> None:
    desk.linked()
    body = desk.json("status")
    has(body, "syncs", "runs", "connections")
    main = body["syncs"]["main"]
    has(main, "links", "conflicts", "parked", "agreement", "last_run")
    assert (main["links"], main["agreement"]) == (1, 1.0)
    for run in body["runs"]:
        has(run, "id", "sync", "state", "started_at", "finished_at", "counts")
    assert body["connections"] == {
        "a": {"ok": True, "reason": ""},
        "b": {"ok": True, "reason": ""},
    }


def test_status_lists_runs_newest_first_and_counts_no_plans(desk: Desk) -> None:
    desk.linked()
    desk.run("plan", "main")
    second = desk.json("sync", "main")["run"]
    body = desk.json("status")
    starts = [datetime.fromisoformat(run["started_at"]) for run in body["runs"]]
    assert starts == sorted(starts, reverse=True)
    assert [run["id"] for run in body["runs"]][0] == second
    assert body["syncs"]["main"]["last_run"]["id"] == second
    assert len(body["runs"]) == 2


def test_why_tells_every_hop_of_a_value(desk: Desk) -> None:
    one, other = desk.linked(priority="low")
    desk.b.edit(other, {"priority": "high"})
    run = desk.json("sync", "main")["run"]
    body = desk.json("why", f"a:{one}.priority")
    has(body, "value", "hops")
    assert body["value"] == "high"
    for hop in body["hops"]:
        has(hop, "at", "side", "record", "field", "before", "after", "person", "rule", "run")
    last = body["hops"][-1]
    assert (last["side"], last["record"], last["after"], last["run"]) == ("a", one, "high", run)


def test_check(desk: Desk) -> None:
    body = desk.json("check")
    assert (body["ok"], body["problems"]) == (True, [])
    desk.mapping(MAPPING.replace("{path: labels}", "{path: labls}"))
    answer = desk.run("check", "--json")
    assert answer.json["ok"] is False
    for problem in answer.json["problems"]:
        has(problem, "where", "what", "do")


def test_config_lint(desk: Desk) -> None:
    body = desk.json("config", "lint")
    assert (body["ok"], body["problems"]) == (True, [])


def test_config_schema_is_a_json_schema(desk: Desk) -> None:
    import orjson

    body = orjson.loads(desk.run("config", "schema").out)
    has(body, "$schema", "$defs", "properties")


def test_links(desk: Desk) -> None:
    one, other = desk.linked()
    (link,) = desk.json("links")["links"]
    has(link, "id", "sync", "sides")
    assert (link["sync"], link["sides"]) == ("main", {"a": one, "b": other})


def test_links_with_their_deviations(desk: Desk) -> None:
    one, other = desk.linked(priority="low")
    desk.b.automations.append(lambda before, after: {"priority": "low"})
    desk.a.edit(one, {"priority": "high"})
    desk.run("sync", "main")
    body = desk.json("links", "--deviations")
    (found,) = body["deviations"]
    has(found, "link", "sync", "side", "record", "field", "written", "shown", "reason")
    assert (found["side"], found["record"], found["field"]) == ("b", other, "priority")
    assert (found["written"], found["shown"]) == ("high", {"priority": "low"})
    assert body["total"] == 1
    (row,) = desk.run("links", "main", "--deviations").out.splitlines()[1:]
    assert f"b:{other}" in row and "high" in row and "low" in row
    desk.json("unlink", "main", f"b:{other}", "--yes")
    assert desk.json("links", "--deviations") == {"deviations": [], "total": 0}


def test_conflicts(desk: Desk) -> None:
    one, other = desk.clash()
    (conflict,) = desk.json("conflicts")["conflicts"]
    has(conflict, "id", "sync", "sides", "field", "candidates", "digest")
    assert (conflict["sides"], conflict["field"]) == ({"a": one, "b": other}, "title")
    assert {c["side"]: c["value"] for c in conflict["candidates"]} == {
        "a": "From A",
        "b": "From B",
    }


def test_quarantine(desk: Desk) -> None:
    one, other = desk.linked()
    desk.a.edit(one, {"assignee": "stranger"})
    assert desk.run("sync", "main").code == 3
    (parked,) = desk.json("quarantine")["quarantine"]
    has(parked, "id", "sync", "sides", "reason", "action")
    assert parked["sides"] == {"a": one, "b": other}
    assert "stranger" in parked["reason"]


def test_commands_that_find_nothing_say_so_in_json_too(desk: Desk) -> None:
    assert desk.json("links")["links"] == []
    assert desk.json("links", "--deviations") == {"deviations": [], "total": 0}
    assert desk.json("conflicts") == {"conflicts": []}
    assert desk.json("quarantine") == {"quarantine": []}
    assert desk.json("people") == {"people": []}
    assert desk.json("status")["runs"] == []


def test_adopt_and_unlink(desk: Desk) -> None:
    one, other = desk.linked()
    body = desk.json("unlink", "main", f"b:{other}", "--yes")
    has(body, "id", "sync", "sides")
    assert body["sides"] == {"b": other}
    body = desk.json("adopt", "main", f"a:{one}", f"b:{other}")
    assert (body["sync"], body["sides"]) == ("main", {"a": one, "b": other})


def test_people(desk: Desk) -> None:
    desk.config["people"] = [{"name": "Ann", "email": "ann@acme.example", "handles": {"a": "ann"}}]
    desk.write()
    (person,) = desk.json("people")["people"]
    assert person == {
        "connection": "a",
        "handle": "ann",
        "person": "ann@acme.example",
        "name": "Ann",
        "active": True,
        "from": "table",
    }


def test_connectors(desk: Desk) -> None:
    found = {one["name"]: one["entities"] for one in desk.json("connectors")["connectors"]}
    assert found["redmine"] == ["customer_request", "roadmap_item", "ticket"]
    assert "memory" in found


def test_connectors_say_what_they_can_and_what_they_cannot_know(desk: Desk) -> None:
    (one,) = (o for o in desk.json("connectors")["connectors"] if o["name"] == "redmine")
    has(one, "title", "summary", "versions", "needs")
    assert one["records"] == {"issue": ["ticket", "customer_request"], "version": ["roadmap_item"]}
    assert one["capabilities"]["search_lag"] == 10.0
    assert one["capabilities"]["visibilities"] == ["internal"]
    assert one["quality"]["level"] == "real_server"
    assert {"window", "then"} == set(one["residual_windows"][0])


def test_connectors_for_people_are_a_line_each_and_a_line_for_each_window(desk: Desk) -> None:
    said = desk.run("connectors").out
    (line,) = re.findall(r"^zendesk +ticket, organization, user +fake +(.*)$", said, re.MULTILINE)
    assert "creates 100 at once, updates 100 at once, finds lost creates, compare-and-set" in line
    assert re.search(
        r"^zendesk +an edit of the last minute is not told +seen in", said, re.MULTILINE
    )
    assert re.search(r"^memory +not stated$", said, re.MULTILINE)


@pytest.mark.parametrize(
    "command",
    [("links",), ("conflicts",), ("quarantine",), ("status",), ("check",), ("plan", "main")],
)
def test_json_is_all_that_standard_output_holds(desk: Desk, command: tuple[str, ...]) -> None:
    answer = desk.run(*command, "--json")
    assert len(answer.out.splitlines()) == 1
    assert answer.err == ""
