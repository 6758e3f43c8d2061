"""From a patch in the wire record's shape to the `fields` of Jira's PUT and POST."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.jira.dialect import Dialect
from connectors.jira.metadata import Metadata
from connectors.jira.wire import PLAIN, READ_ONLY
from syncline.sdk.connector import Wire
from syncline.sdk.errors import Rejected

_BY_NAME = ("priority", "issuetype", "resolution")


class Patching:
    """Translates for one connection. Names are left to Jira, which refuses an unknown one."""

    def __init__(self, metadata: Metadata, dialect: Dialect) -> None:
        self._metadata = metadata
        self._dialect = dialect

    async def fields(self, patch: Wire) -> dict[str, Any]:
        """The fields that set `patch`, all but the status.

        Raises Rejected for a field that cannot be written, before anything is sent.
        """
        fields: dict[str, Any] = {}
        for name, value in patch.items():
            if name in PLAIN:
                fields[name] = value
            elif name == "description":
                fields[name] = self._dialect.document(value)
            elif name in _BY_NAME:
                fields[name] = None if value is None else {"name": value}
            elif name in ("assignee", "reporter"):
                fields[name] = None if value is None else {self._dialect.handle: value}
            elif name == "parent":
                fields[name] = None if value is None else {"id": str(value)}
            elif name == "labels":
                fields[name] = list(value or ())
            elif name == "custom_fields" and isinstance(value, Mapping):
                for field_name, field_value in value.items():
                    field = await self._metadata.field(str(field_name))
                    fields[field.id] = field.written(field_value, self._dialect)
            elif name != "status":
                why = "is read-only" if name in READ_ONLY else "cannot be written"
                raise Rejected(f"{name!r} {why} in Jira; the record is left as it is.")
        return fields
