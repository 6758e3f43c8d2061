"""What Mixpanel answers to what it does not do.

`{"status": "error", "error": …}` where something is asked; `{"code", "status", "error"}` where data
is taken in and checked (Mixpanel's OpenAPI files `annotations`, `query` and `ingestion`).
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from syncline.sandbox import answer


class Refused(Exception):
    """The tool does not do what it was asked; nothing has changed."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status = status

    def answered(self) -> Response:
        """The error as an answer."""
        return answer({"status": "error", "error": str(self)}, self.status)


def strictly(status: int, error: str, **more: Any) -> Response:
    """The error as an answer of what takes data in."""
    body = {"code": status, "error": error, "status": HTTPStatus(status).phrase, **more}
    return answer(body, status)
