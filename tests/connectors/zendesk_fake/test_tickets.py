"""Tickets: created, changed, solved, closed, followed up."""

from __future__ import annotations

import pytest
from zenpy.lib.api_objects import Comment, Ticket, User
from zenpy.lib.exception import APIException, RecordNotFoundException

from tests.connectors.zendesk_fake.stage import API, Stage, problems, staged

HOUR = 3600
CLOSED = "Status: closed prevents ticket update"


def test_the_client_creates_reads_and_changes_a_ticket(stage: Stage) -> None:
    requester = User(name="Nina New", email="nina@example.com")
    audit = stage.zen.tickets.create(
        Ticket(
            subject="Printer", comment=Comment(body="It smokes."), priority="high",
            type="incident", tags=["hot"], requester=requester, external_id="A-1",
        )
    )  # fmt: skip
    ticket = stage.zen.tickets(id=audit.ticket.id)
    shown = (ticket.subject, ticket.description, ticket.status, ticket.priority, ticket.type)
    assert shown == ("Printer", "It smokes.", "new", "high", "incident")
    assert ticket.requester.email == "nina@example.com"
    assert ticket.via.channel == "api"
    ticket.subject = "Printer on fire"
    ticket.comment = Comment(body="It burns.", public=False)
    changed = stage.zen.tickets.update(ticket).ticket
    assert changed.subject == "Printer on fire"
    comments = list(stage.zen.tickets.comments(ticket))
    assert [(one.body, one.public) for one in comments] == [
        ("It smokes.", True),
        ("It burns.", False),
    ]


def test_paths_answer_with_and_without_the_ending(stage: Stage) -> None:
    for path in ("/tickets/1", "/tickets", "/tickets/1/comments", "/tickets/show_many?ids=1"):
        bare, _, query = path.partition("?")
        with_ending = f"{bare}.json" + (f"?{query}" if query else "")
        first, second = stage.api.get(f"{API}{path}"), stage.api.get(f"{API}{with_ending}")
        assert first.status_code == second.status_code == 200


def test_a_ticket_without_words_is_refused(stage: Stage) -> None:
    response = stage.send("POST", "/tickets", {"ticket": {"subject": "x", "comment": {}}})
    assert problems(response) == "Description: cannot be blank"


def test_one_request_with_a_key_makes_one_ticket_however_often_it_is_sent(stage: Stage) -> None:
    body = {"ticket": {"subject": "once", "comment": {"body": "x"}}}
    answers = [
        stage.send("POST", "/tickets", body, headers={"Idempotency-Key": "k1"}) for _ in range(2)
    ]
    assert [one.headers["x-idempotency-lookup"] for one in answers] == ["miss", "hit"]
    assert answers[0].json() == answers[1].json()
    other = {"ticket": {"subject": "other", "comment": {"body": "x"}}}
    refused = stage.send("POST", "/tickets", other, headers={"Idempotency-Key": "k1"})
    assert (refused.status_code, refused.json()["error"]) == (400, "IdempotentRequestError")
    stage.advance(2 * HOUR)
    again = stage.send("POST", "/tickets", body, headers={"Idempotency-Key": "k1"})
    assert again.headers["x-idempotency-lookup"] == "miss"
    assert again.json()["ticket"]["id"] != answers[0].json()["ticket"]["id"]
    assert stage.send("POST", "/tickets", body, headers={"Idempotency-Key": ""}).status_code == 400


def test_external_ids_find_tickets_and_are_not_unique(stage: Stage) -> None:
    ids = [stage.made(external_id="E-7")["id"] for _ in range(2)]
    found = stage.get("/tickets", external_id="E-7")["tickets"]
    assert [one["id"] for one in found] == ids


def test_show_many_leaves_out_what_is_not_there_and_takes_a_hundred(stage: Stage) -> None:
    assert [one.id for one in stage.zen.tickets(ids=[3, 999_999, 1])] == [3, 1]
    many = ",".join(map(str, range(1, 102)))
    response = stage.api.get(f"{API}/tickets/show_many", params={"ids": many})
    assert (response.status_code, response.json()["error"]) == (400, "TooManyValues")


def test_a_safe_update_is_refused_after_somebody_else_s(stage: Stage) -> None:
    ticket = stage.made()
    stage.advance(1)
    stage.changed(ticket["id"], subject="theirs")
    safe = {"safe_update": True, "updated_stamp": ticket["updated_at"]}
    response = stage.put(ticket["id"], subject="mine", **safe)
    assert (response.status_code, response.json()["error"]) == (409, "UpdateConflict")
    assert stage.get(f"/tickets/{ticket['id']}")["ticket"]["subject"] == "theirs"
    now = stage.get(f"/tickets/{ticket['id']}")["ticket"]["updated_at"]
    assert stage.changed(ticket["id"], subject="mine", safe_update=True, updated_stamp=now)
    bad = stage.put(ticket["id"], subject="x", safe_update=True, updated_stamp="yesterday")
    assert bad.status_code == 400


