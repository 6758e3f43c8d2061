"""`verify` at the command line: what people read, what programs read, and how it ends."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from syncline.simulation.connector import MemoryTool
from syncline.verify.telling import percent
from tests.cli.desk import Desk


def slip(tool: MemoryTool, id_: str, **fields: Any) -> None:
    """Change a record behind everybody's back: no version, no history tells."""
    item = tool.item(id_)
    item.states[-1] = replace(item.now, fields={**item.now.fields, **fields})
    tool._listed = None


def writes(desk: Desk) -> int:
    return sum(tool.log.count(mutating=True) for tool in (desk.a, desk.b))


def test_tools_in_step_are_told_in_one_line(desk: Desk) -> None:
    desk.linked()
    before = writes(desk)
    answer = desk.run("verify", "main")
    assert answer.code == 0
    assert answer.out.splitlines()[0] == "main: 100 % agree: 1 of 1 link."
    assert writes(desk) == before


def test_a_disagreement_names_both_records_both_values_and_what_to_do(desk: Desk) -> None:
    one, other = desk.linked()
    slip(desk.b, other, title="Changed by nobody")
    answer = desk.run("verify", "main")
    assert answer.code == 0
    first, *rest = answer.out.splitlines()
    assert first == "main: 0 % agree: 0 of 1 link; 1 differs."
    line = next(n for n, text in enumerate(rest) if text.startswith("differs"))
    assert rest[line] == (f"differs  title  a:{one} Printer on fire  b:{other} Changed by nobody")
    assert f"syncline why a:{one}.title" in rest[line + 1]


def test_the_object_has_the_keys_of_the_contract(desk: Desk) -> None:
    one, other = desk.linked()
    slip(desk.b, other, title="Changed by nobody")
    body = desk.json("verify", "main")
    assert body["agreement"] == 0.0
    assert body["orphans"] == body["duplicates"] == body["one_sided"] == []
    assert {"p50", "p95", "max", "edits"} <= set(body["lag"])
    (found,) = body["disagreements"]
    assert found["records"] == {"a": one, "b": other}
    assert found["values"] == {"a": "Printer on fire", "b": "Changed by nobody"}
    assert body["fields"]["title"]["differing"] == 1
    assert (body["cap"], body["counts"]["disagreements"]) == (1000, 1)
    assert {side: n["write"] for side, n in body["requests"].items()} == {"a": 0, "b": 0}


def test_less_agreement_than_was_asked_for_ends_with_3(desk: Desk) -> None:
    _, other = desk.linked()
    desk.linked()
    slip(desk.b, other, title="Changed by nobody")
    assert desk.run("verify", "main").code == 0
    assert desk.run("verify", "main", "--min-agreement", "50").code == 0
    answer = desk.run("verify", "main", "--min-agreement", "50.1")
    assert answer.code == 3
    assert "less than the 50.1 % asked for" in answer.out
    desk.config["syncs"]["main"]["verify"] = {"agreement": 99.9}
    desk.write()
    answer = desk.run("verify", "--json")
    assert (answer.code, answer.json["objective"], answer.json["met"]) == (3, 99.9, False)
    slip(desk.b, other, title="Printer on fire")
    assert desk.run("verify").code == 0


def test_an_objective_beyond_the_whole_is_refused(desk: Desk) -> None:
    desk.config["syncs"]["main"]["verify"] = {"agreement": 101}
    desk.write()
    answer = desk.run("verify", "main")
    assert answer.code == 2
    assert "agreement" in answer.err


def test_a_length_of_time_that_is_none_is_refused(desk: Desk) -> None:
    answer = desk.run("verify", "main", "--since", "yesterday")
    assert answer.code == 2
    assert "write it like 30s, 5m, 24h or 7d" in answer.err


def test_an_unknown_sync_is_refused_with_the_nearest(desk: Desk) -> None:
    answer = desk.run("verify", "mian")
    assert (answer.code, "main" in answer.err) == (2, True)


def test_a_side_that_is_down_is_a_failure(desk: Desk) -> None:
    desk.linked()
    desk.b.faults.add("*", "down", times=100)
    answer = desk.run("verify", "main")
    assert answer.code == 1
    assert answer.out.splitlines()[0] == "main: not verified, because b cannot be read."


def test_at_most_twenty_are_shown_unless_all_are_asked_for(desk: Desk) -> None:
    for n in range(22):
        desk.a.create({"title": f"Ticket {n}"})
    assert desk.run("sync", "main").code == 0
    for id_ in desk.b.items:
        slip(desk.b, id_, title="Changed by nobody")
    few = desk.run("verify", "main").out
    assert few.count("\ndiffers") == 20
    assert "… and 2 more disagreements; --all shows more." in few
    assert desk.run("verify", "main", "--all").out.count("\ndiffers") == 22


def test_what_is_in_flight_is_told_and_counts_for_nothing(desk: Desk) -> None:
    one, _ = desk.linked()
    desk.a.edit(one, {"title": "Edited a moment ago"})
    out = desk.run("verify", "main").out
    assert out.startswith("main: 100 % agree: 1 of 1 link.\n")
    assert "Known, and not counted against it: 1 in flight." in out


def test_a_deleted_record_and_a_copy_are_told(desk: Desk) -> None:
    _, other = desk.linked()
    _, copied = desk.linked(title="Second")
    desk.b.delete(other)
    clone = desk.b.create(desk.b.fields(copied), key=desk.b.item(copied).key)
    out = desk.run("verify", "main").out
    assert out.startswith("main: 50 % agree: 1 of 2 links; 1 one-sided, 1 duplicate.\n")
    assert f"one-sided link  b:{other} is gone, and no pass has seen it" in out
    assert f"duplicate  b:{copied}  b:{clone} bear the same key of ours" in out


def test_status_shows_what_was_measured_and_when(desk: Desk) -> None:
    _, other = desk.linked()
    assert desk.json("status")["syncs"]["main"]["verified"] is None
    slip(desk.b, other, title="Changed by nobody")
    run = desk.json("verify", "main")["run"]
    body = desk.json("status")
    verified = body["syncs"]["main"]["verified"]
    assert (verified["agreement"], verified["run"]) == (0.0, run)
    assert verified["at"] is not None
    # What the engine believes stands beside it, and the last run is the last pass.
    assert body["syncs"]["main"]["agreement"] == 1.0
    assert body["syncs"]["main"]["last_run"]["kind"] == "sync"
    assert re.search(r"0 %, \d+ s ago", desk.run("status").out)


def test_several_syncs_are_told_together(desk: Desk) -> None:
    desk.config["syncs"]["second"] = {"entity": "ticket", "sides": ["a", "b"]}
    desk.write()
    _, other = desk.linked()
    slip(desk.b, other, title="Changed by nobody")
    body = desk.json("verify")
    assert set(body["syncs"]) == {"main", "second"}
    assert body["agreement"] == 0.0
    assert [one["sync"] for one in body["disagreements"]] == ["main"]


@pytest.mark.parametrize(
    ("share", "said"), [(1.0, "100 %"), (0.99999, "99.9 %"), (0.999, "99.9 %"), (0.0, "0 %")]
)
def test_the_whole_is_said_only_of_the_whole(share: float, said: str) -> None:
    assert percent(share) == said
