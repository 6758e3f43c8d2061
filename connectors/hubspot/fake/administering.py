"""What an administrator changes in the account: names, choices, properties, scopes of the app.

    rename  {"field", "option", "to"}  a stage (field `hs_pipeline_stage` or `dealstage`), or the
                                       label of a choice; without `option` a property's label
    remove  {"field", "option"}        a choice; without `option` the property, which is archived
    revoke  {"scope"}                  from the private app

`type` says of which record type, tickets where it is left out. Internal names and values stay when
a label is changed (developers.hubspot.com, "Properties").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.hubspot.fake import properties as p
from connectors.hubspot.fake.portal import Portal
from connectors.hubspot.fake.setup import granted
from syncline.sandbox import Refusal, carry_out


class Administering:
    """Changes of one account's set-up."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal

    def do(self, verb: str, given: Mapping[str, Any]) -> None:
        """One change; Refusal where there is no such verb or thing."""
        verbs = {
            "rename": self._rename,
            "remove": self._remove,
            "revoke": self._revoke,
        }
        carry_out(verbs, verb, given)

    def _rename(self, given: Mapping[str, Any]) -> None:
        kind, name, to = given.get("type", p.TICKETS), given["field"], str(given["to"])
        if name == p.PIPELINES.get(kind, ("", ""))[1]:
            self._stage(kind, given["option"], to)
            return
        about = self._known(kind, name)
        if "option" not in given:
            self._portal.add_property(kind, {**about, "label": to})
            return
        self._choice(about, given["option"])
        options = [
            {**one, "label": to} if one["value"] == given["option"] else one
            for one in about["options"]
        ]
        self._portal.add_property(kind, {**about, "options": options})

    def _remove(self, given: Mapping[str, Any]) -> None:
        kind, name = given.get("type", p.TICKETS), given["field"]
        about = self._known(kind, name)
        if "option" in given:
            self._choice(about, given["option"])
            left = [one for one in about["options"] if one["value"] != given["option"]]
            self._portal.add_property(kind, {**about, "options": left})
        elif about["hubspotDefined"]:
            raise Refusal(f"{name} is HubSpot's own, and stays.")
        else:
            others = {n: one for n, one in self._portal.definitions(kind).items() if n != name}
            self._portal.state.table("properties").put(kind, others)

    def _revoke(self, given: Mapping[str, Any]) -> None:
        left = granted(self._portal)
        if given["scope"] not in left:
            raise Refusal(f"The app has the scopes {', '.join(left)}.")
        self._portal.state.table("revoked").put(given["scope"], {})

    def _stage(self, kind: str, label: str, to: str) -> None:
        there = self._portal.state.table("pipelines").get(kind) or {}
        names = [stage["label"] for one in there.values() for stage in one["stages"]]
        if label not in names:
            raise Refusal(f"There is no stage {label!r}; there are {', '.join(names)}.")
        for id, one in there.items():
            stages = [s | {"label": to} if s["label"] == label else s for s in one["stages"]]
            there = {**there, id: {**one, "stages": stages}}
        self._portal.state.table("pipelines").put(kind, there)

    def _known(self, kind: str, name: str) -> p.Definition:
        found = self._portal.definitions(kind).get(name)
        if found is None:
            raise Refusal(f"There is no property {name!r} of {kind}.")
        return found

    def _choice(self, about: p.Definition, value: str) -> None:
        if value not in [one["value"] for one in about["options"]]:
            raise Refusal(f"{about['name']} has no choice {value!r}.")
