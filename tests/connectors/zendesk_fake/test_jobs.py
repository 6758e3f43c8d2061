"""Jobs: many records in one request, done later and one by one."""

from __future__ import annotations

from typing import Any

from zenpy.lib.api_objects import Comment, JobStatus, Ticket

from connectors.zendesk.fake.signing_in import API_TOKEN
from tests.connectors.zendesk_fake.stage import API, Stage


def many(count: int, **more: Any) -> list[dict[str, Any]]:
    return [{"subject": f"bulk {n}", "comment": {"body": "x"}} | more for n in range(count)]


def started(stage: Stage, tickets: list[dict[str, Any]]) -> dict[str, Any]:
    response = stage.send("POST", "/tickets/create_many", {"tickets": tickets})
    assert response.status_code == 200, response.text
    job: dict[str, Any] = response.json()["job_status"]
    return job


def test_the_client_creates_and_changes_many_tickets(stage: Stage) -> None:
    wanted = [Ticket(subject=f"bulk {n}", comment=Comment(body="x")) for n in range(3)]
    job = stage.zen.tickets.create(wanted)
    assert isinstance(job, JobStatus)
    done = stage.finished({"id": job.id})
    ids = [one["id"] for one in done["results"]]
    assert [one.subject for one in stage.zen.tickets(ids=ids)] == ["bulk 0", "bulk 1", "bulk 2"]
    tickets = list(stage.zen.tickets(ids=ids))
    for ticket in tickets:
        ticket.status = "open"
    job = stage.zen.tickets.update(tickets)
    done = stage.finished({"id": job.id})
    assert [(one["id"], one["success"], one["status"]) for one in done["results"]] == [
        (id, True, "Updated") for id in ids
    ]
    assert stage.zen.job_status(id=job.id).status == "completed"


def test_a_job_is_queued_then_works_then_is_completed(stage: Stage) -> None:
    job = started(stage, many(4))
    assert (job["status"], job["progress"], job["total"]) == ("queued", 0, 4)
    path = f"/job_statuses/{job['id']}"
    half = stage.get(path)["job_status"]
    assert (half["status"], half["progress"], half["results"]) == ("working", 2, None)
    assert len(stage.exported()) == 30
    done = stage.get("/job_statuses/show_many", ids=job["id"])["job_statuses"][0]
    assert (done["status"], done["progress"]) == ("completed", 4)
    assert done["results"] == [{"index": n, "id": 31 + n} for n in range(4)]


def test_a_job_goes_on_by_the_clock_when_nobody_looks(stage: Stage) -> None:
    started(stage, many(2, external_id="J"))
    assert stage.get("/tickets", external_id="J")["count"] == 0
    stage.advance(1)
    assert stage.get("/tickets", external_id="J")["count"] == 1
    stage.advance(1)
    assert stage.get("/tickets", external_id="J")["count"] == 2


def test_items_of_a_job_fail_one_by_one(stage: Stage) -> None:
    wrong = {"subject": "no", "comment": {"body": "x"}, "priority": "blocker"}
    job = stage.finished(started(stage, [*many(1), wrong, *many(1)]))
    assert [one.get("id") for one in job["results"]] == [31, None, 32]
    failed = job["results"][1]
    assert (failed["index"], failed["error"]) == (1, "RecordInvalid")
    assert "blocker" in failed["details"]


def test_an_update_of_many_tells_of_each_why_it_failed(stage: Stage) -> None:
    stage.changed(2, status="closed")
    stamp = stage.get("/tickets/3")["ticket"]["updated_at"]
    stage.changed(3, subject="meanwhile")
    wanted = [
        {"id": 1, "subject": "one"},
        {"id": 2, "subject": "two"},
        {"id": 3, "subject": "three", "safe_update": True, "updated_stamp": stamp},
        {"id": 999, "subject": "four"},
    ]
    response = stage.send("PUT", "/tickets/update_many", {"tickets": wanted})
    job = stage.finished(response.json()["job_status"])
    told = [(one["id"], one["success"], one.get("error")) for one in job["results"]]
    assert told == [
        (1, True, None),
        (2, False, "RecordInvalid"),
        (3, False, "UpdateConflict"),
        (999, False, "RecordNotFound"),
    ]
    assert stage.get("/tickets/3")["ticket"]["subject"] == "meanwhile"


