"""S1 to S4, S10, S11, S22, S25 for every connector there is, on tools that do their worst.

What one client keeps, a connector could still undo: by a client of its own, by an option that it
sets, by an error text that it writes. So each connector is opened as an operator opens it, and
asked everything that it can be asked.
"""

from __future__ import annotations

import asyncio
import gzip
import secrets
import socket
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from syncline.config.sandboxes import models_in
from syncline.sdk.connector import Connector
from syncline.sdk.errors import ConnectorError, EgressRefused, Misconfigured
from tests.security.certificates import Authority
from tests.security.test_egress import TRICKS
from tests.security.test_response_limits import claims_ten_gigabytes, endless, packed
from tests.security.test_secrets_never_leave import (
    Lines,
    echoes,
    echoes_in_text,
    everything_about,
    logged,
)
from tests.support.connections import OPENED, connector_of, opened, said
from tests.support.driving import everything
from tests.support.suites import suites_of
from tests.unit.sdk.loopback import Handler, VirtualClock, answers, drops, serving

__all__ = ["Lines", "logged"]

every = pytest.mark.parametrize("name", OPENED)
LOCAL = "localhost"


@pytest.fixture
def witness(monkeypatch: pytest.MonkeyPatch) -> str:
    """The credential of every connection here: nobody's sandbox, and easy to find."""
    text = f"w{secrets.token_hex(12)}"
    monkeypatch.setenv("WITNESS", text)
    return text


def real(name: str) -> dict[str, Any]:
    """What a connection takes, with a reference where a secret stands."""

    def referred(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: referred(one) for key, one in value.items()}
        return "${env:WITNESS}" if str(value).startswith("sandbox-") else value

    return {key: referred(value) for key, value in said(name).items()}


async def asked(connector: Connector, name: str) -> list[str]:
    """Everything asked once; all that was raised or answered, as text."""
    found = await everything(connector, suites_of(name), ids=["1"])
    told = [everything_about(error) for _, error in found.raised]
    return [*told, *(repr(answer) for _, answer in found.given)]


# S1 to S3


@every
async def test_an_address_that_is_not_plain_opens_no_connection(
    name: str, witness: str, tmp_path: Path
) -> None:
    for url in TRICKS:
        with pytest.raises(EgressRefused) as caught:
            async with opened(tmp_path, name, url, private_network=None, **real(name)):
                pass
        for frame, _ in traceback.walk_tb(caught.value.__traceback__):
            kept = [
                one for one in frame.f_locals.values() if isinstance(one, str | Mapping | tuple)
            ]
            assert frame.f_code is sys._getframe().f_code or witness not in repr(kept)


