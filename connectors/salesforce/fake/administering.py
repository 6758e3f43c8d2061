"""What an administrator changes in the org: API names, picklist values, demands, permissions.

    rename   {"field", "to"}        the API name of a custom field; with `label` a field's label
    remove   {"field", "option"}    a picklist value, which is switched off; without `option` a
                                    custom field
    require  {"field"}              of every new record, by the API too
    revoke   {"field"} or {"right"} the field, or `read` or `write` of the object, from the
                                    integration user

`object` says of which one, cases where it is left out. (Salesforce Help, "Edit Custom Fields",
"Deactivate Picklist Values", "Field-Level Security")
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from connectors.salesforce.fake.org import Org
from connectors.salesforce.fake.schema import Column
from syncline.sandbox import Refusal, carry_out

RIGHTS = ("read", "write")


class Administering:
    """Changes of one org's set-up."""

    def __init__(self, org: Org) -> None:
        self._org = org

    def do(self, verb: str, given: Mapping[str, Any]) -> None:
        """One change; Refusal where there is no such verb or thing."""
        object_ = str(given.get("object", "Case"))
        verbs = {
            "rename": partial(self._rename, object_),
            "remove": partial(self._remove, object_),
            "require": partial(self._require, object_),
            "revoke": partial(self._revoke, object_),
        }
        carry_out(verbs, verb, given)

    def _rename(self, source: str, given: Mapping[str, Any]) -> None:
        if "label" in given:
            name = self._column(source, given["field"]).name
            self._org.change_field(source, name, {"label": str(given["label"])})
        else:
            self._org.rename_field(source, self._custom(source, given["field"]), str(given["to"]))

    def _remove(self, source: str, given: Mapping[str, Any]) -> None:
        if "option" not in given:
            self._org.remove_field(source, self._custom(source, given["field"]))
            return
        column = self._column(source, given["field"])
        if given["option"] not in column.values:
            raise Refusal(f"{column.name} has no value {given['option']!r}.")
        values = [one for one in column.values if one != given["option"]]
        self._org.change_field(source, column.name, {"values": values})

    def _require(self, source: str, given: Mapping[str, Any]) -> None:
        name = self._column(source, given["field"]).name
        self._org.change_field(source, name, {"required": True})

    def _revoke(self, source: str, given: Mapping[str, Any]) -> None:
        if "field" in given:
            self._org.hide_field(source, self._column(source, given["field"]).name)
        elif given["right"] in RIGHTS:
            self._org.revoked.put(f"{source} {given['right']}", {})
        else:
            raise Refusal(f"There are the rights {', '.join(RIGHTS)}.")

    def _custom(self, source: str, name: str) -> str:
        column = self._column(source, name)
        if not column.custom:
            raise Refusal(f"{name} is a standard field, and stays.")
        return column.name

    def _column(self, source: str, name: str) -> Column:
        found = self._org.columns(source).get(name)
        if found is None:
            raise Refusal(f"{source} has no field {name!r}.")
        return found
