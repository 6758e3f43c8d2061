"""No test reaches beyond this machine: neither a connection nor the question where a name leads."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import Any

import pytest

_connect, _connect_ex, _look_up = (
    socket.socket.connect,
    socket.socket.connect_ex,
    socket.getaddrinfo,
)


def keep_to_loopback() -> None:
    """From now on whoever tries in this process fails the test that it runs for."""
    socket.socket.connect = _guarded_connect  # type: ignore[method-assign]
    socket.socket.connect_ex = _guarded_connect_ex  # type: ignore[method-assign]
    socket.getaddrinfo = _guarded_look_up


def _guarded_connect(self: socket.socket, address: Any) -> None:
    _check(self, address)
    _connect(self, address)


def _guarded_connect_ex(self: socket.socket, address: Any) -> int:
    _check(self, address)
    return _connect_ex(self, address)


def _guarded_look_up(host: Any, *given: Any, **named: Any) -> list[Any]:
    if host and not _is_here(host):
        pytest.fail(f"a test asked where {host!r} leads, which only the network knows")
    return _look_up(host, *given, **named)


def _check(sock: socket.socket, address: Any) -> None:
    if sock.family in (socket.AF_INET, socket.AF_INET6) and not _is_here(address[0]):
        pytest.fail(f"a test dialled {address[0]}, which is not this machine")


def _is_here(host: Any) -> bool:
    text = host.decode("ascii") if isinstance(host, bytes) else str(host)
    if text == "localhost":
        return True
    try:
        return ip_address(text.partition("%")[0]).is_loopback
    except ValueError:
        return False
