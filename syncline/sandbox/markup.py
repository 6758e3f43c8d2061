"""HTML without a template language: whatever is not HTML already is escaped."""

from __future__ import annotations

from html import escape
from typing import TypeAlias

Attribute: TypeAlias = str | bool


class Html(str):
    """Text that may stand in a page as it is."""

    __slots__ = ()


_VOID = frozenset({"input", "link", "meta"})


def tag(name: str, /, *children: str, **attributes: Attribute) -> Html:
    """An element; children that are no Html, and all values, are escaped.

    A trailing underscore is left off an attribute's name; False leaves the attribute out.
    """
    said = "".join(
        _attribute(key, value) for key, value in attributes.items() if value is not False
    )
    if name in _VOID:
        return Html(f"<{name}{said}>")
    # A line break right after the opening tag of a text area is none of its text.
    lead = "\n" if name == "textarea" else ""
    return Html(f"<{name}{said}>{lead}{join(*children)}</{name}>")


def join(*children: str) -> Html:
    """Children one after the other, escaped where they are no Html."""
    return Html("".join(c if isinstance(c, Html) else escape(c) for c in children))


def _attribute(key: str, value: Attribute) -> str:
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
