"""What an administrator changes in the account: names of statuses and fields, options, rights.

    rename  {"field", "option", "to"}  a status (field `custom_status`); without `option` the field
    remove  {"field", "option"}        an option of a drop-down or a status, which is switched off;
                                       without `option` the field
    require {"field"}                  of a ticket before it is solved
    demote  {}                         the hub's account becomes an agent

developer.zendesk.com, "Custom Ticket Statuses" (a status cannot be deleted, only deactivated),
"Ticket Fields" (`active`; an option left out of an update is deleted).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.zendesk.fake.account import Account, Row
from connectors.zendesk.fake.signing_in import HUB
from syncline.sandbox import Refusal, carry_out

STATUS = "custom_status"


class Administering:
    """Changes of one account's set-up."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def do(self, verb: str, given: Mapping[str, Any]) -> None:
        """One change; Refusal where there is no such verb or thing."""
        verbs = {
            "rename": self._rename,
            "remove": self._remove,
            "require": self._require,
            "demote": self._demote,
        }
        carry_out(verbs, verb, given)

    def _rename(self, given: Mapping[str, Any]) -> None:
        name = str(given["to"])
        if given["field"] == STATUS:
            labels = dict.fromkeys(("agent_label", "raw_agent_label", "end_user_label"), name)
            self._status(given["option"], labels)
        elif "option" in given:
            raise Refusal("The value of an option stays when it is given another name.")
        else:
            titles = dict.fromkeys(("title", "raw_title", "title_in_portal"), name)
            self._field(given["field"], titles)

    def _remove(self, given: Mapping[str, Any]) -> None:
        if given["field"] == STATUS:
            self._status(given["option"], {"active": False})
        elif "option" in given:
            field = self._known(given["field"])
            there = field.get("custom_field_options") or ()
            left = [one for one in there if one["value"] != given["option"]]
            if len(left) == len(there):
                raise Refusal(f"{given['field']} has no option {given['option']!r}.")
            self._field(given["field"], {"custom_field_options": left})
        else:
            self._field(given["field"], {"active": False})

    def _require(self, given: Mapping[str, Any]) -> None:
        self._field(given["field"], {"required": True})

    def _demote(self, given: Mapping[str, Any]) -> None:
        hub = self._account.user_by_email(HUB)
        assert hub is not None
        self._account.users.put(str(hub["id"]), hub | {"role": "agent"})

    def _status(self, label: str, changes: Row) -> None:
        for id, row in self._account.statuses.items():
            if row["agent_label"] == label:
                self._account.statuses.put(id, row | changes)
                return
        names = ", ".join(row["agent_label"] for row in self._account.statuses.values())
        raise Refusal(f"There is no status {label!r}; there are {names}.")

    def _field(self, title: str, changes: Row) -> None:
        field = self._known(title)
        self._account.fields.put(str(field["id"]), field | changes)

    def _known(self, title: str) -> Row:
        for row in self._account.fields.values():
            if row["title"] == title:
                return row
        raise Refusal(f"There is no ticket field {title!r}.")
