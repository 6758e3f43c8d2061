"""What the groups of endpoints share: who asks, page parameters, and the refusals of edits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from connectors.jira.fake.editing import Refused
from connectors.jira.fake.errors import refuse
from connectors.jira.fake.faces import BadValue
from connectors.jira.fake.showing import Showing
from connectors.jira.fake.site import Doc, Site
from connectors.jira.fake.vocabulary import FIELDS, FieldDef
from syncline.sandbox import Call


def account(call: Call) -> str:
    """The account behind the request."""
    return str(call.request.state.caller.account)


def is_oauth(call: Call) -> bool:
    """Whether an app asks, whose points are counted."""
    return bool(call.request.state.caller.oauth)


def showing(site: Site, call: Call) -> Showing:
    """Answers as the asking account sees them."""
    user = site.users.get(account(call))
    return Showing(site, user["zone"] if user else "UTC")


def body(call: Call) -> Doc:
    """The JSON object of the request."""
    given = call.json()
    if not isinstance(given, dict):
        raise refuse(400, "Invalid request payload. Refer to the REST API documentation.")
    return given


def number(value: Any, default: int, limit: int) -> int:
    """A number of a page parameter, between 0 and `limit`."""
    try:
        return max(0, min(int(value), limit)) if value is not None else default
    except (TypeError, ValueError):
        raise refuse(400, f'For input string: "{value}"') from None


def window(call: Call, default: int, limit: int) -> tuple[int, int]:
    """startAt and maxResults."""
    start = number(call.query.get("startAt"), 0, 2**31)
    return start, number(call.query.get("maxResults"), default, limit)


def page(site: Site, path: str, rows: Sequence[Any], start: int, most: int) -> Doc:
    """A `PageBean…` of these rows."""
    shown: Doc = {
        "self": site.url(f"{path}?startAt={start}&maxResults={most}"),
        "maxResults": most,
        "startAt": start,
        "total": len(rows),
        "isLast": start + most >= len(rows),
        "values": list(rows[start : start + most]),
    }
    if not shown["isLast"]:
        shown["nextPage"] = site.url(f"{path}?startAt={start + most}&maxResults={most}")
    return shown


@contextmanager
def refusing() -> Iterator[None]:
    """Turn what editing refuses into a 400 with Jira's words."""
    try:
        yield
    except Refused as refused:
        raise refuse(400, *refused.messages, errors=refused.errors) from None
    except BadValue as bad:
        raise refuse(400, str(bad)) from None


def asked_fields(names: Sequence[str] | None, default: str) -> list[FieldDef] | None:
    """The fields a request asks for; None where it asks for nothing but ids and keys.

    Names may be joined by commas, "*all" and "*navigable" stand for groups, a minus takes away.
    """
    wanted = [n.strip() for part in (names or [default]) for n in part.split(",") if n.strip()]
    if all(n in ("id", "key") for n in wanted):
        return None
    found: dict[str, FieldDef] = {}
    if all(n.startswith("-") for n in wanted):
        wanted = [default, *wanted]
    for name in wanted:
        if name in ("*all", "*navigable"):
            found.update((f.id, f) for f in FIELDS.values() if f.navigable or name == "*all")
        elif name.startswith("-"):
            found.pop(name[1:], None)
        elif name in FIELDS:
            found[name] = FIELDS[name]
    return list(found.values())


def objects(value: Any, what: str) -> list[Doc]:
    """A list of objects of a request; none where nothing is said."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
        raise refuse(400, f"Invalid request payload: '{what}' must be an array of objects.")
    return value


def strings(value: Any, what: str) -> list[str]:
    """A list of texts (or one text) of a request."""
    if value is None:
        return []
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list) or not all(isinstance(v, str | int) for v in value):
        raise refuse(400, f"Invalid request payload: '{what}' must be an array of strings.")
    return [str(v) for v in value]
