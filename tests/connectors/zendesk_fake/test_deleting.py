"""Tickets that are deleted, restored, scrubbed and merged."""

from __future__ import annotations

import pytest
from zenpy.lib.exception import RecordNotFoundException

from tests.connectors.zendesk_fake.stage import Stage

DAY = 24 * 3600


def test_a_deleted_ticket_is_gone_until_it_is_restored(stage: Stage) -> None:
    ticket = stage.zen.tickets(id=4)
    stage.zen.tickets.delete(ticket)
    with pytest.raises(RecordNotFoundException):
        stage.zen.tickets(id=4)
    assert list(stage.get("/tickets/show_many", ids="4")["tickets"]) == []
    assert stage.put(4, subject="x").status_code == 404
    assert stage.send("DELETE", "/tickets/4").status_code == 404
    (entry,) = stage.get("/deleted_tickets")["deleted_tickets"]
    assert (entry["id"], entry["subject"], entry["previous_state"]) == (
        4, ticket.subject, ticket.status,
    )  # fmt: skip
    assert entry["actor"]["name"] == "Syncline"
    stage.zen.tickets.restore(ticket)
    assert stage.zen.tickets(id=4).status == ticket.status
    assert stage.get("/deleted_tickets")["deleted_tickets"] == []
    assert stage.send("PUT", "/deleted_tickets/4/restore").status_code == 404


def test_many_are_deleted_and_restored(stage: Stage) -> None:
    job = stage.send("DELETE", "/tickets/destroy_many?ids=1,2,999").json()["job_status"]
    results = stage.finished(job)["results"]
    assert [one["success"] for one in results] == [True, True, False]
    assert [one.id for one in stage.zen.tickets.deleted()] == [1, 2]
    stage.send("PUT", "/deleted_tickets/restore_many?ids=1,2")
    assert stage.get("/tickets/count")["count"]["value"] == 30


def test_a_ticket_deleted_for_good_is_told_of_by_nothing(stage: Stage) -> None:
    assert stage.send("DELETE", "/deleted_tickets/4").status_code == 404
    stage.send("DELETE", "/tickets/4")
    stage.finished(stage.send("DELETE", "/deleted_tickets/4").json()["job_status"])
    assert stage.get("/deleted_tickets")["deleted_tickets"] == []
    assert stage.send("PUT", "/deleted_tickets/4/restore").status_code == 404
    stage.advance(60)
    assert 4 not in [one["id"] for one in stage.exported()]


def test_after_thirty_days_a_deleted_ticket_is_deleted_for_good(stage: Stage) -> None:
    stage.send("DELETE", "/tickets/4")
    stage.advance(29 * DAY)
    assert len(stage.get("/deleted_tickets")["deleted_tickets"]) == 1
    stage.advance(2 * DAY)
    assert stage.get("/deleted_tickets")["deleted_tickets"] == []


def test_a_merged_ticket_is_closed_and_says_into_which(stage: Stage) -> None:
    target, source = stage.made(subject="target"), stage.made(subject="source")
    job = stage.zen.tickets.merge(target["id"], [source["id"]], "Joined.", None)
    assert stage.finished({"id": job.id})["results"][0]["success"]
    merged = stage.get(f"/tickets/{source['id']}")["ticket"]
    assert (merged["status"], merged["tags"]) == ("closed", ["closed_by_merge"])
    via = stage.get(f"/tickets/{source['id']}/audits")["audits"][-1]["via"]
    assert via["source"]["rel"] == "merge"
    assert via["source"]["to"] == {"ticket_id": target["id"], "subject": "target"}
    said = stage.comments(target["id"])[-1]
    assert (said["body"], said["public"]) == ("Joined.", False)
    assert said["via"]["source"]["rel"] == "merge"
    assert f"#{target['id']}" in stage.comments(source["id"])[-1]["body"]


def test_merges_that_make_no_sense_fail(stage: Stage) -> None:
    closed, live = stage.made(), stage.made()
    stage.changed(closed["id"], status="closed")
    for target, ids in ((live, [closed["id"]]), (live, [live["id"]]), (live, [999])):
        response = stage.send("POST", f"/tickets/{target['id']}/merge", {"ids": ids})
        job = stage.finished(response.json()["job_status"])
        assert job["results"][0]["success"] is False
    for wrong in ({}, {"ids": [{"id": 1}]}):
        assert stage.send("POST", f"/tickets/{live['id']}/merge", wrong).status_code == 400
