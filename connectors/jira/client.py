"""Jira's REST API as calls: searches page by page, issues in bulk, and refusals in Jira's words.

These are Cloud's calls; `data_center` has those that Data Center makes instead. Searching goes to
`/search/jql` alone; the older `/search` answers 410 since 2025 (developer.atlassian.com,
CHANGE-2046). Every request of the connection passes through `send`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

from connectors.jira.dialect import CLOUD, Dialect
from syncline.sdk.errors import AuthRequired, Rejected, Retriable
from syncline.sdk.http import Response, Transport
from syncline.sdk.limiter import RateHeaders, RateScope
from syncline.sdk.redaction import redact

Issue = Mapping[str, Any]

FETCH = 100  # SPEC bulkFetchIssues: the most ids in one request
USERS = 100  # SPEC bulkGetUsers allows 200; the address stays short
CHANGELOGS, ENTRIES = 1000, 10_000  # SPEC getBulkChangelogs
PAGE = 5000  # SPEC searchAndReconsileIssuesUsingJqlPost: Jira gives fewer where fields are asked
KEY_PROPERTY = "syncline"

LOGIN_REASON = "X-Seraph-LoginReason"
RATE_REASON = "RateLimit-Reason"
RATE_HEADERS = RateHeaders("x-ratelimit-remaining", "x-ratelimit-reset", "iso")

_PAGES = 1000  # of a query that finds few: more is no answer

# `refusal` puts a field's id before what Jira says of it.
_FIELD = re.compile(r"\b(\w+)(?=: )")


def rate_scope(headers: Mapping[str, str]) -> RateScope:
    """What a 429 is about (developer.atlassian.com/cloud/jira/platform/rate-limiting)."""
    match headers.get(RATE_REASON.lower(), "").lower():
        case "jira-burst-based":
            return "endpoint"
        case "jira-per-issue-on-write":
            return "record"
    return "connection"


@dataclass(frozen=True, slots=True)
class Found:
    """A page of a search, and Jira's own time when it answered. `token`: there is another page."""

    issues: Sequence[Issue]
    token: str | None
    at: datetime


def segment(id: str) -> str:
    """An id as one segment of a path, whatever a tool has told for one."""
    return quote(id, safe="")


class TokenExpired(Rejected):
    """Jira no longer knows a page's token: the search has to start anew."""


