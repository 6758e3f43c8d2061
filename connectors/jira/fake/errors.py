"""Jira's error bodies (`ErrorCollection`), and how a handler ends with one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from syncline.sandbox import Answered, answer

NO_ISSUE = "Issue does not exist or you do not have permission to see it."


def collection(
    messages: tuple[str, ...] = (), errors: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The body every refusal has."""
    return {"errorMessages": list(messages), "errors": dict(errors or {})}


def refusal(
    status: int,
    *messages: str,
    errors: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A refusal with Jira's words."""
    return answer(collection(messages, errors), status, headers)


def refuse(status: int, *messages: str, errors: Mapping[str, str] | None = None) -> Answered:
    """To be raised: ends the request with a refusal."""
    return Answered(refusal(status, *messages, errors=errors))


def no_issue() -> Answered:
    """The same words for an issue that is gone, never was, or is hidden from the account."""
    return refuse(404, NO_ISSUE)