def test_a_safe_update_does_not_see_a_change_within_its_second(stage: Stage) -> None:
    ticket = stage.made()
    stage.changed(ticket["id"], subject="theirs")
    safe = {"safe_update": True, "updated_stamp": ticket["updated_at"]}
    assert stage.changed(ticket["id"], subject="mine", **safe)["subject"] == "mine"


def test_an_update_that_changes_nothing_leaves_no_trace(stage: Stage) -> None:
    ticket = stage.made(tags=["a"])
    stage.advance(100)
    response = stage.put(ticket["id"], subject="Printer", tags=["a"])
    assert response.json()["audit"]["events"] == []
    assert response.json()["ticket"]["updated_at"] == ticket["updated_at"]
    assert len(stage.get(f"/tickets/{ticket['id']}/audits")["audits"]) == 1


def test_tags_are_replaced_added_and_removed(stage: Stage) -> None:
    ticket = stage.made(tags=["b", "A  b"])
    assert ticket["tags"] == ["a_b", "b"]
    assert stage.changed(ticket["id"], tags=["c"])["tags"] == ["c"]
    tickets = stage.zen.tickets
    assert list(tickets.add_tags(ticket["id"], ["d"])) == ["c", "d"]
    assert list(tickets.delete_tags(ticket["id"], ["c"])) == ["d"]
    assert list(tickets.set_tags(ticket["id"], ["e"])) == ["e"]
    assert stage.get(f"/tickets/{ticket['id']}/tags") == {"tags": ["e"]}
    more = {"additional_tags": ["f"], "remove_tags": ["e"]}
    assert stage.changed(ticket["id"], **more)["tags"] == ["f"]


def test_a_ticket_is_new_once_and_open_when_it_is_assigned(stage: Stage) -> None:
    ticket, agent = stage.made(), stage.person("agent")
    assigned = stage.changed(ticket["id"], assignee_id=agent["id"])
    assert (assigned["status"], assigned["group_id"]) == ("open", agent["default_group_id"])
    assert stage.changed(ticket["id"], status="new")["status"] == "open"


def test_nobody_but_an_active_agent_is_assigned(stage: Stage) -> None:
    ticket, customer = stage.made(), stage.person("end-user")
    for wanted in ({"assignee_id": customer["id"]}, {"assignee_email": "nobody@example.com"}):
        assert problems(stage.put(ticket["id"], **wanted)) == "Assignee: is invalid"


@pytest.mark.parametrize(
    ("field", "value"),
    [("status", "done"), ("priority", "blocker"), ("type", "bug"), ("group_id", 1),
     ("requester_id", 1), ("organization_id", 1), ("custom_status_id", 1)],
)  # fmt: skip
def test_an_unknown_value_is_refused_and_changes_nothing(
    stage: Stage, field: str, value: object
) -> None:
    ticket = stage.made()
    assert problems(stage.put(ticket["id"], subject="changed", **{field: value}))
    assert stage.get(f"/tickets/{ticket['id']}")["ticket"]["subject"] == "Printer"


def test_a_due_date_is_kept_for_tasks_only(stage: Stage) -> None:
    ticket = stage.made(type="question", due_at="2026-04-01T12:00:00+02:00")
    assert ticket["due_at"] is None
    task = stage.made(type="task", due_at="2026-04-01T12:00:00+02:00")
    assert task["due_at"] == "2026-04-01T10:00:00Z"
    assert stage.changed(task["id"], type="problem")["due_at"] is None
    assert problems(stage.put(task["id"], type="task", due_at="soon"))


def test_custom_statuses_and_categories_move_each_other(stage: Stage) -> None:
    rows = {row["agent_label"]: row for row in stage.get("/custom_statuses")["custom_statuses"]}
    ticket = stage.made()
    moved = stage.changed(ticket["id"], custom_status_id=rows["In progress"]["id"])
    assert moved["status"] == "open"
    moved = stage.changed(ticket["id"], status="pending")
    assert moved["custom_status_id"] == rows["Pending"]["id"]
    assert [one.agent_label for one in stage.zen.custom_statuses()][:2] == ["New", "Open"]


def test_an_account_without_custom_statuses_knows_none(stage: Stage) -> None:
    stage.settings.custom_statuses = False
    assert "custom_status_id" not in stage.made()
    assert stage.send("GET", "/custom_statuses").status_code == 404


def test_a_closed_ticket_takes_nothing_any_more(stage: Stage) -> None:
    ticket = stage.made()
    stage.changed(ticket["id"], status="closed")
    for wanted in ({"subject": "x"}, {"comment": {"body": "x"}}, {"status": "open"}):
        assert problems(stage.put(ticket["id"], **wanted)) == CLOSED
    with pytest.raises(APIException, match=CLOSED):
        stage.zen.tickets.add_tags(ticket["id"], ["late"])


