"""A mapping in words."""

from __future__ import annotations

from syncline.mapping.explain import Row, explain
from syncline.mapping.load import load_mapping


def test_a_mapping_is_shown_with_what_it_loses() -> None:
    mapping = load_mapping(
        """
entity: ticket
record: issue
text: html
fields:
  title: {path: subject, max_length: 80, overflow: truncate}
  body: {path: description, create_only: true}
  status:
    path: status
    enum: {todo: [New, Reopened], done: Closed, "": Unknown}
    nearest: {blocked: todo}
    write: transition
    group: progress
  labels: {path: tags, enum: {vip: VIP}, lossy: true}
  created_at: {path: created, read_only: true}
  cost: {path: cost, kind: money, money: {currency: EUR}}
"""
    )
    assert explain(mapping) == [
        Row("title", "text", "subject", "", "cut beyond 80 characters; lossy"),
        Row("body", "rich_text", "description", "html", "only when the record is made; lossy"),
        Row(
            "status",
            "enum",
            "status",
            "todo = New, Reopened; done = Closed; (empty) = Unknown",
            "moved along the workflow; decided with progress; blocked shows as todo; lossy",
        ),
        Row(
            "labels",
            "set",
            "tags",
            "vip = VIP",
            "elements without a counterpart are left out; lossy",
        ),
        Row("created_at", "datetime", "created", "", "read-only"),
        Row("cost", "money", "cost", "EUR", ""),
    ]