@every
@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.1", "169.254.169.254"])
async def test_a_name_that_leads_inside_is_refused_before_anything_is_sent(
    name: str, address: str, witness: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lookups: list[str] = []

    def leads_inside(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        lookups.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", leads_inside)
    url = "https://tool.acme.example"
    async with opened(
        tmp_path, name, url, VirtualClock(), private_network=None, **real(name)
    ) as connector:
        with pytest.raises(EgressRefused, match=f"leads to {address}"):
            await connector.describe()
    assert set(lookups) == {"tool.acme.example"}


@every
async def test_where_metadata_is_served_is_refused_on_a_private_network_too(
    name: str, witness: str, tmp_path: Path
) -> None:
    async with opened(
        tmp_path, name, "http://169.254.169.254", VirtualClock(), **real(name)
    ) as connector:
        with pytest.raises(EgressRefused, match="metadata"):
            await connector.describe()


# S4


@every
@pytest.mark.parametrize("status", [302, 307])
async def test_no_connector_follows_a_redirect(
    name: str, status: int, witness: str, tmp_path: Path
) -> None:
    async with serving(answers(200, {})) as other:
        target = f"http://127.0.0.1:{other.port}/"
        async with serving(answers(status, {}, location=target)) as server:
            url = f"http://127.0.0.1:{server.port}"
            async with opened(tmp_path, name, url, VirtualClock(), **real(name)) as connector:
                await asked(connector, name)
            assert server.requests
        assert other.connections == 0


# S10, S11


@every
@pytest.mark.parametrize(
    "handler",
    [answers(200, {}), answers(403), echoes_in_text, echoes, drops],
    ids=["success", "403", "401 in text", "500 echoing", "dropped"],
)
async def test_no_connector_shows_its_credential(
    name: str, handler: Handler, witness: str, tmp_path: Path, logged: list[str]
) -> None:
    shown: set[str] = set()

    async def notes(seen: Any, peer: Any) -> None:
        """The tool's handler, told what it was shown, be it in another header or in the body."""
        texts = [*seen.headers.values(), seen.body.decode("latin-1")]
        proofs = [text for text in texts if witness in text or text.startswith("Basic ")]
        shown.update(text.removeprefix("Basic ") for text in proofs)
        seen.headers.setdefault("authorization", " ".join(proofs) or "nothing")
        await handler(seen, peer)

    async with serving(notes) as server:
        url = f"http://127.0.0.1:{server.port}"
        async with opened(tmp_path, name, url, VirtualClock(), **real(name)) as connector:
            told = [*await asked(connector, name), repr(connector), repr(vars(connector))]
    assert shown, "the tool was never shown the credential"
    for text in [*told, *logged]:
        assert not [one for one in {witness, *shown} if one in text]
    stored = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert b"WITNESS" in stored, "the configuration names its variable"
    assert witness.encode() not in stored


# S17


@every
async def test_an_id_never_becomes_more_than_a_segment_of_a_path(
    name: str, witness: str, tmp_path: Path
) -> None:
    """Those whose tools have a fake go further: tests/security/test_every_fake.py."""
    async with serving(answers(404, {})) as server:
        url = f"http://127.0.0.1:{server.port}"
        async with opened(tmp_path, name, url, VirtualClock(), **real(name)) as connector:
            for id in ("1?secrets=*", "1/../../secrets", "1/secrets"):
                await everything(connector, suites_of(name), ids=[id])
    assert server.requests
    paths = [seen.target.partition("?") for seen in server.requests]
    assert not [path for path, _, query in paths if "/secrets" in path or query[:8] == "secrets="]


# S22


@every
async def test_a_certificate_of_nobody_is_refused_before_the_credential_is_shown(
    name: str, witness: str, tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    async with serving(answers(401), authority.server(LOCAL)) as server:
        url = f"https://{LOCAL}:{server.port}"
        async with opened(tmp_path / "a", name, url, VirtualClock(), **real(name)) as connector:
            with pytest.raises(Misconfigured, match="ca_file"):
                await connector.describe()
        assert server.requests == []
        trusted = {"ca_file": str(authority.ca_file), **real(name)}
        async with opened(tmp_path / "b", name, url, VirtualClock(), **trusted) as connector:
            with pytest.raises(ConnectorError):
                await connector.describe()
        assert server.requests


@every
def test_no_key_of_a_connection_turns_verification_off(name: str) -> None:
    keys = set(_keys(connector_of(name).config_model))
    assert {"ca_file", "base_url"} <= keys
    assert not [key for key in keys if any(w in key for w in ("verify", "insecure", "tls", "ssl"))]


def _keys(model: type[BaseModel]) -> Iterator[str]:
    for key, info in model.model_fields.items():
        yield key
        for inner in models_in(info):
            yield from _keys(inner)


@every
def test_a_key_that_a_connection_does_not_know_is_an_error(name: str) -> None:
    def models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
        yield model
        for info in model.model_fields.values():
            for inner in models_in(info):
                yield from models(inner)

    for model in models(connector_of(name).config_model):
        assert model.model_config.get("extra") == "forbid", model


# S25

MIB = 1024 * 1024


@cache
def bomb() -> Handler:
    return packed(gzip.compress(b" " * (256 * MIB), compresslevel=1, mtime=0))


@every
@pytest.mark.parametrize(
    ("handler", "told"),
    [
        (lambda: endless, "larger than"),
        (lambda: claims_ten_gigabytes, "larger than"),
        (bomb, "larger than"),
        (lambda: answers(200, b"[" * 5_000 + b"]" * 5_000), "JSON|HTML|answer"),
    ],
    ids=["endless", "ten gigabytes", "gzip bomb", "deep JSON"],
)
async def test_an_answer_without_bounds_is_cut_off(
    name: str, handler: Callable[[], Handler], told: str, witness: str, tmp_path: Path
) -> None:
    async with serving(handler()) as server:
        url = f"http://127.0.0.1:{server.port}"
        async with opened(tmp_path, name, url, VirtualClock(), **real(name)) as connector:
            with pytest.raises(ConnectorError, match=told):
                await asyncio.wait_for(connector.describe(), 30)
