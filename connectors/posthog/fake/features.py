"""Early-access features and feature flags, as PostHog's serializers take and show them.

PostHog/posthog, products/early_access_features/backend/api.py and posthog/api/feature_flag.py;
posthog.com/docs/feature-flags/early-access-feature-management.
"""

from __future__ import annotations

import re
from typing import Any
from unicodedata import normalize
from uuid import UUID

from connectors.posthog.fake import fields
from connectors.posthog.fake.errors import invalid, not_found
from connectors.posthog.fake.project import Office, Row

STAGES = ("draft", "concept", "alpha", "beta", "general-availability", "archived")
ENABLING = ("alpha", "beta", "general-availability")
"""The stages in which whoever opted in gets the flag (the page of the docs, in 2026)."""

_FLAG_KEY = re.compile(r"[a-zA-Z0-9_-]+")


class Flags:
    """Feature flags of the project."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.rows = office.state.table("feature_flag")

    def create(self, body: Row, person: str) -> Row:
        """A new flag; its key is new in the project."""
        fields.required(body, "key")
        key = fields.text(body, "key", 400, blank=False)
        if any(row["key"] == key and not row["deleted"] for row in self.rows.values()):
            raise invalid("There is already a feature flag with this key.", "key", "unique")
        if not _FLAG_KEY.fullmatch(key):
            words = "Only letters, numbers, hyphens (-) & underscores (_) are allowed."
            raise invalid(words, "key", "invalid_key")
        id = self.office.state.next("feature_flag")
        name = fields.text({"name": "", **body}, "name", blank=True)
        row = {"id": id, "key": key, "name": name, "filters": body.get("filters") or {}}
        row |= {"active": bool(body.get("active", True)), "deleted": False, "created_by": person}
        self.rows.put(str(id), row)
        return row

    def change(self, id: str, body: Row) -> Row:
        """Changes to a flag; it goes by `deleted`, unless a feature needs it."""
        row = dict(self.get(id))
        if body.get("deleted") and self.features(row):
            raise invalid(
                "Cannot delete a feature flag that is in use with early access features. Please "
                "delete the early access feature before deleting the flag.",
                None,
            )
        row |= {
            name: body[name] for name in ("name", "filters", "active", "deleted") if name in body
        }
        self.rows.put(id, row)
        return row

    def get(self, id: str) -> Row:
        """A flag that is not deleted."""
        row = self.rows.get(id)
        if row is None or row["deleted"]:
            raise not_found()
        return row

    def listed(self, search: str) -> list[Row]:
        """Flags whose key or description holds the words, newest first."""
        found = [row for row in self.rows.values() if not row["deleted"]]
        words = search.casefold()
        found = [row for row in found if words in f"{row['key']}\n{row['name']}".casefold()]
        return [self.shown(row) for row in sorted(found, key=lambda row: -row["id"])]

    def features(self, row: Row) -> list[Row]:
        """The features that are gated by a flag."""
        features = self.office.state.table("early_access_feature").values()
        return [one for one in features if one["feature_flag"] == row["id"]]

    def shown(self, row: Row) -> Row:
        """A flag as its own endpoint shows it."""
        attached = [
            {n: one[n] for n in ("id", "name", "description", "stage")}
            for one in self.features(row)
        ]
        return minimal(row) | {"features": attached, "created_by": self._by(row)}

    def _by(self, row: Row) -> Row:
        return self.office.member(row["created_by"])


class Features:
    """Early-access features. Their list has no order: PostgreSQL shows an edited row last."""

    def __init__(self, office: Office, flags: Flags) -> None:
        self.office = office
        self.flags = flags
        self.rows = office.state.table("early_access_feature")

    def create(self, body: Row, person: str) -> Row:
        """A feature on a flag that has none yet, or on a flag made out of its name."""
        fields.required(body, "name", "stage")
        values = self._values(body)
        if body.get("feature_flag_id"):
            flag = self._free(body["feature_flag_id"])
        else:
            flag = self.flags.create(
                {
                    "key": slug(values["name"]),
                    "name": f"Feature Flag for Feature {values['name']}",
                    "filters": {"groups": [{"properties": [], "rollout_percentage": 0}]},
                },
                person,
            )
        id = str(UUID(int=(0x0190 << 112) + self.office.state.next("early_access_feature")))
        row = {"id": id, "description": "", "documentation_url": "", **values}
        row |= {"feature_flag": flag["id"], "created_at": self.office.now()}
        self.rows.put(id, row)
        self._enrol(row)
        return row

    def change(self, id: str, body: Row) -> Row:
        """Changes to a feature; the flag follows the stage."""
        row = {**self.get(id), **self._values(body)}
        self.rows.delete(id)
        self.rows.put(id, row)
        self._enrol(row)
        return row

    def remove(self, id: str) -> None:
        """A feature goes for good, and its flag stays."""
        row = self.get(id)
        self._enrol({**row, "stage": "archived"})
        self.rows.delete(id)

    def get(self, id: str) -> Row:
        """A feature."""
        row = self.rows.get(id)
        if row is None:
            raise not_found()
        return row

    def shown(self, row: Row) -> Row:
        """A feature as the endpoint shows it."""
        names = ("id", "name", "description", "stage", "documentation_url", "created_at")
        flag = self.flags.rows.get(str(row["feature_flag"]))
        return {n: row[n] for n in names} | {"feature_flag": minimal(flag) if flag else None}

    def _values(self, body: Row) -> Row:
        values: Row = {}
        if "name" in body:
            values["name"] = fields.text(body, "name", 200, blank=False)
        if "description" in body:
            values["description"] = fields.text(body, "description", blank=True)
        if "stage" in body:
            values["stage"] = fields.choice(body, "stage", STAGES)
        if "documentation_url" in body:
            values["documentation_url"] = fields.url(body, "documentation_url", 800)
        return values

    def _free(self, id: Any) -> Row:
        row = self.flags.rows.get(str(id))
        if row is None or row["deleted"]:
            raise invalid("Feature Flag with this ID does not exist", None)
        if self.flags.features(row):
            words = f"Linked feature flag {row['key']} already has a feature attached to it."
            raise invalid(words, None)
        return row

    def _enrol(self, feature: Row) -> None:
        """People who opted in get the flag in the stages that enable it, and in no other."""
        flag = self.flags.rows.get(str(feature["feature_flag"]))
        if flag is None:
            return
        enrolled: Row = {"key": f"$feature_enrollment/{flag['key']}", "type": "person"}
        enrolled |= {"operator": "exact", "value": ["true"]}
        on = [{"properties": [enrolled], "rollout_percentage": 100}]
        super_groups = on if feature["stage"] in ENABLING else None
        filters = {**flag["filters"], "super_groups": super_groups}
        self.flags.rows.put(str(flag["id"]), {**flag, "filters": filters})


def minimal(flag: Row) -> Row:
    """A flag as it stands inside of other things."""
    names = ("id", "name", "key", "filters", "deleted", "active")
    return {n: flag[n] for n in names} | {"team_id": 1}


def slug(name: str) -> str:
    """A flag's key out of a feature's name (Django's `slugify`): nothing is left of some names."""
    plain = normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", plain)).strip("-_")
