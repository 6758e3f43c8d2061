"""Which hosts are this machine and no other."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Whether a host's name or address, without a port, is this machine's own."""
    if host.casefold() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def host_of(url: str) -> str:
    """The host of an address, empty if it has none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
