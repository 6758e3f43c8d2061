"""How an address is spelt: the URLs that are taken at all, and which of them are this machine's.

Apart from `syncline.sdk.egress`, so that reading a configuration needs no HTTP client.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address

URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<rest>[/?][^\s\\#\x00-\x20\x7f]*)?",
    re.IGNORECASE | re.ASCII,
)


def is_loopback(url: str) -> bool:
    """Whether an address names this machine itself: `localhost`, or by number."""
    match = URL.fullmatch(url)
    if match is None:
        return False
    host = match["host"].lower().strip("[]")
    address = literal(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
