"""Mixpanel's three interfaces as calls on one project, each with the limits it has.

The application's (annotations) and the queries' (profiles) are asked with a service account. The
one that takes profiles in knows no account: each update names the project's token, and an answer
of 200 says that the update could be read, not that the token is a project's, nor that the profile
shows it yet. (Mixpanel's OpenAPI files `annotations`, `query` and `ingestion`.)
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeAlias
from urllib.parse import urlencode

import orjson

from syncline.sdk.clock import Clock
from syncline.sdk.errors import Ambiguous, RateLimited, Rejected
from syncline.sdk.http import Transport
from syncline.sdk.secrets import Secret

Row: TypeAlias = Mapping[str, Any]

PAGE = 1000
"""Profiles in a page."""

BATCH = PAGE - 1
"""Profiles named in one question: a full page would take another one to be known as the last."""

HOUR = 3600.0
NO_DAY = "1970-01-01"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Budget:
    """Queries in any hour: all of them at once if need be, and then none."""

    def __init__(self, connection: str, most: int, clock: Clock) -> None:
        self._connection, self._most, self._clock = connection, most, clock
        self._asked: deque[float] = deque()

    def take(self) -> None:
        """Count one query; raises RateLimited where this hour has no more."""
        now = self._clock.monotonic()
        while self._asked and self._asked[0] <= now - HOUR:
            self._asked.popleft()
        if len(self._asked) >= self._most:
            wait = timedelta(seconds=self._asked[0] + HOUR - now)
            raise RateLimited(
                f"{self._connection}: {self._most} queries were asked within the hour, which is "
                "what this connection takes of the 60 that a Mixpanel project has. Nothing was "
                "sent; Syncline comes back when one is free. Let the sync run less often.",
                retry_at=self._clock.now() + wait,
            )
        self._asked.append(now)


class Client:
    """The calls; they raise what `Transport` raises.

    A 403 is about the account: its role, or a project that it is not in.
    """

    def __init__(
        self,
        app: Transport,
        queries: Transport,
        ingestion: Transport,
        budget: Budget,
        project: int,
        token: Secret,
    ) -> None:
        self.project = project
        self.transports = (app, queries, ingestion)
        self._app, self._queries, self._ingestion = self.transports
        self._budget = budget
        self._token = token

    async def about(self) -> None:
        """See that the account is in the project, by a list that is short and asks for no role."""
        await self.app("GET", "annotations", fromDate=NO_DAY, toDate=NO_DAY)

    async def app(self, method: str, of: str, body: Row | None = None, **query: str) -> Any:
        """Something of the project's; what stands in `results`, where there is such an envelope."""
        path = f"/api/app/projects/{self.project}/{of}"
        asked = self._app.request(
            method, path, params=query, json=body, ok=(200, 201), forbidden="auth"
        )
        answer = (await asked).json()
        return answer["results"] if isinstance(answer, dict) and "results" in answer else answer

    async def query(self, method: str, of: str, question: Mapping[str, object]) -> Any:
        """The answer to a question, which counts against the hour."""
        self._budget.take()
        project = {"project_id": self.project}
        by_form = method == "POST"
        asked = self._queries.request(
            method,
            f"/api/query/{of}",
            params=project if by_form else {**project, **question},
            content=urlencode(question).encode() if by_form else None,
            headers=FORM if by_form else None,
            mutating=False,
            items=PAGE,
            forbidden="auth",
        )
        return (await asked).json()

    async def profiles(self, question: Mapping[str, object]) -> AsyncIterator[list[Row]]:
        """The profiles that fit, page after page; once more from the start if the session ends.

        Mixpanel keeps the answer for a while under a session, and later pages are cut from that.
        """
        more: Mapping[str, object] = {}
        again = False
        while True:
            try:
                body = await self.query("POST", "engage", {**question, **more})
            except Rejected:
                if again or not more:
                    raise
                more, again = {}, True
                continue
            yield body["results"]
            if len(body["results"]) < body["page_size"]:
                return
            more = {"session_id": body["session_id"], "page": body["page"] + 1}

    async def send(self, of: str, updates: Sequence[Row]) -> Mapping[int, str]:
        """Updates of profiles; why Mixpanel refused some, by their place. The others it takes.

        `ip=0` keeps Mixpanel from placing each profile where Syncline runs.
        """
        messages = [{"$token": self._token, **update} for update in updates]
        asked = self._ingestion.request(
            "POST",
            f"/{of}",
            params={"ip": 0, "strict": 1, "verbose": 1},
            json=messages,
            items=len(messages),
            ok=(200, 400),
        )
        answer = await asked
        body = answer.json()
        if not isinstance(body, dict):
            raise Ambiguous(f"Mixpanel answered {answer.text[:20]!r}, which says nothing of each")
        failed = {one["index"]: str(one["message"]) for one in body.get("failed_records", ())}
        if answer.status != 200 and not failed:
            return dict.fromkeys(range(len(messages)), str(body.get("error", "refused")))
        return failed

    def requests(self) -> Mapping[str, int]:
        """How many were sent, by meaning."""
        logs = [transport.log.counts for transport in self.transports]
        return {kind: sum(log[kind] for log in logs) for kind in ("read", "write")}

    async def aclose(self) -> None:
        """Close all connections."""
        for transport in self.transports:
            await transport.aclose()


def listed(values: Sequence[str]) -> str:
    """A JSON array within a form, as Mixpanel wants lists."""
    return orjson.dumps(list(values)).decode()
