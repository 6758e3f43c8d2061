"""What Zendesk does only on a bad day, from a server that says exactly what a test tells it to."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from connectors.zendesk import ZendeskConnector
from connectors.zendesk.config import ZendeskConfig
from syncline.sdk.connector import (
    Attachment,
    Create,
    CreateSearch,
    Found,
    Record,
    Result,
    Update,
    Visibility,
)
from syncline.sdk.errors import AuthRequired, Rejected, Retriable
from syncline.sdk.secrets import Secret
from syncline.sdk.testing.base import LONG_AGO
from tests.unit.sdk.loopback import Peer, Seen, Server, VirtualClock, serving

Answer = Callable[[Seen], tuple[int, Any]]
TOKEN = "scripted-token-of-the-hub"


def ticket(id: int, **more: Any) -> dict[str, Any]:
    """A ticket as Zendesk shows it, with what the connector needs of it."""
    told = {
        "id": id,
        "subject": f"ticket {id}",
        "status": "open",
        "tags": [],
        "created_at": "2026-01-05T09:00:00Z",
        "updated_at": "2026-01-05T09:00:00Z",
        "external_id": None,
    }
    return told | more


class Script:
    """Answers by method and path; what was not told is a 404."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Answer]] = {}

    def on(self, call: str, *answers: Answer | dict[str, Any]) -> Script:
        """The answers to a call in turn, the last one for good; a dict is a 200."""
        self.answers[call] = [one if callable(one) else _ok(one) for one in answers]
        return self

    async def __call__(self, seen: Seen, peer: Peer) -> None:
        call = f"{seen.method} {seen.target.partition('?')[0]}"
        told = self.answers.get(call, [_status(404, {"error": "RecordNotFound"})])
        status, body = (told.pop(0) if len(told) > 1 else told[0])(seen)
        if status == 0:
            peer.drop()
            return
        headers = body.pop("headers", {}) if isinstance(body, dict) else {}
        await peer.answer(status, body, headers)


def _ok(body: dict[str, Any]) -> Answer:
    return lambda _: (200, dict(body))


def _status(status: int, body: Any = None) -> Answer:
    return lambda _: (status, body)


def drops(_: Seen) -> tuple[int, Any]:
    """No answer at all."""
    return 0, None


@asynccontextmanager
async def opened(
    script: Script, **more: Any
) -> AsyncIterator[tuple[ZendeskConnector, Server, VirtualClock]]:
    """A connector to a server that follows the script."""
    async with serving(script) as server:
        options = {
            "auth": {"email": "hub@acme.test", "api_token": Secret(TOKEN)},
            "private_network": True,
            **more,
        }
        base = f"http://127.0.0.1:{server.port}"
        config = ZendeskConfig(connector="zendesk", base_url=base, **options)
        clock = VirtualClock()
        connector = ZendeskConnector.open("support", config, clock)
        try:
            yield connector, server, clock
        finally:
            await connector.aclose()


def asked(server: Server, call: str) -> list[Seen]:
    """The requests of one call."""
    return [s for s in server.requests if f"{s.method} {s.target.partition('?')[0]}" == call]


EXPORT = "GET /api/v2/incremental/tickets/cursor"
POST = "POST /api/v2/tickets"


async def test_an_export_whose_cursor_does_not_go_on_is_not_asked_for_ever() -> None:
    page = {"tickets": [ticket(1)], "after_cursor": "c1", "end_of_stream": False}
    async with opened(Script().on(EXPORT, page)) as (zendesk, server, _):
        told: list[Record] = []
        with pytest.raises(Retriable, match="does not go on"):
            async for one in zendesk.changes("ticket", None):
                told += one.records
    assert [record.id for record in told] == ["1", "1"]
    assert len(server.requests) == 2


async def test_an_empty_export_keeps_the_cursor_that_it_was_asked_with() -> None:
    page = {"tickets": [], "after_cursor": None, "end_of_stream": True}
    async with opened(Script().on(EXPORT, page)) as (zendesk, server, _):
        for before in (None, "c7"):
            pages = [one async for one in zendesk.changes("ticket", before)]
            again = [one async for one in zendesk.changes("ticket", pages[-1].cursor)]
            assert pages[-1].cursor == again[-1].cursor
    targets = [seen.target.partition("?")[2] for seen in server.requests]
    assert targets == ["start_time=0&per_page=1000"] * 2 + ["cursor=c7&per_page=1000"] * 2


