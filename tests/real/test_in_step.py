"""The same records on both sides: every field, comments and files, in both directions."""

from __future__ import annotations

import time

import pytest

from tests.real.world import REQUESTER, World

pytestmark = pytest.mark.real

HTML = (
    "<p>It <b>burns</b> since 9 o'clock &amp; smells. Zażółć gęślą jaźń, 日本語 🔥</p>"
    "<ul><li>smoke</li><li>noise</li></ul>"
    '<p>See <a href="https://example.com/a?b=c">the manual</a>.</p>'
)
TEXTILE = (
    'h2. Steps\r\n\r\n* open the page\r\n* *boom* – "log":https://example.com/log\r\n\r\n'
    "<pre>\r\nif a < b:\r\n    fail()\r\n</pre>\r\n\r\nnaïve 🚀"
)


def test_a_ticket_becomes_an_issue_with_all_its_fields(world: World) -> None:
    world.with_severity()
    world.ann.create(
        "Printer on fire 🔥",
        HTML,
        REQUESTER,
        Priority=100,
        Owner="ann",
        Due="2027-03-01 00:00:00",
        CustomFields={"Severity": "high", "Labels": ["bug", "customer"]},
    )
    world.sync()
    issue = world.bob.show(world.bob.named("Printer on fire 🔥"))
    assert issue["description"].replace("\r\n", "\n") == (
        "It *burns* since 9 o'clock & smells. Zażółć gęślą jaźń, 日本語 🔥\n\n"
        "* smoke\n* noise\n\n"
        'See "the manual":https://example.com/a?b=c.'
    )
    assert issue["status"]["name"] == "New"
    assert issue["priority"]["name"] == "High"
    assert issue["tracker"]["name"] == "Bug"
    assert issue["assigned_to"]["name"] == "Ann Example"
    assert issue["due_date"] == "2027-03-01"
    assert sorted(issue["custom_fields"]["Labels"]) == ["bug", "customer"]
    assert issue["custom_fields"]["Severity"] == "high"
    world.settled()


def test_an_issue_becomes_a_ticket_with_all_its_fields(world: World) -> None:
    world.with_severity()
    fields = world.known["tracker"]["custom_fields"]
    people = world.administrator.api.call("GET", "/users.json?name=bob")["users"]
    issue = world.bob.create(
        "Crash on login 💥",
        TEXTILE,
        priority_id=3,
        due_date="2027-04-02",
        assigned_to_id=people[0]["id"],
        custom_fields=[
            {"id": fields["Labels"], "value": ["login", "regression"]},
            {"id": fields["Severity"], "value": "urgent"},
        ],
    )
    before = world.mail()
    world.sync()
    id_ = world.ann.named("Crash on login 💥")
    ticket = world.ann.show(id_)
    assert ticket["Status"] == "new"
    assert ticket["Priority"] == "100"
    assert ticket["Owner"]["id"] == "bob"
    assert ticket["Due"] == "2027-04-02T00:00:00Z"
    assert sorted(ticket["CustomFields"]["Labels"]) == ["login", "regression"]
    assert ticket["CustomFields"]["Severity"] == ["urgent"]
    content = world.ann.content(id_)
    assert "<h2>Steps</h2>" in content
    assert "<strong>boom</strong>" in content
    assert '<a href="https://example.com/log"' in content
    assert "if a &lt; b:\n    fail()" in content
    assert "naïve 🚀" in content
    assert REQUESTER not in world.mail().removeprefix(before)
    assert world.bob.show(issue)["description"] == TEXTILE
    world.settled()


def _linked(world: World, subject: str = "Printer", **fields: object) -> tuple[str, str]:
    """A ticket and its issue."""
    ticket = world.ann.create(subject, "<p>Paper jam</p>", REQUESTER, **fields)
    world.sync()
    return ticket, world.bob.named(subject)


