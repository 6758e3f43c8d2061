"""Verify between Jira and Zendesk: it reads both, writes to neither, and finds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from syncline.hub import open_hub
from syncline.store import runs
from syncline.store.rows import Run
from tests.sandbox.two_tools import SIDES, SYNC, TwoTools, two_tools
from tests.support.commands import main

RECORDS = 20

MATCHED = {
    "entity": "ticket",
    "sides": {
        "support": {"record": "ticket", "create": "when_missing"},
        "tracker": {"record": "issue", "create": "when_missing"},
    },
    "match": ["marker", {"fields": ["title", "body"]}],
    "fields": {
        "title": {"authority": "tracker"},
        "body": {"sides": {"support": "source"}},
        "status": {"authority": "tracker"},
        "labels": {},
        "assignee": {"authority": "tracker"},
    },
    "guards": {"max_changed_percent": 100},
}


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TwoTools]:
    with two_tools(tmp_path, RECORDS, **MATCHED) as one:
        monkeypatch.chdir(tmp_path)
        yield one


@pytest.fixture
def syncline(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, dict[str, Any]]]:
    """Run a command: its exit code and its object."""

    def run(*arguments: str) -> tuple[int, dict[str, Any]]:
        code = main([*arguments, "--json"])
        said: dict[str, Any] = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
        return code, said

    return run


def overlook(folder: Path) -> None:
    """Note a pass that went through later than all this, and saw nothing of what it should have."""
    at = datetime.now(UTC) + timedelta(hours=2)

    async def note() -> None:
        async with open_hub(folder) as hub:
            await hub.store.write(runs.start, Run("blind", SYNC, "sync", "done", at, at))

    asyncio.run(note())


def test_verify_reads_both_tools_writes_to_neither_and_finds_what_a_pass_overlooked(
    tools: TwoTools, syncline: Callable[..., tuple[int, dict[str, Any]]]
) -> None:
    for _ in range(3):
        syncline("sync", SYNC)
    tools.later(3600)  # Zendesk lists nothing of its last minute
    tools.forget()
    code, found = syncline("verify", SYNC, "--min-agreement", "100")
    assert (code, found["agreement"]) == (0, 1.0), found
    assert found["links"]["compared"] >= RECORDS
    assert not (found["orphans"] or found["duplicates"] or found["one_sided"])
    assert found["read"]["support"] == len(tools.ask("support", "GET", "/_sandbox/records/ticket"))
    for side in SIDES:
        assert tools.sent(side).writes == 0

    link = next(iter(syncline("links", SYNC)[1]["links"]))
    issue, ticket = link["sides"]["tracker"], link["sides"]["support"]
    tools.retitle("tracker", issue, "Nobody was told")
    tools.later(600)  # until Jira's search shows it
    code, found = syncline("verify", SYNC, "--min-agreement", "100")
    assert (code, found["fields"]["title"]["known"]) == (0, {"in_flight": 1})

    overlook(tools.folder)
    code, found = syncline("verify", SYNC, "--min-agreement", "100")
    assert (code, found["met"]) == (3, False)
    (one,) = found["disagreements"]
    assert (one["field"], one["records"]) == ("title", {"support": ticket, "tracker": issue})
    assert one["values"]["tracker"] == "Nobody was told"
    for side in SIDES:
        assert tools.sent(side).writes == 0
