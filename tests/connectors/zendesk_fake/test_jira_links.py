"""Zendesk's own Jira integration."""

from __future__ import annotations

import httpx
from zenpy.lib.api_objects import Link

from tests.connectors.zendesk_fake.stage import Stage, problems

PATH = "/api/services/jira/links"


def linked(stage: Stage, ticket: int, issue: str, key: str) -> httpx.Response:
    link = {"ticket_id": str(ticket), "issue_id": issue, "issue_key": key}
    return stage.api.post(PATH, json={"link": link})


def test_the_client_makes_lists_and_deletes_links(stage: Stage) -> None:
    stage.zen.jira_links.create(Link(ticket_id="1", issue_id="10001", issue_key="APP-1"))
    (link,) = stage.zen.jira_links()
    assert (link.ticket_id, link.issue_key) == ("1", "APP-1")
    linked(stage, 2, "10001", "APP-1")
    assert [one.issue_key for one in stage.zen.jira_links()] == ["APP-1", "APP-1"]
    mine = stage.api.get(PATH, params={"filter[ticket_id]": "1"}).json()
    assert [one["id"] for one in mine["links"]] == [link.id]
    stage.zen.jira_links.delete(link)
    rest = stage.api.get(PATH, params={"filter[issue_id]": "10001"}).json()
    assert [one["ticket_id"] for one in rest["links"]] == ["2"]
    assert stage.api.get(f"{PATH}/{link.id}").status_code == 404


def test_links_are_read_on_from_an_id(stage: Stage) -> None:
    ids = [linked(stage, n, f"{n}", f"APP-{n}").json()["link"]["id"] for n in (1, 2, 3)]
    first = stage.api.get(PATH, params={"page[size]": 2}).json()
    assert (first["meta"]["has_more"], first["total"]) == (True, 3)
    rest = stage.api.get(PATH, params={"since_id": first["meta"]["after_cursor"]}).json()
    assert [one["id"] for one in rest["links"]] == ids[2:]
    assert stage.api.get(PATH, params={"since_id": "x"}).status_code == 400


def test_a_link_is_made_once_and_to_a_ticket_that_is_there(stage: Stage) -> None:
    assert linked(stage, 1, "10001", "APP-1").status_code == 200
    assert "already linked" in problems(linked(stage, 1, "10001", "APP-1"))
    assert linked(stage, 999, "10001", "APP-1").status_code == 404
    assert problems(linked(stage, 1, "", "APP-1"))


def test_links_are_refused_where_the_integration_may_not_manage_them(stage: Stage) -> None:
    stage.settings.jira_links = False
    assert linked(stage, 1, "10001", "APP-1").status_code == 403
    assert stage.api.get(PATH).status_code == 403
