"""S6 to S9, I19: what comes to the receiver of webhooks proves itself or leaves nothing behind.

The tools' own credentials are in nobody's environment here: receiving webhooks needs none of them.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from syncline import receiving as receiver
from syncline.receiving import AT_ONCE, Receiver
from syncline.simulation.clock import START, WakingClock
from tests.support.webhooks import Headers, Place, by_jira, by_zendesk, receiving

JIRA, DESK = "thirty-bytes-that-only-jira-has", "thirty-bytes-that-only-zendesk-has"
OLD, NEW = "an-old-secret-of-thirty-bytes!", "a-new-secret-of-thirty-bytes!!"
WITNESS = "Quarterly-layoffs-5150"
ISSUE = orjson.dumps(
    {
        "timestamp": 1767603600000,
        "webhookEvent": "jira:issue_updated",
        "issue": {"id": "10007", "key": "APP-7", "fields": {"summary": WITNESS}},
    }
)
TICKET = orjson.dumps(
    {
        "type": "zen:event-type:ticket.status_changed",
        "id": "cbe4028c-7239-495d-b020-f22348516046",
        "detail": {"id": "5158", "subject": WITNESS},
        "event": {"current": "OPEN", "previous": "NEW"},
    }
)
BODIES = {"tracker": ISSUE, "desk": TICKET}
SIGNERS: dict[str, Callable[[str, bytes], list[tuple[str, str]]]] = {
    "tracker": by_jira,
    "desk": by_zendesk,
}
SECRETS = {"tracker": JIRA, "desk": DESK}
BOTH = [("desk", "ticket", "5158"), ("tracker", "issue", "10007")]


def connections(**secrets: Any) -> dict[str, dict[str, Any]]:
    """A Jira and a Zendesk whose credentials are nowhere to be found."""
    tracker = {
        "connector": "jira",
        "base_url": "https://acme.atlassian.net",
        "auth": {"email": "ops@acme.example", "api_token": "${env:NOWHERE}"},
        "scope": {"project": "APP"},
        "webhook_secret": "${env:TRACKER_HOOK}",
    }
    desk = {
        "connector": "zendesk",
        "base_url": "https://acme.zendesk.com",
        "auth": {"oauth_client_id": "x", "oauth_client_secret": "${env:NOWHERE}"},
        "webhook_secret": "${env:DESK_HOOK}",
    }
    found: dict[str, dict[str, Any]] = {"tracker": tracker, "desk": desk}
    for name, secret in secrets.items():
        found[name]["webhook_secret"] = secret
    return found


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOWHERE", raising=False)
    for name, value in (("TRACKER", JIRA), ("DESK", DESK), ("OLD", OLD), ("NEW", NEW)):
        monkeypatch.setenv(f"{name}_HOOK", value)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with receiving(tmp_path, connections()) as found:
        yield found


def signed(connection: str, body: bytes | None = None) -> tuple[Headers, bytes]:
    """A genuine call of a connection's tool."""
    body = BODIES[connection] if body is None else body
    return SIGNERS[connection](SECRETS[connection], body), body


async def test_a_genuine_call_is_kept_as_the_id_it_names_and_nothing_else(
    place: Place, tmp_path: Path
) -> None:
    for connection in BODIES:
        answer = await place.call(connection, *signed(connection))
        assert (answer.status_code, answer.content) == (200, b"")
    assert await place.rows() == BOTH
    stored = b"".join(file.read_bytes() for file in (tmp_path / ".syncline").iterdir())
    assert b"10007" in stored
    for kept_from_it in (WITNESS, "APP-7", "jira:issue_updated", "cbe4028c", JIRA, DESK):
        assert kept_from_it.encode() not in stored


# S6


def forged(connection: str, how: str) -> tuple[Headers, bytes]:
    headers, body = signed(connection)
    match how:
        case "another key":
            return SIGNERS[connection]("thirty-bytes-that-somebody-made-up", body), body
        case "serialised again":
            return headers, orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2)
        case "white space":
            return headers, body + b"\n"
        case "truncated":
            return headers, body[:-1]
        case "empty":
            return headers, b""
        case "empty and signed as such":
            return SIGNERS[connection](SECRETS[connection], b""), b""
        case "both signatures":
            return [*headers, SIGNERS[connection](OLD, body)[0]], body
        case "no signature":
            return headers[1:], body
        case "no headers":
            return [], body
        case "a signature that is none":
            return [(headers[0][0], "sha256=zz"), *headers[1:]], body
        case "the other tool's signature":
            other = "desk" if connection == "tracker" else "tracker"
            return SIGNERS[other](SECRETS[connection], body), body
    raise AssertionError(how)


