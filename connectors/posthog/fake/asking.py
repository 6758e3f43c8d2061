"""The calls about events: capture and flags with the project's token, queries with a personal key.

posthog.com/docs/api/capture, /docs/api/flags, /docs/api/queries; limits by "Rate limiting".
"""

from __future__ import annotations

import gzip
import json
import math
from collections import deque
from datetime import datetime, timedelta
from typing import Any

from starlette.responses import Response

from connectors.posthog.fake import evaluating
from connectors.posthog.fake.analytics import Analytics
from connectors.posthog.fake.errors import Refused, invalid
from connectors.posthog.fake.features import Flags
from connectors.posthog.fake.hogql import HogQL
from connectors.posthog.fake.project import TOKEN, Office, body_of
from syncline.sandbox import BadJson, Call, Endpoint, answer

QUERIES = 240
"""A minute, for a whole team."""
FRESH = timedelta(minutes=1)
"""How long the answer to a query is given again to who does not insist on a new one."""
_INSISTING = ("force_blocking", "force_async")


class Asking:
    """What events are for."""

    def __init__(self, office: Office, analytics: Analytics, flags: Flags) -> None:
        self.office, self.analytics, self.flags = office, analytics, flags
        self.hogql = HogQL(analytics)
        self.over_quota = False
        self._asked: deque[datetime] = deque()
        self._answers: dict[str, tuple[datetime, dict[str, Any]]] = {}

    def public(self) -> list[Endpoint]:
        """The calls that a project's token is enough for."""
        paths = ("/batch/", "/i/v0/e/", "/capture/")
        captures = [Endpoint("POST", path, self._capture, True, True) for path in paths]
        return [*captures, Endpoint("POST", "/flags/", self._flags, False, True)]

    def query(self, call: Call, person: str) -> Response:
        """One HogQL query."""
        if (wait := self._wait()) is not None:
            return throttled(wait)
        body = body_of(call)
        asked = body.get("query")
        if not isinstance(asked, dict) or asked.get("kind") != "HogQLQuery":
            raise invalid("Only HogQLQuery is supported by the sandbox.", "query")
        now, key = self.office.clock.now(), json.dumps(asked, sort_keys=True)
        at, found = self._answers.get(key, (datetime.min.replace(tzinfo=now.tzinfo), {}))
        cached = body.get("refresh") not in _INSISTING and now - at < FRESH
        if not cached:
            self.analytics.ingest()
            found = self.hogql.run(str(asked.get("query")), asked.get("values") or {})
            self._answers[key] = (now, found)
        return answer({**found, "results": call.listed(found["results"]), "is_cached": cached})

    def group_types(self, call: Call, person: str) -> Response:
        """The project's group types."""
        self.analytics.ingest()
        names = {"name_singular": None, "name_plural": None}
        return answer([{**row, **names} for row in self.analytics.types.values()])

    def definitions(self, call: Call, person: str) -> Response:
        """The properties that were met, of groups of one type or of persons."""
        self.analytics.ingest()
        rows: list[dict[str, Any]] = list(self.analytics.persons.values())
        if call.query.get("type") == "group":
            index = call.query.get("group_type_index")
            rows = [r for r in self.analytics.groups.values() if str(r["index"]) == index]
        gone = self.office.state.table("deleted definition")
        met = {
            name: value
            for row in rows
            for name, value in row["properties"].items()
            if name not in gone
        }
        shown = [{"id": n, "name": n, "property_type": _type(met[n])} for n in sorted(met)]
        return answer(self.office.paged(call, shown))

    def _capture(self, call: Call) -> Response:
        """Events are taken with 200 whatever they are; a token that is none too."""
        body = _sent(call)
        token = body.get("api_key") or body.get("token")
        events = body.get("batch", [body])
        if not token:
            return answer({"status": "missing API key"}, 401)
        if self.over_quota:
            return answer({"status": "Ok", "quota_limited": ["events"]})
        if token == TOKEN and isinstance(events, list):
            self.analytics.accept(call, events[: call.let_through(len(events))])
            call.applied(*(str(one.get("uuid")) for one in events if isinstance(one, dict)))
        return answer({"status": "Ok"})

    def _flags(self, call: Call) -> Response:
        self.analytics.ingest()
        body = _sent(call)
        if (body.get("api_key") or body.get("token")) != TOKEN:
            refused = Refused(
                401, "authentication_error", "invalid_api_key",
                "Project API key invalid. You can find your project API key in PostHog project "
                "settings.",
            )  # fmt: skip
            shown: Response = refused.answered()
            return shown
        who = str(body.get("distinct_id") or "")
        known = self.analytics.ids.get(who)
        person = self.analytics.persons.get(known["person"]) if known else None
        properties = {**(person or {}).get("properties", {}), **body.get("person_properties", {})}
        rows = [row for row in self.flags.rows.values() if not row["deleted"]]
        shown_flags = {row["key"]: evaluating.shown(row, who, properties) for row in rows}
        return answer(
            {"flags": shown_flags, "errorsWhileComputingFlags": False, "requestId": "sandbox"}
        )

    def _wait(self) -> float | None:
        """Seconds until another query is let in, if that is not now."""
        now = self.office.clock.now()
        while self._asked and now - self._asked[0] >= timedelta(minutes=1):
            self._asked.popleft()
        if len(self._asked) >= QUERIES:
            return 60 - (now - self._asked[0]).total_seconds()
        self._asked.append(now)
        return None


def _type(value: Any) -> str:
    """What PostHog takes a property for."""
    if isinstance(value, bool):
        return "Boolean"
    return "Numeric" if isinstance(value, int | float) else "String"


def throttled(seconds: float) -> Response:
    """One request too many (Django REST Framework's throttling)."""
    wait = math.ceil(seconds)
    detail = f"Request was throttled. Expected available in {wait} seconds."
    body = {"type": "throttled_error", "code": "throttled", "detail": detail, "attr": None}
    return answer(body, 429, {"Retry-After": str(wait)})


def _sent(call: Call) -> dict[str, Any]:
    """A body as SDKs send it: JSON, perhaps packed."""
    if call.headers.get("content-encoding") != "gzip":
        body = call.json()
    else:
        try:
            body = json.loads(gzip.decompress(call.body))
        except (ValueError, OSError) as error:
            raise BadJson(str(error)) from None
    if not isinstance(body, dict):
        raise BadJson("an object is asked for")
    return body
