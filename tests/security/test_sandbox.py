"""S24: a sandbox and a real tool never meet, whichever is taken for the other."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from syncline.sandbox import running
from tests.support.commands import main

SANDBOX = "sandbox-key"
REAL = "${env:REAL_KEY}"
WITNESS = "real-key-5150"


class RealTool:
    """A tool on this machine that is no sandbox and knows nobody. Notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        tool = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                tool.asked.append((self.path, str(self.headers)))
                body = json.dumps({"errors": ["nothing here"]}).encode()
                self.send_response(404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


@pytest.fixture
def real() -> Iterator[RealTool]:
    tool = RealTool()
    thread = threading.Thread(target=tool.server.serve_forever, args=(0.02,))
    thread.start()
    yield tool
    tool.server.shutdown()
    tool.server.server_close()
    thread.join()


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[str]:
    modules = {"notes": "tests.unit.sandbox.notes"}
    begun = running.start(modules, tmp_path / "sandbox", seed=1, records=1)
    yield begun[0].about["base_url"]
    running.end([one.process for one in begun])


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REAL_KEY", WITNESS)
    monkeypatch.delenv("SYNCLINE_CONFIG", raising=False)
    return tmp_path


def connection(url: str, key: str) -> dict[str, Any]:
    return {
        "connector": "redmine",
        "base_url": url,
        "private_network": True,
        "auth": {"api_key": key},
        "scope": {"project": "app"},
    }


def configure(**connections: dict[str, Any]) -> None:
    body = {"connections": connections, "syncs": {"main": {"entity": "ticket"}}}
    Path("syncline.yaml").write_text(yaml.safe_dump(body))


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command says that ends as a wrong configuration does."""
    code = main([*arguments, "--json"])
    said = capsys.readouterr()
    assert code == 2, said.out + said.err
    assert WITNESS not in said.out + said.err
    return said.out + said.err


def vendor_requests(url: str) -> list[str]:
    log = httpx.get(f"{url}/_sandbox/requests", trust_env=False).json()
    return [entry["path"] for entry in log]


@pytest.mark.parametrize("command", [["config", "lint"], ["check"], ["sync", "main"]])
def test_a_sandboxs_secret_is_refused_beside_an_address_that_is_not_this_machine(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    configure(
        a=connection("https://redmine.acme.example", SANDBOX),
        b=connection("http://127.0.0.1:1", SANDBOX),
    )
    told = refused(capsys, *command)
    assert "connections.a.base_url" in told
    assert "a sandbox is on this machine" in told
    assert "connections.b.base_url" not in told


@pytest.mark.parametrize("url", ["http://127.0.0.1.evil.example", "http://127.0.0.1@evil.example"])
def test_an_address_that_only_looks_like_this_machine_is_refused(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(a=connection(url, SANDBOX), b=connection("http://localhost:1", SANDBOX))
    assert "connections.a.base_url" in refused(capsys, "config", "lint")


@pytest.mark.parametrize("command", [["config", "lint"], ["sync", "main"], ["plan", "main"]])
def test_a_sync_that_mixes_a_sandbox_with_a_real_tool_is_refused_before_anything_is_asked(
    command: list[str], sandbox: str, real: RealTool, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(a=connection(sandbox, SANDBOX), b=connection(real.url, REAL))
    told = refused(capsys, *command)
    assert "syncs.main" in told
    assert "mixes a sandbox (a) with real tools (b)" in told
    assert real.asked == []
    assert vendor_requests(sandbox) == []


def test_a_connection_is_a_sandboxs_or_real_and_not_both(
    capsys: pytest.CaptureFixture[str],
) -> None:
    half = connection("http://127.0.0.1:1", SANDBOX)
    half |= {"connector": "request_tracker", "scope": {"queue": "q"}}
    half["auth"] = {"token": SANDBOX, "password": REAL}
    configure(a=half)
    told = refused(capsys, "config", "lint")
    assert "connections.a.auth.password" in told
    assert "a connection is a sandbox's or real" in told


@pytest.mark.parametrize("command", ["check", "sync"])
def test_a_real_secret_is_never_shown_to_a_sandbox(
    command: str, sandbox: str, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(a=connection(sandbox, REAL), b=connection(sandbox, REAL))
    told = refused(capsys, command, *(["main"] if command == "sync" else []))
    assert "connections.a.base_url" in told
    assert "leads to a sandbox, but the secret is a real one" in told
    assert vendor_requests(sandbox) == []


@pytest.mark.parametrize("command", ["check", "sync"])
def test_a_sandboxs_secret_opens_nothing_real(
    command: str, real: RealTool, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(a=connection(real.url, SANDBOX), b=connection(real.url, SANDBOX))
    told = refused(capsys, command, *(["main"] if command == "sync" else []))
    assert "has a sandbox's secret, but no sandbox answers there" in told
    assert set(real.paths()) == {"/_sandbox"}
    assert all(SANDBOX not in headers for _, headers in real.asked)


def test_a_real_tool_on_this_machine_is_asked_once_and_without_its_secret(
    real: RealTool, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(a=connection(real.url, REAL))
    main(["check", "--json"])
    assert "sandbox" not in capsys.readouterr().out
    assert real.paths().count("/_sandbox") == 1
    assert len(real.paths()) > 1
    assert all(WITNESS not in headers for path, headers in real.asked if path == "/_sandbox")


def test_two_sandboxes_are_asked_like_any_tools(
    sandbox: str, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(a=connection(sandbox, SANDBOX), b=connection(sandbox, SANDBOX))
    main(["sync", "main", "--json"])
    said = capsys.readouterr()
    assert "real" not in said.err
    assert vendor_requests(sandbox)


def test_a_sandbox_that_is_down_is_told_as_a_tool_that_is_down(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure(
        a=connection("http://127.0.0.1:9", SANDBOX), b=connection("http://127.0.0.1:9", SANDBOX)
    )
    assert main(["check", "--json"]) == 1
    assert "sandbox" not in capsys.readouterr().err
