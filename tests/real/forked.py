"""Real `syncline` processes that start in milliseconds, so that killing many of them is cheap.

`python -m tests.real.forked` imports Syncline once, then reads one JSON object a line: `argv`,
`env`, `out`. For each it forks a process that runs that command with its output in the file
`out`, and prints the process's number, and its exit status once it has ended.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

NEEDED = (
    "syncline.cli.main",
    "syncline.checking",
    "syncline.running",
    "syncline.connecting",
    "connectors.jira.connector",
    "connectors.redmine.connector",
    "connectors.request_tracker.connector",
    "connectors.zendesk.connector",
)


class Forked:
    """The server process; one command at a time."""

    def __init__(self) -> None:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.real.forked"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, argv: Sequence[str], env: Mapping[str, str], out: Path) -> int:
        """Start a command; the number of its process."""
        assert self._server.stdin and self._server.stdout
        job = {"argv": list(argv), "env": dict(env), "out": str(out)}
        self._server.stdin.write(json.dumps(job) + "\n")
        self._server.stdin.flush()
        return int(self._server.stdout.readline())

    def wait(self) -> int:
        """The exit code of the command that was started; below zero: ended by that signal."""
        assert self._server.stdout
        return os.waitstatus_to_exitcode(int(self._server.stdout.readline()))

    def stop(self) -> None:
        assert self._server.stdin and self._server.stdout
        self._server.stdin.close()
        self._server.wait(timeout=10)
        self._server.stdout.close()


def _command(argv: Sequence[str], env: Mapping[str, str], out: str) -> int:
    """The life of a forked process."""
    from syncline.cli.main import main as syncline

    file = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(file, stream)
    os.environ.update(env)
    code = syncline(argv)
    sys.stdout.flush()
    return code


def main() -> None:
    for module in NEEDED:
        import_module(module)
    for line in sys.stdin:
        job = json.loads(line)
        pid = os.fork()
        if pid == 0:
            os._exit(_command(job["argv"], job["env"], job["out"]))
        print(pid, flush=True)
        print(os.waitpid(pid, 0)[1], flush=True)


if __name__ == "__main__":
    main()
