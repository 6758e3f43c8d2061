"""What an administrator changes in the workspace: names, demands, and what the app may see.

    rename   {"field", "option", "to"}  a state (field `state`), an item of a list attribute of
                                        tickets; without `option` the attribute
    remove   {"field", "option"}        an item of a list attribute; without `option` the attribute,
                                        which is archived
    require  {"type", "fields"}         of new tickets of a type
    revoke   {"permission"}             `ticket`, `contact` or `company` records, from the app

Attributes of the same name are changed in every ticket type that has them; ids stay (Intercom's
OpenAPI, `PUT /ticket_types/{ticket_type_id}/attributes/{id}`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connectors.intercom.fake.workspace import Row, Workspace
from syncline.sandbox import Refusal, carry_out

STATE = "state"
PERMISSIONS = ("ticket", "contact", "company")


class Administering:
    """Changes of one workspace's set-up."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def do(self, verb: str, given: Mapping[str, Any]) -> None:
        """One change; Refusal where there is no such verb or thing."""
        verbs = {
            "rename": self._rename,
            "remove": self._remove,
            "require": self._require,
            "revoke": self._revoke,
        }
        carry_out(verbs, verb, given)

    def _rename(self, given: Mapping[str, Any]) -> None:
        name, to = given["field"], str(given["to"])
        if name == STATE:
            self._states(given["option"], to)
        elif "option" in given:
            self._items(name, given["option"], to)
        else:
            self._attributes(name, lambda row: {"name": to})
            for ticket in list(self._workspace.tickets.values()):
                values = {to if n == name else n: v for n, v in ticket["attributes"].items()}
                self._workspace.tickets.put(ticket["id"], {**ticket, "attributes": values})

    def _remove(self, given: Mapping[str, Any]) -> None:
        if "option" in given:
            self._items(given["field"], given["option"], None)
        else:
            self._attributes(given["field"], lambda row: {"archived": True})

    def _require(self, given: Mapping[str, Any]) -> None:
        for name in given["fields"]:
            self._attributes(name, lambda row: {"required_to_create": True}, given["type"])

    def _revoke(self, given: Mapping[str, Any]) -> None:
        if given["permission"] not in PERMISSIONS:
            raise Refusal(f"There are the permissions {', '.join(PERMISSIONS)}.")
        self._workspace.revoked.put(given["permission"], {})

    def _states(self, label: str, to: str) -> None:
        changed = 0
        for type in list(self._workspace.types.values()):
            states = [
                one | {"internal_label": to} if one["internal_label"] == label else one
                for one in type["states"]
            ]
            changed += states != type["states"]
            self._workspace.types.put(type["id"], {**type, "states": states})
        if not changed:
            raise Refusal(f"There is no state {label!r}.")

    def _items(self, name: str, label: str, to: str | None) -> None:
        def changed(row: Row) -> Row:
            items = (row["input_options"] or {}).get("list_options") or []
            if label not in [one["label"] for one in items]:
                raise Refusal(f"{name} has no item {label!r}.")
            left = [one for one in items if to is not None or one["label"] != label]
            left = [one | {"label": to} if one["label"] == label else one for one in left]
            return {"input_options": {"list_options": left}}

        self._attributes(name, changed)

    def _attributes(self, name: str, change: Callable[[Row], Row], of: str | None = None) -> None:
        """Change the attribute of this name, of one ticket type or of all that have it."""
        found = 0
        for type in list(self._workspace.types.values()):
            mine = of in (None, type["name"])
            rows = [
                row | change(row) if mine and row["name"] == name else row
                for row in type["attributes"]
            ]
            found += mine and any(row["name"] == name for row in type["attributes"])
            self._workspace.types.put(type["id"], {**type, "attributes": rows})
        if not found:
            raise Refusal(f"No ticket type has an attribute {name!r}.")