FORGERIES = [
    *("another key", "serialised again", "white space", "truncated", "empty"),
    *("empty and signed as such", "both signatures", "no signature", "no headers"),
    *("a signature that is none", "the other tool's signature"),
]


@pytest.mark.parametrize("how", FORGERIES)
@pytest.mark.parametrize("connection", BODIES)
async def test_a_call_that_proves_nothing_is_refused_and_leaves_the_store_as_it_was(
    place: Place, connection: str, how: str
) -> None:
    before = place.hub.store._database.image()
    answer = await place.call(connection, *forged(connection, how))
    assert answer.status_code == 404
    assert place.hub.store._database.image() == before


@pytest.mark.parametrize("scheme", ["sha1", "sha512", "v2", "none"])
async def test_the_call_does_not_choose_how_it_is_verified(place: Place, scheme: str) -> None:
    headers, body = signed("tracker")
    other = [(headers[0][0], headers[0][1].replace("sha256", scheme)), *headers[1:]]
    assert (await place.call("tracker", other, body)).status_code == 404
    assert await place.rows() == []


async def test_while_a_secret_is_rotated_both_count_and_afterwards_the_new_one_alone(
    tmp_path: Path,
) -> None:
    both = connections(tracker=["${env:OLD_HOOK}", "${env:NEW_HOOK}"])
    bodies = {OLD: ISSUE, NEW: ISSUE.replace(b"10007", b"10008")}
    async with receiving(tmp_path, both) as place:
        for secret, body in bodies.items():
            assert (await place.call("tracker", by_jira(secret, body), body)).status_code == 200
        kept = await place.rows()
        address = place.ends["tracker"]
    assert kept == [("tracker", "issue", "10007"), ("tracker", "issue", "10008")]
    async with receiving(tmp_path, connections(tracker="${env:NEW_HOOK}")) as place:
        assert place.ends["tracker"] == address, "the tool keeps the address"
        body = ISSUE.replace(b"10007", b"10009")
        assert (await place.call("tracker", by_jira(OLD, body), body)).status_code == 404
        assert await place.rows() == kept
        assert (await place.call("tracker", by_jira(NEW, body), body)).status_code == 200


# S7


@pytest.mark.parametrize("connection", BODIES)
async def test_a_call_that_is_played_a_hundred_times_at_once_is_kept_once(
    place: Place, connection: str
) -> None:
    headers, body = signed(connection)
    # Who plays it again can write what they like into the header that is not signed.
    calls = [place.call(connection, [*headers[:-1], (headers[-1][0], str(n))], body)
             for n in range(100)]  # fmt: skip
    limit = asyncio.Semaphore(20)

    async def within(call: Any) -> int:
        async with limit:
            status: int = (await call).status_code
            return status

    assert await asyncio.gather(*map(within, calls)) == [200] * 100
    assert await place.rows() == [one for one in BOTH if one[0] == connection]


@pytest.mark.parametrize("seconds", [-301, 301])
async def test_a_call_that_was_signed_at_another_time_is_refused(
    tmp_path: Path, seconds: int
) -> None:
    clock = WakingClock(START)
    async with receiving(tmp_path, connections(), clock) as place:
        at = START.timestamp() - seconds
        headers = by_zendesk(DESK, TICKET, at=START.fromtimestamp(at, START.tzinfo))
        assert (await place.call("desk", headers, TICKET)).status_code == 404
        assert await place.rows() == []


# S8


async def test_an_address_that_leads_nowhere_is_answered_like_a_wrong_signature(
    place: Place,
) -> None:
    unknown = f"{place.base}/webhooks/{'0' * 64}"
    for how in FORGERIES:
        headers, body = forged("tracker", how)
        here = await place.call("tracker", headers, body)
        nowhere = await place.client.post(unknown, headers=[*headers], content=body)
        assert _seen(here) == _seen(nowhere)
    for method in ("GET", "PUT", "DELETE", "OPTIONS"):
        here = await place.client.request(method, place.url("tracker"))
        nowhere = await place.client.request(method, unknown)
        assert here.status_code == 405
        assert _seen(here) == _seen(nowhere)


