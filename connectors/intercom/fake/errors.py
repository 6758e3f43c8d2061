"""Refusals in Intercom's own shape: a list of errors with a code and a sentence.

Intercom's OpenAPI, schema `error`. Codes that no example there shows are said to be unverified.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from starlette.responses import Response

from syncline.sandbox import answer


class Refused(Exception):
    """The API's refusal of a request."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = dict(headers or {})


def error_answer(error: Refused, number: int) -> Response:
    """The answer that a refusal is; `number` makes the id of the request."""
    body = {
        "type": "error.list",
        "request_id": str(UUID(int=number)),
        "errors": [{"code": error.code, "message": str(error)}],
    }
    return answer(body, error.status, error.headers)


def invalid(message: str, code: str = "parameter_invalid") -> Refused:
    """A value that Intercom does not take."""
    return Refused(400, code, message)


def not_found(code: str, message: str) -> Refused:
    """Something that is not there."""
    return Refused(404, code, message)
