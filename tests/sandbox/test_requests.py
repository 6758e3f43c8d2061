"""How many requests Jira and Zendesk are sent, by their own logs, beside the least there could be.

The bound of a pass: pages of changes, bulk writes with one poll a job, single writes where the tool
has no bulk call, and batched reads by id before a write (Jira has no compare-and-set) and after one
that answers nothing (Jira's, and Zendesk's jobs).
"""

from __future__ import annotations

from pathlib import Path

from tests.sandbox.two_tools import TwoTools, two_tools

RECORDS = 2_000
CHANGED = RECORDS // 100
JIRA_PAGE, ZENDESK_PAGE, BULK = 100, 1_000, 100

SYNC = {
    "entity": "ticket",
    "sides": {"support": {"record": "ticket"}, "tracker": {"record": "issue"}},
    # Titles repeat in a company of this size; with their text they do not.
    "match": ["marker", {"fields": ["title", "body"]}],
    "fields": {
        "title": {"authority": "tracker"},
        "body": {"sides": {"support": "source"}},
        "status": {"authority": "tracker"},
        "labels": {},
    },
    "links": "off",
    "guards": {"max_changed_percent": 100},
}


def pages(items: int, size: int) -> int:
    return max(1, -(-items // size))


async def test_each_pass_sends_hardly_more_than_the_least_that_it_could(tmp_path: Path) -> None:
    with two_tools(tmp_path, RECORDS, **SYNC) as tools:
        tools.later()
        async with tools.hub() as hub:
            report = await tools.run(hub)
            assert report.links == report.agreed == RECORDS
            least = {"tracker": pages(RECORDS, JIRA_PAGE), "support": pages(RECORDS, ZENDESK_PAGE)}
            compare(tools, "first link", least, goal=1.05)

            tools.later()
            await tools.run(hub)
            compare(tools, "unchanged", {"tracker": 1, "support": 1}, goal=1.0)
            assert writes(tools) == 0

            for number, ticket in enumerate(tools.tickets()[:CHANGED]):
                tools.retitle("support", str(ticket["id"]), f"changed at the desk {number}")
            for number, issue in enumerate(tools.issues()[-CHANGED:]):
                tools.retitle("tracker", issue["id"], f"changed in the tracker {number}")
            tools.later()
            report = await tools.run(hub)
            assert report.counts["updated"] == 2 * CHANGED
            batches = pages(CHANGED, BULK)
            least = {"tracker": 1 + CHANGED + 2 * batches, "support": 1 + 3 * batches}
            compare(tools, "1 % changed on each side", least, goal=1.2)

            tools.later()
            await tools.run(hub)
            compare(tools, "echo", {"tracker": 1, "support": 1}, goal=1.0)
            assert writes(tools) == 0


def writes(tools: TwoTools) -> int:
    return sum(tools.sent(side).writes for side in ("support", "tracker"))


def compare(tools: TwoTools, name: str, least: dict[str, int], goal: float) -> None:
    """Print what was sent beside the bound, and fail where it is more than the goal allows."""
    sent = {side: tools.sent(side) for side in least}
    for side, one in sent.items():
        print(f"{name}: {side} {one.work} of {least[side]} (+{one.session}), {dict(one.calls)}")
    total = sum(one.work for one in sent.values())
    assert total <= goal * sum(least.values()), (name, sent)
