"""One issue is to be made while Jira's answers get lost: how many are made?

Asked of the `jira` package with its own defaults, and of Syncline's connector, against the Jira of
the sandbox, which applies every create and cuts the connection before it answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from jira import JIRA
from requests import RequestException

from connectors.jira import JiraConnector
from connectors.jira.config import Auth, JiraConfig, Scope
from syncline.observability import SystemClock
from syncline.sandbox import running
from syncline.sdk.connector import Create, CreateSearch, Found
from syncline.sdk.secrets import Secret

FIELDS = {"summary": "Made once?", "issuetype": "Task"}
LOST = {"method": "POST", "path": "/rest/api/3/issue", "action": "drop_after_apply", "times": 100}
LONG = 600  # seconds, in which the tool's search has caught up


@dataclass(frozen=True)
class Made:
    """Issues that one call made: by the package, by Syncline's connector; and whether the latter
    found the issue again when it asked."""

    package: int
    connector: int
    found: bool


def one_create(folder: Path) -> Made:
    """Both measured, one after the other."""
    (jira,) = running.start({"jira": "connectors.jira.fake"}, folder, seed=1, records=0)
    try:
        about = jira.about
        package = _made(about, lambda: _by_package(about))
        connector = _made(about, lambda: asyncio.run(_by_connector(about)))
        found = asyncio.run(_found(about))
        return Made(package, connector, found)
    finally:
        running.end([jira.process])


def _made(about: Mapping[str, Any], call: Callable[[], None]) -> int:
    """How many issues there are more after the call."""

    def issues() -> int:
        return len(httpx.get(f"{url}/_sandbox/records/issue", trust_env=False).json())

    url = about["base_url"]
    before = issues()
    httpx.post(f"{url}/_sandbox/faults", json=LOST, trust_env=False).raise_for_status()
    try:
        call()
    finally:
        httpx.delete(f"{url}/_sandbox/faults", trust_env=False).raise_for_status()
    return issues() - before


def _by_package(about: Mapping[str, Any]) -> None:
    auth = about["auth"]
    client = JIRA(
        about["base_url"],
        options={"rest_api_version": "3"},
        basic_auth=(auth["email"], auth["api_token"]),
    )
    client._session.max_retry_delay = 0  # it waits up to a minute in between; the tries stay
    project = about["scope"]["project"]
    fields = {
        "project": {"key": project},
        "summary": FIELDS["summary"],
        "issuetype": {"name": "Task"},
    }
    try:
        client.create_issue(fields, prefetch=False)
    except RequestException:
        return
    finally:
        client.close()
    raise SystemExit("the answer was not lost; nothing was measured")


async def _by_connector(about: Mapping[str, Any]) -> None:
    connector = _opened(about)
    try:
        await connector.create("issue", [Create("anchor-1", FIELDS)])
    finally:
        await connector.aclose()


async def _found(about: Mapping[str, Any]) -> bool:
    """Whether the connector finds its issue by the key, which is how the engine settles it."""
    url = f"{about['base_url']}/_sandbox/clock"
    httpx.post(url, json={"advance": LONG}, trust_env=False).raise_for_status()
    connector = _opened(about)
    try:
        search = CreateSearch("anchor-1", FIELDS, datetime.fromtimestamp(0, UTC))
        (result,) = await connector.find("issue", [search])
        return result.found is Found.YES
    finally:
        await connector.aclose()


def _opened(about: Mapping[str, Any]) -> JiraConnector:
    auth = about["auth"]
    config = JiraConfig(
        connector="jira",
        base_url=about["base_url"],
        auth=Auth(email=auth["email"], api_token=Secret(auth["api_token"])),
        scope=Scope(**about["scope"]),
        private_network=True,
    )
    return JiraConnector.open("jira", config, SystemClock())
