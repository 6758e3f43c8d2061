"""A private Request Tracker and a private Redmine for the whole session, fresh for each test.

Seeding them takes half a minute. Name a folder in SYNCLINE_TEST_SERVERS to keep them, seeded and
running, from one session to the next; they must be nobody else's, for every test empties them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deployments.real.redmine import Redmine
from deployments.real.request_tracker import RequestTracker
from deployments.real.server import Server
from deployments.real.servers import locked
from tests.real.world import Proxy, World

KEPT = "SYNCLINE_TEST_SERVERS"
SKIPPED: list[str] = []


@pytest.fixture(scope="session")
def real_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Server]]:
    kept = os.environ.get(KEPT)
    root = Path(kept) if kept else tmp_path_factory.mktemp("real")
    servers: dict[str, Server] = {s.name: s for s in (RequestTracker(root), Redmine(root))}
    missing = [package for server in servers.values() for package in server.missing_packages()]
    if missing:
        SKIPPED.append(", ".join(missing))
        pytest.skip(f"the Debian packages {', '.join(missing)} are not installed")
    with locked(root), ThreadPoolExecutor() as both:
        list(both.map(lambda server: server.start(), servers.values()))
    yield servers
    if not kept:
        for server in servers.values():
            server.stop()


@pytest.fixture(scope="session")
def proxies(real_servers: dict[str, Server]) -> Iterator[dict[str, Proxy]]:
    made = {
        name: Proxy(server.connection()["base_url"]).start()
        for name, server in real_servers.items()
    }
    yield made
    for proxy in made.values():
        proxy.stop()


@pytest.fixture
def world(
    real_servers: dict[str, Server],
    proxies: dict[str, Proxy],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    for server in real_servers.values():
        server.start()
        server.reset()
    for proxy in proxies.values():
        proxy.clear()
    made = World(tmp_path, real_servers, proxies)
    for name, secret in made.secrets.items():
        monkeypatch.setenv(name, secret)
    return made


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Nobody must take a run without the servers for one with them."""
    if SKIPPED:
        terminalreporter.section("NOT TESTED against the real servers", sep="!", red=True)
        terminalreporter.line(f"These Debian packages are not installed: {SKIPPED[0]}. Install")
        terminalreporter.line(
            "them with `python -m deployments.real.servers install --allow-system-install`."
        )
