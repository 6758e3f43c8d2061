"""What an answer means: a response, or the error that says what the caller must do.

The table is the same for every tool. For a write, everything that leaves open whether the tool
applied it is `Ambiguous`: no answer after sending, a 5xx, a success that cannot be read.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Literal, TypedDict

import httpx
import orjson

from syncline.sdk.errors import (
    Ambiguous,
    AuthRequired,
    Conflict,
    ConnectorError,
    Misconfigured,
    NotFound,
    RateLimited,
    Rejected,
    Retriable,
)
from syncline.sdk.exchange import Answer, Failure
from syncline.sdk.redaction import carries_credentials, redact

Forbidden = Literal["auth", "hidden", "rejected"]

_LONGEST_TEXT = 500
_LONGEST_PATH = 120
_MOST_SENTENCES = 20

# Where tools put the sentence that says what is wrong; nothing else of a body is ever quoted.
_MESSAGE_KEYS = (
    "errorMessages",
    "message",
    "error",
    "error_description",
    "description",
    "detail",
    "title",
    "errors",
    "details",
    "code",
    "errorCode",
    "category",
)
_REQUEST_ID_NAME = re.compile(r"(?:request|correlation|trace)-?id$|^cf-ray$")
_DEEPEST_JSON = 254


@dataclass(frozen=True, slots=True)
class Asked:
    """The part of a request that its answer is judged by; it holds no secret.

    `telling` are the response headers whose values an error quotes.
    """

    connection: str
    method: str
    path: str
    mutating: bool
    ok: Collection[int]
    expect_json: bool
    forbidden: Forbidden | None
    telling: Collection[str] = ()

    def __str__(self) -> str:
        return redact.by_value(f"{self.connection}: {self.method} {self.path[:_LONGEST_PATH]}")


class Response:
    """An answer the caller accepts. `json()` is decoded once and is None for an empty body."""

    __slots__ = ("_json", "content", "headers", "status")

    def __init__(self, status: int, headers: httpx.Headers, content: bytes) -> None:
        self.status = status
        self.headers = headers
        self.content = content
        self._json: Any = _UNDECODED

    def __repr__(self) -> str:
        return f"<Response {self.status}>"

    @property
    def text(self) -> str:
        """The body as UTF-8; bytes that are not are replaced."""
        return self.content.decode("utf-8", errors="replace")

    def json(self) -> Any:
        """The body as JSON; raises `ValueError` where it is none or nests deeper than 254."""
        if self._json is _UNDECODED:
            self._json = _decoded(self.content) if self.content else None
        return self._json


_UNDECODED = object()


def error_for(
    asked: Asked, result: Answer | Failure, retry_at: datetime | None
) -> Response | ConnectorError:
    """The response, or the error to raise; `retry_at` is when the tool allows the next call."""
    if isinstance(result, Failure):
        return _no_answer(asked, result)
    if result.status in asked.ok:
        return _success(asked, result)
    if 200 <= result.status < 400:
        return _neither(asked, result)
    if retry_at is not None:
        return RateLimited(
            f"{asked} must wait until {retry_at:%H:%M:%S} UTC "
            f"({safe_error(result, asked.telling)}). Nothing was applied; Syncline comes back "
            "then.",
            retry_at=retry_at,
            status=result.status,
            request_id=request_id(result),
        )
    if result.status >= 500 or result.status == 408:
        return _broken(asked, result)
    return _refused(asked, result)


def safe_error(answer: Answer | Response, telling: Collection[str] = ()) -> str:
    """Status, request id and the tool's own sentence, without secrets, in 500 characters at most.

    Of the body only the members that tools use for messages are quoted, never a record.
    """
    parts = [str(answer.status)]
    if identifier := request_id(answer):
        parts.append(f"request {identifier}")
    parts += [f"{name} {answer.headers[name]}" for name in telling if name in answer.headers]
    if sentence := "; ".join(islice(_sentences(answer), _MOST_SENTENCES)):
        parts.append(sentence)
    text = redact(" ".join(", ".join(parts).split()))
    for value in _credential_values(answer.headers):
        text = text.replace(value, "***")
    return text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 1]}…"


def request_id(answer: Answer | Response) -> str | None:
    """The tool's own name for the request, for a question to its support."""
    for name, value in answer.headers.items():
        if value and _REQUEST_ID_NAME.search(name):
            return redact.by_value(value[:80])
    return None


class _Known(TypedDict):
    status: int
    request_id: str | None


def _known(answer: Answer) -> _Known:
    return {"status": answer.status, "request_id": request_id(answer)}


def _no_answer(asked: Asked, failure: Failure) -> ConnectorError:
    if failure.refused is not None:
        return failure.refused
    if failure.bad_certificate:
        return Misconfigured(
            f"{asked}: the server's certificate could not be verified. Nothing was sent; name the "
            "authority that signed it with ca_file."
        )
    if failure.sent and asked.mutating:
        return Ambiguous(
            f"{asked}: {failure.what} after the request was sent. It may have been applied; "
            "Syncline looks for evidence and does not send it again."
        )
    return Retriable(f"{asked}: {failure.what}. Nothing was applied; Syncline tries again later.")


