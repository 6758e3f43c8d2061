"""Ports for servers that are told where to listen."""

from __future__ import annotations

import os
import socket

HOST = "127.0.0.1"


def free_pair() -> int:
    """The first of two free ports in a row, of those that the system gives to nobody unasked."""
    for base in range(20_000 + os.getpid() % 6_000, 32_000, 2):
        with socket.socket() as one, socket.socket() as other:
            try:
                one.bind((HOST, base))
                other.bind((HOST, base + 1))
            except OSError:
                continue
            return base
    raise AssertionError("no two ports in a row are free")
