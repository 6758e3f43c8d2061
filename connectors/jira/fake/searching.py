"""Search: `/search/jql` page by page, the count, and the old search that is gone.

Operations: `searchAndReconsileIssuesUsingJql(Post)`, `countIssues`. A page goes on behind the last
issue shown, in the index as it is then: an edited issue moves, and is seen twice or not at all.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from starlette.responses import Response

from connectors.jira.fake.api import account, asked_fields, body, is_oauth, number, showing, strings
from connectors.jira.fake.errors import refusal, refuse
from connectors.jira.fake.jql import BadJql
from connectors.jira.fake.limits import Limits
from connectors.jira.fake.matching import Matcher, Query
from connectors.jira.fake.ranking import DEFAULT_ORDER, Place, place, ranked
from connectors.jira.fake.showing import Showing
from connectors.jira.fake.site import Doc, Site
from connectors.jira.fake.vocabulary import FieldDef
from syncline.sandbox import Call, Endpoint, answer

WITH_FIELDS, IDS_ONLY, DEFAULT = 100, 5000, 50
TOKEN_DAYS = 7
UNBOUNDED = (
    "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."
)
GONE = (
    "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. "
    "A full migration guideline is available at "
    "https://developer.atlassian.com/changelog/#CHANGE-2046"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A search request."""

    jql: str
    fields: list[FieldDef] | None
    most: int
    token: str | None
    reconcile: list[str]
    properties: list[str]
    expand: list[str]
    key_too: bool

    def mark(self) -> str:
        """What a page token is bound to: everything but the token."""
        names = [f.id for f in self.fields] if self.fields is not None else None
        bound = [self.jql, names, self.most, sorted(self.reconcile), self.properties]
        return hashlib.sha256(json.dumps(bound).encode()).hexdigest()[:16]


class Searching:
    """The search endpoints."""

    def __init__(self, site: Site, limits: Limits) -> None:
        self._site = site
        self._limits = limits

    def endpoints(self) -> Sequence[Endpoint]:
        """The routes."""
        root = "/rest/api/3/search"
        return [
            Endpoint("POST", f"{root}/jql", self._post),
            Endpoint("GET", f"{root}/jql", self._get),
            Endpoint("POST", f"{root}/approximate-count", self._count),
            Endpoint("GET", root, self._gone),
            Endpoint("POST", root, self._gone),
        ]

    def _gone(self, call: Call) -> Response:
        return refusal(410, GONE)

    def _post(self, call: Call) -> Response:
        return self._search(call, body(call))

    def _get(self, call: Call) -> Response:
        given: Doc = dict(call.query)
        for name in ("fields", "properties", "reconcileIssues"):
            if name in given:
                given[name] = [p for v in call.query.getlist(name) for p in v.split(",")]
        return self._search(call, given)

    def _query(self, call: Call, jql: Any) -> Query:
        user = self._site.users.get(account(call)) or {"zone": "UTC"}
        try:
            query = Matcher(self._site, account(call), user["zone"]).query(str(jql or ""))
        except BadJql as bad:
            raise refuse(400, str(bad)) from None
        if not query.bounded:
            raise refuse(400, UNBOUNDED)
        return query

    def _asked(self, given: Doc) -> Asked:
        names = strings(given.get("fields"), "fields")
        fields = asked_fields(names, "id")
        cap = IDS_ONLY if fields is None else WITH_FIELDS
        reconcile = strings(given.get("reconcileIssues"), "reconcileIssues")
        properties = strings(given.get("properties"), "properties")
        if len(reconcile) > 50:
            raise refuse(400, "The maximum number of issue ids to reconcile is 50.")
        if len(properties) > 5:
            raise refuse(400, "The maximum number of properties is 5.")
        return Asked(
            jql=str(given.get("jql") or ""),
            fields=fields,
            most=number(given.get("maxResults"), DEFAULT, cap) or DEFAULT,
            token=given.get("nextPageToken") or None,
            reconcile=reconcile,
            properties=properties,
            expand=str(given.get("expand") or "").split(","),
            key_too=any("key" in n.split(",") for n in names),
        )

    def _search(self, call: Call, given: Doc) -> Response:
        asked = self._asked(given)
        query = self._query(call, asked.jql)
        after = self._opened(asked) if asked.token else None
        found = list(islice(self._rows(query, after, asked.reconcile), asked.most + 1))
        shown = call.listed(found[: asked.most])
        self._limits.cost(len(shown), is_oauth(call))
        out = showing(self._site, call)
        answered: Doc = {"issues": [self._row(doc, asked, out) for doc in shown]}
        if "names" in asked.expand and asked.fields is not None:
            answered["names"] = {f.id: f.name for f in asked.fields}
        answered["isLast"] = len(found) <= asked.most
        if not answered["isLast"]:
            last, order = found[asked.most - 1], query.order or DEFAULT_ORDER
            answered["nextPageToken"] = self._sealed(asked, place(last, order))
        return answer(answered)

    def _row(self, doc: Doc, asked: Asked, out: Showing) -> Doc:
        if asked.fields is None:
            shown: Doc = {"id": doc["id"]}
            if asked.key_too:
                shown |= {"key": doc["key"], "self": self._site.url(f"issue/{doc['id']}")}
        else:
            shown = out.issue(doc, asked.fields)
        if asked.properties:
            kept = doc["properties"]
            shown["properties"] = {k: kept[k] for k in asked.properties if k in kept}
        if "changelog" in asked.expand:
            shown["changelog"] = out.changelog(doc)
        if "transitions" in asked.expand:
            shown["transitions"] = out.transitions(doc)
        return shown

    def _count(self, call: Call) -> Response:
        query = self._query(call, body(call).get("jql"))
        found = sum(1 for _ in self._rows(query, None, []))
        return answer({"count": found})

    # tokens

    def _sealed(self, asked: Asked, at: Place) -> str:
        until = self._site.now() + TOKEN_DAYS * 86_400_000
        text = json.dumps({"of": asked.mark(), "after": at, "until": until})
        return base64.urlsafe_b64encode(text.encode()).decode()

    def _opened(self, asked: Asked) -> Place:
        try:
            token = json.loads(base64.urlsafe_b64decode(str(asked.token)))
            after: Place = token["after"]
            fits = token["of"] == asked.mark() and token["until"] > self._site.now()
        except (binascii.Error, ValueError, KeyError, TypeError):
            fits = False
        if not fits:
            raise refuse(400, "The nextPageToken is invalid, expired, or of another search.")
        return after

    # rows

    def _rows(self, query: Query, after: Place | None, reconcile: Sequence[str]) -> Iterator[Doc]:
        self._site.index.settle(self._site.now())
        overlay: dict[str, Doc | None] = {}
        for id in reconcile:
            doc = self._site.issues.get(id)
            overlay[id] = None if doc is None or doc["archived"] else doc
        rows = ranked(self._site.index, query, after, overlay)
        return (doc for doc in rows if not self._hidden(doc["id"]))

    def _hidden(self, id: str) -> bool:
        """Permissions do not lag, whatever the index still shows."""
        doc = self._site.issues.get(id)
        return doc is not None and bool(doc["hidden"])
