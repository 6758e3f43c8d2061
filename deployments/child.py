"""Runs a command that ends with the process that started it.

    python child.py PARENT_PID COMMAND ARGUMENT…

A shell that starts something in the background lets it inherit an ignored SIGINT, and a Prefect
worker started so ignores SIGTERM as well; here both get their usual meaning back. On Linux the
kernel then sends SIGTERM when the parent dies, however it dies.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # prctl(2); kept over execve(2)


def main(argv: list[str]) -> None:
    """Become the command."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    if sys.platform == "linux":
        parent = int(argv[0])
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before the kernel was told to watch it
            sys.exit(1)
    os.execvp(argv[1], argv[1:])  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1:])
