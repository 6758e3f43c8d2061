"""Queries as text: names are checked, values are quoted, nothing else is put into one.

Salesforce's own rules: a text stands in single quotes, and a backslash escapes a quote, itself and
line breaks; in any other place it is an error. A time is bare, in UTC. (SOQL and SOSL Reference,
"Quoted String Escape Sequences" and "Date Formats and Date Literals")
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from syncline.sdk.errors import Misconfigured

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_ESCAPES = str.maketrans(
    {
        "\\": "\\\\",
        "'": "\\'",
        '"': '\\"',
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
        "\b": "\\b",
        "\f": "\\f",
    }
)


def text(value: str) -> str:
    """A text as a literal."""
    return f"'{value.translate(_ESCAPES)}'"


def moment(at: datetime) -> str:
    """A time as a literal, in whole seconds: Salesforce keeps no less."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def name(field: str) -> str:
    """The name of a field or object; raises Misconfigured for what can be none."""
    if not _NAME.fullmatch(field):
        raise Misconfigured(f"{field!r} is no API name of Salesforce's; nothing was sent.")
    return field


def among(field: str, values: Iterable[str]) -> str:
    """The condition that a field is one of these texts."""
    return f"{name(field)} IN ({','.join(text(value) for value in values)})"


def select(
    fields: Sequence[str], source: str, where: Sequence[str] = (), order: Sequence[str] = ()
) -> str:
    """A query; all conditions must hold."""
    query = f"SELECT {','.join(map(name, fields))} FROM {name(source)}"  # noqa: S608 (checked)
    if where:
        query += f" WHERE {' AND '.join(where)}"
    if order:
        query += f" ORDER BY {','.join(map(name, order))}"
    return query
