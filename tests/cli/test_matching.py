"""`people --unmatched` and `accounts`: who is not matched, who is nearest, and what to paste."""

from __future__ import annotations

import yaml

from syncline.simulation.tool import FIELDS, FieldRule
from tests.cli.desk import Desk

ACCOUNTS = """\
entity: account
record: ticket
fields:
  name: {path: title}
  domain: {path: custom.domain}
"""


def test_somebody_under_another_address_is_proposed_and_what_is_pasted_matches_them(
    desk: Desk,
) -> None:
    desk.a.add_person("ann", "ann@bramble.example", "Ann Bell")
    desk.b.add_person("b-7", "ann+jira@bramble.example", "A. Bell")
    desk.b.create({"title": "Seen in b", "assignee": "b-7"})
    desk.a.create({"title": "Seen in a", "assignee": "ann"})
    assert desk.run("sync", "main").code == 3
    before = len(desk.a.deeds), len(desk.b.deeds)
    found = desk.json("people", "--unmatched")
    told = {one["handle"]: one for one in found["unmatched"]}
    assert told["ann"]["missing"] == "b"
    assert [c["handle"] for c in told["ann"]["candidates"]] == ["b-7"]
    assert told["ann"]["reason"] == "an alias of the same mailbox"
    assert (len(desk.a.deeds), len(desk.b.deeds)) == before  # nothing is written to a tool
    assert len(found["entries"]) == 1  # once, and not from both ends
    shown = desk.run("people", "--unmatched").out
    pasted = yaml.safe_load(shown[shown.index("people:\n") :])
    desk.config |= pasted
    desk.write()
    after = desk.json("people", "--unmatched")
    assert after["unmatched"] == []
    (ann,) = after["matched"]
    assert (ann["handles"], ann["by"]) == ({"a": "ann", "b": "b-7"}, "table")


def test_a_tool_is_asked_for_those_whom_no_record_of_it_named(desk: Desk) -> None:
    desk.a.add_person("ann", "Ann@bramble.example", "Ann Bell")
    desk.a.create({"title": "Seen", "assignee": "ann"})
    desk.run("sync", "main")
    (left,) = desk.json("people", "--unmatched")["unmatched"]
    assert (left["handle"], left["candidates"]) == ("ann", [])
    assert "nobody" in desk.run("people", "--unmatched").out
    desk.b.add_person("b-7", "ann@bramble.example", "Ann")
    found = desk.json("people", "--unmatched")
    assert found["unmatched"] == []
    (ann,) = found["matched"]
    assert (ann["person"], ann["handles"]) == ("ann@bramble.example", {"a": "ann", "b": "b-7"})


def test_of_two_who_are_equally_near_none_is_proposed(desk: Desk) -> None:
    desk.a.add_person("ann", None, "Ann Bell")
    for handle in ("b-7", "b-8"):
        desk.b.add_person(handle, f"{handle}@bramble.example", "Ann Bell")
        desk.b.create({"title": f"Seen by {handle}", "assignee": handle})
    desk.a.create({"title": "Seen", "assignee": "ann"})
    desk.run("sync", "main")
    found = desk.json("people", "a", "--unmatched")
    (ann,) = [one for one in found["unmatched"] if one["handle"] == "ann"]
    assert [c["handle"] for c in ann["candidates"]] == ["b-7", "b-8"]
    assert (ann["proposal"], found["entries"]) == (None, [])


def test_where_nobody_is_written_nobody_is_missing(desk: Desk) -> None:
    desk.config["syncs"]["main"]["fields"] = {"title": {}}
    desk.write()
    assert desk.json("people", "--unmatched")["unmatched"] == []


def test_accounts_match_by_link_and_domain_and_the_rest_is_a_command_to_paste(desk: Desk) -> None:
    desk.mapping(ACCOUNTS.replace("ticket.yaml", ""), "memory")
    path = desk.folder / "mappings" / "memory"
    (path / "ticket.yaml").rename(path / "account.yaml")
    desk.config["syncs"] = {
        "companies": {"entity": "account", "sides": {"a": {}, "b": {}}, "links": "off"}
    }
    desk.write()
    for tool in (desk.a, desk.b):
        tool.rules = {**FIELDS, "custom.domain": FieldRule()}
    a = [
        desk.a.create({"title": name, "custom": {"domain": at}})
        for name, at in (("Acme", "acme.com"), ("Widgets GmbH", "widgets.de"), ("Lone", "lone.com"))
    ]
    b = [
        desk.b.create({"title": name, "custom": {"domain": at}})
        for name, at in (("ACME Inc", "www.ACME.com"), ("Widgets", "widgets.com"))
    ]
    before = len(desk.a.deeds), len(desk.b.deeds)
    found = desk.json("accounts")["syncs"]["companies"]
    assert (len(desk.a.deeds), len(desk.b.deeds)) == before
    (pair,) = found["matched"]
    assert (pair["by"], [p["record"] for p in pair["accounts"]]) == ("domain", [a[0], b[0]])
    # A pass does not see that these are the same domain, so the command is told as well.
    assert pair["adopt"] == f"syncline adopt companies a:{a[0]} b:{b[0]}"
    assert f"\n{pair['adopt']}\n" in desk.run("accounts").out
    told = {one["record"]: one for one in found["unmatched"]}
    assert told[a[1]]["reason"] == "the same name at another domain"
    assert (
        told[a[1]]["adopt"]
        == told[b[1]]["adopt"]
        == (f"syncline adopt companies a:{a[1]} b:{b[1]}")
    )
    assert (told[a[2]]["candidates"], told[a[2]]["adopt"]) == ([], None)
    assert desk.run("sync", "companies").code == 0
    assert desk.run(*told[a[1]]["adopt"].split()[1:]).code == 0
    found = desk.json("accounts", "companies")["syncs"]["companies"]
    assert sorted(pair["by"] for pair in found["matched"]) == ["domain", "link"]
    assert told[a[1]]["adopt"] not in desk.run("accounts").out


def test_a_sync_of_something_else_has_no_accounts(desk: Desk) -> None:
    answer = desk.run("accounts", "main")
    assert answer.code == 2
    assert "main syncs tickets" in answer.err
