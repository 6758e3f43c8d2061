"""What Jira Data Center has instead of Cloud's calls: REST API v2, without anything in bulk.

Its search pages by position, so an issue that is edited or deleted while pages are read moves the
others. Each page therefore begins with the last issue of the one before it; where another stands
there, the position is worth nothing and the search starts anew. Issues are read one by one, since a
search is late by what the nodes of a cluster need to tell each other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.jira.client import (
    KEY_PROPERTY,
    Client,
    Found,
    Issue,
    TokenExpired,
    refusal,
    segment,
)
from connectors.jira.dialect import handle
from connectors.jira.fields import moment
from syncline.sdk.errors import NotFound, Rejected
from syncline.sdk.limiter import RateHeaders

PAGE = 100  # the server bounds a page at 1000 as it comes (jira.search.views.default.max)
CONCURRENT = 4  # for each user and node, where an administrator limits at all
# confluence.atlassian.com/adminjiraserver/adjusting-your-code-for-rate-limiting-987143384.html
RATE_HEADERS = RateHeaders("x-ratelimit-remaining", "x-ratelimit-interval-seconds")


class DataCenterClient(Client):
    """The calls of API v2."""

    async def search(
        self,
        jql: str,
        fields: Sequence[str],
        token: str | None = None,
        *,
        most: int = PAGE,
        expand: str = "",
    ) -> Found:
        """One page; raises TokenExpired where issues have moved since the page before it."""
        start, _, last = (token or "0:").partition(":")
        at = int(start)
        body: dict[str, Any] = {"jql": jql, "fields": list(fields), "startAt": at}
        body |= {"maxResults": most, "expand": [expand] if expand else []}
        path = f"{self.dialect.api}/search"
        response = await self.send("POST", path, json=body, mutating=False, ok=(200, 400))
        told = response.json()
        if response.status == 400:
            raise Rejected(refusal(told), status=400)
        rows: list[Issue] = told["issues"]
        if last:
            if not rows or str(rows[0]["id"]) != last:
                raise TokenExpired("Issues moved while they were read.", status=200)
            del rows[0]
            at += 1
        if not rows or at + len(rows) >= told["total"]:
            return Found(rows, None, self.at(response))
        return Found(rows, f"{at + len(rows) - 1}:{rows[-1]['id']}", self.at(response))

    async def by_id(self, ids: Sequence[str], fields: Sequence[str]) -> dict[str, Issue]:
        """The issues of `ids` that this account can see, a request each."""

        async def one(id: str) -> Issue | None:
            try:
                issue: Issue = await self.get(
                    f"/issue/{segment(id)}", fields=",".join(fields), properties=KEY_PROPERTY
                )
            except NotFound:
                return None
            return issue

        found = await asyncio.gather(*(one(id) for id in ids))
        return {str(issue["id"]): issue for issue in found if issue is not None}

    async def marked(
        self, issues: Sequence[Issue], me: str | None, since: datetime | None
    ) -> list[Issue]:
        """The issues, those that `me` made since then with Syncline's key: a request for each.

        A search shows no properties here. `me` None: all are of this account.
        """

        async def one(issue: Issue) -> Issue:
            told = issue["fields"]
            fresh = since is None or moment(told["created"]) >= since
            if me not in (None, handle(told.get("creator"))) or not fresh:
                return issue
            try:
                kept = await self.get(f"/issue/{issue['id']}/properties/{KEY_PROPERTY}")
            except NotFound:
                return issue
            return {**issue, "properties": {KEY_PROPERTY: kept["value"]}}

        return list(await asyncio.gather(*(one(issue) for issue in issues)))

    async def changelogs(self, ids: Sequence[str]) -> list[tuple[str, Mapping[str, Any]]]:
        """The entries of the issues' changelogs, a request for each issue; none where hidden."""

        async def one(id: str) -> list[tuple[str, Mapping[str, Any]]]:
            try:
                issue = await self.get(
                    f"/issue/{segment(id)}", fields="summary", expand="changelog"
                )
            except NotFound:
                return []
            return [(str(issue["id"]), entry) for entry in issue["changelog"]["histories"]]

        return [entry for found in await asyncio.gather(*map(one, ids)) for entry in found]

    async def users(self, handles: Sequence[str]) -> list[Mapping[str, Any]]:
        """The users behind names; one that is not there is left out."""
        return await self._users("username", handles)

    async def names(self, keys: Sequence[str]) -> Mapping[str, str]:
        """The names behind users' keys, which the changelog has instead."""
        users = await self._users("key", keys)
        return {str(user["key"]): str(user["name"]) for user in users}

    async def _users(self, by: str, values: Sequence[str]) -> list[Mapping[str, Any]]:
        async def one(value: str) -> Mapping[str, Any] | None:
            try:
                user: Mapping[str, Any] = await self.get("/user", **{by: value})
            except NotFound:
                return None
            return user

        found = await asyncio.gather(*map(one, values))
        return [user for user in found if user is not None]

    async def users_like(self, email: str) -> list[Mapping[str, Any]]:
        """The users whose name or address begins like this."""
        found: list[Mapping[str, Any]] = await self.get(
            "/user/search", username=email, maxResults=50
        )
        return found
