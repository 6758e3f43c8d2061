"""What `describe` has no place for: ids that outlive names, and what each ticket type requires.

Tickets show states, types, attributes and the items of lists by names that people may change; each
has an id that stays (Intercom's OpenAPI, `ticket_type`, `ticket_state`). An attribute of contacts
and companies is at its `name`, which nobody can change; its label is another (`data_attribute`).

`required_to_create` is documented for teammates; that the API asks for it too is taken for granted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from connectors.intercom.metadata import DESCRIPTION, LIST, TITLE, TicketType

_PATHS = {TITLE: "title", DESCRIPTION: "description"}


def details(types: Sequence[TicketType]) -> dict[str, Any]:
    """The details of tickets of these types, as they are now."""
    attributes = [(path_of(one.name), one) for type in types for one in type.attributes.values()]
    lists: dict[str, list[tuple[str, str]]] = {}
    for path, one in attributes:
        if one.type == LIST:
            lists.setdefault(path, []).extend((label, id) for id, label in one.options.items())
    return {
        "fields": _ids((path, one.id) for path, one in attributes),
        "options": {
            "state": _ids((label, id) for one in types for id, label in one.states.items()),
            "type": _ids((one.name, one.id) for one in types),
            **{path: _ids(named) for path, named in lists.items()},
        },
        "kind": "type",
        "required": {
            type.name: [path_of(one.name) for one in type.attributes.values() if one.required]
            for type in types
        },
    }


def path_of(attribute: str) -> str:
    """Where a ticket shows an attribute."""
    return _PATHS.get(attribute, f"attributes.{attribute}")


def _ids(named: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Ids by name; those of all that share it, as the types' attributes do."""
    found: dict[str, set[str]] = {}
    for name, id in named:
        found.setdefault(name, set()).add(id)
    return {name: ", ".join(sorted(ids)) for name, ids in found.items()}
