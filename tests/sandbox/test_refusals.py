"""What Jira or Zendesk refuses of one record: the operator reads why, in the tool's own words, the
rest of the record and all others are synced, and once the cause is gone the next pass delivers.

Each test has tickets and issues of its own, by a label, and a store of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from connectors.jira.fake.seeding import LEAVER_EMAIL, account_id
from connectors.jira.fake.vocabulary import POINTS, SUPPORT_KEY, TEAM
from connectors.zendesk.fake.signing_in import API_TOKEN, HUB
from syncline.sandbox import Company
from tests.sandbox.two_tools import SEED, SYNC, TwoTools, two_tools
from tests.support.commands import main

LEILA, JONAS = "Leila Haddad", "Jonas Weber"


def settings(label: str) -> dict[str, Any]:
    """A sync of all that has this label."""
    mine = {"where": {"labels": {"any": [label]}}, "create": "when_missing"}
    return {
        "entity": "ticket",
        "sides": {
            "support": {"record": "ticket", **mine},
            "tracker": {"record": "issue", **mine, "defaults": {"type": "bug"}},
        },
        "fields": {
            "title": {},
            "body": {"sides": {"support": "source"}},
            "type": {"authority": "tracker"},
            "status": {"authority": "support"},
            "labels": {},
            "assignee": {},
        },
        "links": "off",
    }


def email(name: str) -> str:
    """The address of somebody of the company."""
    return next(p.email for p in Company.made(SEED, 0).people if p.name == name)


class Pair(NamedTuple):
    """A ticket and its issue."""

    ticket: str
    issue: str


class Office:
    """An operator's folder, and people at work in both tools."""

    def __init__(
        self, tools: TwoTools, folder: Path, label: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.tools, self.folder, self.label, self._capsys = tools, folder, label, capsys
        self.told = yaml.safe_load((tools.folder / "syncline.yaml").read_text("utf-8"))
        self.told["syncs"] = {SYNC: settings(label)}
        self.write()

    def write(self) -> None:
        (self.folder / "syncline.yaml").write_text(json.dumps(self.told), "utf-8")

    def fields(self, **paths: tuple[str, str]) -> None:
        """Map text fields that the shipped mappings do not have, by their names in both tools."""
        for place, (tool, record) in enumerate((("jira", "issue"), ("zendesk", "ticket"))):
            file = self.folder / "mappings" / tool / "ticket.yaml"
            file.parent.mkdir(parents=True)
            more = {
                field: {"kind": "text", "path": f"custom_fields.{names[place]}"}
                for field, names in paths.items()
            }
            body = {"extends": "builtin", "entity": "ticket", "record": record, "fields": more}
            file.write_text(yaml.safe_dump(body), "utf-8")
        self.told["syncs"][SYNC]["fields"] |= {field: {} for field in paths}
        self.write()

    def known_as(self, name: str, **handles: str) -> None:
        """The operator's table says who somebody of the company is in a tool."""
        self.told["people"] = [{"name": name, "email": email(name), "handles": handles}]
        self.write()

    # The operator.

    def run(self, *arguments: str, code: int = 0) -> Any:
        got = main([*arguments, "--json"])
        said = self._capsys.readouterr()
        assert got == code, said.out + said.err
        return json.loads(said.out.splitlines()[-1])

    def sync(self, code: int = 0) -> Any:
        self.tools.later()
        return self.run("sync", SYNC, code=code)

    def parked(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.run("quarantine")["quarantine"]
        keys = {"id", "sync", "sides", "side", "field", "action", "reason", "created_at"}
        assert all(set(one) == keys for one in found)
        return found

    def in_step(self) -> None:
        """The next pass delivers all that waited, and the one after it writes nothing."""
        self.sync()
        done = self.sync()
        assert done["agreed"] == done["links"]
        assert [asked["write"] for asked in done["requests"].values()] == [0, 0]
        assert self.parked() == []

    @staticmethod
    def says(text: str, *words: str) -> None:
        for one in words:
            assert one in text, text

    # People.

    def title(self, name: str) -> str:
        """Titles say whose test they are from."""
        return f"{self.label} {name}"

    def write_ticket(self, name: str, person: str = LEILA) -> str:
        """A ticket that an issue is linked with from the next pass on."""
        typed = {"person": person, "field:subject": self.title(name), "field:tags": self.label}
        self.tools.ask("support", "POST", "/new/ticket", data=typed)
        (one,) = [t for t in self.tickets() if t["subject"] == self.title(name)]
        return str(one["id"])

    def bug(self) -> str:
        """An issue that is nobody else's."""
        before = {one["id"] for one in self.tools.issues()}
        typed = {"person": JONAS, "field:summary": "on its way", "field:issuetype": "Bug"}
        self.tools.ask("tracker", "POST", "/new/issue", data=typed)
        (id,) = {str(one["id"]) for one in self.tools.issues()} - before
        return id

    def edit_ticket(self, id: str, **fields: str) -> None:
        self._edit("support", f"/records/ticket/{id}", LEILA, fields)

    def edit_issue(self, id: str, **fields: str) -> None:
        self._edit("tracker", f"/records/issue/{id}", JONAS, fields)

    def _edit(self, side: str, path: str, person: str, fields: dict[str, str]) -> None:
        titled = ("subject", "summary")
        typed = {f"field:{n}": self.title(v) if n in titled else v for n, v in fields.items()}
        # What the form showed before: a field that was empty and still is counts as left alone.
        typed |= {f"was:{name}": "something" for name in fields}
        self.tools.ask(side, "POST", path, data={"do": "edit", "person": person, **typed})

    def tickets(self) -> list[dict[str, Any]]:
        found = self.tools.ask("support", "GET", "/_sandbox/records/ticket")
        return [t for t in found if self.label in t["tags"]]

    def ticket(self, id: str) -> dict[str, Any]:
        return next(t for t in self.tickets() if str(t["id"]) == id)

    def issue(self, id: str) -> dict[str, Any]:
        return next(i for i in self.tools.issues() if i["id"] == id)

    def custom(self, title: str) -> str:
        """What the desk's page calls a custom field."""
        login = (f"{HUB}/token", API_TOKEN)
        told = self.tools.ask("support", "GET", "/api/v2/ticket_fields", auth=login)
        return next(f"custom_{f['id']}" for f in told["ticket_fields"] if f["title"] == title)

    def pairs(self, *names: str) -> list[Pair]:
        """Linked pairs with these titles."""
        tickets = [self.write_ticket(name) for name in names]
        self.sync()
        issues = {i["fields"]["summary"]: str(i["id"]) for i in self.tools.issues()}
        return [Pair(t, issues[self.title(n)]) for t, n in zip(tickets, names, strict=True)]

    def titles(self, *names: str) -> list[int]:
        """In how many tools each record has its second title."""
        tickets = [t["subject"] for t in self.tickets()]
        issues = [i["fields"]["summary"] for i in self.tools.issues()]
        return [[*tickets, *issues].count(self.title(f"{name} 2")) for name in names]


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
