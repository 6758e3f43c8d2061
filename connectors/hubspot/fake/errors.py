"""HubSpot's refusals, in its own shape (developers.hubspot.com, "Error handling"), and what is
read of a query."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from syncline.sandbox import Call, Refusal, answer

CORRELATION = "aeb5f871-7f07-4993-9211-075dc63e7cbf"


class Refused(Refusal):
    """A request, or one item of a batch, that HubSpot does not do."""

    def __init__(self, status: int, category: str, message: str, code: str = "") -> None:
        super().__init__(message)
        self.status, self.category, self.code = status, category, code

    def body(self) -> dict[str, Any]:
        """The body of the answer."""
        told: dict[str, Any] = {
            "status": "error",
            "message": str(self),
            "correlationId": CORRELATION,
            "category": self.category,
        }
        if self.code:
            told["errors"] = [{"message": str(self), "code": self.code}]
        return told

    def response(self) -> Response:
        """The answer to the whole request."""
        return answer(self.body(), self.status)


def invalid(message: str, code: str = "") -> Refused:
    """A record, or a request, that does not pass HubSpot's checks."""
    return Refused(400, "VALIDATION_ERROR", message, code)


def unknown() -> Refused:
    """No token, or one that is none here or is not valid any more."""
    return Refused(401, "INVALID_AUTHENTICATION", "Authentication credentials not found.")


def missing(id: object) -> Refused:
    """No such record; also what is said of one that was archived or merged away."""
    return Refused(404, "OBJECT_NOT_FOUND", f"Object not found. objectId: {id}")


def asks_archived(call: Call) -> bool:
    """Whether archived ones are asked for; the package writes `True` where others write `true`."""
    return call.query.get("archived", "").lower() == "true"
