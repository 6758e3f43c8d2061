"""The incremental exports."""

from __future__ import annotations

import base64

from tests.connectors.zendesk_fake.stage import API, START, Stage

NOW = int(START.timestamp())
CURSOR = "/incremental/tickets/cursor"


def test_the_client_reads_every_ticket_by_cursor(stage: Stage) -> None:
    found = stage.zen.tickets.incremental(start_time=1, paginate_by_time=False, per_page=7)
    assert sorted(one.id for one in found) == list(range(1, 31))


def test_pages_follow_each_other_by_their_cursor(stage: Stage) -> None:
    first = stage.get(f"{CURSOR}.json", start_time=0, per_page=20)
    assert not first["end_of_stream"]
    assert base64.b64decode(first["after_cursor"]).decode().count("||") == 1
    second = stage.api.get(first["after_url"]).json()
    assert second["end_of_stream"]
    ids = [one["id"] for one in first["tickets"] + second["tickets"]]
    assert sorted(ids) == list(range(1, 31))
    last = stage.get(CURSOR, cursor=second["after_cursor"])
    assert (last["tickets"], last["end_of_stream"]) == ([], True)
    assert last["after_cursor"] == second["after_cursor"]


def test_the_last_minute_is_left_out(stage: Stage) -> None:
    cursor = stage.get(CURSOR, start_time=0)["after_cursor"]
    ticket = stage.made()
    stage.advance(59)
    assert stage.get(CURSOR, cursor=cursor)["tickets"] == []
    stage.advance(1)
    assert [one["id"] for one in stage.get(CURSOR, cursor=cursor)["tickets"]] == [ticket["id"]]


def test_a_start_within_the_last_minute_is_refused(stage: Stage) -> None:
    response = stage.api.get(f"{API}{CURSOR}", params={"start_time": NOW - 59})
    assert (response.status_code, response.json()["error"]) == (422, "InvalidValue")
    answer = stage.get(CURSOR, start_time=NOW - 60)
    assert (answer["after_cursor"], answer["end_of_stream"]) == (None, True)
    for wrong in ({}, {"start_time": "x"}, {"cursor": "bm9uZQ=="}):
        assert stage.api.get(f"{API}{CURSOR}", params=wrong).status_code == 400


def test_a_change_by_the_system_is_told_of_with_an_old_updated_at(stage: Stage) -> None:
    cursor = stage.get(CURSOR, start_time=0)["after_cursor"]
    customer = stage.zen.tickets(id=1).requester
    before = stage.get("/tickets/1")["ticket"]
    customer.name = "Somebody Else"
    stage.zen.users.update(customer)
    stage.advance(60)
    again = {one["id"]: one for one in stage.get(CURSOR, cursor=cursor)["tickets"]}
    assert again[1]["updated_at"] == before["updated_at"]
    assert again[1]["generated_timestamp"] == NOW


def test_deleted_tickets_are_told_of_unless_they_are_not_wanted(stage: Stage) -> None:
    stage.zen.tickets.delete(stage.zen.tickets(id=5))
    stage.advance(60)
    told = stage.exported()
    assert (told[-1]["id"], told[-1]["status"]) == (5, "deleted")
    without = stage.get(CURSOR, start_time=0, exclude_deleted="true")["tickets"]
    assert 5 not in [one["id"] for one in without]


def test_users_come_along_when_they_are_asked_for(stage: Stage) -> None:
    answer = stage.get(CURSOR, start_time=0, per_page=1, include="users,groups,organizations")
    (ticket,) = answer["tickets"]
    assert ticket["requester_id"] in [user["id"] for user in answer["users"]]
    assert [row["id"] for row in answer["groups"]] == [ticket["group_id"]]
    assert [row["id"] for row in answer["organizations"]] == [ticket["organization_id"]]


def test_the_export_by_time_repeats_the_second_at_which_a_page_ends(stage: Stage) -> None:
    for number in range(3):
        stage.made(subject=f"same second {number}")
    stage.advance(61)
    first = stage.get("/incremental/tickets", start_time=0, per_page=31)
    second = stage.api.get(first["next_page"]).json()
    assert first["tickets"][-1]["id"] in [one["id"] for one in second["tickets"]]
    assert second["end_time"] == NOW
    assert len(list(stage.zen.tickets.incremental(start_time=1, paginate_by_time=True))) == 33


def test_comments_of_many_tickets_are_read_as_events(stage: Stage) -> None:
    ticket = stage.made(comment={"body": "It smokes."})
    stage.changed(ticket["id"], status="open", comment={"body": "Wait.", "public": False})
    stage.advance(61)
    answer = stage.get("/incremental/ticket_events", start_time=NOW, include="comment_events")
    assert answer["end_of_stream"]
    first, second = answer["ticket_events"]
    told = [e for e in first["child_events"] + second["child_events"] if "body" in e]
    assert [(one["body"], one["public"]) for one in told] == [
        ("It smokes.", True),
        ("Wait.", False),
    ]
    changes = [e for e in second["child_events"] if e.get("status")]
    assert [(one["previous_value"], one["status"]) for one in changes] == [("new", "open")]
    bare = stage.get("/incremental/ticket_events", start_time=NOW)["ticket_events"]
    assert not any("body" in child for child in bare[0]["child_events"])


def test_users_and_organizations_are_exported_too(stage: Stage) -> None:
    stage.advance(61)
    users = stage.get("/incremental/users/cursor", start_time=0, per_page=30)
    assert not users["end_of_stream"]
    rest = stage.api.get(users["after_url"]).json()
    assert rest["end_of_stream"]
    found = {one["id"] for one in users["users"] + rest["users"]}
    assert len(found) == stage.get("/users", per_page=100)["count"]
    found = stage.get("/incremental/organizations", start_time=0)
    assert found["count"] == stage.get("/organizations")["count"]


def test_a_fault_holds_a_change_back_and_none_is_passed_over(stage: Stage) -> None:
    cursor = stage.get(CURSOR, start_time=0)["after_cursor"]
    fault = {"method": "POST", "path": f"{API}/tickets", "action": "lag:300", "times": 1}
    assert stage.api.post("/_sandbox/faults", json=fault).status_code == 200
    late = stage.made(subject="held back")
    stage.advance(1)
    other = stage.made(subject="after it")
    stage.advance(100)
    answer = stage.get(CURSOR, cursor=cursor)
    assert answer["tickets"] == []
    found = stage.get("/search", query='type:ticket subject:"held back"')
    assert found["results"] == []
    stage.advance(200)
    told = stage.get(CURSOR, cursor=answer["after_cursor"])["tickets"]
    assert [one["id"] for one in told] == [late["id"], other["id"]]
    assert stage.get("/search", query='"held back"')["count"] == 1
