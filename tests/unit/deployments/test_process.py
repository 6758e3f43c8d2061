"""Server processes are found and ended by who they are, not by a number."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from deployments.real.process import ServerProcess, spawn

# A leader with one worker, both of which would run for a minute.
SERVER = """
import os, time
if os.fork() == 0:
    open(os.environ["READY"], "w").write(str(os.getpid()))
time.sleep(60)
"""


def alive(pid: int) -> bool:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return text.rsplit(") ", 1)[1][0] not in "ZX"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[ServerProcess, int]]:
    ready = tmp_path / "ready"
    env = {**os.environ, "READY": str(ready)}
    process = spawn([sys.executable, "-c", SERVER], env=env, log=tmp_path / "log")
    deadline = time.monotonic() + 10
    while not (ready.exists() and ready.read_text()) and time.monotonic() < deadline:
        time.sleep(0.02)
    yield process, int(ready.read_text())
    process.stop()


def test_stopping_a_server_ends_its_workers(server: tuple[ServerProcess, int]) -> None:
    process, worker = server
    assert process.is_running()
    process.stop()
    assert not process.is_running()
    assert not alive(worker)


def test_stopping_twice_is_no_error(server: tuple[ServerProcess, int]) -> None:
    process, _ = server
    process.stop()
    process.stop()


def test_workers_are_found_after_their_leader_was_killed(
    server: tuple[ServerProcess, int],
) -> None:
    process, worker = server
    os.kill(process.pid, 9)
    while alive(process.pid):
        time.sleep(0.01)
    assert alive(worker)
    process.stop()
    assert not alive(worker)


@pytest.mark.parametrize("other", [{"started": 1}, {"boot": "another boot"}])
def test_a_process_that_took_over_the_number_is_left_alone(
    server: tuple[ServerProcess, int], other: dict[str, object]
) -> None:
    process, worker = server
    stranger = replace(process, **other)  # type: ignore[arg-type]
    assert not stranger.is_running()
    stranger.stop()
    assert alive(process.pid)
    assert alive(worker)


def test_what_a_server_prints_goes_to_its_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    script = "import sys; print('out', flush=True); print('err', file=sys.stderr)"
    process = spawn([sys.executable, "-c", script], env=dict(os.environ), log=log)
    while process.is_running():
        time.sleep(0.01)
    assert log.read_text().split() == ["out", "err"]
