"""A Prefect server and a worker of our own, on this machine and on loopback only.

Nothing here tells anybody outside that it runs: telemetry and advertisements are off, and the page
that `/` shows is the one that asks nobody but this server.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

PORT = 4200
HOST = "127.0.0.1"
START_SECONDS = 180.0
STOP_SECONDS = 15.0
POLL_SECONDS = 0.25
TAIL = 15

CHILD = Path(__file__).with_name("child.py")

# Settings of whoever starts us that would lead to another server, or to another account on it.
FOREIGN = ("PREFECT_API_URL", "PREFECT_API_KEY", "PREFECT_PROFILE", "PREFECT_PROFILES_PATH")


class NotUp(Exception):
    """Something that `up` needs did not start, or ended by itself; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Child:
    """A process that we started: it leads a session of its own and writes to a log of its own."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def ended(self) -> str:
        """Why it is not running, with the end of its log; empty while it runs."""
        if self.process.poll() is None:
            return ""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL:]
        said = "\n".join(f"  {line}" for line in lines)
        return f"{self.name} ended with code {self.process.returncode}; {self.log} says:\n{said}"

    async def end(self) -> None:
        """SIGTERM, and SIGKILL to what is left of its session after 15 seconds."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            await self._gone(STOP_SECONDS)
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            await self._gone(STOP_SECONDS)

    async def _gone(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        late = loop.time() + seconds
        while self.process.poll() is None and loop.time() < late:
            await asyncio.sleep(POLL_SECONDS)


@asynccontextmanager
async def child(
    name: str, argv: Sequence[str], env: Mapping[str, str], folder: Path
) -> AsyncIterator[Child]:
    """A command that runs while the block does."""
    log = folder / f"{name}.log"
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, str(CHILD), str(os.getpid()), *argv],
            env=dict(env),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    started = Child(name, process, log)
    try:
        yield started
    finally:
        await started.end()


def environment(home: Path, port: int) -> dict[str, str]:
    """The environment of server, worker and flow runs: ours, with Prefect's settings in it."""
    kept = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    leases = "prefect.server.concurrency.lease_storage.filesystem"
    return kept | {
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": f"http://{HOST}:{port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_SERVER_UI_V2_ENABLED": "false",
        # In memory, the default, a slot whose holder died with the server is taken for ever.
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": leases,
        # Runs start sooner than with the 10 seconds that suit a server with many workers.
        "PREFECT_WORKER_QUERY_SECONDS": "3",
        "PREFECT_CLI_PROMPT": "false",
        "PREFECT_CLI_COLORS": "false",
    }


@asynccontextmanager
async def server(home: Path, port: int, *, schedules: bool = True) -> AsyncIterator[Child]:
    """A Prefect server on loopback, once it answers; it may leave schedules alone. Raises NotUp."""
    home.mkdir(parents=True, exist_ok=True)
    argv = [sys.executable, "-m", "prefect", "server", "start", "--host", HOST, "--port", str(port)]
    env = environment(home, port)
    env["PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED"] = str(schedules).lower()
    async with AsyncExitStack() as stack:
        started = await stack.enter_async_context(child("server", argv, env, home))
        await _answers(started, f"{env['PREFECT_API_URL']}/health")
        yield started


@asynccontextmanager
async def worker(home: Path, port: int, pool: str, at_once: int) -> AsyncIterator[Child]:
    """A worker that runs up to `at_once` flow runs of a pool, each as a process."""
    argv = [sys.executable, "-m", "prefect", "worker", "start", "--type", "process"]
    argv += ["--pool", pool, "--limit", str(at_once), "--name", "syncline up"]
    async with child("worker", argv, environment(home, port), home) as started:
        yield started


async def _answers(started: Child, url: str) -> None:
    loop = asyncio.get_running_loop()
    late = loop.time() + START_SECONDS
    async with httpx.AsyncClient(trust_env=False) as client:
        while loop.time() < late:
            if reason := started.ended():
                raise NotUp(reason)
            try:
                if (await client.get(url)).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                pass  # not yet
            await asyncio.sleep(POLL_SECONDS)
    raise NotUp(f"Prefect did not answer at {url} within {START_SECONDS:.0f} s; see {started.log}")


def free_port(wanted: int | None = None) -> int:
    """The wanted port; without one Prefect's own, else any that is free. NotUp if it is taken."""
    for port in (wanted,) if wanted is not None else (PORT, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise NotUp(f"Port {wanted} is taken. Name another one, or none for any that is free.")