def _success(asked: Asked, answer: Answer) -> Response | ConnectorError:
    response = Response(answer.status, answer.headers, answer.content)
    damage = answer.damage or (_json_damage(asked, response) if asked.expect_json else None)
    return response if damage is None else _unreadable(asked, answer, damage)


def _json_damage(asked: Asked, response: Response) -> str | None:
    if not response.content:
        may_be_empty = asked.mutating or asked.method == "HEAD" or response.status in (202, 204)
        return None if may_be_empty else "the answer is empty"
    try:
        response.json()
    except ValueError:
        return "the answer is not the JSON that was expected"
    return None


def _unreadable(asked: Asked, answer: Answer, damage: str) -> ConnectorError:
    known = _known(answer)
    if asked.mutating:
        return Ambiguous(
            f"{asked} answered {answer.status}, but {damage}. It was probably applied; Syncline "
            "looks for evidence and does not send it again.",
            **known,
        )
    what = f"{asked} answered {answer.status}, but {damage}."
    if answer.too_large:
        return Rejected(f"{what} It was not read; ask for fewer records or fields.", **known)
    return Retriable(f"{what} Syncline tries again later.", **known)


def _neither(asked: Asked, answer: Answer) -> ConnectorError:
    """A success nobody expected, or a redirect, which is never followed."""
    known = _known(answer)
    not_applied = answer.status in (301, 304, 307, 308)
    if asked.mutating and not not_applied:
        return Ambiguous(
            f"{asked} answered {answer.status}, which says neither done nor refused. Syncline "
            "looks for evidence and does not send it again.",
            **known,
        )
    return Misconfigured(
        f"{asked} answered {answer.status}, which this call cannot use; redirects are not "
        "followed. Check base_url: it must be the tool's final address.",
        **known,
    )


def _broken(asked: Asked, answer: Answer) -> ConnectorError:
    known = _known(answer)
    said = safe_error(answer, asked.telling)
    if asked.mutating:
        return Ambiguous(
            f"{asked} failed inside the tool ({said}). It may have been applied; Syncline looks "
            "for evidence and does not send it again.",
            **known,
        )
    return Retriable(
        f"{asked} failed inside the tool ({said}). Syncline tries again later.", **known
    )


def _refused(asked: Asked, answer: Answer) -> ConnectorError:
    """The errors of the tool's clear no: nothing was applied."""
    status = answer.status
    known = _known(answer)
    said = safe_error(answer, asked.telling)
    meaning = "auth" if status == 401 else _meaning_of_403(asked) if status == 403 else None
    if meaning == "auth":
        return AuthRequired(
            f"{asked} was refused ({said}). Syncline stops this connection; renew its credentials "
            "or their scopes, then run `syncline check`.",
            **known,
        )
    if meaning == "hidden":
        return NotFound(f"{asked}: hidden from these credentials ({said}).", hidden=True, **known)
    if status in (404, 410):
        return NotFound(f"{asked}: no such record ({said}).", **known)
    if status in (409, 412):
        return Conflict(f"{asked}: the record has changed ({said}). Nothing was applied.", **known)
    if status in (423, 425):
        return Retriable(f"{asked}: not now ({said}). Syncline tries again later.", **known)
    if status in (402, 405, 406, 407, 415, 426, 428):
        return Misconfigured(f"{asked} does not fit this tool ({said}).", **known)
    return Rejected(f"{asked} was refused by the tool ({said}). Nothing was applied.", **known)


def _meaning_of_403(asked: Asked) -> Forbidden:
    return asked.forbidden or ("rejected" if asked.mutating else "hidden")


def _decoded(content: bytes) -> Any:
    value = orjson.loads(content)
    # Parsing allows 1,024 levels, writing 254, below the interpreter's own limit: writing it once
    # is the cheapest way to count (2 µs against 8 µs in Python for a 4 KB record).
    if len(content) > 2 * _DEEPEST_JSON:
        try:
            orjson.dumps(value)
        except TypeError as error:
            raise ValueError(f"JSON nested deeper than {_DEEPEST_JSON}") from error
    return value


def _sentences(answer: Answer | Response) -> Iterator[str]:
    kind = answer.headers.get("content-type", "")
    if "json" in kind:
        try:
            yield from _messages(_decoded(answer.content))
        except ValueError:
            return
    elif kind.startswith("text/plain"):
        yield answer.content[:_LONGEST_TEXT].decode("utf-8", errors="replace")


def _messages(body: Any) -> Iterator[str]:
    if isinstance(body, list):
        for item in body[:5]:
            yield from _messages(item)
    elif isinstance(body, dict):
        for key in _MESSAGE_KEYS:
            if key in body:
                yield from _texts(body[key], levels=4)


def _texts(value: Any, levels: int) -> Iterator[str]:
    """The texts inside a message member; a field's name goes before its own complaint."""
    if isinstance(value, str):
        yield value[:_LONGEST_TEXT]
    elif levels and isinstance(value, list):
        for item in value[:10]:
            yield from _texts(item, levels - 1)
    elif levels and isinstance(value, dict):
        for key, item in list(value.items())[:10]:
            for text in _texts(item, levels - 1):
                yield f"{key[:_LONGEST_PATH]}: {text}"


def _credential_values(headers: httpx.Headers) -> list[str]:
    return [
        value for name, value in headers.items() if carries_credentials(name) and len(value) > 3
    ]
