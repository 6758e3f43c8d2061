"""Custom fields: what they take, and that their options are tags."""

from __future__ import annotations

from typing import Any

import pytest

from tests.connectors.zendesk_fake.stage import Stage, problems


def values(ticket: dict[str, Any]) -> dict[int, Any]:
    assert ticket["custom_fields"] == ticket["fields"]
    return {one["id"]: one["value"] for one in ticket["custom_fields"]}


def test_every_ticket_shows_every_field(stage: Stage) -> None:
    custom = [one.id for one in stage.zen.ticket_fields() if one.removable]
    assert list(values(stage.made())) == custom


@pytest.mark.parametrize(
    ("title", "good", "bad"),
    [
        ("Product area", "area_reports", "Area Reports"),
        ("Platforms", ["platform_android", "platform_ios"], ["platform_ios", "other"]),
        ("Promised by", "2026-05-01", "May"),
        ("Order number", "123456", "12345"),
        ("Regression", True, "maybe"),
        ("Linked records", "https://a.example/1\nhttps://b.example/2", "x" * 70_000),
    ],
)
def test_a_field_keeps_what_fits_and_refuses_what_does_not(
    stage: Stage, title: str, good: object, bad: object
) -> None:
    field, ticket = stage.field(title), stage.made()
    changed = stage.changed(ticket["id"], custom_fields=[{"id": field["id"], "value": good}])
    assert values(changed)[field["id"]] == good
    refused = stage.put(ticket["id"], custom_fields=[{"id": field["id"], "value": bad}])
    assert problems(refused) == f"{title}: is invalid"
    assert refused.json()["details"]["base"][0]["ticket_field_id"] == field["id"]
    empty = stage.changed(ticket["id"], custom_fields=[{"id": field["id"], "value": None}])
    assert not values(empty)[field["id"]]


def test_numbers_are_kept_as_such(stage: Stage) -> None:
    made = [
        stage.send("POST", "/ticket_fields", {"ticket_field": {"type": kind, "title": kind}})
        for kind in ("integer", "decimal")
    ]
    whole, part = (one.json()["ticket_field"]["id"] for one in made)
    given = [{"id": whole, "value": "7"}, {"id": part, "value": "1.5"}]
    shown = values(stage.made(custom_fields=given))
    assert (shown[whole], shown[part]) == (7, "1.5")
    refused = stage.send("POST", "/tickets", {"ticket": {
        "comment": {"body": "x"}, "custom_fields": [{"id": whole, "value": "1.5"}]}})  # fmt: skip
    assert problems(refused) == "integer: is invalid"


def test_a_field_that_is_not_there_is_passed_over_in_silence(stage: Stage) -> None:
    ticket = stage.made(custom_fields=[{"id": 1, "value": "x"}])
    assert not any(values(ticket).values())


def test_options_are_tags_in_both_directions(stage: Stage) -> None:
    area, platforms = stage.field("Product area")["id"], stage.field("Platforms")["id"]
    regression = stage.field("Regression")["id"]
    given = [
        {"id": area, "value": "area_mobile"},
        {"id": platforms, "value": ["platform_ios"]},
        {"id": regression, "value": True},
    ]
    ticket = stage.made(tags=["mine"], custom_fields=given)
    assert ticket["tags"] == ["area_mobile", "is_regression", "mine", "platform_ios"]
    moved = stage.changed(ticket["id"], custom_fields=[{"id": area, "value": "area_reports"}])
    assert moved["tags"] == ["area_reports", "is_regression", "mine", "platform_ios"]
    replaced = stage.changed(ticket["id"], tags=["mine", "platform_android"])
    assert values(replaced)[area] is None
    assert values(replaced)[platforms] == ["platform_android"]
    assert values(replaced)[regression] is False


def test_a_required_field_is_needed_to_solve_a_ticket(stage: Stage) -> None:
    wanted = {"type": "tagger", "title": "Root cause", "required": True}
    wanted |= {"custom_field_options": [{"name": "Bad luck"}]}
    field = stage.send("POST", "/ticket_fields", {"ticket_field": wanted}).json()["ticket_field"]
    ticket = stage.made()
    refused = stage.put(ticket["id"], status="solved", comment={"body": "lost"})
    assert problems(refused) == "Root cause: is required when solving a ticket"
    assert refused.json()["details"]["base"][0]["ticket_field_type"] == "FieldTagger"
    assert len(stage.comments(ticket["id"])) == 1
    given = [{"id": field["id"], "value": "bad_luck"}]
    assert stage.changed(ticket["id"], status="solved", custom_fields=given)["status"] == "solved"


def test_an_account_may_want_an_assignee_before_a_ticket_is_solved(stage: Stage) -> None:
    stage.settings.assignee_to_solve = True
    ticket = stage.made()
    refused = stage.put(ticket["id"], status="solved")
    assert problems(refused) == "Assignee: is required when solving a ticket"
    agent = stage.person("agent")["id"]
    assert stage.changed(ticket["id"], status="solved", assignee_id=agent)["status"] == "solved"


def test_changes_of_custom_fields_are_in_the_audit_by_their_id(stage: Stage) -> None:
    field, ticket = stage.field("Customer reference")["id"], stage.made()
    stage.changed(ticket["id"], custom_fields=[{"id": field, "value": "C-9"}])
    events = stage.get(f"/tickets/{ticket['id']}/audits")["audits"][-1]["events"]
    told = [(e["field_name"], e["previous_value"], e["value"]) for e in events]
    assert told == [(str(field), None, "C-9")]


def test_forms_and_fields_are_told_of(stage: Stage) -> None:
    (form,) = stage.zen.ticket_forms()
    fields = stage.get("/ticket_fields", **{"page[size]": 100})["ticket_fields"]
    assert form.ticket_field_ids == [one["id"] for one in fields]
    area = stage.field("Product area")
    assert stage.get(f"/ticket_fields/{area['id']}")["ticket_field"] == area
    assert stage.send("GET", "/ticket_fields/1").status_code == 404
    wrong = {"ticket_field": {"type": "hologram", "title": "x"}}
    assert problems(stage.send("POST", "/ticket_fields", wrong)) == "Type: is invalid"
