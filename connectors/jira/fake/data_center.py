"""The fake of Jira Data Center (platform REST v2): the same site with another face.

What bites here, from Atlassian's description of Jira 10.3 and its knowledge base:

- pages of a search go by position, so an edit between two of them makes one issue go unseen
- no bulk reading: neither issues, nor changelogs, nor users
- a search shows no entity properties
- people are named by `name` in requests, and by `key` in the changelog
- texts are wiki markup
- limits are an administrator's choice: a bucket of tokens for each user, told in headers
  (confluence.atlassian.com/adminjiraserver/adjusting-your-code-for-rate-limiting-987143384.html);
  `retry-after` is 0 while tokens are left

From memory: the shape of user search, `properties` of a single issue, names of permissions.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, ClassVar

from starlette.responses import Response

from connectors.jira.fake.api import account, asked_fields, body, number, showing, strings, window
from connectors.jira.fake.app import JiraFake
from connectors.jira.fake.auth import Auth, Caller
from connectors.jira.fake.errors import refusal, refuse
from connectors.jira.fake.faces import CLOUD, DATA_CENTER, Face
from connectors.jira.fake.jobs import Jobs
from connectors.jira.fake.jql import BadJql
from connectors.jira.fake.matching import Matcher
from connectors.jira.fake.people import People
from connectors.jira.fake.ranking import ranked
from connectors.jira.fake.searching import Searching
from connectors.jira.fake.seeding import BOT_EMAIL, account_id
from connectors.jira.fake.site import Doc, Site
from syncline.sandbox import Call, Endpoint, Hooks, State, ToolClock, answer

TOKEN, PASSWORD = "sandbox-jira-access-token", "sandbox-jira-password"  # noqa: S105
LARGEST_PAGE, DEFAULT_PAGE = 1000, 50
CLOUD_ONLY = frozenset(
    f"{CLOUD.api}{path}"
    for path in (
        "/issue/bulkfetch",
        "/changelog/bulkfetch",
        "/issue/{id}/changelog",
        "/issue/archive",
        "/issue/unarchive",
        "/comment/list",
        "/field/search",
        "/project/search",
        "/priority/search",
        "/attachment/content/{attachment}",
    )
)


@dataclass(slots=True)
class Bucket:
    """The tokens of one user: `most` at once, and `fill` of them new every `every` seconds."""

    most: int
    fill: int
    every: int
    left: int
    since: int

    def take(self, now: int) -> bool:
        """Whether there was one."""
        turns = (now - self.since) // (self.every * 1000)
        self.left = min(self.most, self.left + turns * self.fill)
        self.since += turns * self.every * 1000
        self.left -= (taken := self.left > 0)
        return taken

    def headers(self, now: int) -> dict[str, str]:
        """What every answer tells."""
        wait = 0 if self.left else self.every - (now - self.since) // 1000
        return {
            "X-RateLimit-Limit": str(self.most),
            "X-RateLimit-Remaining": str(self.left),
            "X-RateLimit-Interval-Seconds": str(self.every),
            "X-RateLimit-FillRate": str(self.fill),
            "retry-after": str(wait),
        }


class JiraDataCenterFake(JiraFake):
    """Jira Data Center, as an integration meets it. `limit` puts a bucket of tokens in force."""

    face: ClassVar[Face] = DATA_CENTER

    def __init__(self, state: State, clock: ToolClock, hooks: Hooks) -> None:
        super().__init__(state, clock, hooks)
        self.limits.lift()
        self._bucket: Bucket | None = None
        self._added = (*_ByPosition(self.site).endpoints(), *_ByName(self.site).endpoints())

    def limit(self, most: int, fill: int, every: int) -> None:
        """Limit the integration, as an administrator may."""
        self._bucket = Bucket(most, fill, every, most, self.site.now())

    def endpoints(self) -> Sequence[Endpoint]:
        """Cloud's routes that are here too, under the address of version 2, and its own."""
        kept = [
            endpoint
            for group in self._groups
            if not isinstance(group, Auth | Searching | People | Jobs)
            for endpoint in group.endpoints()
            if endpoint.path not in CLOUD_ONLY and not endpoint.path.startswith("/media/")
        ]
        moved = [replace(e, path=e.path.replace(CLOUD.api, self.face.api, 1)) for e in kept]
        once: dict[tuple[str, str], Endpoint] = {}
        for endpoint in (*self._added, *moved):
            once.setdefault((endpoint.method, endpoint.path), endpoint)
        return [replace(e, handler=self._telling(e.handler)) for e in once.values()]

    def _telling(
        self, handler: Callable[[Call], Response | Awaitable[Response]]
    ) -> Callable[[Call], Awaitable[Response]]:
        async def told(call: Call) -> Response:
            found = handler(call)
            response = await found if inspect.isawaitable(found) else found
            if self._bucket is not None:
                response.headers.update(self._bucket.headers(self.site.now()))
            return response

        return told

    def authorised(self, call: Call) -> Response | None:
        """401 for strangers, 429 for those without tokens."""
        caller = self._caller(call.headers.get("authorization", ""))
        if caller is None:
            headers = {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}
            return refusal(401, "You are not authenticated.", headers=headers)
        call.request.state.caller = caller
        if self._bucket is None or self._bucket.take(self.site.now()):
            return None
        return _limited(self._bucket.headers(self.site.now()))

    def _caller(self, given: str) -> Caller | None:
        scheme, _, value = given.partition(" ")
        bot = account_id(BOT_EMAIL)
        login = (self.site.users.get(bot) or {}).get("login")
        if scheme.lower() == "bearer":
            return Caller(bot, oauth=False) if _same(value, TOKEN) else None
        try:
            name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        known = scheme.lower() == "basic" and name == login and _same(password, PASSWORD)
        return Caller(bot, oauth=False) if known else None

    def connection(self) -> dict[str, Any]:
        """What a connection to this sandbox takes."""
        told = super().connection()
        return {**told, "deployment": "data_center", "auth": {"token": TOKEN}}

    def rate_limited(self, seconds: float) -> Response:
        """The 429 of an empty bucket."""
        wait = max(1, round(seconds))
        return _limited(Bucket(100, 100, wait, 0, self.site.now()).headers(self.site.now()))


