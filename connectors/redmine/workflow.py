"""Status moves. Redmine ignores a status that the workflow does not allow, without a word.

So the issue is asked for its allowed statuses first. One that is not allowed is reached over others
where that is possible: what may follow a status is remembered from every answer, and looked up on
another issue in that status when it is not known yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.redmine.client import Client, Issue
from connectors.redmine.metadata import Metadata
from syncline.sdk.errors import Ambiguous, Conflict, ConnectorError, Rejected

LOOKUPS = 8  # issues asked at most to find one path

Place = tuple[int, int]
"""A tracker and a status."""


class Workflow:
    """Moves issues of one connection; what it learns holds for this account and process."""

    def __init__(self, client: Client, metadata: Metadata) -> None:
        self._client = client
        self._metadata = metadata
        self._next: dict[Place, tuple[int, ...]] = {}

    async def read(self, id: str) -> Issue:
        """The issue with the statuses it may go to now, which are remembered."""
        issue = await self._client.issue(id, "allowed_statuses")
        if "allowed_statuses" in issue:
            allowed = tuple(status["id"] for status in issue["allowed_statuses"])
            self._next[_place(issue)] = allowed
        return issue

    async def move(self, issue: Issue, target: int, attributes: Mapping[str, Any]) -> None:
        """Bring an issue just `read` to a status, setting `attributes` with the first step.

        Raises Rejected, with nothing sent, where no path is known; Ambiguous where the tool
        stopped half-way: the issue must be read again.
        """
        id, path = str(issue["id"]), await self.path(issue, target)
        if path is None:
            raise Rejected(await self._refusal(issue, target))
        if not path and attributes:
            path = [target]
        sent = False
        for step in path:
            try:
                await self._client.save(id, {**({} if sent else attributes), "status_id": step})
                sent = True
                if step != target and (await self.read(id))["status"]["id"] != step:
                    raise Conflict("the workflow has changed meanwhile")
            except ConnectorError as error:
                if not sent:
                    raise
                raise Ambiguous(f"Issue {id} stopped on its way to the status: {error}") from error

    async def path(self, issue: Issue, target: int) -> list[int] | None:
        """The statuses to go through, the target last; None where none is found."""
        tracker, here = _place(issue)
        if here == target:
            return []
        if "allowed_statuses" not in issue:  # before Redmine 5.0 only trying tells
            return [target]
        paths, known, lookups = [[here]], {here}, 0
        for path in paths:
            place = (tracker, path[-1])
            if place not in self._next:
                if lookups == LOOKUPS:
                    continue
                lookups += 1
                await self._learn(place)
            if target in self._next[place]:
                return [*path[1:], target]
            fresh = [s for s in self._next[place] if s not in known]
            known.update(fresh)
            paths += [[*path, status] for status in fresh]
        return None

    async def _learn(self, place: Place) -> None:
        """What may follow a status, from an issue that is in it now; nothing without one."""
        tracker, status = place
        projects = await self._metadata.project_ids()
        rows = await self._client.issues(
            ("project_id", "=", tuple(projects.values())),
            ("tracker_id", "=", (tracker,)),
            ("status_id", "=", (status,)),
            limit=1,
        )
        self._next[place] = ()
        for row in rows:
            await self.read(str(row["id"]))

    async def _refusal(self, issue: Issue, target: int) -> str:
        names = await self._metadata.names("status")
        allowed = ", ".join(status["name"] for status in issue["allowed_statuses"])
        return (
            f"Issue {issue['id']}: the workflow leads this account from {issue['status']['name']!r}"
            f" to {names.get(str(target), target)!r} by no path it knows. Allowed now: "
            f"{allowed or 'nothing'}. The status stays; an administrator can allow the transition."
        )


def _place(issue: Issue) -> Place:
    return issue["tracker"]["id"], issue["status"]["id"]
