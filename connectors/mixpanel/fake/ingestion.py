"""What takes data in: as JSON, or as a form whose field `data` holds it, as the clients send it.

Without `strict` an update that does not fit is dropped in silence as long as another one fits, and
the answer is 1 or 0; `verbose` makes it an object. Nothing here looks at the token: an answer of 1
"does not signify a valid project token". (Mixpanel's OpenAPI file `ingestion`; 2,000 updates a
request: docs.mixpanel.com/reference/user-profile-limits.)
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from starlette.responses import Response

from connectors.mixpanel.fake.errors import strictly
from connectors.mixpanel.fake.events import Events
from connectors.mixpanel.fake.events import problem as wrong_event
from connectors.mixpanel.fake.office import Row
from connectors.mixpanel.fake.profiles import Profiles, problem
from syncline.sandbox import Call, answer

MOST = 2000


class Ingestion:
    """`/groups`, `/engage`, `/track` and `/import`."""

    def __init__(self, profiles: Profiles, events: Events) -> None:
        self._profiles, self._events = profiles, events

    def updates(self, call: Call, kind: str) -> Response:
        """Updates of profiles."""
        updates, said = _sent(call)
        if len(updates) > MOST:
            return strictly(413, f"request exceeds max limit of {MOST} updates")
        wrong = {at: why for at, one in enumerate(updates) if (why := problem(kind, one))}
        for one in (one for at, one in enumerate(updates) if at not in wrong):
            located = said.get("ip", "1") != "0"
            id = self._profiles.take(kind, one, located=located, lag=call.lag)
            call.applied(id)
        return _answered(said, len(updates), wrong)

    def events(self, call: Call, *, old: bool) -> Response:
        """Events: of now (`/track`), or of any time (`/import`, where each needs an insert id)."""
        events, said = _sent(call)
        wrong = {at: why for at, one in enumerate(events) if (why := wrong_event(one, old=old))}
        for one in (one for at, one in enumerate(events) if at not in wrong):
            self._events.take(one, imported=old)
        return _answered(said, len(events), wrong, "num_records_imported")


def _answered(said: Row, sent: int, wrong: dict[int, tuple[str, str]], count: str = "") -> Response:
    good = sent - len(wrong)
    counted = {count: good} if count else {}
    if said.get("strict") == "1":
        if not wrong:
            return answer({"code": 200, **counted, "status": "OK"})
        failed = [
            {"index": at, "field": field, "message": f"'{field}' is invalid: {why}"}
            for at, (field, why) in wrong.items()
        ]
        words = "some data points in the request failed validation"
        return strictly(400, words, **counted, failed_records=failed)
    if said.get("verbose") == "1":
        error = None if good else "no data objects in the body are valid"
        return answer({"status": int(good > 0), "error": error})
    return Response("1" if good else "0", media_type="text/plain")


def _sent(call: Call) -> tuple[list[Any], Row]:
    """What was sent, one by one, and the parameters, which a form may hold too."""
    said: Row = dict(call.query)
    if call.headers.get("content-type", "").startswith("application/json"):
        body = call.json()
    else:
        form = dict(parse_qsl(call.body.decode()))
        said |= form
        body = json.loads(form.get("data", "[]"))
    return (body if isinstance(body, list) else [body]), said
