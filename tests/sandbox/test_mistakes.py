"""Bad input between Jira and Zendesk: what an operator reads, in the tools' own words, and the exit
code."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.sandbox.two_tools import SYNC, TwoTools, two_tools
from tests.support.commands import main

TITLES = {
    "entity": "ticket",
    "sides": {
        "support": {"record": "ticket", "create": "when_missing"},
        "tracker": {"record": "issue", "create": "when_missing", "defaults": {"type": "bug"}},
    },
    "match": ["marker", {"fields": ["title", "body"]}],
    "fields": {"title": {}, "body": {"sides": {"support": "source"}}, "type": {}, "status": {}},
    "links": "off",
}


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoTools]:
    with two_tools(tmp_path_factory.mktemp("tools"), 5, **TITLES) as one:
        yield one


@pytest.fixture
def syncline(
    tools: TwoTools,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., tuple[int, Any, str]]:
    """Run a command in a folder of its own, after a change of the configuration."""
    monkeypatch.chdir(tmp_path)
    told = yaml.safe_load((tools.folder / "syncline.yaml").read_text("utf-8"))

    def run(*arguments: str, change: Callable[[Any], None] = lambda _: None) -> Any:
        change(told)
        (tmp_path / "syncline.yaml").write_text(yaml.safe_dump(told), "utf-8")
        code = main([*arguments, "--json"])
        said = capsys.readouterr()
        lines = said.out.strip().splitlines()
        return code, json.loads(lines[-1]) if lines else None, said.out + said.err

    return run


def mapping(folder: Path, tool: str, record: str, field: str, how: str) -> None:
    path = folder / "mappings" / tool / "ticket.yaml"
    path.parent.mkdir(parents=True)
    text = f"extends: builtin\nentity: ticket\nrecord: {record}\nfields:\n  {field}: {how}\n"
    path.write_text(text, "utf-8")


@pytest.mark.parametrize(
    ("side", "key", "wanted"),
    [("tracker", "api_token", "401"), ("support", "oauth_client_secret", "401")],
)
def test_wrong_credentials_name_the_connection_and_what_to_renew(
    syncline: Any, side: str, key: str, wanted: str
) -> None:
    def change(told: Any) -> None:
        told["connections"][side]["auth"][key] = "sandbox-this-is-wrong"

    code, checked, said = syncline("check", change=change)
    assert code == 1
    assert not checked["ok"]
    (problem,) = [p for p in checked["problems"] if side in p["where"]]
    assert wanted in problem["what"]
    assert "credentials" in problem["what"] + problem["do"]
    assert "this-is-wrong" not in said


def test_a_field_that_jira_does_not_have_is_named(syncline: Any, tmp_path: Path) -> None:
    mapping(
        tmp_path,
        "jira",
        "issue",
        "severity",
        "{kind: enum, path: custom_fields.Severity, enum: [low]}",
    )
    mapping(
        tmp_path,
        "zendesk",
        "ticket",
        "severity",
        "{kind: enum, path: custom_fields.Severity, enum: [low]}",
    )

    def change(told: Any) -> None:
        told["syncs"][SYNC]["fields"]["severity"] = {}

    code, checked, _ = syncline("check", change=change)
    assert code == 2
    said = [p for p in checked["problems"] if "Severity" in p["what"]]
    assert len(said) == 2, checked


def test_an_option_that_jira_does_not_have_is_named_with_those_it_has(
    syncline: Any, tmp_path: Path
) -> None:
    names = "urgent: Blocker, high: High, medium: Medium, low: Low, none: Lowest"
    mapping(tmp_path, "jira", "issue", "priority", f"{{path: priority, enum: {{{names}}}}}")

    def change(told: Any) -> None:
        told["syncs"][SYNC]["fields"]["priority"] = {}

    code, checked, _ = syncline("check", change=change)
    assert code == 2
    (problem,) = [p for p in checked["problems"] if "Blocker" in p["what"]]
    assert "Highest" in problem["what"] + problem["do"]


def test_a_text_too_long_for_jira_parks_the_text_and_the_issue_is_made_without_it(
    syncline: Any, tools: TwoTools
) -> None:
    typed = {"person": "Leila Haddad", "field:subject": "Long", "field:description": "x" * 40_000}
    tools.ask("support", "POST", "/new/ticket", data=typed)
    tools.ask("support", "POST", "/_sandbox/clock", json={"advance": 600})
    code, done, said = syncline("sync", SYNC)
    assert code == 3, said
    assert done["counts"]["created"] == 1
    _, waiting, _ = syncline("quarantine")
    (parked,) = waiting["quarantine"]
    assert "32,767" in parked["reason"] or "32767" in parked["reason"]
    assert "body" in json.dumps(parked)
    (issue,) = [i for i in tools.issues() if i["fields"]["summary"] == "Long"]
    assert not issue["fields"]["description"]


def test_a_tool_that_is_down_stops_its_side_and_says_so(syncline: Any, tools: TwoTools) -> None:
    code, _, said = syncline("sync", SYNC)
    assert code in (0, 3), said
    down = {"method": "POST", "path": "/rest/api/3/search", "action": "status:503", "times": 99}
    tools.ask("tracker", "POST", "/_sandbox/faults", json=down)
    try:
        code, _, said = syncline("sync", SYNC)
        assert code == 1
        assert "tracker" in said
        assert "503" in said
    finally:
        tools.ask("tracker", "DELETE", "/_sandbox/faults")
