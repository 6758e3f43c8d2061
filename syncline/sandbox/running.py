"""Starting and ending the fakes' processes, from outside.

What runs is known by the lock files in the folder, which the processes hold: a lock that can be
taken belongs to nobody alive, so that no number of a process is ever trusted after its end.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

PROCESS = "syncline.sandbox.process"
STOP_SECONDS = 10.0
POLL_SECONDS = 0.1


class NotUp(Exception):
    """A fake did not start, or ended by itself; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Running:
    """A fake at work. `about` is what a connection takes, and the `pid`."""

    tool: str
    about: Mapping[str, Any]
    process: subprocess.Popen[str]


def start(
    modules: Mapping[str, str],
    folder: Path,
    *,
    seed: int,
    records: int,
    port_base: int | None = None,
    detached: bool = False,
) -> list[Running]:
    """Start the fakes of some modules, by tool; gives them once all of them answer.

    Unless detached they end when this process does, however it does. NotUp where one does not
    start; then none is left.
    """
    folder.mkdir(parents=True, exist_ok=True)
    begun: list[tuple[str, subprocess.Popen[str]]] = []
    try:
        for number, (tool, module) in enumerate(modules.items()):
            options = {"seed": seed, "records": records, "parent": 0 if detached else os.getpid()}
            if port_base is not None:
                options["port"] = port_base + number
            begun.append((tool, _begin(module, tool, folder, options)))
        return [Running(tool, _told(tool, process, folder), process) for tool, process in begun]
    except BaseException:
        end([process for _, process in begun])
        raise


def _begin(
    module: str, tool: str, folder: Path, options: Mapping[str, int]
) -> subprocess.Popen[str]:
    argv = [sys.executable, "-P", "-m", PROCESS, module, tool, str(folder)]
    argv += [f"--{name}={value}" for name, value in options.items()]
    # The same code as here, and nothing that happens to lie in the current folder.
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(path or "." for path in sys.path)}
    with _log(folder, tool).open("ab") as log:
        return subprocess.Popen(  # noqa: S603
            argv,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )


def _told(tool: str, process: subprocess.Popen[str], folder: Path) -> Mapping[str, Any]:
    """What a process says when it answers; NotUp when it cannot."""
    assert process.stdout is not None
    with process.stdout as said:
        line = said.readline()
    if not line:
        log = _log(folder, tool)
        raise NotUp(f"The sandbox of {tool} ended before it answered; {log} says why.")
    about: Mapping[str, Any] = json.loads(line)
    if "error" in about:
        raise NotUp(about["error"])
    return about


def _log(folder: Path, tool: str) -> Path:
    return folder / f"{tool}.log"


def watch(running: list[Running], folder: Path) -> None:
    """Returns when one was told to end (`down`); NotUp when one ended by itself."""
    while True:
        for one in running:
            code = one.process.poll()
            if code == 0:
                return
            if code is not None:
                log = _log(folder, one.tool)
                raise NotUp(f"The sandbox of {one.tool} ended with code {code}; {log} says why.")
        time.sleep(POLL_SECONDS)


def end(processes: list[subprocess.Popen[str]]) -> None:
    """SIGTERM, and SIGKILL to what is left after ten seconds."""
    for process in processes:
        process.terminate()
    late = time.monotonic() + STOP_SECONDS
    for process in processes:
        try:
            process.wait(max(0.0, late - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def down(folder: Path) -> list[str]:
    """End every fake at work in a folder; gives their tools. NotUp where one will not end."""
    held = {path.stem: pid for path in sorted(folder.glob("*.lock")) if (pid := _holder(path))}
    for pid in held.values():
        _signal(pid, signal.SIGTERM)
    late = time.monotonic() + STOP_SECONDS
    for tool, pid in held.items():
        path = folder / f"{tool}.lock"
        while _holder(path) == pid:
            if time.monotonic() > late:
                _signal(pid, signal.SIGKILL)
            if time.monotonic() > late + STOP_SECONDS:
                raise NotUp(f"The sandbox of {tool} (process {pid}) does not end; kill it.")
            time.sleep(POLL_SECONDS)
    return list(held)


def _holder(path: Path) -> int:
    """The process that holds a lock file; 0 for none."""
    with path.open("r+", encoding="utf-8") as lock:
        if _free(lock):
            return 0
        try:
            pid: int = json.loads(lock.read())["pid"]
        except ValueError:
            return 0  # it is ending, or only just beginning
        return pid


def _free(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
