"""What an administrator changes on the site: names, options, fields, workflows, permissions.

    rename            {"field", "option", "to"}       an option; without `option` the field
    remove            {"field", "option", "instead"}  an option, issues in it get the other; without
                                                      `option` the field, off every screen
    require           {"type", "fields"}              on an issue type's screens
    close_transition  {"type", "from", "to"}          takes a step out of a workflow
    revoke            {"permission"}                  from the account of the API
    restore           {}                              all of that, but what became of issues

Issues refer to options by id (SPEC `StatusDetails`, `Priority`, `IssueTypeDetails`), so a renamed
one is shown under its new name at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.jira.fake import workflow
from connectors.jira.fake.editing import Editing
from connectors.jira.fake.fields import CHOICES
from connectors.jira.fake.metadata import PERMISSIONS
from connectors.jira.fake.seeding import BOT_EMAIL
from connectors.jira.fake.site import Site
from connectors.jira.fake.vocabulary import FIELDS, STATUSES, TYPES, FieldDef, Named, by_name
from syncline.sandbox import Refusal, carry_out


class Administering:
    """Changes of one site's set-up."""

    def __init__(self, site: Site, editing: Editing) -> None:
        self._site = site
        self._editing = editing

    def do(self, verb: str, given: Mapping[str, Any]) -> None:
        """One change; Refusal where there is no such verb or thing."""
        verbs = {
            "rename": self._rename,
            "remove": self._remove,
            "require": self._require,
            "close_transition": self._close,
            "revoke": self._revoke,
            "restore": self._restore,
        }
        carry_out(verbs, verb, given)

    def require(self, type: str, fields: Sequence[str]) -> None:
        """Make fields required for an issue type, by ids."""
        self._set("required", {type: list(fields)})

    def _set(self, setting: str, said: Mapping[str, Any]) -> None:
        self._site.settings.put(setting, {**self._site.setting(setting), **said})

    def _rename(self, given: Mapping[str, Any]) -> None:
        field = self._field(given["field"])
        thing = self._option(field, given["option"]) if "option" in given else field
        self._set("renamed", {thing.id: str(given["to"])})

    def _remove(self, given: Mapping[str, Any]) -> None:
        field = self._field(given["field"])
        if "option" not in given:
            self._set("removed", {field.id: True})
            return
        old = self._option(field, given["option"])
        new = self._option(field, given["instead"]).id if given.get("instead") else None
        admin = next(id for id, user in self._site.users.items() if user["email"] != BOT_EMAIL)
        for doc in list(self._site.issues.values()):
            if doc["fields"].get(field.id) == old.id:
                self._editing.apply(doc, {field.id: new}, admin)
        self._set("removed", {old.id: True})

    def _require(self, given: Mapping[str, Any]) -> None:
        fields = [self._field(name).id for name in given["fields"]]
        self.require(self._named(TYPES, given["type"], "issue type").id, fields)

    def _close(self, given: Mapping[str, Any]) -> None:
        type = self._named(TYPES, given["type"], "issue type").id
        origin = self._named(STATUSES, given["from"], "status").id
        target = self._named(STATUSES, given["to"], "status").id
        self._set("closed steps", {workflow.step(type, origin, target): True})

    def _revoke(self, given: Mapping[str, Any]) -> None:
        if given["permission"] not in PERMISSIONS:
            raise Refusal(f"There are the permissions {', '.join(PERMISSIONS)}.")
        self._set("revoked", {given["permission"]: True})

    def _restore(self, given: Mapping[str, Any]) -> None:
        for setting in ("renamed", "removed", "required", "closed steps", "revoked"):
            self._site.settings.put(setting, {})

    def _field(self, name: str) -> FieldDef:
        renamed = self._site.setting("renamed")
        for field in FIELDS.values():
            if name in (field.id, renamed.get(field.id, field.name)):
                return field
        raise Refusal(f"There is no field {name!r}.")

    def _option(self, field: FieldDef, name: str) -> Named:
        found: Named = self._named(field.options or CHOICES.get(field.kind, ()), name, field.name)
        return found

    def _named(self, things: tuple[Any, ...], name: str, what: str) -> Any:
        there = self._site.choices(things)
        found = by_name(there, name)
        if found is None:
            names = ", ".join(one.name for one in there)
            raise Refusal(f"There is no {what} {name!r}; there are {names}.")
        return found