async def test_exports_stay_below_what_zendesk_allows_in_a_minute() -> None:
    pages = [
        {"tickets": [ticket(n)], "after_cursor": f"c{n}", "end_of_stream": n == 20}
        for n in range(1, 21)
    ]
    async with opened(Script().on(EXPORT, *pages)) as (zendesk, server, clock):
        assert len([one async for one in zendesk.changes("ticket", None)]) == 20
        assert len(server.requests) == 20
        assert clock.monotonic() >= 120


async def test_an_export_for_administrators_only_stops_the_connection() -> None:
    script = Script().on(EXPORT, _status(403, {"error": "Forbidden"}))
    async with opened(script) as (zendesk, _, _):
        with pytest.raises(AuthRequired):
            [one async for one in zendesk.changes("ticket", "c1")]


async def test_credentials_that_are_nobodys_stop_the_connection() -> None:
    nobody = {"user": {"id": None, "name": "Anonymous user", "role": "end-user"}}
    async with opened(Script().on("GET /api/v2/users/me", nobody)) as (zendesk, _, _):
        with pytest.raises(AuthRequired, match="nobody's"):
            await zendesk.describe()


@pytest.mark.parametrize(
    "user",
    [
        {"id": 7, "role": "admin", "suspended": True},
        {"id": 7, "role": "end-user", "suspended": False},
    ],
)
async def test_a_suspended_user_and_a_customer_stop_the_connection(user: dict[str, Any]) -> None:
    async with opened(Script().on("GET /api/v2/users/me", {"user": user})) as (zendesk, _, _):
        with pytest.raises(AuthRequired, match="suspended or no agent"):
            await zendesk.describe()


async def test_a_create_without_an_answer_is_asked_once_more_with_its_key() -> None:
    made = _status(201, {"ticket": ticket(9, external_id="key-1")})
    async with opened(Script().on(POST, drops, made)) as (zendesk, server, _):
        (outcome,) = await zendesk.create("ticket", [Create("key-1", {"subject": "x"})])
    assert (outcome.result, outcome.id) == (Result.APPLIED, "9")
    keys = [seen.headers["idempotency-key"] for seen in asked(server, POST)]
    assert keys == ["key-1", "key-1"]
    first, second = asked(server, POST)
    assert first.body == second.body


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(drops, id="no answer again"),
        pytest.param(_status(500, {"error": "InternalError"}), id="an error inside"),
        pytest.param(_status(409, {"error": "Conflict"}), id="the first still under way"),
        pytest.param(
            _status(400, {"error": "IdempotentRequestError", "description": "do not match"}),
            id="the key is another create's",
        ),
        pytest.param(_status(401, {"error": "Couldn't authenticate you"}), id="revoked meanwhile"),
    ],
)
async def test_a_create_that_stays_without_an_answer_is_left_open(second: Answer) -> None:
    async with opened(Script().on(POST, drops, second)) as (zendesk, server, _):
        (outcome,) = await zendesk.create("ticket", [Create("key-1", {"subject": "x"})])
    assert outcome.result is Result.AMBIGUOUS
    assert len(asked(server, POST)) == 2


async def test_a_create_whose_ticket_cannot_be_shown_now_is_made_all_the_same() -> None:
    made = _status(201, {"ticket": ticket(9, group_id=7, custom_fields=[{"id": 1, "value": "x"}])})
    fields = "GET /api/v2/ticket_fields"
    for trouble in (_status(401, {"error": "no"}), _status(500, {"error": "no"})):
        async with opened(Script().on(POST, made).on(fields, trouble)) as (zendesk, server, _):
            (outcome,) = await zendesk.create("ticket", [Create("key-1", {"subject": "x"})])
        assert (outcome.result, outcome.id, outcome.record) == (Result.APPLIED, "9", None)
        assert len(asked(server, POST)) == 1


