"""The seed: what a small company's site holds, that it lasts, and how fast it is."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx

from connectors.jira.fake import fake
from syncline.sandbox import Company, Hooks, State, ToolClock
from tests.connectors.jira_fake.stage import START, Stage, staged


async def test_each_case_is_an_issue_and_another_project_has_its_own(stage: Stage) -> None:
    cases = Company.made(1, 30).cases
    shown = await stage.search("project = APP ORDER BY id", maxResults=100, fields=["*all"])
    assert [i["fields"]["summary"] for i in shown] == [c.title for c in cases]
    assert len(await stage.ids("project = OPS")) == 3
    for issue, case in zip(shown, cases, strict=True):
        fields = issue["fields"]
        assert len(fields["description"]["content"]) == len(case.paragraphs)
        assert set(fields["labels"]) == set(case.labels)
        assert (fields["resolution"] is not None) == (case.status in ("done", "cancelled"))
    assert {i["fields"]["status"]["name"] for i in shown} > {"To Do", "In Progress", "Done"}
    assert any(i["fields"]["assignee"] for i in shown)


def test_the_same_seed_gives_the_same_site() -> None:
    sites = []
    for _ in range(2):
        jira = fake(State(), ToolClock(START), Hooks())
        jira.seed(Company.made(7, 20))
        sites.append((jira.records("issue"), jira.records("comment")))
    assert sites[0] == sites[1] and len(sites[0][1]) > 0


async def test_a_site_is_as_it_was_after_a_restart(tmp_path: Path) -> None:
    path = str(tmp_path / "jira.db")
    async with staged(path=path) as stage:
        made = await stage.make(summary="Kept", labels=["kept"])
        await stage.ask("PUT", f"issue/{made['id']}/properties/ours", 201, json={"n": 1})
        stage.fake.act("issue", made["id"], stage.fake.people()[0], "move to OPS")
        records = stage.fake.records("issue"), stage.fake.records("comment")
        base = stage.url
    async with staged(path=path, records=0) as stage:
        stage.fake.base_url_known(base)
        assert (stage.fake.records("issue"), stage.fake.records("comment")) == records
        assert await stage.ids("labels = kept") == [made["id"]]
        shown = await stage.ask("GET", f"issue/{made['key']}?properties=ours")
        assert shown["key"].startswith("OPS-") and shown["properties"] == {"ours": {"n": 1}}
        again = await stage.make()
        assert again["key"] != made["key"] and int(again["id"]) > int(made["id"])


def test_two_thousand_issues_are_seeded_in_three_seconds() -> None:
    company = Company.made(1, 2000)
    jira = fake(State(), ToolClock(START), Hooks())
    began = time.process_time()
    jira.seed(company)
    jira.state.commit()
    assert time.process_time() - began < 3


async def test_a_page_of_a_large_site_costs_as_much_as_one_of_a_small_site() -> None:
    """Forty times as many issues; the floor is the same request to the small site beside it."""
    small, large = await page_time(100), await page_time(4_000)
    assert large < 3 * small + 0.02, (small, large)


async def page_time(records: int) -> float:
    """The processor's best time for some pages of a search, and of a poll for what is new."""
    asked: dict[str, Any] = {
        "jql": "project = APP ORDER BY updated ASC, id ASC",
        "maxResults": 20,
        "fields": ["summary", "status", "updated", "assignee", "labels"],
    }
    poll = {"jql": "project = APP AND updated >= -15m ORDER BY updated ASC, id ASC"}
    times = []
    async with (
        staged(records) as stage,
        httpx.AsyncClient(
            base_url=stage.url, auth=stage.http.auth, trust_env=False, timeout=60
        ) as http,
    ):
        await http.get("/rest/api/3/myself")
        for _ in range(4):
            began = time.process_time()
            page = await http.post("/rest/api/3/search/jql", json=asked)
            assert (await http.post("/rest/api/3/search/jql", json=poll)).json()["issues"] == []
            times.append(time.process_time() - began)
            asked["nextPageToken"] = page.json()["nextPageToken"]
    return min(times)
