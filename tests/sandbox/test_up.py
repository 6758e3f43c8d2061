"""`syncline sandbox up` with Jira and Zendesk, by the command line: an operator's first hour."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from syncline.sandbox import running
from tests.support.commands import main
from tests.support.ports import free_pair

RECORDS = 12
Tools = dict[str, dict[str, Any]]
TYPES = {"jira": "issue", "zendesk": "ticket"}
SYNC = {
    "entity": "ticket",
    "sides": {
        "support": {"record": "ticket"},
        "tracker": {"record": "issue", "create": "when_missing", "defaults": {"type": "bug"}},
    },
    "match": [{"fields": ["title", "body"]}],
    "fields": {"title": {}, "body": {"sides": {"support": "source"}}, "labels": {}},
    "links": "off",
}
FRESH = "Calendar shows yesterday in Auckland"


@pytest.fixture
def folders(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """Two folders to work in. What was left running in one of them is ended."""
    both = tmp_path / "one", tmp_path / "other"
    for folder in both:
        folder.mkdir()
    yield both
    for folder in both:
        running.down(folder / ".syncline" / "sandbox")


def up(folder: Path, port: int) -> Tools:
    """Both fakes, left running by a command that has ended, as the command tells of them."""
    options = ("--port-base", str(port), "--records", str(RECORDS), "--seed", "5")
    ran = subprocess.run(
        [sys.executable, "-m", "syncline", "sandbox", "up", *TYPES, *options, "--detach", "--json"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    tools: Tools = json.loads(ran.stdout.splitlines()[-1])["tools"]
    expected = [f"http://127.0.0.1:{port + number}" for number in range(len(TYPES))]
    assert [one["base_url"] for one in tools.values()] == expected
    return tools


def records(tools: Tools) -> dict[str, list[Any]]:
    found = {}
    for tool, type in TYPES.items():
        url = f"{tools[tool]['base_url']}/_sandbox/records/{type}"
        found[tool] = httpx.get(url, trust_env=False).json()
    return found


def answers(tool: dict[str, Any]) -> bool:
    try:
        httpx.get(f"{tool['base_url']}/_sandbox", trust_env=False)
    except httpx.ConnectError:
        return False
    return True


def write_ticket(zendesk: dict[str, Any]) -> None:
    """A person writes a ticket, long enough ago for the tool's export to tell of it."""
    typed = {"person": "Leila Haddad", "field:subject": FRESH, "field:description": "Every day."}
    url = zendesk["base_url"]
    httpx.post(f"{url}/new/ticket", data=typed, trust_env=False)
    httpx.post(f"{url}/_sandbox/clock", json={"advance": 600}, trust_env=False)


def configure(folder: Path, tools: Tools) -> None:
    """A configuration made from what `sandbox up` printed, as docs/sandbox.md tells it."""
    connections = {
        side: {"connector": tool, **{k: v for k, v in tools[tool].items() if k != "pid"}}
        for side, tool in (("support", "zendesk"), ("tracker", "jira"))
    }
    said = {"workspace": "first-hour", "connections": connections, "syncs": {"all": SYNC}}
    (folder / "syncline.yaml").write_text(yaml.safe_dump(said), "utf-8")


def test_what_sandbox_up_prints_is_a_configuration_whose_tools_tell_one_story(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def syncline(*arguments: str) -> Any:
        code = main([*arguments, "--json"])
        said = capsys.readouterr()
        assert code == 0, said.out + said.err
        return json.loads(said.out.splitlines()[-1])

    port, (folder, other) = free_pair(), folders
    monkeypatch.chdir(folder)
    tools = up(folder, port)
    seeded = records(tools)
    write_ticket(tools["zendesk"])
    configure(folder, tools)

    checked = syncline("check")
    assert (checked["ok"], checked["problems"]) == (True, [])
    plan = syncline("plan", "all")
    planned = {(one["side"], one["kind"], str(one["source"])) for one in plan["actions"]}
    assert planned == {("tracker", "create", str({"support": str(RECORDS + 1)}))}
    done = syncline("sync", "all")
    assert (done["state"], done["counts"]["created"], done["counts"]["updated"]) == ("done", 1, 0)
    told = syncline("status")["syncs"]["all"]
    assert (told["links"], told["agreement"]) == (RECORDS + 1, 1)
    titles = [issue["fields"]["summary"] for issue in records(tools)["jira"]]
    assert titles.count(FRESH) == 1

    assert sorted(syncline("sandbox", "down")["ended"]) == sorted(TYPES)
    assert not any(answers(tool) for tool in tools.values())
    assert records(up(other, port)) == seeded
