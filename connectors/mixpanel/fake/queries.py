"""Questions about profiles: filtered by expressions, cut into pages that hang on a session.

The first page of an answer makes a session, and later pages are cut from that answer; without its
session a later page is refused. An id of digits comes as a number, as in Mixpanel's own example.
(Mixpanel's OpenAPI file `query`, and docs.mixpanel.com/reference/engage-query; `total` comes with
the first page only, which Airbyte's source for Mixpanel provides for.)
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from connectors.mixpanel.fake.errors import Refused
from connectors.mixpanel.fake.office import DATA_GROUP_ID, Office, Row
from connectors.mixpanel.fake.profiles import Profiles

PAGE = 1000
SESSION = timedelta(minutes=10)
"""How long a session lasts here; Mixpanel does not say."""

_TERM = re.compile(r'properties\["([^"]+)"\]\s*==\s*("(?:[^"\\]|\\.)*"|[-\w.]+)')


class Queries:
    """The `engage` endpoint of the Query API."""

    def __init__(self, office: Office, profiles: Profiles) -> None:
        self._office, self._profiles = office, profiles
        self._sessions: dict[str, tuple[datetime, list[Row]]] = {}

    def engage(self, form: Mapping[str, str]) -> Row:
        """A page of profiles."""
        page = int(form.get("page") or 0)
        session = form.get("session_id", "")
        rows = self._kept(session) if page else None
        if page and rows is None:
            raise Refused(400, "request for page in uncached query for params")
        if rows is None:
            rows = self._found(form)
            session = f"{self._office.state.next('session')}-SANDBX"
            self._sessions[session] = (self._office.clock.now(), rows)
        more = {} if page else {"total": len(rows)}
        part = rows[page * PAGE : (page + 1) * PAGE]
        found = {"page": page, "page_size": PAGE, "session_id": session, "status": "ok", **more}
        return {**found, "results": part}

    def forget(self) -> None:
        """All sessions end."""
        self._sessions.clear()

    def _kept(self, session: str) -> list[Row] | None:
        made, rows = self._sessions.get(session, (None, None))
        return rows if made and self._office.clock.now() - made < SESSION else None

    def _found(self, form: Mapping[str, str]) -> list[Row]:
        group = form.get("data_group_id")
        # An unknown group is no error: there is nothing in it.
        known = group in (None, DATA_GROUP_ID)
        table = self._profiles.table("group" if group else "user") if known else {}
        ids = _names(form, "distinct_ids")
        if form.get("distinct_id"):
            ids = [form["distinct_id"]]
        wanted = {str(id) for id in ids} if ids is not None else None
        names = _names(form, "output_properties")
        fits = filter_of(form.get("where", ""))
        return [
            {
                "$distinct_id": int(id) if id.isdecimal() and str(int(id)) == id else id,
                "$properties": has if names is None else {n: has[n] for n in names if n in has},
            }
            for id, has in table.items()
            if (wanted is None or id in wanted) and fits(has)
        ]


def filter_of(where: str) -> Callable[[Row], bool]:
    """A filter by terms like `properties["plan"] == "pro"`; nothing else is known here."""
    terms: list[tuple[str, Any]] = []
    for term in filter(None, map(str.strip, where.split(" and "))):
        found = _TERM.fullmatch(term)
        if not found:
            raise Refused(400, f"Unable to parse selector: {where}")
        terms.append((found[1], json.loads(found[2])))
    return lambda has: all(has.get(name) == value for name, value in terms)


def _names(form: Mapping[str, str], name: str) -> list[Any] | None:
    if name not in form:
        return None
    try:
        names = json.loads(form[name])
    except ValueError:
        names = None
    if not isinstance(names, list):
        raise Refused(400, f"{name} must be a JSON array")
    return names