def test_a_solved_ticket_is_closed_after_days(stage: Stage) -> None:
    ticket = stage.made()
    stage.changed(ticket["id"], status="solved")
    stage.advance(95 * HOUR)
    assert stage.get(f"/tickets/{ticket['id']}")["ticket"]["status"] == "solved"
    stage.advance(2 * HOUR)
    closed = stage.get(f"/tickets/{ticket['id']}")["ticket"]
    assert closed["status"] == "closed"
    audit = stage.get(f"/tickets/{ticket['id']}/audits")["audits"][-1]
    assert (audit["via"]["channel"], audit["author_id"]) == ("rule", -1)


def test_work_on_a_closed_ticket_goes_on_in_a_follow_up(stage: Stage) -> None:
    ticket = stage.made(tags=["vip"])
    refused = stage.send("POST", "/tickets", {"ticket": {
        "via_followup_source_id": ticket["id"], "comment": {"body": "still"}}})  # fmt: skip
    assert problems(refused)
    stage.changed(ticket["id"], status="closed")
    after = stage.made(via_followup_source_id=ticket["id"], comment={"body": "Smokes again."})
    assert after["via"]["source"]["rel"] == "follow_up"
    assert after["via"]["source"]["from"]["ticket_id"] == ticket["id"]
    assert after["tags"] == ["vip"]
    old = stage.get(f"/tickets/{ticket['id']}")["ticket"]
    assert old["followup_ids"] == [after["id"]]


def test_who_sees_a_private_group_s_tickets_is_a_member(stage: Stage) -> None:
    groups = {row["name"]: row for row in stage.get("/groups")["groups"]}
    ticket = stage.made()
    stage.changed(ticket["id"], group_id=groups["Security"]["id"])
    hidden = stage.send("GET", f"/tickets/{ticket['id']}")
    assert (hidden.status_code, hidden.json()["error"]) == (403, "Forbidden")
    assert list(stage.get("/tickets/show_many", ids=ticket["id"])["tickets"]) == []
    listed = stage.get("/tickets", **{"page[size]": 100})["tickets"]
    assert ticket["id"] not in [one["id"] for one in listed]


def test_what_is_not_there_is_not_found(stage: Stage) -> None:
    with pytest.raises(RecordNotFoundException):
        stage.zen.tickets(id=999_999)
    assert stage.put(999_999, subject="x").status_code == 404
    assert stage.send("GET", "/no/such/thing").status_code == 404


def test_the_account_is_the_same_after_a_restart(tmp_path: object) -> None:
    path = f"{tmp_path}/zendesk.db"
    with staged(path, 3) as stage:
        ticket = stage.made(subject="kept", external_id="K")
        job = stage.send("POST", "/tickets/create_many", {"tickets": [
            {"subject": "later", "comment": {"body": "x"}}]}).json()["job_status"]  # fmt: skip
        token = stage.token().json()["access_token"]
    with staged(path) as stage:
        assert stage.get("/tickets", external_id="K")["tickets"][0]["id"] == ticket["id"]
        assert stage.comments(ticket["id"])[0]["body"] == "It smokes."
        assert stage.zenpy(email="x", oauth_token=token).users.me().id
        assert stage.finished(job)["results"][0]["id"] == ticket["id"] + 1
        stage.advance(61)
        assert len(stage.exported()) == 5


@pytest.mark.parametrize(
    "wanted", [{"tags": 5}, {"comment": 5}, {"custom_fields": ["x"]}, {"tags": {"a": 1}}]
)
def test_nonsense_is_told_as_such(stage: Stage, wanted: dict[str, object]) -> None:
    response = stage.put(1, **wanted)
    assert (response.status_code, response.json()["error"]) == (400, "BadRequest")
    for body in ([], {"ticket": []}, {"ticket": None}):
        assert stage.send("PUT", "/tickets/1", body).status_code == 400
    for query in ({"page": 0}, {"page[size]": "x"}):
        assert stage.api.get(f"{API}/tickets", params=query).status_code == 400


def test_older_ways_to_write_a_ticket_are_understood(stage: Stage) -> None:
    agent, field = stage.person("agent"), stage.field("Customer reference")["id"]
    ticket = stage.made(
        comment="As text.", tags="a, b", fields={str(field): "C-1"}, assignee_id=str(agent["id"])
    )
    assert ticket["description"] == "As text."
    assert ticket["tags"] == ["a", "b"]
    assert ticket["assignee_id"] == agent["id"]
    assert {"id": field, "value": "C-1"} in ticket["custom_fields"]
    described = stage.made(comment=None, description="The old way.")
    assert stage.comments(described["id"])[0]["body"] == "The old way."
    assert stage.changed(ticket["id"], comment="More.")["id"]
    assert stage.comments(ticket["id"])[1]["body"] == "More."
    counted = stage.get(f"/tickets/{ticket['id']}", include="comment_count")["ticket"]
    assert counted["comment_count"] == 2
