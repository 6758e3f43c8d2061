"""Edits that people make while Syncline writes the same field.

RT looks at If-Match and writes afterwards, without a lock: of two writes in the same few
milliseconds both can be applied (measured: 8 of 15 pairs), and a third can follow before the
ticket is read again. The log tells all of them. A person's value is then put back where ours lies
on top of it, and the update counts as a conflict, so that it is decided anew, both values known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.request_tracker.client import Client, segment
from connectors.request_tracker.history import History
from connectors.request_tracker.reading import Reader
from connectors.request_tracker.wire import WireShape, leaves, nested, same
from syncline.sdk.connector import Change, Outcome, Record, Result
from syncline.sdk.errors import ConnectorError

# RT's own automation: what it makes of our write is no edit of a person.
_AUTOMATION = "RT_System"


class Races:
    """Finds and mends them for one connection."""

    def __init__(self, client: Client, history: History, reader: Reader, shape: WireShape) -> None:
        self._client = client
        self._history = history
        self._reader = reader
        self._shape = shape

    async def edits(self, etags: Mapping[str, str]) -> dict[str, list[Change]]:
        """What others changed in each ticket since it had this ETag: its last transaction then.

        One request for a hundred tickets. Nothing where the log cannot be read now.
        """
        marks = {id: int(etag.strip('"')) for id, etag in etags.items()}
        if not marks:
            return {}
        try:
            changes = await self._history.behind(marks)
        except ConnectorError:
            return {}
        return {
            id: [one for one in of if not one.by_us and one.by.handle != _AUTOMATION]
            for id, of in changes.items()
        }

    async def lost(
        self, record: Record, ours: Mapping[str, Any], theirs: Sequence[Change]
    ) -> Outcome:
        """The conflict that an update came to, with what others wrote shown by the ticket.

        Raises `ConnectorError` where that could not be brought about.
        """
        shown = leaves(record.fields)
        by_path: dict[str, list[Change]] = {}
        for change in theirs:
            by_path.setdefault(change.path, []).append(change)
        back = {
            path: _with(shown.get(path), of)
            for path, of in by_path.items()
            if same(shown.get(path), ours[path])
        }
        if body := self._shape.body(nested(back), record.fields):
            _, etag = await self._client.ticket(record.id)
            await self._client.write("PUT", f"ticket/{segment(record.id)}", body, etag=etag)
            found = (await self._reader.fetch([record.id]))[record.id]
            record = found if isinstance(found, Record) else record
        return Outcome(
            Result.CONFLICT,
            id=record.id,
            record=record,
            reason=f"somebody changed {', '.join(by_path)} of ticket {record.id} meanwhile",
        )


def _with(shown: Any, theirs: Sequence[Change]) -> Any:
    """What is shown with their changes on it; in a list each change adds or removes one value."""
    if not isinstance(shown, list):
        return theirs[-1].after
    values = list(shown)
    for change in theirs:
        values = [value for value in values if value not in (change.before, change.after)]
        values += [change.after] if change.after is not None else []
    return values