def test_edits_on_both_sides_meet_in_one_record(world: World) -> None:
    world.with_severity()
    ticket, issue = _linked(world, CustomFields={"Labels": ["bug"]})
    labels = world.known["tracker"]["custom_fields"]["Labels"]
    world.ann.edit(ticket, Subject="Printer ⚡ in the hall", Priority=0)
    world.ann.edit(ticket, CustomFields={"Labels": ["bug", "vip"], "Severity": "low"})
    world.bob.edit(
        issue, due_date="2027-05-06", custom_fields=[{"id": labels, "value": ["bug", "export"]}]
    )
    world.sync()
    there, here = world.bob.show(issue), world.ann.show(ticket)
    assert there["subject"] == here["Subject"] == "Printer ⚡ in the hall"
    assert there["priority"]["name"] == "Low"
    assert there["custom_fields"]["Severity"] == "low"
    assert here["Due"] == "2027-05-06T00:00:00Z"
    assert sorted(there["custom_fields"]["Labels"]) == ["bug", "export", "vip"]
    assert sorted(here["CustomFields"]["Labels"]) == ["bug", "export", "vip"]


def test_a_text_that_its_tool_never_lets_anybody_edit_is_told_once(world: World) -> None:
    ticket, issue = _linked(world)
    world.bob.edit(issue, description="Paper jam, *again*", due_date="2027-05-06")
    world.sync(code=3)
    (parked,) = world.parked()
    assert (parked["side"], parked["field"]) == ("desk", "body")
    assert "cannot be edited" in parked["reason"]
    assert world.ann.show(ticket)["Due"] == "2027-05-06T00:00:00Z"
    world.sync(code=3)
    assert world.bob.show(issue)["description"] == "Paper jam, *again*"
    assert world.ann.content(ticket) == "<p>Paper jam</p>"


def test_statuses_travel_along_the_workflows_of_both_tools(world: World) -> None:
    ticket, issue = _linked(world)
    for name, status in (("In Progress", "open"), ("Feedback", "stalled"), ("Closed", "resolved")):
        world.administrator.status(issue, name)
        world.sync()
        assert world.ann.show(ticket)["Status"] == status
    for status, name in (("open", "In Progress"), ("rejected", "Rejected")):
        world.ann.edit(ticket, Status=status)
        world.sync()
        assert world.bob.show(issue)["status"]["name"] == name


def test_an_assignee_is_found_by_e_mail_and_taken_off_again(world: World) -> None:
    ticket, issue = _linked(world)
    world.ann.edit(ticket, Owner="bob")
    world.sync()
    assert world.bob.show(issue)["assigned_to"]["name"] == "Bob Example"
    world.bob.edit(issue, assigned_to_id="")
    world.sync()
    assert world.ann.show(ticket)["Owner"]["id"] == "Nobody"


def test_comments_travel_with_their_authors_and_mail_nobody(world: World) -> None:
    ticket, issue = _linked(world)
    mailed = world.mailed()
    world.ann.say(ticket, "<p>We are <b>on it</b> 🔧</p>", public=True)
    assert world.mailed() == mailed + 1
    world.bob_at_desk.say(ticket, "<p>Third time this year</p>", public=False)
    world.bob.note(issue, "Loose cable, *secret* supplier", private=True)
    world.ann_in_tracker.note(issue, "A plain note", private=False)
    before = world.mail()
    world.sync()
    world.sync()
    notes = {text: (author, private) for author, private, text in world.bob.notes(issue)}
    assert notes["*Ann* wrote in desk:\n\nWe are *on it* 🔧"] == ("Syncline Example", True)
    assert notes["*Bob* wrote in desk:\n\nThird time this year"] == ("Syncline Example", True)
    said = world.ann.texts(ticket)
    assert [(kind, author) for kind, author, text in said if "supplier" in text] == [
        ("Comment", "syncline")
    ]
    assert any(
        text.startswith("<p><strong>Bob Example</strong> wrote in tracker:</p>")
        and "Loose cable, <strong>secret</strong> supplier" in text
        for _, _, text in said
    )
    assert any("Ann Example" in text and "A plain note" in text for _, _, text in said)
    assert len(said) == len([n for n in world.bob.notes(issue) if "Linked with" not in n[2]]) == 4
    assert world.mail() == before
    world.settled()


