"""How PostHog's serializers (Django REST Framework 3) take a value: trimmed, checked, refused."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from connectors.posthog.fake.errors import invalid

_URL = re.compile(r"(?:https?|ftps?)://[^\s/?#.]+(?:[^\s/?#]*)(?:[/?#]\S*)?", re.IGNORECASE)


def text(body: Mapping[str, Any], name: str, longest: int | None = None, *, blank: bool) -> str:
    """A text without the white space around it."""
    value = body[name]
    if value is None:
        raise invalid("This field may not be null.", name, "null")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise invalid("Not a valid string.", name, "invalid")
    value = str(value).strip()
    if "\x00" in value:
        raise invalid("Null characters are not allowed.", name, "null_characters_not_allowed")
    if not value and not blank:
        raise invalid("This field may not be blank.", name, "blank")
    if longest is not None and len(value) > longest:
        words = f"Ensure this field has no more than {longest} characters."
        raise invalid(words, name, "max_length")
    return value


def choice(body: Mapping[str, Any], name: str, options: Sequence[str]) -> str:
    """One of the options, spelled as they are."""
    value = body[name]
    if value not in options:
        raise invalid(f'"{value}" is not a valid choice.', name, "invalid_choice")
    return str(value)


def url(body: Mapping[str, Any], name: str, longest: int) -> str:
    """An address, or nothing."""
    value = text(body, name, longest, blank=True)
    if value and not _URL.fullmatch(value):
        raise invalid("Enter a valid URL.", name, "invalid")
    return value


def moment(body: Mapping[str, Any], name: str) -> str | None:
    """A time, as PostHog shows it: UTC."""
    value = body[name]
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        words = (
            "Datetime has wrong format. Use one of these formats instead: "
            "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
        )
        raise invalid(words, name, "invalid") from None
    return stamp(found.replace(tzinfo=found.tzinfo or UTC))


def required(body: Mapping[str, Any], *names: str) -> None:
    """All of them are there."""
    for name in names:
        if name not in body:
            raise invalid("This field is required.", name, "required")


def stamp(moment: datetime) -> str:
    """A time as PostHog writes it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
