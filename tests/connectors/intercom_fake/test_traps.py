"""Where the fake bites as Intercom does; `docs/vendors/intercom.md` names the sources."""

from __future__ import annotations

import hmac
import json
from hashlib import sha1
from typing import Any

import pytest

from connectors.intercom.fake.notifying import CLIENT_SECRET
from connectors.intercom.fake.workspace import TITLE
from tests.connectors.intercom_fake.stage import Stage, staged

ALL = {"field": "created_at", "operator": ">", "value": 0}


async def titles(stage: Stage, query: Any = ALL, **options: Any) -> list[str]:
    found = await stage.search(query, **options)
    return sorted(one["ticket_attributes"][TITLE] for one in found["tickets"])


async def test_a_search_shows_later_what_was_made_changed_and_deleted(stage: Stage) -> None:
    made = await stage.make("old")
    assert await titles(stage) == []
    stage.settle()
    await stage.ask("PUT", f"/tickets/{made['id']}", json={"ticket_attributes": {TITLE: "new"}})
    assert await titles(stage) == ["old"]
    stage.settle()
    assert await titles(stage) == ["new"]
    await stage.ask("DELETE", f"/tickets/{made['id']}")
    assert await titles(stage) == ["new"]
    assert await stage.refused("GET", f"/tickets/{made['id']}", 404) == "ticket_not_found"
    stage.settle()
    assert await titles(stage) == []


async def test_the_number_that_people_see_finds_nothing(stage: Stage) -> None:
    made = await stage.make()
    assert made["ticket_id"] != made["id"]
    await stage.ask("GET", f"/tickets/{made['ticket_id']}", 404)


async def test_a_list_attribute_takes_an_items_id_and_not_its_label(stage: Stage) -> None:
    made = await stage.make()
    path = f"/tickets/{made['id']}"
    (priority,) = (
        one
        for one in made["ticket_type"]["ticket_type_attributes"]["data"]
        if one["name"] == "Priority"
    )
    high = next(o for o in priority["input_options"]["list_options"] if o["label"] == "High")
    wrong = {"ticket_attributes": {"Priority": "High"}}
    assert await stage.refused("PUT", path, json=wrong) == "parameter_invalid"
    right = {"ticket_attributes": {"Priority": high["id"]}}
    assert (await stage.ask("PUT", path, json=right))["ticket_attributes"]["Priority"] == high["id"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"contacts": []}, "parameter_not_found"),
        ({"ticket_attributes": {}}, "parameter_not_found"),
        ({"ticket_attributes": {TITLE: "x", "No such": 1}}, "parameter_invalid"),
        ({"ticket_attributes": {TITLE: 7}}, "parameter_invalid"),
    ],
)
async def test_a_ticket_is_not_made_of_too_little_or_of_what_is_not_there(
    stage: Stage, body: dict[str, Any], code: str
) -> None:
    type = stage.fake.workspace.type_named("Bug")["id"]
    good = {
        "ticket_type_id": type,
        "contacts": [{"email": "a@b.test"}],
        "ticket_attributes": {TITLE: "x"},
    }
    assert await stage.refused("POST", "/tickets", json={**good, **body}) == code
    assert len(stage.fake.workspace.tickets) == 0


async def test_an_assignee_who_is_not_there_is_a_404_of_a_ticket_that_is(stage: Stage) -> None:
    made = await stage.make()
    body = {"assignee_id": "1", "ticket_attributes": {TITLE: "not this either"}}
    code = await stage.refused("PUT", f"/tickets/{made['id']}", 404, json=body)
    assert code == "assignee_not_found"
    assert (await stage.ask("GET", f"/tickets/{made['id']}"))["ticket_attributes"][TITLE] == "Made"