class _ByPosition:
    """`search` (SearchRequestBean of Jira 10.3): by position, with a total."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def endpoints(self) -> Sequence[Endpoint]:
        path = f"{DATA_CENTER.api}/search"
        return [Endpoint("POST", path, self._post), Endpoint("GET", path, self._get)]

    def _post(self, call: Call) -> Response:
        return self._search(call, body(call))

    def _get(self, call: Call) -> Response:
        return self._search(call, dict(call.query))

    def _search(self, call: Call, given: Doc) -> Response:
        user = self._site.users.get(account(call)) or {"zone": "UTC"}
        try:
            query = Matcher(self._site, account(call), user["zone"]).query(
                str(given.get("jql") or "")
            )
        except BadJql as bad:
            raise refuse(400, str(bad)) from None
        fields = asked_fields(strings(given.get("fields"), "fields"), "*navigable")
        expand = ",".join(strings(given.get("expand"), "expand"))
        start = number(given.get("startAt"), 0, 2**31)
        most = number(given.get("maxResults"), DEFAULT_PAGE, LARGEST_PAGE)
        self._site.index.settle(self._site.now())
        rows = [d for d in ranked(self._site.index, query, None, {}) if not self._hidden(d["id"])]
        out = showing(self._site, call)
        shown = []
        for doc in call.listed(list(islice(rows, start, start + most))):
            issue = out.issue(doc, fields or [])
            if "changelog" in expand:
                issue["changelog"] = out.changelog(doc)
            if "transitions" in expand:
                issue["transitions"] = out.transitions(doc)
            shown.append(issue)
        page = {"startAt": start, "maxResults": most, "total": len(rows), "issues": shown}
        return answer({"expand": "schema,names", **page})

    def _hidden(self, id: str) -> bool:
        doc = self._site.issues.get(id)
        return doc is not None and bool(doc["hidden"])


class _ByName:
    """`user`, `user/search`, `user/assignable/search`, `myself`: one at a time, by name or key."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def endpoints(self) -> Sequence[Endpoint]:
        root = DATA_CENTER.api
        return [
            Endpoint("GET", f"{root}/myself", self._myself),
            Endpoint("GET", f"{root}/user", self._one),
            Endpoint("GET", f"{root}/user/search", self._search),
            Endpoint("GET", f"{root}/user/assignable/search", self._search),
        ]

    def _myself(self, call: Call) -> Response:
        shown = showing(self._site, call).user(account(call)) or {}
        return answer({**shown, "locale": "en_GB"})

    def _one(self, call: Call) -> Response:
        name, key = call.query.get("username"), call.query.get("key")
        for user in self._site.users.values():
            if (name is not None and user["login"] == name) or user["key"] == key:
                return answer(showing(self._site, call).user(user["id"]))
        raise refuse(404, f"The user named '{name or key}' does not exist")

    def _search(self, call: Call) -> Response:
        wanted = call.query.get("username")
        if wanted is None:
            raise refuse(400, "The username query parameter was not provided")
        start, most = window(call, 50, LARGEST_PAGE)
        found = [u for u in self._site.users.values() if u["active"] and _matches(u, wanted)]
        out = showing(self._site, call)
        return answer([out.user(u["id"]) for u in found[start : start + most]])


def _matches(user: Doc, wanted: str) -> bool:
    parts = (user["login"], user["email"], user["name"], *str(user["name"]).split())
    return any(str(part).casefold().startswith(wanted.casefold()) for part in parts)


def _limited(headers: dict[str, str]) -> Response:
    return refusal(429, "Rate limit exceeded.", headers=headers)


def _same(given: str, known: str) -> bool:
    return hashlib.sha256(given.encode()).digest() == hashlib.sha256(known.encode()).digest()
