"""What people change in the project: definitions of properties, scopes of the key.

    remove  {"field"}   the definition of a property, of groups and persons
    revoke  {"scopes"}  from the personal API key

A definition is back once the property is met again, which is not played here
(posthog.com/docs/data/property-management).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.posthog.fake.analytics import Analytics
from connectors.posthog.fake.project import KEY, Office
from syncline.sandbox import Refusal, carry_out

# What Syncline's own key is made with (connectors/posthog/README.md).
_GIVEN = (
    "project:read", "query:read", "group:read", "property_definition:read",
    "early_access_feature:write", "feature_flag:write", "annotation:write",
)  # fmt: skip


class Administering:
    """Changes of one project's set-up."""

    def __init__(self, office: Office, analytics: Analytics) -> None:
        self._office = office
        self._analytics = analytics

    def do(self, verb: str, given: Mapping[str, Any]) -> None:
        """One change; Refusal where there is no such verb or thing."""
        verbs = {
            "remove": self._remove,
            "revoke": self._revoke,
        }
        carry_out(verbs, verb, given)

    def _remove(self, given: Mapping[str, Any]) -> None:
        self._analytics.ingest()
        rows = [*self._analytics.groups.values(), *self._analytics.persons.values()]
        if not any(given["field"] in row["properties"] for row in rows):
            raise Refusal(f"There is no property {given['field']!r}.")
        self._office.state.table("deleted definition").put(given["field"], {})

    def _revoke(self, given: Mapping[str, Any]) -> None:
        scopes = self._office.scopes(KEY)
        there = list(_GIVEN) if scopes == ["*"] else scopes
        for scope in given["scopes"]:
            if scope not in there:
                raise Refusal(f"The key has the scopes {', '.join(there)}.")
        left = [one for one in there if one not in given["scopes"]]
        self._office.state.table("key").put(KEY, {"scopes": left})
