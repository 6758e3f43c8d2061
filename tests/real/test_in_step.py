"""The same records on both sides: every field, comments and files, in both directions."""

from __future__ import annotations

import pytest

from tests.real.world import REQUESTER, World

pytestmark = pytest.mark.real

HTML = (
    "<p>It <b>burns</b> since 9 o'clock &amp; smells. Zażółć gęślą jaźń, 日本語 🔥</p>"
    '<ul><li>smoke</li><li>noise</li></ul><p>See <a href="https://example.com/a?b=c">the manual</a>.</p>'
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
