"""What Zendesk answers to what it does not do: `error`, `description` and, by field, `details`.

developer.zendesk.com, "Errors". The words are Zendesk's own where they are known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from syncline.sandbox import answer

FORBIDDEN = (
    "You do not have access to this page. Please contact the account owner of this help desk for"
    " further help."
)


class Refused(Exception):
    """The tool does not do what it was asked; nothing has changed."""

    def __init__(
        self,
        status: int,
        error: str,
        description: str,
        details: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(description)
        self.status = status
        self.error = error
        self.description = description
        self.details = details
        self.headers = headers

    @property
    def body(self) -> dict[str, Any]:
        """The error as JSON."""
        told: dict[str, Any] = {"error": self.error, "description": self.description}
        return told | ({"details": self.details} if self.details else {})

    @property
    def words(self) -> str:
        """What a person reads."""
        found = [one["description"] for some in (self.details or {}).values() for one in some]
        return "; ".join(found) or self.description

    def answered(self) -> Any:
        """The error as an answer."""
        return answer(self.body, self.status, self.headers)


def not_found() -> Refused:
    """There is no such record, or no longer."""
    return Refused(404, "RecordNotFound", "Not found")


def forbidden() -> Refused:
    """The user may not do this."""
    return Refused(403, "Forbidden", FORBIDDEN)


def malformed(description: str) -> Refused:
    """The request itself makes no sense."""
    return Refused(400, "BadRequest", description)


def invalid(field: str, *problems: Mapping[str, Any] | str) -> Refused:
    """A record that does not pass; `field` is `base` where several fields matter."""
    return invalid_fields({field: [_problem(one) for one in problems]})


def invalid_fields(details: Mapping[str, Sequence[Mapping[str, Any]]]) -> Refused:
    """As `invalid`, with problems of several fields."""
    return Refused(422, "RecordInvalid", "Record validation errors", details)


def _problem(problem: Mapping[str, Any] | str) -> Mapping[str, Any]:
    return {"description": problem} if isinstance(problem, str) else problem
