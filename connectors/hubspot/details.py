"""What `describe` has no place for: the ids of pipelines and stages, which outlive their names.

Nothing else needs any. A property's path is its internal name, and a choice is read and written by
its internal value: neither moves when a label is changed (developers.hubspot.com, "Properties").
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from connectors.hubspot.kinds import Kind
from connectors.hubspot.metadata import Metadata


async def details(metadata: Metadata, kind: Kind) -> dict[str, Any]:
    """The details of a record type, as they are now."""
    if kind.pipeline is None or kind.stage is None:
        return {}
    there, meant = await metadata.pipelines(kind), await metadata.meant(kind)
    stages = ((name, id) for one in meant.values() for id, name in one.stages.items())
    return {
        "options": {
            kind.pipeline: _ids((one.label, one.id) for one in there.values()),
            kind.stage: _ids(stages),
        }
    }


def _ids(named: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Ids by name; those of all that share it, as stages of several pipelines do."""
    found: dict[str, list[str]] = {}
    for name, id in named:
        found.setdefault(name, []).append(id)
    return {name: ", ".join(sorted(ids)) for name, ids in found.items()}
