"""The wire record: a record's properties by their internal names, flat, every value a text.

    the pipeline, the stage   by name; HubSpot keeps ids that differ in each account
    name                      of a contact: first and last name with a space between
    reference                 what the connection's link property holds
    all others                as in HubSpot: numbers, times and truth values are texts too

An empty property is None, and None empties it. The link property and the key property are not
shown under their own names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.hubspot.client import Row, milliseconds, moment
from connectors.hubspot.config import HubSpotConfig
from connectors.hubspot.kinds import CONTACT, Kind
from connectors.hubspot.metadata import Pipeline
from syncline.sdk.connector import Record
from syncline.sdk.errors import Rejected

NAME = "name"
REFERENCE = "reference"
MERGED = "hs_merged_object_ids"


class WireShape:
    """Records of HubSpot to records and back for one connection."""

    def __init__(self, config: HubSpotConfig) -> None:
        self._config = config

    def record(
        self, kind: Kind, row: Row, pipelines: Mapping[str, Pipeline], account: Row
    ) -> Record:
        """The record of a row; its version is its time of change, in milliseconds since 1970."""
        id, values = str(row["id"]), row["properties"]
        changed = values.get(kind.modified) or row["updatedAt"]
        pipeline = pipelines.get(values.get(kind.pipeline or "") or "")
        scope = self._config.scope.pipeline
        return Record(
            id=id,
            fields=self.fields(kind, values, pipelines),
            version=milliseconds(changed),
            updated_at=moment(changed),
            created_at=moment(row["createdAt"]),
            key=id,
            url=(
                f"https://{account['uiDomain']}/contacts/{account['portalId']}/record/"
                f"{kind.type_id}/{id}"
            ),
            in_scope=(
                kind.pipeline is None
                or not scope
                or (pipeline is not None and pipeline.label in scope)
            ),
            deleted=bool(row.get("archived")),
            marker=values.get(self._config.key_property) or None,
        )

    def fields(
        self, kind: Kind, values: Mapping[str, Any], pipelines: Mapping[str, Pipeline]
    ) -> dict[str, Any]:
        """What a record shows."""
        hidden = (self._config.key_property, self._config.link_property, MERGED, "hs_object_id")
        shown = {
            name: self.value(kind, name, value, pipelines)
            for name, value in values.items()
            if name not in hidden
        }
        if kind is CONTACT:
            shown[NAME] = full_name(shown.get("firstname"), shown.get("lastname"))
        if self._config.link_property:
            shown[REFERENCE] = values.get(self._config.link_property) or ""
        return shown

    def path(self, name: str) -> str:
        """The path of a property."""
        return REFERENCE if name == self._config.link_property else name

    def value(
        self, kind: Kind, name: str, value: Any, pipelines: Mapping[str, Pipeline]
    ) -> str | None:
        """One property's value as the wire has it."""
        if value is None or value == "":
            return None
        if name == kind.pipeline:
            return pipelines[value].label if value in pipelines else str(value)
        if name == kind.stage:
            labels = {id: one for p in pipelines.values() for id, one in p.stages.items()}
            return labels.get(value, str(value))
        return str(value)

    def properties(
        self, kind: Kind, patch: Mapping[str, Any], pipeline: Pipeline | None, now: Row
    ) -> dict[str, str]:
        """What HubSpot takes to show a patch; raises Rejected for what it cannot.

        `pipeline` is the one whose stage is meant, `now` the properties that the record has.
        """
        written: dict[str, str] = {}
        for name, value in patch.items():
            if name in (kind.modified, "createdate", *kind.computed):
                raise Rejected(f"{name} of a {kind.name} is set by HubSpot itself.")
            if name == NAME and kind is CONTACT:
                first, last = split(str(value or ""), now.get("firstname"), now.get("lastname"))
                written |= {"firstname": first, "lastname": last}
            elif name == REFERENCE and self._config.link_property:
                written[self._config.link_property] = _text(value)
            elif name == kind.stage and pipeline is not None:
                written |= {name: pipeline.stage(value), str(kind.pipeline): pipeline.id}
            elif name != kind.pipeline:
                written[name] = _text(value)
        return written


def full_name(first: str | None, last: str | None) -> str | None:
    """A contact's name as people read it."""
    return " ".join(one for one in (first, last) if one) or None


def split(name: str, first: str | None, last: str | None) -> tuple[str, str]:
    """A name in two, so that it reads as given and the part that stayed the same stays whole."""
    if first and name.startswith(f"{first} "):
        return first, name[len(first) + 1 :]
    if last and name.endswith(f" {last}"):
        return name[: -len(last) - 1], last
    one, _, rest = name.partition(" ")
    return one, rest


def _text(value: Any) -> str:
    """A value as HubSpot takes it: null it would pass over, an empty text empties."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
