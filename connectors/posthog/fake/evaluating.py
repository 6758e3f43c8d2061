"""Whether somebody has a flag (posthog.com/docs/feature-flags; the hash is that of its SDKs)."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha1
from typing import Any

from connectors.posthog.fake.project import Row

_LONG = float(0xFFFFFFFFFFFFFFF)


def shown(flag: Row, who: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """A flag as `/flags` answers it for one person."""
    filters = flag["filters"]
    groups = [*(filters.get("super_groups") or ()), *(filters.get("groups") or ())]
    on = flag["active"] and any(_fits(flag["key"], one, who, properties) for one in groups)
    code = "condition_match" if on else "no_condition_match"
    return {
        "key": flag["key"],
        "enabled": on,
        "variant": None,
        "reason": {"code": code, "condition_index": 0 if on else None, "description": code},
        "metadata": {"id": flag["id"], "version": 1, "payload": None, "description": None},
    }


def _fits(key: str, group: Row, who: str, properties: Mapping[str, Any]) -> bool:
    for one in group.get("properties") or ():
        value = properties.get(one["key"])
        text = str(value).lower() if isinstance(value, bool) else str(value)
        if value is None or text not in one["value"]:
            return False
    # PostHog's SDKs place people by SHA-1; nothing is protected by it.
    number = int(sha1(f"{key}.{who}".encode()).hexdigest()[:15], 16)  # noqa: S324
    share = group.get("rollout_percentage")
    return share is None or number / _LONG <= share / 100