@pytest.mark.parametrize("body", [{}, {"ticket": None}, ["ticket"]])
async def test_an_answer_without_the_ticket_is_no_proof(body: Any) -> None:
    async with opened(Script().on(POST, _status(201, body))) as (zendesk, _, _):
        (outcome,) = await zendesk.create("ticket", [Create("key-1", {"subject": "x"})])
    assert outcome.result is Result.AMBIGUOUS


JOB = "GET /api/v2/job_statuses/j1"


def job(status: str, *results: dict[str, Any]) -> dict[str, Any]:
    return {"job_status": {"id": "j1", "status": status, "results": list(results) or None}}


async def created(script: Script) -> tuple[list[Result], Server]:
    items = [Create(f"key-{n}", {"subject": f"item {n}"}) for n in range(3)]
    async with opened(script) as (zendesk, server, _):
        return [outcome.result for outcome in await zendesk.create("ticket", items)], server


MANY = "POST /api/v2/tickets/create_many"
SHOW = "GET /api/v2/tickets/show_many"


async def test_a_job_whose_results_cannot_be_read_leaves_every_item_open() -> None:
    told, server = await created(
        Script().on(MANY, job("queued")).on(JOB, _status(500, {"error": "InternalError"}))
    )
    assert told == [Result.AMBIGUOUS] * 3
    assert not asked(server, POST)


async def test_a_job_that_was_started_without_an_answer_leaves_every_item_open() -> None:
    told, server = await created(Script().on(MANY, drops))
    assert told == [Result.AMBIGUOUS] * 3
    assert not asked(server, POST)


async def test_a_job_that_never_ends_leaves_every_item_open() -> None:
    told, server = await created(Script().on(MANY, job("queued")).on(JOB, job("working")))
    assert told == [Result.AMBIGUOUS] * 3
    assert len(asked(server, JOB)) < 25


async def test_a_killed_job_leaves_open_only_what_it_does_not_tell() -> None:
    shown = {"tickets": [ticket(9)]}
    refusal = _status(422, {"error": "RecordInvalid", "details": {"base": [{"description": "no"}]}})
    told, server = await created(
        Script()
        .on(MANY, job("queued"))
        .on(
            JOB,
            job(
                "killed",
                {"index": 0, "id": 9, "success": True},
                {"index": 2, "success": False, "error": "TicketCreateFailed"},
            ),
        )
        .on(SHOW, shown)
        .on(POST, refusal)
    )
    assert told == [Result.APPLIED, Result.AMBIGUOUS, Result.REJECTED]
    assert [json.loads(s.body)["ticket"]["external_id"] for s in asked(server, POST)] == ["key-2"]


async def test_credentials_revoked_after_a_job_cost_no_receipt() -> None:
    told, _ = await created(
        Script()
        .on(
            MANY,
            job(
                "completed",
                {"index": 0, "id": 9, "success": True},
                {"index": 1, "id": 10, "success": True},
                {"index": 2, "success": False, "error": "DatabaseConflict"},
            ),
        )
        .on(SHOW, _status(401, {"error": "Couldn't authenticate you"}))
        .on(POST, _status(401, {"error": "Couldn't authenticate you"}))
    )
    assert told == [Result.APPLIED, Result.APPLIED, Result.RETRY]


async def test_too_many_jobs_is_a_later_and_nothing_is_open() -> None:
    busy = _status(429, {"error": "TooManyJobs", "headers": {"Retry-After": "60"}})
    told, server = await created(Script().on(MANY, busy))
    assert told == [Result.RETRY] * 3


async def test_a_filter_that_zendesk_drops_finds_no_wrong_ticket() -> None:
    rows = {"tickets": [ticket(1, external_id="another"), ticket(2)]}
    search = CreateSearch("key-1", {"subject": "x"}, LONG_AGO)
    async with opened(Script().on("GET /api/v2/tickets", rows)) as (zendesk, _, _):
        (found,) = await zendesk.find("ticket", [search])
    assert found.found is Found.NO


async def test_two_tickets_with_one_key_are_left_to_a_person() -> None:
    rows = {"tickets": [ticket(1, external_id="key-1"), ticket(2, external_id="key-1")]}
    search = CreateSearch("key-1", {"subject": "x"}, LONG_AGO)
    async with opened(Script().on("GET /api/v2/tickets", rows)) as (zendesk, _, _):
        (found,) = await zendesk.find("ticket", [search])
    assert found.found is Found.UNKNOWN
    assert "#1, #2" in found.reason


