"""A connector of a tool in memory that answers for its own record type alone, as real ones do."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

from syncline.sdk.connector import CommentEdit, Connector, Outcome, Visibility
from syncline.simulation.connector import MemoryConnector


def _asked(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def asked(self: MemoryConnector, record: str, *more: Any, **named: Any) -> Any:
        assert record == self.tool.record, f"{self.tool.name} was asked for {record!r}"
        return method(self, record, *more, **named)

    return asked


class Particular(MemoryConnector):
    """Fails the test in which the engine asks it for records of another type, or does not say who
    is to see what a comment says."""

    async def edit_comments(self, record: str, items: Sequence[CommentEdit]) -> Sequence[Outcome]:
        assert all(isinstance(item.visibility, Visibility) for item in items), items
        return await super().edit_comments(record, items)


for _name, _method in inspect.getmembers(Connector, inspect.isfunction):
    if "record" in list(inspect.signature(_method).parameters)[1:2]:
        setattr(Particular, _name, _asked(getattr(Particular, _name)))
