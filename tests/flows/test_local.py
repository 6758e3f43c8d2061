"""What `syncline up` starts ends with it, also when it is killed and could not say so."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deployments.local import NotUp, child, free_port

ROOT = Path(__file__).parents[2]
ASLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]

PARENT = """
import asyncio, os, signal, sys
from pathlib import Path
from deployments.local import child

async def main():
    async with child("asleep", sys.argv[2:], os.environ, Path(sys.argv[1])) as one:
        print(one.process.pid, flush=True)
        await asyncio.sleep(60)

signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_a_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path), *ASLEEP],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
    late = time.monotonic() + 20
    while Path(f"/proc/{pid}/exe").exists():
        assert time.monotonic() < late, "it outlived its parent"
        time.sleep(0.05)


async def test_a_child_ends_with_its_block_and_says_why_it_ended_before(tmp_path: Path) -> None:
    async with child("asleep", ASLEEP, {}, tmp_path) as one:
        assert one.ended() == ""
    assert one.process.returncode == -signal.SIGTERM
    failing = [sys.executable, "-c", "import sys; sys.exit('no such database')"]
    async with child("server", failing, {}, tmp_path) as one:
        await asyncio.to_thread(one.process.wait, 10)
        assert "server ended with code 1" in one.ended()
        assert "no such database" in one.ended()


def test_a_taken_port_is_refused_and_without_a_wish_another_is_found() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(NotUp, match="is taken"):
            free_port(taken.getsockname()[1])
    assert free_port() > 0