def test_files_go_both_ways_byte_for_byte(world: World) -> None:
    ticket, issue = _linked(world)
    picture = bytes(range(256)) * 400 + b"\r\n\x00\xff"
    trace = "Ünïcode 🧵\r\nline two\n".encode() * 50
    latin = "naïve, in another encoding\r\n".encode("latin-1")
    world.ann.say(ticket, "<p>See</p>", public=False, files={"smoke.png": picture})
    world.bob.attach(issue, "späte Spur 🧵.txt", trace)
    world.bob.attach(issue, "latin.txt", latin)
    mail = world.mail()
    world.sync()
    world.sync()
    assert world.bob.file(issue, "smoke.png") == picture
    assert world.ann.file(ticket, "späte Spur 🧵.txt") == trace
    assert world.ann.file(ticket, "latin.txt") == latin
    assert sorted(world.bob.files(issue)) == sorted(world.ann.files(ticket))
    assert world.mail() == mail


def test_a_conflict_waits_for_its_answer_and_holds_back_nothing_else(world: World) -> None:
    ticket, issue = _linked(world)
    world.ann.edit(ticket, Subject="Printer burnt down")
    world.bob.edit(issue, subject="Printer: loose cable", due_date="2027-01-02")
    world.sync(code=3)
    assert world.ann.show(ticket)["Due"] == "2027-01-02T00:00:00Z"
    (conflict,) = world.conflicts()
    told = {one["side"]: one["value"] for one in conflict["candidates"]}
    assert told == {"desk": "Printer burnt down", "tracker": "Printer: loose cable"}
    world.sync(code=3)
    assert world.ann.show(ticket)["Subject"] == "Printer burnt down"
    assert world.bob.show(issue)["subject"] == "Printer: loose cable"
    answer = ("conflicts", "answer", conflict["id"], "--digest", conflict["digest"])
    world.syncline(*answer, "--use", "tracker")
    world.sync()
    assert world.ann.show(ticket)["Subject"] == "Printer: loose cable"
    assert world.conflicts() == []


@pytest.mark.parametrize(
    ("propagate", "status"),
    [("unlink", "new"), ("close", "rejected"), ("archive", "deleted"), ("delete", "deleted")],
)
def test_an_issue_that_is_deleted_does_to_its_ticket_what_the_sync_says(
    world: World, propagate: str, status: str
) -> None:
    world.sync_settings["deletes"]["propagate"] = propagate
    world.configure()
    ticket, issue = _linked(world)
    world.administrator.delete(issue)
    time.sleep(1.1)
    world.sync("--full")
    assert world.ann.show(ticket)["Status"] == "new", "one look is no proof"
    time.sleep(1.1)
    world.sync("--full")
    assert world.ann.show(ticket)["Status"] == status
    world.bob.create("Another", "")
    world.sync()
    assert [one["subject"] for one in world.bob.all()] == ["Another"]


@pytest.mark.parametrize("propagate", ["unlink", "close"])
def test_a_ticket_that_is_deleted_does_to_its_issue_what_the_sync_says(
    world: World, propagate: str
) -> None:
    world.sync_settings["deletes"]["propagate"] = propagate
    world.configure()
    ticket, issue = _linked(world)
    world.ann.delete(ticket)
    world.sync()
    world.sync()
    status = world.bob.show(issue)["status"]["name"]
    assert status == {"unlink": "New", "close": "Rejected"}[propagate]
    world.bob.edit(issue, subject="Still here")
    world.sync()
    assert world.ann.show(ticket)["Subject"] == "Printer"
    assert world.ann.all() == []
