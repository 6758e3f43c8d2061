"""All flow tests share one Prefect: what `syncline up` starts, in a process of its own.

The environment is set before anything imports Prefect: no server of the developer's own is talked
to, nothing is written into a home, and nobody is told that tests run.
"""

from __future__ import annotations

import os
import tempfile

os.environ.pop("PREFECT_API_URL", None)
os.environ["DO_NOT_TRACK"] = "1"
os.environ["PREFECT_HOME"] = tempfile.mkdtemp(prefix="syncline-prefect-")

import gc  # noqa: E402
import secrets  # noqa: E402
import signal  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
from collections.abc import AsyncIterator, Iterator  # noqa: E402
from dataclasses import dataclass  # noqa: E402
from pathlib import Path  # noqa: E402

import pytest  # noqa: E402
import pytest_asyncio  # noqa: E402

from deployments.local import free_port  # noqa: E402
from tests.flows.office import VARIABLES, Office, office, write  # noqa: E402

ROOT = Path(__file__).parents[2]
TOKENS = {name: f"{name}-{secrets.token_hex(12)}" for name in VARIABLES}
NOBODY = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Up:
    """What `syncline up` started. `home` holds Prefect's database and the logs."""

    process: subprocess.Popen[str]
    home: Path
    port: int

    def children(self) -> list[Path]:
        """The processes it started that are alive."""
        pid = self.process.pid
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
        return [Path("/proc", child) for child in listed.split()]


@pytest.fixture(scope="session")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """Prefect's server and a worker; told to end, everything that was started ends."""
    folder, home = tmp_path_factory.mktemp("up"), tmp_path_factory.mktemp("prefect")
    write(folder, dict.fromkeys(VARIABLES, NOBODY), "escalations")
    port = free_port(0)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.flows.bring_up", str(folder), str(port), str(home)],
        env=_environment(),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process, process.stdout as said:
        try:
            told = []
            for line in said:
                told.append(line)
                if "Ctrl-C" in line:
                    break
            assert "Deployments: 3 created.\n" in told, "".join(told)
            started = Up(process, home, port)
            children = started.children()
            yield started
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
    assert process.returncode == 0
    assert len(children) == 2
    assert not [child for child in children if child.exists()]


def _environment() -> dict[str, str]:
    tokens = {VARIABLES[name]: token for name, token in TOKENS.items()}
    return {**os.environ, **tokens, "PYTHONPATH": str(ROOT)}


@pytest.fixture
def prefect(up: Up) -> Iterator[Up]:
    """The client talks to the tests' server."""
    from deployments.up import talking_to

    with talking_to(up.port):
        yield up
    gc.collect()  # what Prefect left open is blamed on this test, which expects it


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Prefect does not close all its clients, one of them that of the server's result storage."""
    left_open = ("<socket.socket", "<function _SelectorTransport.__del__")
    for item in items:
        if item.get_closest_marker("prefect"):
            for what in left_open:
                said = (
                    f"ignore:Exception ignored in. {what}:pytest.PytestUnraisableExceptionWarning"
                )
                item.add_marker(pytest.mark.filterwarnings(said))


@pytest_asyncio.fixture
async def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    """Two tools, their credentials known to this process and to the worker."""
    for name, variable in VARIABLES.items():
        monkeypatch.setenv(variable, TOKENS[name])
    folder = tmp_path / "configuration"
    folder.mkdir()
    async with office(folder, TOKENS) as one:
        one.configure("escalations")
        yield one
