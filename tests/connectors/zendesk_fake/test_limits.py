"""How many requests are allowed, and what tells of it."""

from __future__ import annotations

import pytest
from zenpy.lib.exception import RatelimitBudgetExceeded

from connectors.zendesk.fake.signing_in import API_TOKEN
from tests.connectors.zendesk_fake.stage import API, Stage


def test_every_answer_tells_how_many_requests_are_left(stage: Stage) -> None:
    first, second = (stage.send("GET", "/tickets/1").headers for _ in range(2))
    assert first["x-rate-limit"] == first["ratelimit-limit"] == "700"
    assert int(second["x-rate-limit-remaining"]) == int(first["x-rate-limit-remaining"]) - 1
    assert second["ratelimit-remaining"] == second["x-rate-limit-remaining"]
    assert first["ratelimit-reset"] == "60"
    listed = stage.send("GET", "/tickets").headers["zendesk-ratelimit-tickets-index"]
    assert listed == "total=100; remaining=99; resets=60"


def test_an_account_that_limits_refuses_one_request_too_many(stage: Stage) -> None:
    stage.settings.limits, stage.settings.requests_a_minute = True, 3
    assert [stage.send("GET", "/tickets/1").status_code for _ in range(4)] == [200, 200, 200, 429]
    stage.advance(20)
    refused = stage.send("GET", "/users/me")
    assert refused.json()["error"] == "APIRateLimitExceeded"
    assert (refused.headers["retry-after"], refused.headers["x-rate-limit-remaining"]) == (
        "40",
        "0",
    )
    with pytest.raises(RatelimitBudgetExceeded):
        stage.zen.tickets(id=1)
    stage.advance(40)
    assert stage.send("GET", "/tickets/1").status_code == 200


def test_an_account_that_does_not_limit_counts_only(stage: Stage) -> None:
    stage.settings.requests_a_minute = 1
    assert [stage.send("GET", "/tickets/1").status_code for _ in range(3)] == [200] * 3


def test_ten_exports_a_minute_are_allowed(stage: Stage) -> None:
    stage.settings.limits = True
    path = "/incremental/tickets/cursor?start_time=0"
    answers = [stage.send("GET", path) for _ in range(11)]
    assert [one.status_code for one in answers] == [200] * 10 + [429]
    told = answers[3].headers["zendesk-ratelimit-incremental-exports"]
    assert told == "total=10; remaining=6; resets=60"
    assert answers[10].headers["retry-after"] == "60"
    assert stage.send("GET", "/tickets/1").status_code == 200


def test_thirty_updates_of_one_ticket_by_one_user_are_allowed_in_ten_minutes(stage: Stage) -> None:
    stage.settings.limits = True
    for number in range(30):
        stage.changed(1, subject=str(number))
    refused = stage.put(1, subject="once more")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "600")
    assert stage.changed(2, subject="another ticket")
    somebody = (f"{stage.person('agent')['email']}/token", API_TOKEN)
    body = {"ticket": {"subject": "another user"}}
    assert stage.send("PUT", "/tickets/1", body, auth=somebody).status_code == 200
    stage.advance(600)
    assert stage.changed(1, subject="later")


def test_a_hundred_updates_a_minute_are_allowed(stage: Stage) -> None:
    stage.settings.limits, stage.settings.updates_a_minute = True, 5
    for id in range(1, 6):
        stage.changed(id, subject="x")
    assert stage.put(6, subject="x").status_code == 429
    stage.advance(60)
    assert stage.changed(6, subject="x")


def test_a_fault_limits_with_the_vendor_s_own_headers(stage: Stage) -> None:
    fault = {"method": "GET", "path": API, "action": "rate_limit:2", "times": 1}
    stage.api.post("/_sandbox/faults", json=fault)
    refused = stage.send("GET", "/tickets/1")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "2")
    assert refused.headers["x-rate-limit-remaining"] == "0"
    assert stage.send("GET", "/tickets/1").status_code == 200


def test_a_lost_answer_is_settled_by_the_key(stage: Stage) -> None:
    fault = {"method": "POST", "path": f"{API}/tickets", "action": "status_after_apply:503"}
    stage.api.post("/_sandbox/faults", json={**fault, "times": 1})
    body = {"ticket": {"subject": "once", "comment": {"body": "x"}, "external_id": "L"}}
    key = {"headers": {"Idempotency-Key": "settle"}}
    lost = stage.send("POST", "/tickets", body, **key)
    assert (lost.status_code, lost.json()["error"]) == (503, "InternalServerError")
    assert stage.send("POST", "/tickets", body, **key).headers["x-idempotency-lookup"] == "hit"
    assert stage.get("/tickets", external_id="L")["count"] == 1