class Client:
    """The calls; it raises what `Transport` raises, and `Rejected` with Jira's own sentences."""

    def __init__(
        self, transport: Transport, now: Callable[[], datetime], dialect: Dialect = CLOUD
    ) -> None:
        self.transport = transport
        self.dialect = dialect
        self._now = now

    async def send(self, method: str, path: str, **how: Any) -> Response:
        """Any request; `how` as for `Transport.request`."""
        try:
            return await self.transport.request(method, path, **how)
        except AuthRequired as error:
            if "AUTHENTICATION_DENIED" not in str(error):
                raise
            raise AuthRequired(
                f"{error} Jira asks this account for a CAPTCHA after failed logins: sign in once "
                "with a browser.",
                status=error.status,
            ) from None

    async def get(self, path: str, **params: object) -> Any:
        """The JSON at a path of the API."""
        return (await self.send("GET", self.dialect.api + path, params=params)).json()

    async def ask(self, path: str, body: object, items: int = 1) -> Any:
        """The answer to a question that is asked by POST and changes nothing."""
        response = await self.send(
            "POST", self.dialect.api + path, json=body, mutating=False, items=items, ok=(200, 400)
        )
        if response.status == 400:
            raise Rejected(refusal(response.json()), status=400)
        return response.json()

    async def write(self, method: str, path: str, body: object, **how: Any) -> Response:
        """A POST or PUT; raises Rejected with Jira's sentences where it refuses."""
        ok = (200, 201, 204, 400)
        response = await self.send(method, self.dialect.api + path, json=body, ok=ok, **how)
        if response.status == 400:
            raise Rejected(refusal(response.json()), status=400)
        return response

    async def search(
        self,
        jql: str,
        fields: Sequence[str],
        token: str | None = None,
        *,
        most: int = PAGE,
        expand: str = "",
    ) -> Found:
        """One page; raises TokenExpired where the page cannot be had any more."""
        body: dict[str, object] = {"jql": jql, "fields": list(fields), "maxResults": most}
        body["properties"] = [KEY_PROPERTY]
        if expand:
            body["expand"] = expand
        if token is not None:
            body["nextPageToken"] = token
        path = f"{self.dialect.api}/search/jql"
        response = await self.send("POST", path, json=body, mutating=False, ok=(200, 400))
        if response.status == 400:
            error = TokenExpired if token is not None else Rejected
            raise error(refusal(response.json()), status=400)
        told = response.json()
        return Found(told["issues"], told.get("nextPageToken"), self.at(response))

    def at(self, response: Response) -> datetime:
        """Jira's time when it answered."""
        try:
            at = parsedate_to_datetime(response.headers.get("date", ""))
        except ValueError:
            return self._now()
        return at if at.tzinfo else at.replace(tzinfo=UTC)

    async def all(self, jql: str, fields: Sequence[str]) -> list[Issue]:
        """Every issue that a query finds, for queries that find few."""
        page = await self.search(jql, fields)
        found = {str(issue["id"]): issue for issue in page.issues}
        for _ in range(_PAGES):
            if page.token is None:
                return list(found.values())
            try:
                page = await self.search(jql, fields, page.token)
            except TokenExpired:
                page = await self.search(jql, fields)
            found |= {str(issue["id"]): issue for issue in page.issues}
        raise Retriable("Jira gave no end of issues; nothing was concluded from them.")

    async def by_id(self, ids: Sequence[str], fields: Sequence[str]) -> dict[str, Issue]:
        """The issues of `ids` that this account can see, a hundred in one request."""
        chunks = [ids[at : at + FETCH] for at in range(0, len(ids), FETCH)]
        answers = await asyncio.gather(*(self._fetch(chunk, fields) for chunk in chunks))
        return {str(issue["id"]): issue for issues in answers for issue in issues}

    async def _fetch(self, ids: Sequence[str], fields: Sequence[str]) -> list[Issue]:
        body = {
            "issueIdsOrKeys": list(ids),
            "fields": list(fields),
            "properties": [KEY_PROPERTY],
        }
        told = await self.ask("/issue/bulkfetch", body, items=len(ids))
        issues: list[Issue] = told["issues"]
        return issues

    async def marked(
        self, issues: Sequence[Issue], me: str | None, since: datetime | None
    ) -> Sequence[Issue]:
        """The issues of a search, those that `me` made since then with Syncline's key.

        `me` None: all are of this account.
        """
        return issues  # a search shows it

    async def changelogs(self, ids: Sequence[str]) -> list[tuple[str, Mapping[str, Any]]]:
        """The entries of the issues' changelogs, each with its issue's id; none where hidden."""
        found: list[tuple[str, Mapping[str, Any]]] = []
        for at in range(0, len(ids), CHANGELOGS):
            asked = ids[at : at + CHANGELOGS]
            body: dict[str, object] = {"issueIdsOrKeys": asked, "maxResults": ENTRIES}
            while True:
                page = await self.ask("/changelog/bulkfetch", body, items=len(asked))
                for log in page["issueChangeLogs"]:
                    found += [(str(log["issueId"]), entry) for entry in log["changeHistories"]]
                if not page.get("nextPageToken"):
                    break
                body["nextPageToken"] = page["nextPageToken"]
        return found

    async def server(self) -> Mapping[str, Any]:
        """What the server says of itself: every kind of deployment has it at this address."""
        told: Mapping[str, Any] = (await self.send("GET", "/rest/api/2/serverInfo")).json()
        return told

    async def users(self, handles: Sequence[str]) -> list[Mapping[str, Any]]:
        """The users behind handles; one that is not there is left out."""

        async def bulk(ids: Sequence[str]) -> list[Mapping[str, Any]]:
            told = await self.get("/user/bulk", accountId=list(ids), maxResults=USERS)
            users: list[Mapping[str, Any]] = told["values"]
            return users

        chunks = [handles[at : at + USERS] for at in range(0, len(handles), USERS)]
        return [user for found in await asyncio.gather(*map(bulk, chunks)) for user in found]

    async def names(self, keys: Sequence[str]) -> Mapping[str, str]:
        """The handles that stand for what the changelog names people by."""
        return {}  # it names them by their handles

    async def users_like(self, email: str) -> list[Mapping[str, Any]]:
        """The users whose name or address begins like this."""
        found: list[Mapping[str, Any]] = await self.get("/user/search", query=email, maxResults=50)
        return found


def refusal(body: Any) -> str:
    """What Jira says is wrong (SPEC `ErrorCollection`)."""
    if not isinstance(body, Mapping):
        return "Jira refused it without a word."
    said = [str(text) for text in body.get("errorMessages") or ()]
    errors = body.get("errors")
    if isinstance(errors, Mapping):
        said += [f"{field}: {text}" for field, text in errors.items()]
    return redact("; ".join(said) or str(body.get("message") or "Jira refused it without a word."))


def in_words(said: str, names: Mapping[str, str]) -> str:
    """Jira's sentences with the names of fields in place of their ids."""
    return _FIELD.sub(lambda match: names.get(match[1], match[1]), said)
