"""Where a connection may talk to: decided on the URL, and again on the address that is dialled.

A URL is allowed when it stands at `base_url`'s origin or at an `allowed_hosts` entry. A host name
is resolved once per TCP connection, every address of the answer is checked, and the socket is
opened to the very address that was checked, so that a name which changes its mind in between (DNS
rebinding) gains nothing. TLS still verifies the name. Private and loopback addresses need
`private_network`; the addresses of cloud metadata services are refused always.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple

import httpcore
import httpx

from syncline.sdk.addresses import URL, literal
from syncline.sdk.errors import EgressRefused

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host, as text; raises OSError where there are none."""

_PORTS = {"http": 80, "https": 443}

_BAD_IN_PATH = re.compile(r"[\s\\#\x00-\x20\x7f]")
_DOT_SEGMENT = re.compile(r"/(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.ASCII)
# What some resolver would read as an IPv4 address in decimal, octal or hexadecimal.
_NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*")

# Link-local is where AWS, Azure, Google Cloud and others serve credentials; the single addresses
# are those of Alibaba, Oracle, Azure's wire server, AWS and Google Cloud.
_METADATA = (
    IPv4Network("169.254.0.0/16"),
    IPv6Network("fe80::/10"),
    IPv4Network("100.100.100.200/32"),
    IPv4Network("192.0.0.192/32"),
    IPv4Network("168.63.129.16/32"),
    IPv6Network("fd00:ec2::/32"),
    IPv6Network("fd20:ce::254/128"),
)
# Special by IANA's registry, but global to some versions of `ipaddress`.
_SPECIAL_V4 = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"))
_GLOBAL_UNICAST_V6 = IPv6Network("2000::/3")
_EMBEDS_V4_AT_END = (IPv6Network("::/96"), IPv6Network("64:ff9b::/96"))


class Origin(NamedTuple):
    """Scheme, host and port; the host in lower case and without brackets."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if _PORTS[self.scheme] == self.port else f":{self.port}"
        return f"{self.scheme}://{host}{port}"


@dataclass(frozen=True, slots=True, repr=False)
class Target:
    """A URL the guard has allowed; without a repr, because its query may hold a credential.

    `at_base` says whether it is at `base_url`'s own origin, where the credentials belong.
    """

    url: httpx.URL
    at_base: bool

    @property
    def path(self) -> str:
        """The path as it is sent, still percent-encoded: safe on one line of a log."""
        return self.url.raw_path.decode("ascii").partition("?")[0]


class Egress:
    """The guard of one connection. What it refuses raises `EgressRefused`; nothing is sent."""

    def __init__(
        self,
        connection: str,
        base_url: str,
        *,
        allowed_hosts: Iterable[str] = (),
        private_network: bool = False,
        resolve: Resolve | None = None,
    ) -> None:
        self._connection = connection
        self._private_network = private_network
        self._resolve = resolve or _system_resolve
        self.base, path = self._parse(base_url)
        if "?" in path:
            raise self._refused(f"base_url {self.base} must not have a query.")
        self._base_path = path.rstrip("/")
        others = (self._parse(f"https://{host}")[0] for host in allowed_hosts)
        self._origins = frozenset((self.base, *others))
        self._hosts = frozenset((origin.host, origin.port) for origin in self._origins)
        self.uses_tls = any(origin.scheme == "https" for origin in self._origins)

    def target(self, path: str, query: str) -> Target:
        """A path under `base_url`, or an absolute URL at an allowed origin, ready to be called."""
        if path.startswith("/") and not path.startswith("//"):
            if _BAD_IN_PATH.search(path) or _DOT_SEGMENT.search(path.partition("?")[0]):
                raise self._refused(f"A path for {self.base} holds characters that may leave it.")
            text = f"{self.base}{self._base_path}{path}"
        else:
            origin, rest = self._parse(path)
            text = f"{origin}{rest}"
        if query:
            text = f"{text}{'&' if '?' in text else '?'}{query}"
        url = httpx.URL(text)
        # The library's own reading is what counts: two parsers may disagree about one text.
        origin = _origin(url)
        if origin not in self._origins or url.userinfo:
            raise self._refused(f"A URL at {url.host} is outside {self.base}; it was not followed.")
        return Target(url, origin == self.base)

    def _parse(self, url: str) -> tuple[Origin, str]:
        match = URL.fullmatch(url)
        if match is None:
            raise self._refused(
                "An address is not a plain http(s) URL of host, port and path "
                "(no user name, no escapes in the host, no fragment); nothing was sent."
            )
        scheme, rest = match["scheme"].lower(), match["rest"] or ""
        if scheme == "http" and not self._private_network:
            raise self._refused(
                f"{match['host']}: http is refused; use https, or set private_network: true for "
                "a tool on your own network."
            )
        if _DOT_SEGMENT.search(rest.partition("?")[0]):
            raise self._refused(f"{match['host']}: a path with dot segments is refused.")
        port = int(match["port"] or _PORTS[scheme])
        if not 0 < port < 65536:
            raise self._refused(f"{match['host']}: {port} is no port.")
        try:
            return Origin(scheme, _host(match["host"].lower()), port), rest
        except ValueError as error:
            raise self._refused(str(error)) from None

    def _refused(self, why: str) -> EgressRefused:
        return EgressRefused(f"{self._connection}: {why}")

    async def addresses(self, host: str, port: int) -> list[str]:
        """The checked addresses to dial for a host; one bad address in the answer refuses it."""
        if (host, port) not in self._hosts:
            raise self._refused(f"{host}:{port} is not a host of this connection; not dialled.")
        at = literal(host)
        found = [host] if at else list(dict.fromkeys(await self._resolve(host, port)))
        if not found:
            raise OSError(f"{host} has no address")
        for address in found:
            if reason := refusal(address, private_network=self._private_network):
                raise self._refused(f"{host} leads to {address}, {reason}; nothing was sent.")
        return found


def refusal(address: str, *, private_network: bool) -> str | None:
    """Why this address may not be dialled, or None where it may."""
    try:
        ip = ip_address(address)
    except ValueError:
        return "which is not an address"
    embedded = _embedded_v4(ip)
    for candidate in (ip, *embedded):
        if any(candidate in network for network in _METADATA):
            return "where cloud metadata is served: refused always"
        if candidate.is_multicast or candidate.is_unspecified or _is_reserved_v4(candidate):
            return "which no host can have: refused always"
    if private_network:
        return None
    if embedded:
        return "an IPv4 address inside an IPv6 one: set private_network: true if it is yours"
    if not _is_public(ip):
        return "not on the public internet: set private_network: true if the tool is yours"
    return None


class PinnedBackend(httpcore.AsyncNetworkBackend):
    """Opens sockets to the addresses the guard has checked, tried in the resolver's order."""

    def __init__(self, egress: Egress) -> None:
        self._egress = egress
        self._sockets = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                addresses = await self._egress.addresses(host, port)
        except OSError as error:
            raise httpcore.ConnectError(f"{host} could not be resolved") from error
        share = None if timeout is None else timeout / len(addresses)
        *first, last = addresses
        for address in first:
            try:
                return await self._sockets.connect_tcp(address, port, share, local_address)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._sockets.connect_tcp(last, port, share, local_address)


def certificate_refused(error: BaseException | None) -> bool:
    """Whether a failed connection failed because the server's certificate did not verify."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


async def _system_resolve(host: str, port: int) -> list[str]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


def _origin(url: httpx.URL) -> Origin:
    host = url.raw_host.decode("ascii")
    return Origin(url.scheme, host, url.port or _PORTS.get(url.scheme, 0))


def _host(host: str) -> str:
    """The host without brackets, checked to be one name or one canonical address."""
    if host.startswith("["):
        at = literal(host[1:-1])
        if at is None:
            raise ValueError(f"{host} is not an IPv6 address.")
        return str(at)
    labels = host.split(".")
    if _NUMERIC_LABEL.fullmatch(labels[-1]) and not isinstance(literal(host), IPv4Address):
        raise ValueError(f"{host} reads as a number, not as a name or a plain IPv4 address.")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError(f"{host} is not a host name (no trailing dot, no empty label).")
    return host


def _embedded_v4(ip: IPv4Address | IPv6Address) -> list[IPv4Address]:
    """IPv4 addresses an IPv6 one carries: mapped, compatible, NAT64, 6to4, Teredo."""
    if isinstance(ip, IPv4Address):
        return []
    found = [ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())]
    if any(ip in network for network in _EMBEDS_V4_AT_END) and int(ip) > 1:
        found.append(IPv4Address(int(ip) & 0xFFFFFFFF))
    return [address for address in found if address is not None]


def _is_public(ip: IPv4Address | IPv6Address) -> bool:
    if isinstance(ip, IPv6Address):
        return ip.is_global and ip in _GLOBAL_UNICAST_V6
    return ip.is_global and not any(ip in network for network in _SPECIAL_V4)


def _is_reserved_v4(ip: IPv4Address | IPv6Address) -> bool:
    return isinstance(ip, IPv4Address) and (ip.is_reserved or ip in IPv4Network("0.0.0.0/8"))
