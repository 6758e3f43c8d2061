"""The screens that transitions show: which fields they require, and what fills them.

A transition's screen can require fields that no other screen has (a resolution, mostly). They are
filled from what is written anyway, then from the connection's `transition_fields`, by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.jira.dialect import Dialect
from connectors.jira.fields import custom_field
from syncline.sdk.errors import Rejected


class Screens:
    """Fills screens for one connection; `given` are the configured values by field name."""

    def __init__(self, given: Mapping[str, str], dialect: Dialect) -> None:
        self._dialect = dialect
        self._given = {name.casefold(): value for name, value in given.items()}

    def required(self, screen: Mapping[str, Any]) -> list[str]:
        """The ids of the fields that must be given here."""
        return [
            id
            for id, field in screen.items()
            if field.get("required") and not field.get("hasDefaultValue")
        ]

    def fill(
        self, transition: str, status: str, screen: Mapping[str, Any], values: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The fields to send; raises Rejected naming what is required and not known."""
        fields = {id: value for id, value in values.items() if id in screen}
        for id in self.required(screen):
            field = screen[id]
            if fields.get(id) not in (None, [], ""):
                continue
            text = self._given.get(str(field["name"]).casefold())
            if text is None:
                raise Rejected(_missing(transition, status, field))
            fields[id] = self._value(transition, field, text)
        return fields

    def _value(self, transition: str, field: Mapping[str, Any], text: str) -> Any:
        """A configured text as the field takes it."""
        options = _options(field)
        if options and text not in options:
            raise Rejected(
                f"transition_fields: {field['name']!r} has no {text!r} on the screen of "
                f"{transition!r}; there are: {', '.join(options)}. The status stays."
            )
        schema = field.get("schema") or {}
        if "custom" not in schema:
            kind = schema.get("type")
            if kind == "user":
                return {self._dialect.handle: text}
            return {"name": text} if options else text
        known = custom_field({**field, "id": field.get("key")}, self._dialect)
        if known is None:
            return text
        several = known.kind in ("options", "labels", "users")
        return known.written([text] if several else text, self._dialect)

    @staticmethod
    def names(screen: Mapping[str, Any]) -> dict[str, str]:
        """The names of a screen's fields by id."""
        return {id: str(field["name"]) for id, field in screen.items()}


def _missing(transition: str, status: str, field: Mapping[str, Any]) -> str:
    name, options = str(field["name"]), _options(field)
    among = f" (one of {', '.join(options)})" if options else ""
    return (
        f"The screen of the transition {transition!r} to {status!r} requires the field {name!r}"
        f"{among}. The status stays; say in the connection what it is: "
        f"`transition_fields: {{{name}: {options[0] if options else '…'}}}`."
    )


def _options(field: Mapping[str, Any]) -> list[str]:
    return [str(one.get("value", one.get("name"))) for one in field.get("allowedValues") or ()]
