"""The real servers themselves: they survive a kill, and a reset gives back the seeded state."""

from __future__ import annotations

import http.client
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from deployments.real.redmine import Redmine
from deployments.real.request_tracker import RequestTracker
from deployments.real.server import Server, ServerError
from deployments.real.servers import available

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not available(), reason="the Debian packages are not installed"),
]


class Tool:
    """One server and the few calls these tests make."""

    def __init__(self, server: Server, header: tuple[str, str], create: str, body: Any) -> None:
        self.server, self.header, self.create, self.body = server, header, create, body

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        address = urlsplit(self.server.connection()["base_url"])
        with closing(http.client.HTTPConnection(address.netloc, timeout=60)) as connection:
            headers = dict([self.header, ("Content-Type", "application/json")])
            connection.request(method, path, json.dumps(body) if body else None, headers)
            reply = connection.getresponse()
            text = reply.read()
            return reply.status, json.loads(text) if text.strip() else None

    def add(self) -> int:
        """Create a record and return its id."""
        status, made = self.call("POST", self.create, self.body)
        assert status == 201, made
        return int(made["issue"]["id"] if "issue" in made else made["id"])

    def status_of(self, record: int) -> int:
        suffix = ".json" if self.create.endswith(".json") else ""
        return self.call("GET", f"{self.create.removesuffix('.json')}/{record}{suffix}")[0]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("servers")


@pytest.fixture(scope="module", params=["request_tracker", "redmine"])
def tool(request: pytest.FixtureRequest, root: Path) -> Iterator[Tool]:
    server: Server = RequestTracker(root) if request.param == "request_tracker" else Redmine(root)
    server.start()
    auth = server.connection()["auth"]
    if request.param == "request_tracker":
        ticket = {"Queue": "Support", "Subject": "s", "Requestor": "carol@example.test"}
        header = ("Authorization", f"token {auth['token']}")
        made = Tool(server, header, "/REST/2.0/ticket", ticket)
    else:
        issue = {"issue": {"project_id": "app", "subject": "s"}}
        made = Tool(server, ("X-Redmine-API-Key", auth["api_key"]), "/issues.json", issue)
    yield made
    server.stop()


def test_starting_twice_leaves_one_server(tool: Tool) -> None:
    first = tool.server.start()
    assert tool.server.start() == first


def test_a_reset_under_a_running_server_brings_back_the_seeded_state(tool: Tool) -> None:
    tool.server.reset()
    before = tool.server.process()
    first = tool.add()
    tool.add()
    tool.server.reset()
    assert tool.status_of(first) == 404
    assert tool.add() == first
    assert tool.server.process() == before


def test_records_survive_a_kill_and_a_restart(tool: Tool) -> None:
    record = tool.add()
    process = tool.server.process()
    assert process
    os.kill(process.pid, signal.SIGKILL)
    while process.is_running():
        time.sleep(0.01)
    assert tool.server.start() != process
    assert tool.status_of(record) == 200


def test_a_stopped_server_answers_nobody_and_keeps_its_port(tool: Tool) -> None:
    port = tool.server.port
    tool.server.stop()
    tool.server.stop()
    with pytest.raises(ConnectionRefusedError):
        tool.add()
    tool.server.start()
    assert tool.server.port == port


def test_two_servers_cannot_be_given_one_port(tool: Tool, root: Path) -> None:
    other = RequestTracker(root / "other")
    with pytest.raises(ServerError, match="cannot be used"):
        other.start(tool.server.port)


def test_mail_to_a_requester_can_be_seen_in_the_mail_file(root: Path) -> None:
    server = RequestTracker(root)
    server.start()
    server.reset()
    connection = server.connection()
    mail = Path(connection["mail"])
    assert mail.read_bytes() == b""
    header = ("Authorization", f"token {connection['people']['ann']['auth']['token']}")
    ticket = {"Queue": "Support", "Subject": "s", "Content": "c", "Requestor": "eve@example.test"}
    Tool(server, header, "/REST/2.0/ticket", ticket).add()
    assert "To: eve@example.test" in mail.read_text()
    server.stop()
