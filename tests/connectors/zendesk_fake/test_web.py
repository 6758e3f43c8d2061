"""What people see and do."""

from __future__ import annotations

import pytest

from connectors.zendesk.fake.web import DELETE, FOLLOW_UP, RESTORE, SCRUB
from syncline.sandbox import Field, Refusal, Sheet
from tests.connectors.zendesk_fake.stage import API, Stage

AGENT = "Chiara Bianchi"


def sheet(stage: Stage, id: str) -> Sheet:
    return stage.inside(lambda fake: fake.sheet("ticket", id))


def field(stage: Stage, id: str, label: str) -> Field:
    return next(one for one in sheet(stage, id).fields if one.label == label)


def test_agents_come_first_and_neither_the_hub_nor_who_left_is_there(stage: Stage) -> None:
    people = stage.inside(lambda fake: fake.people())
    assert people[0] == "Ada Lindqvist"
    assert not {"Syncline", "Former Colleague"} & set(people)


def test_the_list_shows_every_ticket(stage: Stage) -> None:
    rows = stage.inside(lambda fake: fake.board())
    assert [row.key for row in rows] == [f"#{n}" for n in range(1, 31)]
    assert rows[0].cells["Requester"]


def test_an_agent_changes_what_the_form_shows(stage: Stage) -> None:
    area, platforms = field(stage, "1", "Product area"), field(stage, "1", "Platforms")
    values = {one.name: one.value for one in sheet(stage, "1").fields}
    values |= {"subject": "By hand", "assignee": AGENT, "tags": "x, y", area.name: "area_mobile"}
    values |= {platforms.name: "platform_ios", field(stage, "1", "Regression").name: "yes"}
    values |= {"custom_status": "In progress"}
    stage.inside(lambda fake: fake.edit("ticket", "1", AGENT, values))
    ticket = stage.get("/tickets/1")["ticket"]
    assert (ticket["subject"], ticket["status"]) == ("By hand", "open")
    assert ticket["tags"] == ["area_mobile", "is_regression", "platform_ios", "x", "y"]
    audit = stage.get("/tickets/1/audits")["audits"][-1]
    assert audit["via"]["channel"] == "web"
    assert field(stage, "1", "Assignee").value == AGENT
    assert field(stage, "1", "Ticket status").value == "In progress"


def test_every_field_of_the_form_can_be_emptied(stage: Stage) -> None:
    stage.inside(lambda fake: fake.edit("ticket", "2", AGENT, {"external_id": "E", "tags": "a"}))
    empty = {"external_id": "", "tags": "", "priority": "", "assignee": "", "group": ""}
    stage.inside(lambda fake: fake.edit("ticket", "2", AGENT, empty))
    ticket = stage.get("/tickets/2")["ticket"]
    assert not ticket["tags"]
    for name in ("external_id", "priority", "assignee_id", "group_id"):
        assert ticket[name] is None


def test_a_person_reads_zendesk_s_own_words(stage: Stage) -> None:
    stage.changed(1, status="closed")
    with pytest.raises(Refusal, match="closed prevents ticket update"):
        stage.inside(lambda fake: fake.edit("ticket", "1", AGENT, {"subject": "x"}))
    for act in (
        lambda fake: fake.edit("ticket", "2", AGENT, {"requester": "x"}),
        lambda fake: fake.edit("ticket", "2", AGENT, {"custom_7": "x"}),
        lambda fake: fake.edit("ticket", "2", "Nobody", {"subject": "x"}),
        lambda fake: fake.edit("ticket", "999", AGENT, {"subject": "x"}),
        lambda fake: fake.sheet("ticket", "999"),
        lambda fake: fake.act("ticket", "2", AGENT, "explode"),
    ):
        with pytest.raises(Refusal):
            stage.inside(act)


def test_a_customer_s_reply_opens_a_solved_ticket_and_is_public(stage: Stage) -> None:
    ticket = stage.made(requester_id=stage.person("end-user")["id"])
    id, customer = str(ticket["id"]), stage.person("end-user")["name"]
    stage.changed(ticket["id"], status="solved")
    stage.inside(lambda fake: fake.remark("ticket", id, customer, "Still smokes.", False))
    assert stage.get(f"/tickets/{id}")["ticket"]["status"] == "open"
    assert stage.comments(ticket["id"])[-1]["public"]
    last = sheet(stage, id).comments[-1]
    assert (last.author, last.text, last.public) == (customer, "Still smokes.", True)


def test_an_agent_comments_for_colleagues(stage: Stage) -> None:
    stage.inside(lambda fake: fake.remark("ticket", "1", AGENT, "Between us.", False))
    assert stage.comments(1)[-1]["public"] is False
    assert sheet(stage, "1").can_comment == ("public", "internal")


def test_a_ticket_is_made_deleted_restored_and_deleted_for_good(stage: Stage) -> None:
    assert [one.name for one in stage.inside(lambda fake: fake.blanks())["ticket"]][0] == "subject"
    wanted = {"subject": "New", "description": "Words.", "type": "task", "priority": ""}
    id = stage.inside(lambda fake: fake.make("ticket", AGENT, wanted))
    assert stage.get(f"/tickets/{id}")["ticket"]["description"] == "Words."
    for action, status, then in ((DELETE, 404, (RESTORE, SCRUB)), (RESTORE, 200, (DELETE,))):
        stage.inside(lambda fake, action=action: fake.act("ticket", id, AGENT, action))
        assert stage.send("GET", f"/tickets/{id}").status_code == status
        assert sheet(stage, id).actions == then
    stage.inside(lambda fake: fake.act("ticket", id, AGENT, DELETE))
    stage.inside(lambda fake: fake.act("ticket", id, AGENT, SCRUB))
    with pytest.raises(Refusal):
        sheet(stage, id)


def test_a_closed_ticket_is_followed_up(stage: Stage) -> None:
    stage.changed(1, status="closed")
    assert FOLLOW_UP in sheet(stage, "1").actions
    stage.inside(lambda fake: fake.act("ticket", "1", AGENT, FOLLOW_UP))
    assert stage.get("/tickets/31")["ticket"]["via"]["source"]["rel"] == "follow_up"


def test_links_are_shown_from_the_integration_and_from_fields(stage: Stage) -> None:
    link = {"ticket_id": "1", "issue_id": "7", "issue_key": "APP-7"}
    stage.api.post("/api/services/jira/links", json={"link": link})
    url = "https://jira.example/browse/APP-7"
    id = stage.field("Linked records")["id"]
    stage.changed(1, custom_fields=[{"id": id, "value": f"APP-7 {url}"}])
    assert [one.title for one in sheet(stage, "1").links] == ["Jira APP-7", url]


def test_the_sandbox_tells_of_all_records(stage: Stage) -> None:
    stage.send("DELETE", "/tickets/1")
    tickets = stage.api.get("/_sandbox/records/ticket").json()
    assert [one["id"] for one in tickets] == list(range(2, 31))
    assert tickets[0] == stage.get("/tickets/2")["ticket"]
    comments = stage.api.get("/_sandbox/records/comment").json()
    assert {one["ticket_id"] for one in comments} == set(range(2, 31))
    unknown = stage.api.get(f"{API}/tickets/x")
    assert unknown.status_code == 404