def test_one_change_is_made_to_many_tickets(stage: Stage) -> None:
    change = {"ticket": {"additional_tags": ["swept"], "comment": {"body": "x", "public": False}}}
    job = stage.send("PUT", "/tickets/update_many?ids=1,2", change).json()["job_status"]
    stage.finished(job)
    assert all("swept" in one["tags"] for one in stage.get("/tickets/show_many?ids=1,2")["tickets"])


def test_a_fault_stops_a_job_after_some_items(stage: Stage) -> None:
    fault = {"method": "POST", "path": f"{API}/tickets/create_many", "action": "partial:2"}
    stage.api.post("/_sandbox/faults", json={**fault, "times": 1})
    job = stage.finished(started(stage, many(3)))
    assert [one.get("error") for one in job["results"]] == [None, None, "DatabaseConflict"]
    assert stage.get("/tickets/count")["count"]["value"] == 32


def test_the_log_says_what_a_job_did_on_the_request_that_started_it(stage: Stage) -> None:
    stage.api.delete("/_sandbox/requests")
    job = started(stage, many(2))
    stage.finished(job)
    log = stage.api.get("/_sandbox/requests").json()
    assert [(one["method"], one["mutating"], one["applied"]) for one in log] == [
        ("POST", True, ["31", "32"]),
        ("GET", False, []),
        ("GET", False, []),
    ]


def test_a_job_takes_a_hundred_items(stage: Stage) -> None:
    response = stage.send("POST", "/tickets/create_many", {"tickets": many(101)})
    assert (response.status_code, response.json()["error"]) == (400, "TooManyValues")
    assert stage.finished(started(stage, many(100)))["progress"] == 100
    ids = ",".join(map(str, range(1, 102)))
    response = stage.send("PUT", f"/tickets/update_many?ids={ids}", {"ticket": {}})
    assert response.status_code == 400


def test_thirty_jobs_may_wait(stage: Stage) -> None:
    for _ in range(30):
        started(stage, many(1))
    response = stage.send("POST", "/tickets/create_many", {"tickets": many(1)})
    assert (response.status_code, response.json()["error"]) == (429, "TooManyJobs")
    assert int(response.headers["retry-after"]) > 0
    assert len(stage.get("/job_statuses")["job_statuses"]) == 30
    stage.advance(2)
    assert started(stage, many(1))


def test_what_a_job_did_is_told_for_a_day(stage: Stage) -> None:
    job = started(stage, many(1))
    stage.finished(job)
    stage.advance(24 * 3600)
    assert stage.get(f"/job_statuses/{job['id']}")["job_status"]["status"] == "completed"
    stage.advance(1)
    assert stage.send("GET", f"/job_statuses/{job['id']}").status_code == 404
    assert stage.get("/job_statuses/show_many", ids=job["id"])["job_statuses"] == []


def test_a_job_may_do_no_more_than_who_started_it(stage: Stage) -> None:
    groups = {row["name"]: row["id"] for row in stage.get("/groups")["groups"]}
    stage.changed(1, group_id=groups["Security"])
    change = {"tickets": [{"id": 1, "subject": "seen"}]}
    job = stage.send("PUT", "/tickets/update_many", change).json()["job_status"]
    assert stage.finished(job)["results"][0]["success"] is False
    member = next(u for u in stage.get(f"/groups/{groups['Security']}/users")["users"])
    auth = (f"{member['email']}/token", API_TOKEN)
    job = stage.send("PUT", "/tickets/update_many", change, auth=auth).json()["job_status"]
    assert stage.finished(job)["results"][0]["success"] is True
