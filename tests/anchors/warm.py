"""Runs of a program, each a process of its own that starts in milliseconds.

`python -m tests.anchors.warm MODULE` imports the module, then reads the name of a folder a line.
For each it forks a process that calls the module's `main` with the folder and ends as programs do,
and prints its exit status.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
from pathlib import Path


def main() -> None:
    program = importlib.import_module(sys.argv[1])
    gc.freeze()
    for line in sys.stdin:
        if (pid := os.fork()) == 0:
            said = os.open(Path(line.strip()) / "said", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            for stream in (1, 2):
                os.dup2(said, stream)
            program.main(Path(line.strip()))
            return
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
