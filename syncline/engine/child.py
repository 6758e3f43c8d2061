"""A comment or file as read from one tool, and what its link is to know of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from syncline.engine.attribution import stripped
from syncline.engine.child_ports import child_id
from syncline.engine.owing import CHILD
from syncline.schema.kinds import rich_text
from syncline.schema.text import plain_text
from syncline.sdk.connector import Attachment, Comment, Visibility
from syncline.store.rows import Link, LinkSide


@dataclass(frozen=True, slots=True)
class Child:
    """A comment or file as read: what its link needs, in one shape for both."""

    side: str
    id: str
    label: str
    author: str
    visibility: Visibility
    ours: bool
    fields: Mapping[str, Any]
    meta: Mapping[str, Any]


Joined = Child | Visibility | None
"""What a side that joined the sync later has of a comment or file: the same one already, else a
copy shown as this, or none."""


def grown(link: Link, joined: Mapping[str, Joined]) -> Link:
    """The link with sides that joined its sync later."""
    if not joined:
        return link
    sides, shown = dict(link.sides), dict(link.fields[CHILD]["as"])
    for side, one in joined.items():
        if isinstance(one, Visibility):
            shown[side] = one.value
        elif one is None:
            sides[side] = LinkSide(side, "", "cut")
        else:
            sides[side] = LinkSide(side, one.id)
            shown |= {side: one.visibility.value} if one.ours else {}
    fields = {**link.fields, CHILD: {**link.fields[CHILD], "as": shown}}
    return replace(link, sides=sides, fields=fields, dirty=True)


def places(known: Iterable[Link], kind: str) -> set[tuple[str, str]]:
    """Where the children of one kind are."""
    mine = (one for one in known if one.kind == kind)
    return {(at.side, at.record_id) for one in mine for at in one.sides.values()}


def comment_of(side: str, record_id: str, comment: Comment, text_format: str) -> Child:
    """A comment as a child; ours is one under the line that names an author elsewhere."""
    body, copied = stripped(text_format, comment.body) if comment.by_us else (comment.body, False)
    author = comment.author.name or comment.author.email or comment.author.handle
    words = "".join(c if c.isalnum() else " " for c in _plain(text_format, body))
    return Child(
        side=side,
        id=child_id(record_id, comment.id),
        label=" ".join(words.split()).casefold(),
        author=author,
        visibility=comment.visibility,
        ours=copied,
        fields={"body": body},
        meta={},
    )


def _plain(text_format: str, body: str) -> str:
    """The words without the format's own, so that one comment has one label in every tool."""
    try:
        return plain_text(rich_text(text_format, body))
    except ValueError:
        return body


def file_of(side: str, record_id: str, one: Attachment) -> Child:
    return Child(
        side=side,
        id=child_id(record_id, one.id),
        label=f"{one.name}/{one.size}",
        author="",
        visibility=one.visibility,
        ours=one.by_us,
        fields={},
        meta={"name": one.name, "size": one.size, "content_type": one.content_type},
    )


def as_seen(link: Link, child: Child) -> bool:
    seen = (link.fields.get("body") or {}).get("seen", {}).get(child.side)
    return not child.fields or seen == dict(child.fields)
