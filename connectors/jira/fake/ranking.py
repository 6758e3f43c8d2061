"""The order of a search's results, and going on in it behind a given place.

The orders that integrations poll by (id, last update) walk the index; others sort what matches.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from connectors.jira.fake import adf
from connectors.jira.fake.index import Index
from connectors.jira.fake.matching import Query
from connectors.jira.fake.site import Doc

Terms: TypeAlias = Sequence[tuple[str, bool]]
Place: TypeAlias = list[Any]
DEFAULT_ORDER = (("issue", True),)


@dataclass(frozen=True, slots=True)
class Down:
    """A text that sorts the other way round."""

    text: str

    def __lt__(self, other: Down) -> bool:
        return other.text < self.text


def place(doc: Doc, order: Terms) -> Place:
    """Where an issue stands in an order; made of plain values, so that a token can hold it."""
    return [*(_value(doc, name) for name, _ in order), int(doc["id"])]


def _value(doc: Doc, name: str) -> Any:
    if name == "issue":
        return int(doc["id"])
    if name in ("updated", "created"):
        return doc[name]
    if name == "project":
        return doc["project"]
    kept = doc["fields"].get(name)
    if isinstance(kept, dict):
        return adf.plain(kept)
    if isinstance(kept, list):
        return " ".join(kept)
    return kept


def _key(at: Place, order: Terms) -> tuple[Any, ...]:
    """A place as something that sorts; an issue without a value stands last."""
    downs = [down for _, down in order]
    return tuple(
        (value is None, _turned(value) if down else value)
        for value, down in zip(at, [*downs, downs[-1]], strict=True)
    )


def _turned(value: Any) -> Any:
    if value is None:
        return None
    return Down(value) if isinstance(value, str) else -value


def ranked(
    index: Index, query: Query, after: Place | None, overlay: Mapping[str, Doc | None]
) -> Iterator[Doc]:
    """The matching issues in the query's order from behind `after` on; `overlay` are the issues
    that are seen otherwise than the index shows them (None: not at all)."""
    order = query.order or DEFAULT_ORDER
    last = None if after is None else _key(after, order)

    def key(doc: Doc) -> tuple[Any, ...]:
        return _key(place(doc, order), order)

    fresh = [d for d in overlay.values() if d is not None and query.matches(d)]
    fresh = sorted((d for d in fresh if last is None or last < key(d)), key=key)
    base = (
        d for d in _walk(index, query, order, after) if d["id"] not in overlay and query.matches(d)
    )
    if _walks(order, query):
        return heapq.merge(base, fresh, key=key) if fresh else base
    rows = sorted((d for d in base if last is None or last < key(d)), key=key)
    return heapq.merge(rows, fresh, key=key)


def _walks(order: Terms, query: Query) -> bool:
    """Whether the index is kept in this order."""
    (first, down), *rest = order
    if first == "issue":
        return query.floor is None
    return first == "updated" and rest in ([], [("issue", down)])


def _walk(index: Index, query: Query, order: Terms, after: Place | None) -> Iterator[Doc]:
    first, down = order[0]
    if not _walks(order, query):
        if query.floor is None:
            return index.rows()
        return index.by_updated(None, False, query.floor)
    if first == "issue":
        return index.by_id(None if after is None else after[-1], down)
    return index.by_updated(None if after is None else (after[0], after[-1]), down, query.floor)
