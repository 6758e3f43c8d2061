"""What Jira or Zendesk refuses of one record: the operator reads why, in the tool's own words, the
rest of the record and all others are synced, and once the cause is gone the next pass delivers.

Each test has tickets and issues of its own, by a label, and a store of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.jira.fake.seeding import LEAVER_EMAIL, account_id
from connectors.jira.fake.vocabulary import POINTS, SUPPORT_KEY, TEAM
from connectors.zendesk.fake.signing_in import API_TOKEN
from syncline.sandbox import Company
from tests.sandbox.office import JONAS, LEILA, Office, email
from tests.sandbox.two_tools import SEED, SYNC, TwoTools, two_tools


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoTools]:
    with two_tools(tmp_path_factory.mktemp("tools"), 0) as one:
        yield one


@pytest.fixture
def office(
    tools: TwoTools,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> Office:
    monkeypatch.chdir(tmp_path)
    return Office(tools, tmp_path, request.node.name.removeprefix("test_"), capsys)


def test_a_value_that_a_tool_does_not_take_waits_alone(office: Office) -> None:
    office.told["connections"]["tracker"]["custom_fields"] = [
        "Story points",
        "Team",
        "Support key",
    ]
    office.fields(
        points=("Story points", "Customer reference"),
        team=("Team", "Linked records"),
        area=("Support key", "Product area"),
    )
    points, team, area, other = office.pairs("points", "team", "area", "other")
    at_desk = {title: office.custom(title) for title in ("Customer reference", "Linked records")}
    office.edit_ticket(points.ticket, **{at_desk["Customer reference"]: "8"}, subject="points 2")
    office.edit_ticket(team.ticket, **{at_desk["Linked records"]: "Nobody"}, subject="team 2")
    office.edit_issue(area.issue, **{SUPPORT_KEY: "nowhere"}, summary="area 2")
    office.edit_issue(other.issue, summary="other 2")
    assert office.sync(code=3)["counts"]["parked"] == 3

    parked = {one["field"]: one for one in office.parked()}
    assert parked["points"]["sides"] == {"support": points.ticket, "tracker": points.issue}
    office.says(
        parked["points"]["reason"],
        f"Issue {points.issue}: Jira refused the change: Story points",
        "not on the appropriate screen",
        "Nothing of it was written; it is sent again when the value changes or is retried",
    )
    office.says(
        parked["team"]["reason"],
        f"Issue {team.issue}: Jira refused the change: Team: Option value 'Nobody' is not valid",
    )
    office.says(
        parked["area"]["reason"],
        f"Ticket {area.ticket}: Zendesk refused the change: Product area: is invalid",
        "Nothing of it was written; it is sent again when the value changes or is retried",
    )
    assert office.titles("points", "team", "area", "other") == 4 * [2]
    shown = office.issue(team.issue)["fields"]
    assert (shown[TEAM], office.issue(points.issue)["fields"][POINTS]) == (None, None)

    office.edit_ticket(points.ticket, **{at_desk["Customer reference"]: ""})
    office.edit_ticket(team.ticket, **{at_desk["Linked records"]: "Payments"})
    office.edit_issue(area.issue, **{SUPPORT_KEY: "area_reports"})
    office.in_step()
    assert office.issue(team.issue)["fields"][TEAM]["value"] == "Payments"
    assert "area_reports" in office.ticket(area.ticket)["tags"]


def test_a_text_over_jira_s_limit_waits_alone(office: Office) -> None:
    office.fields(note=("Support key", "Customer reference"))
    one, other = office.pairs("one", "other")
    reference = office.custom("Customer reference")
    office.edit_ticket(one.ticket, **{reference: "x" * 256}, subject="one 2")
    office.edit_ticket(other.ticket, **{reference: "y" * 255}, subject="other 2")
    office.sync(code=3)
    (parked,) = office.parked()
    office.says(parked["reason"], f"Issue {one.issue}", "Support key", "255 characters")
    assert office.titles("one", "other") == [2, 2]
    assert office.issue(one.issue)["fields"][SUPPORT_KEY] is None
    assert office.issue(other.issue)["fields"][SUPPORT_KEY] == "y" * 255
    office.edit_ticket(one.ticket, **{reference: "short"})
    office.in_step()
    assert office.issue(one.issue)["fields"][SUPPORT_KEY] == "short"


def test_a_status_waits_for_a_path_and_for_what_the_screen_on_it_requires(office: Office) -> None:
    one, other = office.pairs("one", "other")
    office.edit_ticket(one.ticket, status="solved", subject="one 2", assignee=LEILA)
    office.edit_ticket(other.ticket, subject="other 2")
    office.sync(code=3)
    (parked,) = office.parked()
    office.says(
        parked["reason"],
        f"Issue {office.issue(one.issue)['key']}",
        "from 'To Do' to 'Done' by no path it knows",
        "Offered now: In Progress (by 'Start work')",
        "The status stays; an administrator can allow the transition",
    )
    assert office.titles("one", "other") == [2, 2]
    assert office.issue(one.issue)["fields"]["status"]["name"] == "To Do"

    for steps in (("In Progress",), ("In Progress", "In Review")):
        bug = office.bug()
        for status in steps:
            office.edit_issue(bug, status=status)
    office.run("quarantine", "retry", parked["id"])
    office.sync(code=3)
    (parked,) = office.parked()
    office.says(
        parked["reason"],
        "The screen of the transition 'Close' to 'Done' requires the field 'Resolution'",
        "The status stays; say in the connection what it is: `transition_fields: {Resolution: ",
    )
    assert office.issue(one.issue)["fields"]["status"]["name"] == "To Do"

    office.told["connections"]["tracker"]["transition_fields"] = {"Resolution": "Done"}
    office.write()
    office.run("quarantine", "retry", parked["id"])
    office.in_step()
    shown = office.issue(one.issue)["fields"]
    assert (shown["status"]["name"], shown["resolution"]["name"]) == ("Done", "Done")


def test_a_person_whom_jira_cannot_assign_waits_alone(office: Office) -> None:
    one, other = office.pairs("one", "other")
    office.known_as(LEILA, tracker=account_id(LEAVER_EMAIL))
    office.edit_ticket(one.ticket, assignee=LEILA, subject="one 2")
    office.edit_ticket(other.ticket, subject="other 2")
    office.sync(code=3)
    (parked,) = office.parked()
    assert (parked["side"], parked["field"]) == ("tracker", "assignee")
    office.says(
        parked["reason"],
        f"Issue {one.issue}: Jira refused the change: assignee: User",
        "cannot be assigned issues",
    )
    assert office.titles("one", "other") == [2, 2]
    assert office.issue(one.issue)["fields"]["assignee"] is None

    office.known_as(LEILA, tracker=account_id(email(LEILA)))
    office.run("quarantine", "retry", parked["id"])
    office.in_step()
    assert office.issue(one.issue)["fields"]["assignee"]["displayName"] == LEILA


def test_a_person_who_is_no_agent_of_zendesk_waits_alone(office: Office) -> None:
    customer = next(p for p in Company.made(SEED, 0).people if p.role == "customer")
    office.write_ticket("customer", customer.name)
    one, other = office.pairs("one", "other")
    known = {str(t["subject"]): t["requester_id"] for t in office.tickets()}
    office.known_as(JONAS, support=str(known[office.title("customer")]))
    office.edit_issue(one.issue, assignee=JONAS, summary="one 2")
    office.edit_issue(other.issue, summary="other 2")
    office.sync(code=3)
    (parked,) = office.parked()
    assert (parked["side"], parked["field"]) == ("support", "assignee")
    office.says(
        parked["reason"], f"Ticket {one.ticket}: Zendesk refused the change: Assignee: is invalid"
    )
    assert office.titles("one", "other") == [2, 2]
    assert office.ticket(one.ticket)["assignee_id"] is None

    office.told["people"] = []
    office.write()
    office.run("quarantine", "retry", parked["id"])
    office.in_step()
    assert office.ticket(one.ticket)["assignee_id"] is not None


def test_a_closed_ticket_takes_nothing_more_and_says_what_can_be_done(office: Office) -> None:
    office.told["syncs"][SYNC]["fields"]["status"] = {"sides": {"tracker": "source"}}
    office.write()
    one, other = office.pairs("one", "other")
    office.edit_ticket(one.ticket, status="closed")
    office.edit_issue(one.issue, summary="one 2")
    office.edit_issue(other.issue, summary="other 2")
    office.sync(code=3)
    (parked,) = office.parked()
    office.says(
        parked["reason"],
        f"Ticket {one.ticket}: Zendesk refused the change: Status: closed prevents ticket update",
        "Nobody can change a closed ticket: say `on_closed: follow_up` for its side",
    )
    assert office.titles("one", "other") == [1, 2]

    office.told["syncs"][SYNC]["sides"]["support"]["on_closed"] = "follow_up"
    office.write()
    office.run("quarantine", "retry", parked["id"])
    office.in_step()
    assert office.titles("one") == [2]
    assert office.ticket(one.ticket)["subject"] == office.title("one")


def test_rights_that_are_missing_for_one_write_hold_back_that_write_alone(office: Office) -> None:
    one, other = office.pairs("one", "other")
    office.edit_ticket(one.ticket, subject="one 2")
    office.edit_issue(other.issue, summary="other 2")
    forbidden = {"method": "PUT", "path": f"/rest/api/3/issue/{one.issue}", "action": "status:403"}
    office.tools.ask("tracker", "POST", "/_sandbox/faults", json={**forbidden, "times": 9})
    office.sync(code=3)
    office.tools.ask("tracker", "DELETE", "/_sandbox/faults")
    (parked,) = office.parked()
    office.says(parked["reason"], f"/issue/{one.issue}", "403", "Nothing was applied")
    assert office.ticket(other.ticket)["subject"] == office.title("other 2")
    office.run("quarantine", "retry", parked["id"])
    office.in_step()
    assert office.titles("one", "other") == [2, 2]


def test_an_agent_who_may_not_export_is_told_before_and_when_nothing_can_be_read(
    office: Office,
) -> None:
    auth = {"email": email(LEILA), "api_token": API_TOKEN}
    office.told["connections"]["support"]["auth"] = auth
    office.write()
    office.says(json.dumps(office.run("check")), "Zendesk lets administrators alone export tickets")
    done = office.sync(code=1)
    office.says(done["stopped"]["support"], "403", "renew its credentials or their scopes")
    assert done["requests"]["tracker"]["write"] == 0


def test_a_project_that_is_not_there_is_named(office: Office) -> None:
    office.told["connections"]["tracker"]["scope"] = {"project": "NOPE"}
    office.write()
    (problem,) = office.run("check", code=2)["problems"]
    office.says(
        problem["where"] + problem["what"], "connections.tracker", "'NOPE'", "Browse Projects"
    )
