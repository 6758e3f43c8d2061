"""S23: what is not ours, and what must not be in what is."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOPS = ("connectors", "deployments", "docs", "flows", "mappings", "syncline", "tests")
SECRETS = {
    "a private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s+[A-Za-z0-9+/]{40}",
    "a token of Atlassian's": r"\bAT(?:ATT|BB|CTT)[0-9]?[A-Za-z0-9_=-]{40,}",
    "a token of GitHub's": r"\bgh[opsur]_[A-Za-z0-9]{36}",
    "a token of HubSpot's": r"\bpat-(?:na|eu)[0-9]+-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-",
    "a token of Intercom's": r"\bdG9rO[A-Za-z0-9+/=]{40,}",
    "a key of PostHog's": r"\bph[cx]_[A-Za-z0-9]{40,}",
    "a session of Salesforce's": r"\b00D[A-Za-z0-9]{12,15}![A-Za-z0-9._]{40,}",
    "a key of AWS's": r"\bAKIA[0-9A-Z]{16}\b",
    "a token of Slack's": r"\bxox[abprs]-[0-9A-Za-z-]{20,}",
}
"""What vendors' secrets look like; those of sandboxes begin with `sandbox-`."""


def found_in(text: str) -> list[str]:
    return [name for name, pattern in SECRETS.items() if re.search(pattern, text)]


def test_no_file_of_the_project_holds_a_secret() -> None:
    files = [path for path in ROOT.iterdir() if path.is_file()]
    files += [path for top in TOPS for path in (ROOT / top).rglob("*") if path.is_file()]
    texts = {p: p.read_bytes().decode("utf-8", "ignore") for p in files if p.suffix != ".pyc"}
    assert len(texts) > 1000
    assert {str(path.relative_to(ROOT)): found for path, text in texts.items()
            if (found := found_in(text))} == {}  # fmt: skip


@pytest.mark.parametrize(
    "secret",
    [
        "-----BEGIN " + "PRIVATE KEY-----\n" + "M" * 64,
        "ATATT" + "3x" * 30,
        "pat-" + "eu1-01234567-89ab-cdef-0123-456789abcdef",
        "phx_" + "a1" * 22,
        "AKIA" + "Z" * 16,
    ],
)
def test_a_secret_is_known_by_its_looks(secret: str) -> None:
    assert found_in(f"token: {secret}")


def test_no_test_reaches_beyond_this_machine() -> None:
    with socket.socket() as sock:
        for dial in (sock.connect, sock.connect_ex):
            with pytest.raises(pytest.fail.Exception, match="not this machine"):
                dial(("192.0.2.1", 443))
    with pytest.raises(pytest.fail.Exception, match="only the network knows"):
        socket.getaddrinfo("tool.acme.example", 443)
    assert socket.getaddrinfo("localhost", 443)
