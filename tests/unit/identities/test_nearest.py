"""How near two people or two accounts are, and the words for it."""

from __future__ import annotations

import pytest

from syncline.identities import accounts, nearest
from syncline.identities.nearest import Party


def person(name: str, at: str = "", id: str = "1", connection: str = "a") -> Party:
    return Party(connection, id, name, at)


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        (("Ann", "Ann@x.example"), ("A. Bell", "ann@x.example"), "the same address in other case"),
        (
            ("", "ann.bell@x.example"),
            ("", "annbell+jira@x.example"),
            "an alias of the same mailbox",
        ),
        (
            ("Ann Bell", "ab@x.example"),
            ("BELL, Ann", "ann@x.example"),
            "the same name at the same domain",
        ),
        (("Zoë Núñez", ""), ("Nunez Zoe", "z@x.example"), "the same name"),
        (
            ("Ann", "ann@x.example"),
            ("A. Bell", "ann@y.example"),
            "the same mailbox at another domain",
        ),
        (("Anne Bell", ""), ("Ann Bell", "a@x.example"), "a name spelt alike"),
        (("Anne Bell", "a@x.example"), ("Ann Bell", "b@y.example"), None),
        (("Ann", "ann@x.example"), ("Bob", "bob@x.example"), None),
        (("", ""), ("", ""), None),
    ],
)
def test_two_people_are_near_for_the_strongest_reason_there_is(
    one: tuple[str, str], other: tuple[str, str], reason: str | None
) -> None:
    for a, b in ((one, other), (other, one)):
        found = nearest.people(person(*a), person(*b))
        assert (found.words if found else None) == reason


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        (("Acme", "www.Acme.com"), ("Akme", "https://acme.com/de"), "the same domain"),
        (("Acme", "acme.com"), ("Acme Labs", "labs.acme.com"), "a subdomain"),
        (("Acme GmbH", ""), ("ACME Inc.", "acme.com"), "the same name"),
        (("Acme GmbH", "acme.de"), ("Acme", "acme.com"), "the same name at another domain"),
        (("Acme", "acme.de"), ("Widgets", "acme.com"), "the same domain in another country"),
        (("Bramble Hosting", ""), ("Bramble Hostings", "b.com"), "a name spelt alike"),
        (("Acme", "acme.com"), ("Widgets", "widgets.com"), None),
        (("Company Ltd", ""), ("Company Inc", ""), None),
    ],
)
def test_two_accounts_are_near_for_the_strongest_reason_there_is(
    one: tuple[str, str], other: tuple[str, str], reason: str | None
) -> None:
    for a, b in ((one, other), (other, one)):
        found = nearest.accounts(person(*a), person(*b))
        assert (found.words if found else None) == reason


def test_all_that_are_equally_near_are_told() -> None:
    one = person("Ann Bell")
    twins = [person("Ann Bell", id="2"), person("Bell Ann", id="3"), person("Anne Bell", id="4")]
    near, reason = nearest.nearest(one, twins, nearest.people)
    assert [p.id for p in near] == ["2", "3"]
    assert reason is not None and reason.words == "the same name"


def test_a_domain_that_two_accounts_have_matches_nobody_by_itself() -> None:
    crm = [person("Acme", "acme.com", "1", "crm"), person("Acme East", "acme.com", "2", "crm")]
    desk = [person("Acme", "acme.com", "9", "desk"), person("Widgets", "w.com", "8", "desk")]
    found = accounts.report("all", {"crm": crm, "desk": desk}, [])
    assert found.pairs == []
    told = {(a.party.connection, a.party.id): [c.id for c in a.candidates] for a in found.alone}
    assert told == {
        ("crm", "1"): ["9"],
        ("crm", "2"): ["9"],
        ("desk", "9"): ["1", "2"],
        ("desk", "8"): [],
    }


def test_a_link_outweighs_a_domain() -> None:
    crm = [person("Acme", "acme.com", "1", "crm"), person("Acme East", "east.com", "2", "crm")]
    desk = [person("Acme", "acme.com", "9", "desk")]
    found = accounts.report("all", {"crm": crm, "desk": desk}, [{"crm": "2", "desk": "9"}])
    assert [(p.one.id, p.other.id, p.by) for p in found.pairs] == [("2", "9", "link")]
    assert [(a.party.id, a.missing, list(a.candidates)) for a in found.alone] == [("1", "desk", [])]
