"""A server process that outlives the command that started it.

A pid file alone is not enough to end a server: the number may belong to somebody else by
then. A process is therefore remembered as pid, start time and boot, which together name one
process for ever (proc(5), field `starttime`), and each server leads a session of its own so
that its workers can be found even when the leader was killed.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
STOP_SECONDS = 10.0


@dataclass(frozen=True)
class Stat:
    """What proc(5) says of a live process: its session and its start time in clock ticks."""

    session: int
    started: int


@dataclass(frozen=True)
class ServerProcess:
    """The identity of one started server; it stays true after the process is gone."""

    pid: int
    started: int
    boot: str

    def is_running(self) -> bool:
        """True while the leader itself lives; a process that reuses its pid does not count."""
        stat = _stat(self.pid)
        return stat is not None and stat.started == self.started and self.boot == _boot()

    def stop(self) -> None:
        """End the leader and its workers: SIGTERM, then SIGKILL after STOP_SECONDS.

        Returns once they are gone; a server that is already gone is no error.
        """
        if self.is_running():
            _signal(self.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while members := list(self._members()):
            late = time.monotonic() > deadline
            for pid in members:
                if late or not self.is_running():
                    _signal(pid, signal.SIGKILL if late else signal.SIGTERM)
            time.sleep(0.05)

    def _members(self) -> Iterator[int]:
        """The live processes of this server's session, the leader included.

        The kernel gives no new process a number that a session still uses, so a session of
        that number without its leader is ours, and one whose leader started at another time
        is not.
        """
        leader = _stat(self.pid)
        if self.boot != _boot() or (leader is not None and leader.started != self.started):
            return
        for entry in PROC.iterdir():
            if entry.name.isdigit():
                stat = _stat(int(entry.name))
                if stat and stat.session == self.pid and stat.started >= self.started:
                    yield int(entry.name)


def spawn(argv: Sequence[str], *, env: Mapping[str, str], log: Path) -> ServerProcess:
    """Start `argv` as the leader of a new session, with both output streams appended to `log`."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    # posix_spawn rather than Popen: the child is meant to outlive this object and this process.
    pid = os.posix_spawn(
        argv[0],
        list(argv),
        dict(env),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), flags, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )
    stat = _stat(pid)
    return ServerProcess(pid, stat.started if stat else 0, _boot())


def _stat(pid: int) -> Stat | None:
    """None when there is no such process or it is a zombie (reaped here if it is our child)."""
    try:
        text = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The command name may hold spaces and brackets; the fields start after its last bracket.
    fields = text[text.rindex(")") + 2 :].split()
    if fields[0] in "ZX":
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        return None
    return Stat(session=int(fields[3]), started=int(fields[19]))


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _boot() -> str:
    return (PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
