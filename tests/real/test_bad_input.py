"""What a tool will not take: that field alone is parked, with its words; the rest travels."""

from __future__ import annotations

import pytest

from tests.real.world import REQUESTER, World

pytestmark = pytest.mark.real


def _linked(world: World) -> tuple[str, str]:
    ticket = world.ann.create("Printer", "<p>Paper jam</p>", REQUESTER)
    world.sync()
    return ticket, world.bob.named("Printer")


def _only_this_is_parked(world: World, side: str, field: str, *words: str) -> None:
    """After a pass that ended with exit code 3: one field of one side, and why."""
    (parked,) = world.parked()
    assert (parked["side"], parked["field"]) == (side, field)
    for word in words:
        assert word in parked["reason"]
    world.sync(code=3)
    assert world.proxy(side).writes == 0, "a parked field is not tried again by itself"


def test_a_label_that_is_not_in_redmines_list_parks_the_labels_alone(world: World) -> None:
    ticket, issue = _linked(world)
    world.ann.edit(ticket, Subject="Printer, again", CustomFields={"Labels": ["bug", "no such"]})
    world.sync(code=3)
    shown = world.bob.show(issue)
    assert shown["subject"] == "Printer, again"
    assert shown["custom_fields"]["Labels"] == []
    _only_this_is_parked(world, "tracker", "labels", "Labels is not included in the list")
    world.ann.edit(ticket, CustomFields={"Labels": ["bug"]})
    world.sync()
    assert world.bob.show(issue)["custom_fields"]["Labels"] == ["bug"]
    assert world.parked() == []


def test_a_new_record_is_made_without_the_label_that_the_list_lacks(world: World) -> None:
    world.ann.create("New", "<p>x</p>", REQUESTER, CustomFields={"Labels": ["no such"]})
    world.sync(code=3)
    shown = world.bob.show(world.bob.named("New"))
    assert shown["custom_fields"]["Labels"] == []
    _only_this_is_parked(world, "tracker", "labels", "Labels is not included in the list")


def test_a_status_that_no_transition_reaches_parks_the_status_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Syncline works as a developer here, whom Redmine's workflow never lets reject an issue."""
    monkeypatch.setenv("TRACKER_SECRET", world.known["tracker"]["people"]["bob"]["auth"]["api_key"])
    del world.sync_settings["comments"]
    world.sync_settings["links"] = "off"
    # Redmine tells a developer of no custom field before the first issue has one.
    del world.settings["connections"]["tracker"]["key_field"]
    world.configure()
    ticket, issue = _linked(world)
    world.ann.edit(ticket, Status="rejected", Subject="Printer, again")
    world.sync(code=3)
    shown = world.bob.show(issue)
    assert (shown["subject"], shown["status"]["name"]) == ("Printer, again", "New")
    _only_this_is_parked(world, "tracker", "status", "Rejected", "In Progress")


def test_a_text_that_is_too_long_parks_the_text_alone(world: World) -> None:
    ticket, issue = _linked(world)
    long = "x" * 230
    world.bob.edit(issue, subject=long, due_date="2027-07-07")
    world.sync(code=3)
    assert world.ann.show(ticket)["Subject"] == "Printer"
    assert world.ann.show(ticket)["Due"] == "2027-07-07T00:00:00Z"
    assert world.bob.show(issue)["subject"] == long
    _only_this_is_parked(world, "desk", "title", "200")


def test_a_person_whom_the_other_tool_does_not_know_parks_the_assignee_alone(world: World) -> None:
    ticket, issue = _linked(world)
    world.ann.edit(ticket, Owner="root", Priority=100)
    world.sync(code=3)
    shown = world.bob.show(issue)
    assert shown["priority"]["name"] == "High"
    assert "assigned_to" not in shown
    _only_this_is_parked(world, "tracker", "assignee", "root")


def test_a_mapped_field_that_does_not_exist_parks_itself_alone(world: World) -> None:
    world.extend("tracker", {"severity": {"kind": "text", "path": "custom_fields.Sevrity"}})
    world.extend("desk", {"severity": {"kind": "text", "path": "CustomFields.Severity"}})
    checked = world.run("check")
    assert "custom_fields.Sevrity" in checked.said
    world.ann.create(
        "Printer", "<p>x</p>", REQUESTER, Priority=100, CustomFields={"Severity": "high"}
    )
    world.sync(code=3)
    shown = world.bob.show(world.bob.named("Printer"))
    assert shown["priority"]["name"] == "High"
    _only_this_is_parked(world, "tracker", "severity", "Sevrity", "ExternalKey, Severity, Labels")