async def test_a_state_of_another_type_is_refused(stage: Stage) -> None:
    made = await stage.make()
    other = stage.fake.workspace.type_named("Question")["states"][0]["id"]
    body = {"ticket_state_id": other}
    code = await stage.refused("PUT", f"/tickets/{made['id']}", json=body)
    assert code == "ticket_state_id_invalid"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"field": "ticket_attribute.A name", "operator": "=", "value": "x"}, "field_not_found"),
        ({"field": "no_such_field", "operator": "=", "value": "x"}, "field_not_found"),
        ({"field": "updated_at", "operator": ">", "value": "foobar"}, "invalid_value"),
        ({"field": "title", "operator": ">", "value": "x"}, "invalid_operator"),
        ({"operator": "OR", "value": [ALL] * 16}, "too_many_filters"),
        (
            {"operator": "AND", "value": [{"operator": "OR", "value": [
                {"operator": "AND", "value": [ALL]}]}]},
            "too_deep",
        ),
    ],
)  # fmt: skip
async def test_a_search_that_cannot_be_is_refused(stage: Stage, query: Any, code: str) -> None:
    await stage.make()
    stage.settle()
    assert await stage.refused("POST", "/tickets/search", json={"query": query}) == code


async def test_a_page_has_a_hundred_and_fifty_rows_at_most(stage: Stage) -> None:
    asked = {"query": ALL, "pagination": {"per_page": 151}}
    await stage.refused("POST", "/tickets/search", json=asked)


async def test_a_contacts_times_are_matched_by_the_day(stage: Stage) -> None:
    stage.fake.contacts.create({"email": "a@b.test", "name": "Somebody New"})
    stage.settle()
    now = int(stage.clock.now().timestamp())
    for since, found in ((now - 3600, False), (now - 86_400, True)):
        query = {"field": "created_at", "operator": ">", "value": since}
        told = await stage.search(query, "contacts", pagination={"per_page": 150})
        assert any(row["email"] == "a@b.test" for row in told["data"]) is found
    query = {"field": "created_at", "operator": ">=", "value": now}
    code = await stage.refused("POST", "/contacts/search", json={"query": query})
    assert code == "invalid_operator"


async def test_a_window_of_ten_seconds_takes_so_many_requests_and_no_more() -> None:
    async with staged(limited=True) as stage:
        stage.fake.workspace.settings.per_window = 3
        left = []
        for _ in range(3):
            response = await stage.http.get("/me")
            left.append(response.headers["x-ratelimit-remaining"])
        assert left == ["2", "1", "0"]
        response = await stage.http.get("/me")
        assert (response.status_code, "retry-after" in response.headers) == (429, False)
        assert response.json()["errors"][0]["code"] == "rate_limit_exceeded"
        now = stage.clock.now().timestamp()
        stage.clock.advance(int(response.headers["x-ratelimit-reset"]) - now)
        await stage.ask("GET", "/me")


async def test_a_version_that_is_none_is_refused(stage: Stage) -> None:
    code = await stage.refused("GET", "/me", headers={"Intercom-Version": "9.9"})
    assert code == "intercom_version_invalid"


async def test_notifications_are_signed_over_their_raw_bytes(stage: Stage) -> None:
    stage.fake.workspace.settings.webhook_url = "http://127.0.0.1:9/hook"
    made = await stage.make("told")
    contact, delivery = stage.hooks.deliveries
    assert json.loads(contact.body)["topic"] == "contact.user.created"
    digest = hmac.new(CLIENT_SECRET.encode(), delivery.body, sha1).hexdigest()
    assert delivery.headers["X-Hub-Signature"] == f"sha1={digest}"
    told = json.loads(delivery.body)
    assert (told["topic"], told["data"]["item"]["id"]) == ("ticket.created", made["id"])


async def test_people_see_edit_and_answer_tickets_by_the_same_rules() -> None:
    async with staged(records=5) as stage:
        fake = stage.fake
        row = fake.board()[0]
        ann, customer = fake.people()[0], fake.people()[-1]
        fake.edit("ticket", row.id, ann, {"state": "Resolved", "attribute:Priority": "Low"})
        fake.remark("ticket", row.id, customer, "Thank you", public=True)
        shown = {field.name: field.value for field in fake.sheet("ticket", row.id).fields}
        assert (shown["state"], shown["attribute:Priority"]) == ("Resolved", "Low")
        told = fake.sheet("ticket", row.id).comments[-1]
        assert (told.author, told.text, told.public) == (customer, "Thank you", True)
        made = fake.make("ticket", customer, {"type": "Question", TITLE: "How?"})
        assert (await stage.ask("GET", f"/tickets/{made}"))["is_shared"]
