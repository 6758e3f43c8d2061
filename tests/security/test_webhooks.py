"""S6 to S9, I19: what comes to the receiver of webhooks proves itself or leaves nothing behind.

The tools' own credentials are in nobody's environment here: receiving webhooks needs none of them.
"""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from syncline.receiving import Receiver
from syncline.simulation.clock import START, WakingClock
from tests.security.webhook_calls import (
    BODIES,
    BOTH,
    DESK,
    FORGERIES,
    ISSUE,
    JIRA,
    NEW,
    OLD,
    SIGNERS,
    TICKET,
    WITNESS,
    connections,
    forged,
    signed,
)
from tests.support.webhooks import Headers, Place, by_jira, by_zendesk, receiving

pytestmark = pytest.mark.usefixtures("webhook_secrets")


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
