"""S10, S11: a random witness as the credential turns up in no log, error, traceback or repr.

The loggers of the whole process run at DEBUG, and the tool does its worst: it sends the credential
back in bodies, headers and the reason it gives.
"""

from __future__ import annotations

import logging
import pickle
import secrets
import traceback
from collections.abc import Iterator
from typing import Any

import hpack
import pytest

from syncline.sdk.errors import ConnectorError
from syncline.sdk.http import safe_error
from syncline.sdk.secrets import Secret, resolve
from tests.unit.sdk.loopback import (
    Handler,
    Peer,
    Seen,
    answers,
    drops,
    hangs,
    serving,
    transport,
)


class Lines(logging.Handler):
    """Everything that any logger says, formatted with its traceback."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))
        self.lines.append(repr(vars(record)))


@pytest.fixture
def logged() -> Iterator[list[str]]:
    root, lines = logging.getLogger(), Lines()
    level = root.level
    root.addHandler(lines)
    root.setLevel(logging.DEBUG)
    yield lines.lines
    root.setLevel(level)
    root.removeHandler(lines)


@pytest.fixture
def witness() -> str:
    return f"w{secrets.token_hex(12)}"


async def echoes(seen: Seen, peer: Peer) -> None:
    """A tool that quotes the whole request in its error."""
    credential = seen.headers["authorization"]
    body = {"message": f"bad {credential} for {seen.target}", "errors": {credential: [credential]}}
    headers = {"X-Request-Id": credential, "Set-Cookie": f"s={credential}", "X-Echo": credential}
    await peer.answer(500, body, headers)


async def echoes_in_text(seen: Seen, peer: Peer) -> None:
    body = f"denied: {seen.headers['authorization']}".encode()
    await peer.answer(401, body, {"Content-Type": "text/plain"})


def everything_about(error: BaseException) -> str:
    """The error in all the ways a crash reporter would write it, its context included."""
    seen = [
        str(error),
        repr(error),
        repr(vars(error)),
        repr(pickle.loads(pickle.dumps(str(error)))),
    ]
    # The first frame is the test itself, which knows the witness.
    error.__traceback__ = error.__traceback__ and error.__traceback__.tb_next
    current: BaseException | None = error
    while current is not None:
        told = traceback.TracebackException.from_exception(current, capture_locals=True)
        seen += list(told.format())
        current = current.__cause__ or current.__context__
    return "\n".join(seen)


def credentials(kind: str, witness: str) -> dict[str, Any]:
    if kind == "basic":
        return {"basic_auth": ("ops@acme.example", Secret(witness))}
    found = resolve({"Authorization": "Bearer ${env:T}"}, {"T": witness}, lambda path: "")
    return {"headers": found if kind == "reference" else {"Authorization": f"Bearer {witness}"}}


@pytest.mark.parametrize("kind", ["reference", "basic"])
@pytest.mark.parametrize(
    "handler",
    [answers(200, {}), answers(401), echoes_in_text, echoes, hangs, drops],
    ids=["success", "401", "401 in text", "500 echoing", "timeout", "dropped"],
)
async def test_the_credential_shows_up_nowhere(
    handler: Handler, kind: str, witness: str, logged: list[str]
) -> None:
    told = [repr(credentials(kind, witness))]
    async with (
        serving(handler) as server,
        transport(server, retry_reads=1, **credentials(kind, witness)) as tool,
    ):
        for method in ("GET", "POST"):
            try:
                response = await tool.request(method, "/issue/1", params={"k": Secret(witness)})
                told += [repr(response), safe_error(response)]
            except ConnectorError as error:
                told.append(everything_about(error))
        told += [repr(tool), repr(tool.log.recent), repr(vars(tool.log))]
        sent = server.requests[0].headers["authorization"].removeprefix("Basic ")
    assert witness in sent or kind == "basic"
    for text in [*told, *logged]:
        assert witness not in text
        assert sent not in text
    assert any("httpcore" in line for line in logged)
    assert any("/issue/1" in line for line in logged)


async def test_a_plain_credential_header_is_masked_in_errors_and_logs(
    witness: str, logged: list[str]
) -> None:
    async with (
        serving(echoes) as server,
        transport(server, **credentials("plain", witness)) as tool,
    ):
        with pytest.raises(ConnectorError) as caught:
            await tool.request("POST", "/issue")
    assert witness not in str(caught.value)
    assert not [line for line in logged if witness in line]


async def test_the_header_table_of_http_2_is_not_logged(logged: list[str]) -> None:
    """It is Huffman-coded there: no mask would find the credential, every reader could."""
    async with transport(1):
        encoded = hpack.Encoder().encode([("authorization", "Bearer W1TNESS")])
        hpack.Decoder().decode(encoded)
    assert not [line for line in logged if "hpack" in line]