def _seen(answer: httpx.Response) -> tuple[int, dict[str, str], bytes]:
    return answer.status_code, dict(answer.headers), answer.content


async def test_an_address_that_leads_nowhere_takes_the_time_of_a_wrong_signature(
    place: Place,
) -> None:
    """Without a network between, so that what differs shows: whole bodies of a mebibyte."""
    body = b"x" * 1024 * 1024
    endpoints = await place.hub.endpoints()
    app = Receiver(endpoints, place.hub.store, WakingClock(), await place.hub.secret()).app
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=place.base) as client:

        async def took(end: str, headers: Headers) -> float:
            begun = time.process_time()
            await client.post(f"/webhooks/{end}", headers=[*headers], content=body)
            return time.process_time() - begun

        calls: list[tuple[str, Headers]] = [("0" * 64, [])]
        calls += [(end, []) for end in place.ends.values()]
        calls += [(place.ends[c], SIGNERS[c](OLD, body)) for c in BODIES]
        best = [await took(*call) for call in calls]
        for _ in range(30):  # in turns, so that a busy moment of the machine meets all of them
            for number, call in enumerate(calls):
                best[number] = min(best[number], await took(*call))
    assert max(best) < 2 * min(best), best


async def test_a_flood_at_one_address_is_limited_and_hinders_no_other(tmp_path: Path) -> None:
    clock = WakingClock(START)
    async with receiving(tmp_path, connections(), clock) as place:
        headers, body = forged("tracker", "another key")
        unknown = f"{place.base}/webhooks/{'0' * 64}"
        for url in (place.url("tracker"), unknown):
            statuses = []
            for _ in range(AT_ONCE + 20):
                answer = await place.client.post(url, headers=[*headers], content=body)
                statuses.append(answer.status_code)
            assert statuses == [404] * AT_ONCE + [429] * 20
        assert (await place.call("tracker", *signed("tracker"))).status_code == 429
        assert (await place.call("desk", *signed("desk"))).status_code == 200
        clock.advance(1)
        assert (await place.call("tracker", *signed("tracker"))).status_code == 200
        assert await place.rows() == BOTH


async def test_many_made_up_addresses_cost_no_memory(place: Place) -> None:
    endpoints = await place.hub.endpoints()
    one = Receiver(endpoints, place.hub.store, WakingClock(), await place.hub.secret())
    for number in range(3000):
        one._stranger(f"{number}" * 10_000)
    assert len(one._strangers) == receiver.STRANGERS
    assert max(map(len, one._strangers)) <= 100


