"""Fakes as processes of their own: starting, ending, coming back."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from syncline.sandbox import running
from tests.support.ports import free_pair
from tests.unit.sandbox.notes import TOKEN

NOTES = {"notes": "tests.unit.sandbox.notes"}
TWO = {**NOTES, "other": "tests.unit.sandbox.notes"}
WATCHER = """
import sys, time
from pathlib import Path
from syncline.sandbox import running
one, = running.start({"notes": "tests.unit.sandbox.notes"}, Path(sys.argv[1]), seed=1, records=1)
print(one.about["base_url"], one.about["pid"], flush=True)
time.sleep(60)
"""


def titles(one: running.Running) -> list[str]:
    url = f"{one.about['base_url']}/_sandbox/records/note"
    return [note["title"] for note in httpx.get(url, trust_env=False).json()]


def gone(url: str) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            httpx.get(f"{url}/_sandbox", trust_env=False)
        except httpx.TransportError:
            return True
        time.sleep(0.1)
    return False


Up = Callable[..., list[running.Running]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def up(folder: Path) -> Iterator[Up]:
    """Starts notes, detached unless told otherwise; what is left at the end is ended."""
    begun: list[running.Running] = []

    def start(at: Path = folder, tools: Mapping[str, str] = NOTES, **options: Any) -> list[Any]:
        asked = {"seed": 1, "records": 3, "detached": True, **options}
        begun.extend(found := running.start(tools, at, **asked))
        return found

    yield start
    running.end([one.process for one in begun])


def test_a_fake_is_its_own_process_and_says_what_a_connection_takes(folder: Path, up: Up) -> None:
    (one,) = up()
    about = dict(one.about)
    assert about.pop("pid") == one.process.pid != os.getpid()
    url = about.pop("base_url")
    assert url.startswith("http://127.0.0.1:")
    assert about == {
        "auth": {"token": TOKEN},
        "scope": {"board": "main"},
        "search_lag": "2s",
        "private_network": True,
    }
    assert httpx.get(f"{url}/_sandbox", trust_env=False).json()["sandbox"] is True


def test_a_detached_fake_is_ended_by_down(folder: Path, up: Up) -> None:
    (one,) = up()
    assert running.down(folder) == ["notes"]
    assert one.process.wait(5) == 0
    assert gone(one.about["base_url"])
    assert running.down(folder) == []


def test_a_restart_keeps_what_was_done_and_where_it_was(folder: Path, up: Up) -> None:
    (one,) = up()
    url, headers = one.about["base_url"], {"Authorization": f"Bearer {TOKEN}"}
    httpx.post(f"{url}/notes", json=["mine"], headers=headers, trust_env=False)
    moved = httpx.post(f"{url}/_sandbox/clock", json={"advance": 86_400}, trust_env=False).json()
    one.process.kill()
    one.process.wait()
    (again,) = up()
    assert again.about["base_url"] == url
    assert titles(again)[-1] == "mine"
    assert httpx.get(f"{url}/_sandbox/clock", trust_env=False).json()["now"] > moved["now"]


def test_the_same_seed_makes_the_same_records_and_another_one_others(folder: Path, up: Up) -> None:
    found = []
    for seed in (1, 1, 2):
        (one,) = up(folder / str(len(found)), seed=seed)
        found.append(titles(one))
        running.down(folder / str(len(found) - 1))
    assert found[0] == found[1] != found[2]
    assert len(found[0]) == 3


def test_ports_follow_the_base(folder: Path, up: Up) -> None:
    base = free_pair()
    begun = up(tools=TWO, port_base=base)
    assert [one.about["base_url"].rpartition(":")[2] for one in begun] == [str(base), str(base + 1)]


def neighbours() -> tuple[int, socket.socket]:
    """A port that is free, and the one after it, taken."""
    while True:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port, taken = free.getsockname()[1], socket.socket()
            try:
                taken.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                taken.close()
                continue
            taken.listen()
            return port, taken


def test_a_taken_port_is_told_and_nothing_is_left(folder: Path) -> None:
    port, taken = neighbours()
    with taken, pytest.raises(running.NotUp, match=f"port {port + 1} .*--port-base"):
        running.start(TWO, folder, seed=1, records=0, port_base=port)
    assert running.down(folder) == []


def test_a_second_one_on_the_same_state_is_refused(folder: Path, up: Up) -> None:
    (one,) = up()
    with pytest.raises(running.NotUp, match="is up already"):
        up()
    assert one.process.poll() is None


def test_a_fake_that_cannot_begin_names_its_log(folder: Path) -> None:
    with pytest.raises(running.NotUp, match=r"notes\.log says why"):
        running.start({"notes": "no.such.module"}, folder, seed=1, records=0)
    assert "No module named 'no'" in (folder / "notes.log").read_text("utf-8")


def test_no_fake_outlives_a_parent_that_was_killed(folder: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", WATCHER, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert parent.stdout is not None
    with parent.stdout as said:
        url, pid = said.readline().split()
    os.kill(int(pid), 0)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert gone(url)


def test_watching_tells_a_crash_from_an_end(folder: Path, up: Up) -> None:
    begun = up()
    running.down(folder)
    running.watch(begun, folder)
    begun = up()
    begun[0].process.kill()
    with pytest.raises(running.NotUp, match="ended with code -9"):
        running.watch(begun, folder)
