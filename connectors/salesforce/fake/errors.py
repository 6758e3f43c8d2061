"""Errors as Salesforce tells them: a list, or one list for each record of a write of many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from syncline.sandbox import answer


class Refused(Exception):
    """Salesforce does not do it, in its own words."""

    def __init__(
        self, code: str, words: str, fields: Sequence[str] = (), status: int = 400
    ) -> None:
        super().__init__(words)
        self.code = code
        self.words = words
        self.fields = list(fields)
        self.status = status

    def body(self) -> list[dict[str, Any]]:
        """What a request that is refused whole is told."""
        body: dict[str, Any] = {"message": self.words, "errorCode": self.code}
        return [body | ({"fields": self.fields} if self.fields else {})]

    def answered(self) -> Response:
        """The answer to a request that is refused whole."""
        return answer(self.body(), self.status)

    def of_item(self) -> dict[str, Any]:
        """One record of a write of many; the code has another name here."""
        error = {"statusCode": self.code, "message": self.words, "fields": self.fields}
        return {"success": False, "errors": [error]}


def no_such_column(column: str, source: str) -> Refused:
    """A field that is not there, or that field-level security hides: nobody can tell."""
    return Refused(
        "INVALID_FIELD",
        f"No such column '{column}' on entity '{source}'. If you are attempting to use a custom "
        "field, be sure to append the '__c' after the custom field name. Please reference your "
        "WSDL or the describe call for the appropriate names.",
    )


def not_found() -> Refused:
    """The answer to an id that is nobody's, and to one that this user may not see."""
    return Refused("NOT_FOUND", "The requested resource does not exist", status=404)


def deleted() -> Refused:
    """The answer to a write of what lies in the recycle bin."""
    return Refused("ENTITY_IS_DELETED", "entity is deleted", status=404)
