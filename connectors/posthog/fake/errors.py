"""What PostHog answers to what it does not do: `type`, `code`, `detail` and `attr`.

The shape is drf-exceptions-hog's, which PostHog uses for every private endpoint
(posthog.com/docs/api; the words are those of PostHog/posthog's own tests where they are known).
"""

from __future__ import annotations

from typing import Any

from syncline.sandbox import answer


class Refused(Exception):
    """The tool does not do what it was asked; nothing has changed."""

    def __init__(
        self, status: int, type: str, code: str, detail: str, attr: str | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.body = {"type": type, "code": code, "detail": detail, "attr": attr}

    def answered(self) -> Any:
        """The error as an answer."""
        return answer(self.body, self.status)


def invalid(detail: str, attr: str | None, code: str = "invalid_input") -> Refused:
    """A value is not taken."""
    return Refused(400, "validation_error", code, detail, attr)


def not_found(what: str = "Not found.") -> Refused:
    """There is no such thing in the project."""
    return Refused(404, "invalid_request", "not_found", what)


def method_not_allowed(method: str) -> Refused:
    """The endpoint is there, and does not take this."""
    words = f'Method "{method}" not allowed.'
    return Refused(405, "invalid_request", "method_not_allowed", words)


def unauthenticated(detail: str) -> Refused:
    """Nobody PostHog knows."""
    return Refused(401, "authentication_error", "authentication_failed", detail)


def denied(detail: str) -> Refused:
    """Somebody who may not."""
    return Refused(403, "authentication_error", "permission_denied", detail)
