"""Every fault, as a client meets it and as the log tells it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.unit.sandbox.notes import Notes


async def strike(client: httpx.AsyncClient, action: str, **more: Any) -> None:
    asked = {"action": action, **more}
    (await client.post("/_sandbox/faults", json=asked)).raise_for_status()


async def last(client: httpx.AsyncClient) -> dict[str, Any]:
    log = (await client.get("/_sandbox/requests")).json()
    entry: dict[str, Any] = log[-1]
    return entry


async def test_a_request_dropped_before_it_is_applied_changes_nothing(
    client: httpx.AsyncClient, notes: Notes
) -> None:
    await strike(client, "drop_before", method="POST", path="/notes")
    with pytest.raises(httpx.TransportError):
        await client.post("/notes", json=["one"])
    assert notes.records("note") == []
    entry = await last(client)
    assert (entry["status"], entry["applied"], entry["mutating"]) == (0, [], True)


async def test_a_request_dropped_after_it_is_applied_has_changed_the_tool(
    client: httpx.AsyncClient, notes: Notes
) -> None:
    await strike(client, "drop_after_apply", method="POST", path="/notes")
    with pytest.raises(httpx.TransportError):
        await client.post("/notes", json=["one"])
    assert [note["title"] for note in notes.records("note")] == ["one"]
    entry = await last(client)
    assert (entry["status"], entry["applied"]) == (0, ["7"])


async def test_a_hanging_answer_never_comes_though_the_request_was_applied(
    client: httpx.AsyncClient, notes: Notes
) -> None:
    await strike(client, "hang_after_apply", method="POST", path="/notes")
    with pytest.raises(httpx.ReadTimeout):
        await client.post("/notes", json=["one"], timeout=0.2)
    assert len(notes.records("note")) == 1
    entry = await last(client)
    assert (entry["status"], entry["applied"]) == (0, ["7"])
    assert (await client.post("/notes", json=["two"])).status_code == 201


async def test_a_status_is_in_the_tools_own_words_and_applies_nothing(
    client: httpx.AsyncClient, notes: Notes
) -> None:
    await strike(client, "status:503", method="POST", path="/notes")
    answered = await client.post("/notes", json=["one"])
    assert (answered.status_code, answered.json()) == (503, {"error": "no (503)"})
    assert notes.records("note") == []
    assert (await last(client))["status"] == 503


async def test_a_status_after_apply_lies_about_what_was_done(
    client: httpx.AsyncClient, notes: Notes
) -> None:
    await strike(client, "status_after_apply:502", method="POST", path="/notes")
    assert (await client.post("/notes", json=["one"])).status_code == 502
    assert len(notes.records("note")) == 1
    entry = await last(client)
    assert (entry["status"], entry["applied"]) == (502, ["7"])


async def test_a_rate_limit_is_the_tools_own(client: httpx.AsyncClient) -> None:
    await strike(client, "rate_limit:3")
    answered = await client.get("/notes")
    assert (answered.status_code, answered.headers["retry-after"]) == (429, "3")


async def test_a_listing_loses_the_first_of_its_records_by_number(
    client: httpx.AsyncClient,
) -> None:
    await client.post("/notes", json=[f"note {n}" for n in range(5)])
    await strike(client, "truncate_listing:40", path="/notes")
    found = (await client.get("/notes")).json()
    assert [note["id"] for note in found] == ["9", "10", "11"]
    assert (await last(client))["items"] == 3
    assert len((await client.get("/notes")).json()) == 5


async def test_a_truncation_waits_for_a_listing(client: httpx.AsyncClient) -> None:
    await client.post("/notes", json=["one", "two"])
    await strike(client, "truncate_listing:100")
    await client.get("/notes/7")
    assert (await client.get("/notes")).json() == []


async def test_a_lag_is_told_to_the_tool(client: httpx.AsyncClient) -> None:
    await strike(client, "lag:90", path="/open")
    assert (await client.get("/open")).json() == {"lag": 90}
    assert (await client.get("/open")).json() == {"lag": None}


async def test_a_bulk_is_applied_in_part(client: httpx.AsyncClient, notes: Notes) -> None:
    await strike(client, "partial:2", method="POST", path="/notes")
    await client.post("/notes", json=["one", "two", "three"])
    assert [note["title"] for note in notes.records("note")] == ["one", "two"]


async def test_a_fault_strikes_as_often_as_told_and_only_what_matches(
    client: httpx.AsyncClient,
) -> None:
    await strike(client, "status:500", method="get", path="/notes", times=2)
    assert (await client.get("/open")).status_code == 200
    assert (await client.post("/notes", json=[])).status_code == 201
    statuses = [(await client.get("/notes")).status_code for _ in range(3)]
    assert statuses == [500, 500, 200]


async def test_faults_are_cleared(client: httpx.AsyncClient) -> None:
    await strike(client, "status:500", path="/notes", times=9)
    shown = (await client.get("/_sandbox/faults")).json()
    assert shown == [{"method": "", "path": "/notes", "action": "status:500", "times": 9}]
    assert (await client.delete("/_sandbox/faults")).json() == []
    assert (await client.get("/notes")).status_code == 200


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"action": "explode"}, "is no fault"),
        ({"action": "status"}, "from 400 to 599"),
        ({"action": "status:200"}, "from 400 to 599"),
        ({"action": "lag:soon"}, "needs a number"),
        ({"action": "drop_before:1"}, "takes no number"),
        ({"action": "drop_before", "times": 0}, "1 or more"),
        ({"action": "drop_before", "verb": "GET"}, "has no 'verb'"),
        ({"path": "/"}, "with an action"),
        ([], "is an object"),
    ],
)
async def test_a_fault_that_makes_no_sense_is_refused(
    client: httpx.AsyncClient, asked: Any, told: str
) -> None:
    answered = await client.post("/_sandbox/faults", json=asked)
    assert answered.status_code == 400
    assert told in answered.json()["message"]
