"""The tool that `FeedConnector` speaks to."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response as HttpResponse

from syncline.sdk.connector import Visibility
from syncline.simulation.tool import BOT, Item, MemoryTool, Unknown
from tests.sides.http_side import schema, shown
from tests.sides.serving import Asked, Endpoint, answer, app

_CENSUS_PAGE = 1_000

Made = dict[str, tuple[Any, dict[str, str]]]
"""By `Idempotency-Key`: the body it came with, and the ids of what was made for it."""


def feed_app(tool: MemoryTool) -> Starlette:
    """The tool's API; it remembers creates by their `Idempotency-Key` as long as it runs."""
    remembered: Made = {}

    def bulk(asked: Asked) -> HttpResponse:
        if "update" in asked.body:
            return _update(asked)
        return _create(asked, remembered)

    return app(
        tool,
        [
            Endpoint("GET", "/schema", "describe", schema),
            Endpoint("GET", "/feed", "changes", _feed),
            Endpoint("GET", "/census", "census", _census),
            Endpoint("POST", "/fetch", "fetch", _fetch),
            Endpoint("POST", "/find", "find", _find),
            Endpoint("POST", "/history", "history", _history),
            Endpoint("POST", "/people", "people", _people),
            Endpoint("POST", "/bulk", _kind_of_bulk, bulk, mutating=True),
            Endpoint("POST", "/archive", "remove", _archive, mutating=True),
            Endpoint("POST", "/comments", "comments", _comments),
            Endpoint("POST", "/comments/new", "comment", _comment, mutating=True),
            Endpoint("POST", "/comments/edit", "edit_comments", _edit_comments, mutating=True),
        ],
    )


def _kind_of_bulk(_: Request, body: Any) -> str:
    return "update" if "update" in body else "create"


def _feed(asked: Asked) -> HttpResponse:
    limit = int(asked.query("limit") or 100)
    found = sorted(asked.listing(), key=lambda pair: pair[1].sequence)
    start = bisect_right(found, int(asked.query("cursor") or 0), key=lambda p: p[1].sequence)
    page = found[start : start + limit]
    cursor = str(page[-1][1].sequence) if page else asked.query("cursor") or "0"
    items = [shown(*pair) for pair in page]
    return answer({"items": items, "next": cursor, "more": start + limit < len(found)})


def _census(asked: Asked) -> HttpResponse:
    after = asked.query("after") or ""
    found = sorted(
        (item.id, state.version)
        for item, state in asked.listing()
        if not state.deleted and item.id > after
    )
    page = found[:_CENSUS_PAGE]
    more = page[-1][0] if len(found) > len(page) else None
    return answer({"versions": dict(page), "more": more})


def _fetch(asked: Asked) -> HttpResponse:
    items, missing = [], []
    for id in asked.body["ids"]:
        try:
            item = asked.visible(id)
            items.append(shown(item, item.now))
        except Unknown as unknown:
            missing.append({"id": id, "reason": "hidden" if unknown.hidden else "gone"})
    return answer({"items": items, "missing": missing})


def _find(asked: Asked) -> HttpResponse:
    wanted = set(asked.body["ids"])
    return answer({"items": [shown(*pair) for pair in asked.listing() if pair[0].key in wanted]})


def _create(asked: Asked, remembered: Made) -> HttpResponse:
    key = asked.request.headers["idempotency-key"]
    body, made = remembered.setdefault(key, (asked.body, {}))
    if body != asked.body:
        return answer({"message": "this Idempotency-Key came with another body before"}, 422)

    def create(item: Any) -> dict[str, Any]:
        name = item["external_id"]
        if name not in made:
            made[name] = asked.tool.create(item["fields"], by=BOT, key=name)
        record = asked.tool.item(made[name])
        return {"status": 201, "id": record.id, "record": shown(record, record.now)}

    return answer({"results": asked.apply(asked.body["create"], create)})


def _update(asked: Asked) -> HttpResponse:
    def update(item: Any) -> dict[str, Any]:
        record = asked.visible(item["id"])
        asked.tool.walk(record.id, item["patch"], by=BOT)
        return {"status": 200, "id": record.id, "record": shown(record, record.now)}

    return answer({"results": asked.apply(asked.body["update"], update)})


def _archive(asked: Asked) -> HttpResponse:
    def archive(id: str) -> dict[str, Any]:
        asked.visible(id)
        asked.tool.archive(id, by=BOT)
        return {"status": 200, "id": id}

    return answer({"results": asked.apply(asked.body["ids"], archive)})


def _history(asked: Asked) -> HttpResponse:
    since = datetime.fromisoformat(asked.body["since"])
    changes = [c for item in _items(asked) for c in item.history if c.at >= since]
    return answer(
        {
            "items": [
                {
                    "id": change.record_id,
                    "path": change.path,
                    "before": change.before,
                    "after": change.after,
                    "at": change.at.isoformat(),
                    "by": change.by.handle,
                }
                for change in changes
            ]
        }
    )


def _comments(asked: Asked) -> HttpResponse:
    return answer(
        {
            "items": [
                {
                    "id": comment.id,
                    "record": comment.record_id,
                    "author": comment.author.handle,
                    "body": comment.body,
                    "public": comment.visibility is Visibility.PUBLIC,
                    "created_at": comment.created_at.isoformat(),
                    "edited_at": comment.edited_at.isoformat() if comment.edited_at else None,
                }
                for item in _items(asked)
                for comment in item.comments
            ]
        }
    )


def _comment(asked: Asked) -> HttpResponse:
    def comment(item: Any) -> dict[str, Any]:
        record = asked.visible(item["id"])
        visibility = Visibility.PUBLIC if item["public"] else Visibility.INTERNAL
        return {
            "status": 201,
            "id": asked.tool.comment(record.id, item["body"], visibility, by=BOT),
        }

    return answer({"results": asked.apply(asked.body["items"], comment)})


def _edit_comments(asked: Asked) -> HttpResponse:
    def edit(item: Any) -> dict[str, Any]:
        record = asked.visible(item["id"])
        now = next((c.body for c in record.comments if c.id == item["comment"]), None)
        if now != item["expected"]:
            return {"status": 409, "message": "the comment has another body by now"}
        asked.tool.edit_comment(record.id, item["comment"], item["body"], by=BOT)
        return {"status": 200, "id": item["comment"]}

    return answer({"results": asked.apply(asked.body["items"], edit)})


def _people(asked: Asked) -> HttpResponse:
    handles, emails = asked.body.get("handles", ()), asked.body.get("emails", ())
    people = asked.tool.people.values()
    found = [p for p in people if p.handle in handles or (p.email in emails and p.active)]
    return answer(
        {"items": [{"handle": p.handle, "email": p.email, "name": p.name} for p in found]}
    )


def _items(asked: Asked) -> Sequence[Item]:
    known = [asked.tool.items.get(id) for id in asked.body["ids"]]
    return [item for item in known if item is not None and not item.now.hidden]
