"""A process of the benchmark, which answers lines with lines."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

HOUR = 3600


class Program:
    """A process of ours that answers lines with lines."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def answer(self) -> Any:
        """The next line it prints, which is JSON."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("a process of the benchmark ended early; its error stands above")
        return json.loads(line)

    def begin(self) -> None:
        """Make it begin its work once more."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def ask(self) -> Any:
        """Make it do its work once more."""
        self.begin()
        return self.answer()

    def kill(self) -> None:
        """End it as `kill -9` does."""
        self._process.kill()
        self._process.communicate()

    def stop(self) -> None:
        """End its input, and so its work."""
        self._process.communicate()


@contextmanager
def running(module: str, *arguments: str) -> Iterator[Program]:
    """The program until the end of the block."""
    program = Program(module, *arguments)
    try:
        yield program
    finally:
        program.stop()
