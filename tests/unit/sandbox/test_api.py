"""What the frame does around a fake's own handlers: the log, the clock, the control calls."""

from __future__ import annotations

import asyncio
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from syncline.sandbox import Hooks, State, ToolClock, serving
from tests.unit.sandbox.notes import Notes


async def log(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = (await client.get("/_sandbox/requests")).json()
    return entries


async def test_the_log_tells_of_each_request_to_the_vendors_api_and_of_no_other(
    client: httpx.AsyncClient,
) -> None:
    await client.post("/notes?silent=1", json=["one", "two"])
    await client.get("/notes")
    await client.get("/")
    await client.get("/_sandbox")
    at = "2026-05-04T12:00:00+00:00"
    common = {"at": at, "path": "/notes"}
    assert await log(client) == [
        {
            **common,
            "seq": 1,
            "method": "POST",
            "status": 201,
            "mutating": True,
            "applied": ["7", "8"],
            "items": 0,
        },
        {
            **common,
            "seq": 2,
            "method": "GET",
            "status": 200,
            "mutating": False,
            "applied": [],
            "items": 2,
        },
    ]


async def test_the_log_is_emptied_and_its_numbers_go_on(client: httpx.AsyncClient) -> None:
    await client.get("/notes")
    assert (await client.delete("/_sandbox/requests")).json() == []
    await client.get("/notes")
    assert [entry["seq"] for entry in await log(client)] == [2]


async def test_what_a_job_applies_later_stands_with_the_request_that_began_it(
    client: httpx.AsyncClient, notes: Notes
) -> None:
    await client.post("/notes/7/job")
    assert (await log(client))[0]["applied"] == []
    notes.job.applied("7", "9", "7")
    notes.job.applied("9")
    assert (await log(client))[0]["applied"] == ["7", "9"]


async def test_whether_a_post_changes_something_is_told_by_its_meaning(
    client: httpx.AsyncClient,
) -> None:
    for body in ("{}", '{"set": 1}', "no json"):
        await client.post("/notes/query", content=body)
    assert [entry["mutating"] for entry in await log(client)] == [False, True, False]


async def test_wrong_credentials_stop_all_but_what_is_open(client: httpx.AsyncClient) -> None:
    nobody = {"Authorization": "Bearer nobody"}
    assert (await client.get("/notes", headers=nobody)).status_code == 401
    assert (await client.get("/open", headers=nobody)).status_code == 200
    assert [entry["status"] for entry in await log(client)] == [401, 200]


async def test_errors_are_in_the_tools_own_words(
    client: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    found = [
        await client.post("/notes", content=b"{"),
        await client.get("/notes/404"),
        await client.get("/nowhere"),
        await client.get("/broken"),
    ]
    assert [(a.status_code, a.json()["error"]) for a in found] == [
        (400, "no (400)"),
        (404, "no such note"),
        (404, "no (404)"),
        (500, "no (500)"),
    ]
    assert "ZeroDivisionError" in capsys.readouterr().err


async def test_an_upload_arrives_byte_by_byte(client: httpx.AsyncClient) -> None:
    content = bytes(range(256)) + b"\r\n--not-the-boundary\r\n\r\n"
    sent = {"file": ('naïve "file".bin', content, "application/x-odd")}
    found = (await client.post("/files", files=sent)).json()
    assert found[1:] == ["application/x-odd", content.hex()]
    assert found[0].startswith("naïve")


async def test_the_clock_is_the_tools_own_and_only_goes_forward(client: httpx.AsyncClient) -> None:
    moved = await client.post("/_sandbox/clock", json={"advance": 3600})
    assert moved.json() == {"now": "2026-05-04T13:00:00+00:00"}
    answered = await client.get("/notes")
    assert parsedate_to_datetime(answered.headers["date"]).isoformat() == moved.json()["now"]
    for wrong in ({"advance": -1}, {"advance": "1"}, {"advance": True}, [], {"advance": 1e300}):
        assert (await client.post("/_sandbox/clock", json=wrong)).status_code == 400
    assert (await client.get("/_sandbox/clock")).json() == moved.json()


async def test_records_are_shown_by_type(client: httpx.AsyncClient) -> None:
    await client.post("/notes", json=["one"])
    assert [n["title"] for n in (await client.get("/_sandbox/records/note")).json()] == ["one"]
    unknown = await client.get("/_sandbox/records/deal")
    assert unknown.status_code == 404
    assert "note, comment" in unknown.json()["message"]


async def test_a_sandbox_says_that_it_is_one(client: httpx.AsyncClient) -> None:
    said = (await client.get("/_sandbox", headers={"Authorization": ""})).json()
    assert said == {"sandbox": True, "tool": "notes", "records": ["note", "comment"]}
    assert (await client.get("/_sandbox/nothing")).status_code == 404


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1", "x@y", ""])
async def test_a_name_that_only_leads_here_is_refused(client: httpx.AsyncClient, host: str) -> None:
    for path in ("/", "/_sandbox", "/notes"):
        assert (await client.get(path, headers={"Host": host})).status_code in (400, 403)


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1", "[::1]:80", "LOCALHOST"])
async def test_names_of_this_machine_are_served(client: httpx.AsyncClient, host: str) -> None:
    assert (await client.get("/_sandbox", headers={"Host": host})).status_code == 200


async def test_what_was_said_to_be_done_is_in_the_file_before_the_answer_leaves(
    tmp_path: Any,
) -> None:
    path = str(tmp_path / "notes.db")
    notes = Notes(State(path), ToolClock(), Hooks())
    async with serving(notes) as url, httpx.AsyncClient(trust_env=False, base_url=url) as client:
        token = {"Authorization": f"Bearer {notes.connection()['auth']['token']}"}
        await client.post("/notes", json=["kept"], headers=token)
        other = State(path)
        assert [note["title"] for note in other.table("note").values()] == ["kept"]
        other.close()


async def test_a_request_left_hanging_does_not_keep_the_server_up(notes: Notes) -> None:
    async with asyncio.timeout(5):
        async with serving(notes) as url, httpx.AsyncClient(trust_env=False) as client:
            await client.post(f"{url}/_sandbox/faults", json={"action": "hang_after_apply"})
            hanging = asyncio.create_task(client.get(f"{url}/open"))
            await asyncio.sleep(0.1)
        with pytest.raises(httpx.TransportError):
            await hanging
