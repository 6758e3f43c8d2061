"""S1 to S5: a connection reaches its own tool only, whatever a URL or a resolver says."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from syncline.sdk.egress import Egress, Resolve, refusal
from syncline.sdk.errors import EgressRefused, Retriable
from syncline.sdk.http import Limits, Transport
from syncline.sdk.secrets import Secret
from tests.unit.sdk.loopback import Peer, Seen, VirtualClock, answers, serving, transport

PUBLIC = "93.184.215.14"
# What names lead to unless a test says otherwise: a hole in the guard must not reach the internet.
INSIDE = "10.0.0.1"


class Names:
    """A resolver that gives the n-th answer at the n-th question, and counts the questions."""

    def __init__(self, *replies: Sequence[str]) -> None:
        self._replies = list(replies)
        self.asked = 0

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]


def public_tool(base_url: str, resolver: Resolve | None = None, **options: object) -> Transport:
    return Transport(
        connection="tool",
        base_url=base_url,
        limits=Limits(None, timeout_seconds=0.5),
        clock=VirtualClock(),
        retry_reads=0,
        resolver=resolver or Names([INSIDE]),
        **options,  # type: ignore[arg-type]
    )


# URLs

TRICKS = [
    "http://acme.example",  # not https
    "ftp://acme.example",
    "https://user:pw@acme.example",
    "https://acme.example@evil.example",
    "https://acme.example\\@evil.example",
    "https://evil.example#@acme.example",
    "https://2130706433",  # 127.0.0.1 in decimal
    "https://017700000001",  # … in octal
    "https://0x7f000001",  # … in hexadecimal
    "https://127.1",
    "https://0177.0.0.1",
    "https://0x7f.0.0.1",
    "https://127.0.0.0x1",
    "https://localhost.",
    "https://acme.example.",
    "https://acme..example",
    "https://-acme.example",
    "https://аcme.example",  # a Cyrillic а
    "https://acme。example",  # an ideographic full stop
    "https://acme%2eexample",
    "https://acme.example:0",
    "https://acme.example:65536",
    "https://acme.example:99999999999",
    "https://[::1",
    "https://[::1%25eth0]",
    "https://[fe80::1%eth0]",
    "https://[v1.x]",
    "https://[::1:::2]",
    "https://acme.example/a b",
    "https://acme.example/\r\nX: y",
    "https://acme.example/../admin",
    "https://acme.example/%2e%2e/admin",
    "https:///etc/passwd",
    "https://",
    "//evil.example",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "",
]


@pytest.mark.parametrize("url", [*TRICKS, "https://acme.example/x?y=1"])
def test_a_base_url_that_is_not_plain_is_refused(url: str) -> None:
    with pytest.raises(EgressRefused):
        public_tool(url)


@pytest.mark.parametrize(
    "link",
    [
        *TRICKS,
        "https://evil.example/page/2",
        "https://acme.example.evil.example/",
        "https://xn--cme-5cd.example/",
        "http://acme.example/jira/page/2",
        "https://acme.example:8443/jira/page/2",
        "https://127.0.0.1/",
        "https://[::ffff:127.0.0.1]/",
        "https://169.254.169.254/latest/meta-data/",
        "/a/../../admin",
        "/a/%2e%2E/admin",
        "/.",
        "/a\\b",
        "/a#b",
        "/a\nb",
        "page/2",
        "?page=2",
    ],
)
async def test_a_next_link_that_leaves_the_connection_is_refused_before_any_lookup(
    link: str,
) -> None:
    names = Names([INSIDE])
    async with public_tool("https://acme.example/jira", names) as tool:
        with pytest.raises(EgressRefused):
            await tool.request("GET", link)
        assert (names.asked, tool.log.counts) == (0, {"read": 0, "write": 0})


async def test_a_next_link_at_the_own_origin_is_followed() -> None:
    async with serving(answers(200, {})) as server, transport(server) as tool:
        await tool.request("GET", f"http://127.0.0.1:{server.port}/search?page=2")
        assert server.requests[0].target == "/search?page=2"


URLISH = st.lists(
    st.sampled_from([*"acme.example/:@#?\\%[]0127xX \t\nhtps-_~。аⓔ", "://", "evil", "%2e", ".."]),
    max_size=20,
).map("".join)


@given(URLISH)
@example("https://acme.example\t@evil.example/")
@example("HTTPS://ACME.EXAMPLE/x")
@example("https://acme.example:443/x")
def test_whatever_url_passes_is_read_by_the_client_as_the_own_origin(text: str) -> None:
    egress = Egress("tool", "https://acme.example/jira")
    for link in (text, f"/{text}", f"https://{text}", f"https://acme.example{text}"):
        try:
            url = egress.target(link, "a=1").url
        except EgressRefused:
            continue
        assert (url.scheme, url.raw_host, url.port) == ("https", b"acme.example", None)
        assert not url.userinfo
        assert httpx.URL(str(url)) == url
        assert link.lower().startswith("https://acme.example") or url.path.startswith("/jira/")


# Addresses

FORBIDDEN = [
    "127.0.0.1",
    "127.255.255.254",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "192.0.0.8",
    "192.88.99.1",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "::1",
    "fe80::1",
    "fc00::1",
    "fd12::1",
    "fec0::1",
    "::ffff:127.0.0.1",
    "::ffff:93.184.215.14",
    "::7f00:1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2001:0:7f00:1::1",
    "2001:db8::1",
    "100::1",
]
REFUSED_ALWAYS = [
    "169.254.169.254",
    "169.254.170.2",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "fd00:ec2::254",
    "fd20:ce::254",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "0.0.0.0",
    "0.1.2.3",
    "::",
    "224.0.0.1",
    "ff02::1",
    "240.0.0.1",
    "255.255.255.255",
    "::ffff:0.0.0.0",
    "not an address",
    "fe80::1%eth0x y",
]


@pytest.mark.parametrize("address", FORBIDDEN + REFUSED_ALWAYS)
async def test_a_name_that_leads_inside_is_refused_and_nothing_is_sent(address: str) -> None:
    for reply in ([address], [PUBLIC, address], [address, PUBLIC]):
        async with public_tool("https://acme.example", Names(reply)) as tool:
            with pytest.raises(EgressRefused, match="acme.example"):
                await tool.request("POST", "/issue", json={})
            assert tool.log.counts == {"read": 0, "write": 0}


@pytest.mark.parametrize("address", REFUSED_ALWAYS)
def test_metadata_and_impossible_addresses_stay_refused_on_a_private_network(address: str) -> None:
    assert refusal(address, private_network=True) is not None


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "192.168.0.9", "::1", "fd12::1"])
def test_a_private_network_allows_its_own_addresses(address: str) -> None:
    assert refusal(address, private_network=True) is None


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "2606:4700::1111"])
def test_the_public_internet_is_allowed(address: str) -> None:
    assert refusal(address, private_network=False) is None


@given(st.ip_addresses(v=4))
def test_an_address_that_is_not_global_is_never_dialled(ip: ipaddress.IPv4Address) -> None:
    inside = not ip.is_global or ip.is_multicast
    embedded = f"::ffff:{ip}"
    if inside:
        assert refusal(str(ip), private_network=False) is not None
    assert refusal(embedded, private_network=False) is not None


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "10.0.0.1", "[::ffff:7f00:1]"])
async def test_a_literal_address_is_checked_like_a_resolved_one(host: str) -> None:
    async with public_tool(f"https://{host}") as tool:
        with pytest.raises(EgressRefused, match="private_network"):
            await tool.request("GET", "/")


async def test_a_name_is_asked_once_and_the_checked_address_is_dialled() -> None:
    """DNS rebinding: a second answer, if anybody asked for it, would lead elsewhere."""
    async with serving(answers(200, {})) as server:
        names = Names(["127.0.0.1"], ["169.254.169.254"])
        base_url = f"http://tool.internal.example:{server.port}"
        async with transport(server, base_url=base_url, resolver=names) as tool:
            for _ in range(3):
                await tool.request("GET", "/")
        assert names.asked == 1
        assert len(server.requests) == 3
        assert server.requests[0].headers["host"] == f"tool.internal.example:{server.port}"


async def test_a_name_that_moves_inside_is_refused_at_the_next_connection() -> None:
    async def closes(seen: Seen, peer: Peer) -> None:
        await peer.answer(200, {}, {"Connection": "close"})
        peer.writer.close()

    async with serving(closes) as server:
        names = Names(["127.0.0.1"], ["169.254.169.254"])
        base_url = f"http://tool.internal.example:{server.port}"
        async with transport(server, base_url=base_url, resolver=names) as tool:
            await tool.request("GET", "/")
            with pytest.raises(EgressRefused, match="metadata"):
                await tool.request("GET", "/")
        assert len(server.requests) == 1


async def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    async with serving(answers(200, {})) as server:
        names = Names(["::1", "127.0.0.1"])
        base_url = f"http://tool.internal.example:{server.port}"
        async with transport(server, base_url=base_url, resolver=names) as tool:
            assert (await tool.request("GET", "/")).status == 200


async def test_a_tool_on_a_private_network_is_found_by_its_name() -> None:
    async with (
        serving(answers(200, {})) as server,
        transport(server, base_url=f"http://localhost:{server.port}") as tool,
    ):
        assert (await tool.request("GET", "/")).status == 200


@pytest.mark.parametrize("reply", [[], OSError("no such name")])
async def test_a_name_without_an_address_is_a_passing_trouble(reply: object) -> None:
    async def resolver(host: str, port: int) -> Sequence[str]:
        if isinstance(reply, OSError):
            raise reply
        return []

    async with public_tool("https://acme.example", resolver) as tool:
        with pytest.raises(Retriable, match="Nothing was applied"):
            await tool.request("POST", "/issue", json={})


async def test_a_refused_address_stays_refused_however_often_it_is_tried() -> None:
    async with public_tool("https://acme.example", Names(["10.0.0.1"])) as tool:
        for _ in range(15):
            with pytest.raises(EgressRefused, match="tool: acme.example leads to 10.0.0.1"):
                await tool.request("GET", "/")


async def test_a_host_that_no_url_named_is_not_dialled() -> None:
    egress = Egress("tool", "https://acme.example", private_network=True)
    for host, port in (("evil.example", 443), ("acme.example", 8443)):
        with pytest.raises(EgressRefused, match="not a host of this connection"):
            await egress.addresses(host, port)


def test_a_public_ipv6_address_is_a_host_like_any_other() -> None:
    egress = Egress("tool", "https://[2606:4700:0::1111]:8443/x/")
    assert str(egress.target("/a", "").url) == "https://[2606:4700::1111]:8443/x/a"
    assert egress.target("https://[2606:4700::1111]:8443/b?c=1", "d=2").path == "/b"


async def test_the_environments_proxy_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(answers(200, {})) as server, serving(answers(200, {})) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        async with transport(server) as tool:
            await tool.request("GET", "/")
        assert (len(server.requests), len(proxy.requests)) == (1, 0)


async def test_a_redirect_is_not_followed_and_no_credential_travels() -> None:
    async with serving(answers(200, {})) as other:
        for target in (f"http://127.0.0.1:{other.port}/", "http://169.254.169.254/latest"):
            async with serving(answers(302, None, location=target)) as server:
                options = {"headers": {"Authorization": Secret("Bearer W1TNESS")}}
                async with transport(server, **options) as tool:
                    with pytest.raises(Exception, match="redirects are not followed"):
                        await tool.request("GET", "/")
                assert len(server.requests) == 1
        assert other.requests == []