@pytest.mark.parametrize("connection", BODIES)
@pytest.mark.parametrize("depth", [2_000, 500_000])
async def test_json_without_bottom_is_refused_and_the_next_call_is_taken(
    place: Place, connection: str, depth: int
) -> None:
    for deep in (b"[" * depth, b'{"issue":' * (depth // 10), b"[" * depth + b"]" * depth):
        assert (await place.call(connection, *signed(connection, deep))).status_code == 404
    assert (await place.call(connection, *signed(connection))).status_code == 200
    assert len(await place.rows()) == 1


async def test_a_body_that_is_announced_too_large_is_refused_before_it_is_sent(
    place: Place,
) -> None:
    for end in (place.ends["tracker"], "0" * 64):
        answer = await _raw(place, end, "Content-Length: 10737418240", lambda writer: None)
        assert answer.startswith(b"HTTP/1.1 413 ")


async def test_a_body_without_end_is_cut_off(place: Place) -> None:
    sent = 0

    def endless(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        for _ in range(1024):
            writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            sent += 65536

    answer = await _raw(place, place.ends["tracker"], "Transfer-Encoding: chunked", endless)
    assert sent == 64 * 1024 * 1024
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert (await place.call("tracker", *signed("tracker"))).status_code == 200


async def test_a_body_that_does_not_come_is_not_waited_for(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiver, "BODY_SECONDS", 0.1)
    answer = await _raw(place, place.ends["tracker"], "Content-Length: 7", lambda writer: None)
    assert answer.startswith(b"HTTP/1.1 408 ")


async def _raw(
    place: Place, end: str, header: str, send: Callable[[asyncio.StreamWriter], None]
) -> bytes:
    """What is answered to a call whose body is sent by hand, until the receiver hangs up."""
    host, port = place.base.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"POST /webhooks/{end} HTTP/1.1\r\nHost: hub\r\n{header}\r\n\r\n".encode())
    send(writer)
    answer = b""
    try:
        async with asyncio.timeout(20):
            while chunk := await reader.read(65536):
                answer += chunk
    except ConnectionError:
        pass  # it hung up on what was still coming
    writer.close()
    return answer


async def test_while_the_store_is_down_the_tool_is_asked_to_send_again(tmp_path: Path) -> None:
    store = "sqlite:///state.db?timeout=0.05"
    async with receiving(tmp_path, connections(), store=store) as place:
        with closing(sqlite3.connect(tmp_path / "state.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            answer = await place.call("tracker", *signed("tracker"))
            assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
            assert (await place.call("tracker", *forged("tracker", "empty"))).status_code == 404
        assert (await place.call("tracker", *signed("tracker"))).status_code == 200
        assert await place.rows() == [("tracker", "issue", "10007")]


async def test_a_store_that_takes_too_long_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = "sqlite:///state.db?timeout=20"
    async with receiving(tmp_path, connections(), store=store) as place:
        with closing(sqlite3.connect(tmp_path / "state.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with monkeypatch.context() as patch:
                patch.setattr(receiver, "STORE_SECONDS", 0.1)
                async with asyncio.timeout(5):
                    assert (await place.call("tracker", *signed("tracker"))).status_code == 503
        # What was begun is stored all the same, so that the call that comes again is a replay.
        assert (await place.call("tracker", *signed("tracker"))).status_code == 200
        assert await place.rows() == [("tracker", "issue", "10007")]


async def test_what_is_refused_is_told_once_a_minute_without_a_word_of_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = WakingClock(START)
    async with receiving(tmp_path, connections(), clock) as place:
        with caplog.at_level(logging.DEBUG):
            for how in FORGERIES:
                await place.call("tracker", *forged("tracker", how))
            clock.advance(61)
            await place.call("tracker", *forged("tracker", "another key"))
        ends = place.ends.values()
    told = [one.getMessage() for one in caplog.records if one.name == "syncline.webhooks"]
    assert (
        told
        == ["A call for tracker was refused: the signature is not by a secret of this endpoint."]
        * 2
    )
    for word in (WITNESS, JIRA, DESK, *ends):
        assert word not in " ".join(r.getMessage() for r in caplog.records if r.name != "httpx")


async def test_hints_that_nobody_wanted_for_two_days_are_forgotten(tmp_path: Path) -> None:
    clock, hours = WakingClock(START), 0
    async with receiving(tmp_path, connections(), clock) as place:
        await place.call("tracker", *signed("tracker"))
        while await place.rows() and hours < 100:
            clock.advance(3600)
            hours += 1
            await asyncio.sleep(0.01)
    assert 48 < hours < 60


# S14


async def test_two_workspaces_in_one_store_do_not_hear_each_others_tools(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/shared.db"
    for name in ("acme", "globex"):
        (tmp_path / name).mkdir()
    async with (
        receiving(tmp_path / "acme", connections(), workspace="acme", store=store) as acme,
        receiving(tmp_path / "globex", connections(), workspace="globex", store=store) as globex,
    ):
        assert not set(acme.ends.values()) & set(globex.ends.values())
        headers, body = signed("tracker")
        across = f"{globex.base}/webhooks/{acme.ends['tracker']}"
        assert (await acme.client.post(across, headers=[*headers], content=body)).status_code == 404
        assert (await acme.call("tracker", headers, body)).status_code == 200
        assert await acme.rows() == [("tracker", "issue", "10007")]
        assert await globex.rows() == []
        assert (await globex.call("tracker", headers, body)).status_code == 200
        assert await globex.rows() == [("tracker", "issue", "10007")]


async def test_two_connections_of_a_tool_keep_their_own_secrets_and_hints(tmp_path: Path) -> None:
    (second,) = (one for name, one in connections(tracker="${env:NEW_HOOK}").items()
                 if name == "tracker")  # fmt: skip
    async with receiving(tmp_path, {**connections(), "other": second}) as place:
        assert (await place.call("other", *signed("tracker"))).status_code == 404
        assert await place.rows() == []
        assert (await place.call("other", by_jira(NEW, ISSUE), ISSUE)).status_code == 200
        assert (await place.call("tracker", *signed("tracker"))).status_code == 200
        assert await place.rows() == [
            ("other", "issue", "10007"),
            ("tracker", "issue", "10007"),
        ]