async def test_an_edit_in_the_same_second_is_put_back_and_the_update_is_a_conflict() -> None:
    change = {"type": "Change", "field_name": "subject", "previous_value": "theirs", "value": "x"}
    wrote = {"ticket": ticket(5, subject="ours"), "audit": {"events": [change]}}
    back = {"ticket": ticket(5, subject="theirs"), "audit": {"events": []}}
    put = "PUT /api/v2/tickets/5"
    async with opened(Script().on(put, wrote, back)) as (zendesk, server, _):
        item = Update("5", {"subject": "ours"}, {"subject": "as planned"}, 1767603600)
        (outcome,) = await zendesk.update("ticket", [item])
    assert outcome.result is Result.CONFLICT
    assert outcome.record and outcome.record.fields["subject"] == "theirs"
    first, second = (json.loads(seen.body)["ticket"] for seen in asked(server, put))
    assert first == {
        "subject": "ours", "safe_update": True, "updated_stamp": "2026-01-05T09:00:00Z"
    }  # fmt: skip
    assert second["subject"] == "theirs"
    assert second["safe_update"] is True


async def test_a_ticket_that_shows_another_value_after_a_job_is_left_to_its_history() -> None:
    done = job("completed", *({"index": n, "id": n + 1, "success": True} for n in range(3)))
    rows = {"tickets": [ticket(1, subject="new"), ticket(2, subject="other"), ticket(3)]}
    script = Script().on("PUT /api/v2/tickets/update_many", done).on(SHOW, rows)
    items = [Update(str(n), {"subject": "new"}, {"subject": "old"}, 1767603600) for n in (1, 2, 3)]
    async with opened(script) as (zendesk, server, _):
        told = await zendesk.update("ticket", items)
    assert [outcome.result for outcome in told] == [Result.APPLIED] * 3
    assert [outcome.record is not None for outcome in told] == [True, False, False]
    (sent,) = asked(server, "PUT /api/v2/tickets/update_many")
    assert all(one["safe_update"] is True for one in json.loads(sent.body)["tickets"])


def file_at(url: str) -> tuple[Script, Attachment]:
    told = {"attachment": {"id": 3, "content_url": url}}
    attachment = Attachment("3", "1", "f.txt", 4, "text/plain", Visibility.PUBLIC, LONG_AGO)
    return Script().on("GET /api/v2/attachments/3", told), attachment


async def test_a_file_at_a_host_that_is_not_the_connections_is_not_read() -> None:
    async with serving(Script()) as elsewhere:
        script, file = file_at(f"http://127.0.0.1:{elsewhere.port}/f")
        async with opened(script) as (zendesk, _, _):
            with pytest.raises(Rejected, match="`file_hosts`"):
                await zendesk.download("ticket", file)
        assert elsewhere.requests == []


async def test_a_redirect_of_a_file_is_not_followed_to_a_host_that_is_not_allowed() -> None:
    async with serving(Script()) as elsewhere:
        script, file = file_at("/unset")
        async with opened(script) as (zendesk, server, _):
            here = f"http://127.0.0.1:{server.port}/attachments/token/x"
            there = {"Location": f"http://127.0.0.1:{elsewhere.port}/f"}
            script.on("GET /api/v2/attachments/3", {"attachment": {"content_url": here}})
            script.on("GET /attachments/token/x", lambda _: (302, {"headers": there}))
            with pytest.raises(Rejected, match="`file_hosts`"):
                await zendesk.download("ticket", file)
        assert elsewhere.requests == []


async def test_a_file_that_says_it_is_too_large_is_not_asked_for() -> None:
    script, file = file_at("/unset")
    large = Attachment("3", "1", "f", 11 * 1024 * 1024, "x/y", Visibility.PUBLIC, LONG_AGO)
    async with opened(script) as (zendesk, server, _):
        with pytest.raises(Rejected, match="too large"):
            await zendesk.download("ticket", large)
        assert server.requests == []
