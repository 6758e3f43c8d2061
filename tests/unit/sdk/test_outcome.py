"""What each status means for a read and for a write, and what of an error is quoted."""

from __future__ import annotations

import pytest

from syncline.sdk.errors import (
    Ambiguous,
    AuthRequired,
    Conflict,
    ConnectorError,
    Misconfigured,
    NotFound,
    Rejected,
    Retriable,
)
from tests.unit.sdk.loopback import (
    answers,
    serving,
    transport,
)


@pytest.mark.parametrize(
    ("status", "read", "write"),
    [
        (400, Rejected, Rejected),
        (401, AuthRequired, AuthRequired),
        (402, Misconfigured, Misconfigured),
        (403, NotFound, Rejected),
        (404, NotFound, NotFound),
        (405, Misconfigured, Misconfigured),
        (409, Conflict, Conflict),
        (410, NotFound, NotFound),
        (412, Conflict, Conflict),
        (413, Rejected, Rejected),
        (418, Rejected, Rejected),
        (422, Rejected, Rejected),
        (423, Retriable, Retriable),
        (301, Misconfigured, Misconfigured),
        (302, Misconfigured, Ambiguous),
        (500, Retriable, Ambiguous),
    ],
)
async def test_a_status_means_the_same_for_every_tool(
    status: int, read: type[ConnectorError], write: type[ConnectorError]
) -> None:
    async with (
        serving(answers(status, {"message": "why"}, x_request_id="r-1")) as server,
        transport(server, retry_reads=0) as tool,
    ):
        for method, expected in (("GET", read), ("PATCH", write)):
            with pytest.raises(ConnectorError) as caught:
                await tool.request(method, "/issue/1")
            assert type(caught.value) is expected
            assert (caught.value.status, caught.value.request_id) == (status, "r-1")


async def test_a_403_means_what_the_caller_says() -> None:
    async with serving(answers(403)) as server, transport(server) as tool:
        with pytest.raises(NotFound) as caught:
            await tool.request("GET", "/issue/1")
        assert caught.value.hidden
        with pytest.raises(AuthRequired):
            await tool.request("GET", "/myself", forbidden="auth")
        with pytest.raises(Rejected):
            await tool.request("GET", "/issue", forbidden="rejected")


async def test_a_status_the_caller_accepts_is_no_error() -> None:
    async with serving(answers(404, {})) as server, transport(server) as tool:
        assert (await tool.request("GET", "/issue/1", ok=(200, 404))).status == 404


@pytest.mark.parametrize(
    "body",
    [
        {"errorMessages": ["too long"], "errors": {"summary": "must be set"}},
        {"error": "RecordInvalid", "details": {"summary": [{"description": "must be set"}]}},
        [{"message": "summary: must be set", "errorCode": "REQUIRED_FIELD_MISSING"}],
        {"errors": ["summary: must be set"]},
    ],
)
async def test_a_rejection_quotes_the_tools_own_sentence(body: object) -> None:
    async with serving(answers(400, body)) as server, transport(server) as tool:
        with pytest.raises(Rejected, match=r"summary: (description: )?must be set"):
            await tool.request("POST", "/issue", json={})


async def test_a_rejection_never_quotes_the_record() -> None:
    body = {"message": "no", "ticket": {"subject": "private matter"}}
    async with serving(answers(400, body)) as server, transport(server) as tool:
        with pytest.raises(Rejected) as caught:
            await tool.request("POST", "/issue", json={})
    assert "private matter" not in str(caught.value)


async def test_a_rejection_is_short_whatever_the_tool_says() -> None:
    async with (
        serving(answers(400, {"message": "x" * 10_000})) as server,
        transport(server) as tool,
    ):
        with pytest.raises(Rejected) as caught:
            await tool.request("POST", "/issue", json={})
    assert len(str(caught.value)) < 700


@pytest.mark.parametrize(
    "body", [b"not json", b"5", b'{"errors": {"a": 5, "b": {"c": {"d": {"e": {"f": "deep"}}}}}}']
)
async def test_an_error_without_a_sentence_still_says_its_status(body: bytes) -> None:
    async with serving(answers(400, body)) as server, transport(server) as tool:
        with pytest.raises(Rejected, match=r"\(400\)"):
            await tool.request("POST", "/issue", json={})


async def test_a_hostile_error_is_cut_before_it_costs_anything() -> None:
    body = {"errors": {f"{n}" * 1000: [["x" * 1000] * 20] * 20 for n in range(10)}}
    async with serving(answers(400, body)) as server, transport(server) as tool:
        with pytest.raises(Rejected) as caught:
            await tool.request("POST", "/issue", json={})
    assert len(str(caught.value)) < 700


async def test_an_error_page_for_people_is_not_quoted() -> None:
    page = answers(400, b"<h1>private matter</h1>", content_type="text/html")
    async with serving(page) as server, transport(server) as tool:
        with pytest.raises(Rejected) as caught:
            await tool.request("POST", "/issue", json={})
    assert "private matter" not in str(caught.value)
