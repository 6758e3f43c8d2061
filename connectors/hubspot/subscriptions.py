"""What HubSpot's journal has to be subscribed to, and what of that is missing.

A subscription is of one record type in one account. Syncline makes none: nothing is written into a
tool without being asked for. What is missing is told as the body of the request that makes it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from connectors.hubspot.client import Row
from connectors.hubspot.journal import Journal
from connectors.hubspot.kinds import COMPANY, Kind
from connectors.hubspot.metadata import Metadata
from connectors.hubspot.wire import MERGED

_OBJECT, _ASSOCIATION = "OBJECT", "ASSOCIATION"
_ACTIONS = {
    _OBJECT: ("CREATE", "UPDATE", "DELETE", "MERGE", "RESTORE"),
    _ASSOCIATION: ("ASSOCIATION_ADDED", "ASSOCIATION_REMOVED"),
}


async def missing_subscriptions(
    journal: Journal, metadata: Metadata, kinds: Sequence[Kind]
) -> list[str]:
    """A warning for each subscription that is missing, with the body that makes it."""
    portal = (await metadata.account())["portalId"]
    there = await journal.subscriptions()
    warnings = []
    for kind in kinds:
        wanted = [_OBJECT, _ASSOCIATION] if kind.company else [_OBJECT]
        for type in wanted:
            if not (actions := _missing(there, kind, type)):
                continue
            body: dict[str, Any] = {"subscriptionType": type, "portalId": portal}
            body |= {"objectTypeId": kind.type_id, "actions": actions}
            if type == _OBJECT:
                # Whether leaving them out means all of them is not documented.
                body["properties"] = await _read(metadata, kind)
            else:
                body["associatedObjectTypeIds"] = [COMPANY.type_id]
            warnings.append(
                f"HubSpot's journal is not subscribed to {', '.join(actions)} of {kind.object}, "
                "and tells nothing of those. To subscribe, POST this to the address in the "
                f"README of the connector: {json.dumps(body)}"
            )
    return warnings


async def _read(metadata: Metadata, kind: Kind) -> list[str]:
    """The properties that are read, but for those that HubSpot sets at any edit at all."""
    never = ("createdate", kind.modified, MERGED)
    return [name for name in await metadata.read(kind) if name not in never]


def _missing(there: Sequence[Row], kind: Kind, type: str) -> list[str]:
    told = {
        action
        for row in there
        if row.get("subscriptionType") == type and row.get("objectTypeId") == kind.type_id
        if type == _OBJECT or COMPANY.type_id in (row.get("associatedObjectTypeIds") or ())
        for action in row.get("actions") or ()
    }
    return [action for action in _ACTIONS[type] if action not in told]
