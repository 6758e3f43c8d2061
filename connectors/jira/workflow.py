"""Status moves along transitions.

A status is reached by transitions only, and which there are depends on the project's workflow for
the issue's type. A transition is chosen by the status it leads to: its id belongs to one workflow,
its name to nobody. What may follow a status is remembered from every answer, and looked up on
another issue in that status when it is not known yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.jira.client import Client, Issue, in_words, segment
from connectors.jira.package import Package
from connectors.jira.screens import Screens
from syncline.sdk.errors import Ambiguous, Conflict, ConnectorError, Rejected

LOOKUPS = 8  # issues asked at most to find one path, and steps tried at most to find one
DONE = "done"  # the key of a status category, the same on every site

Place = tuple[str, str, str]
"""A project, an issue type and a status, by id and name."""


@dataclass(frozen=True, slots=True)
class Step:
    """A transition: its id and name, the status it leads to, and the fields of its screen.

    `ends`: that status is one of those that count as done.
    """

    id: str
    name: str
    to: str
    screen: Mapping[str, Any]
    ends: bool = False


class Workflow:
    """Moves issues of one connection; what it learns holds for this account and process."""

    def __init__(self, client: Client, package: Package, screens: Screens) -> None:
        self._client = client
        self._package = package
        self._screens = screens
        self._next: dict[Place, tuple[Step, ...]] = {}

    async def path(self, issue: Issue, target: str, values: Mapping[str, Any]) -> tuple[Step, ...]:
        """The steps to a status. Nothing is written.

        `issue` has its project, type and status; `values` are fields by id for screens that show
        them. Raises Rejected where no path is found, or a screen on it cannot be filled.
        """
        here = _place(issue)
        if _same(here[2], target):
            return ()
        await self._learn(here, str(issue["id"]))
        steps = await self._shortest(here, target)
        if steps is None:
            raise Rejected(self._refusal(issue, target))
        for step in steps:
            self._screens.fill(step.name, step.to, step.screen, values)
        return steps

    async def _shortest(self, here: Place, target: str) -> tuple[Step, ...] | None:
        paths: list[tuple[Step, ...]] = [()]
        known, lookups = {here[2]}, 0
        for path in paths:
            place = (here[0], here[1], path[-1].to if path else here[2])
            if place not in self._next:
                if lookups == LOOKUPS:
                    continue
                lookups += 1
                await self._look(place)
            offered = {step.to: step for step in self._fewest_first(self._next[place])}
            if ends := [step for step in offered.values() if _same(step.to, target)]:
                return (*path, ends[0])
            fresh = [step for status, step in offered.items() if status not in known]
            known.update(step.to for step in fresh)
            paths += [(*path, step) for step in fresh]
        return None

    def _fewest_first(self, steps: Sequence[Step]) -> list[Step]:
        """Where several lead to one status, the one that asks for least comes last and stays."""
        return sorted(steps, key=lambda step: -len(self._screens.required(step.screen)))

    async def move(
        self, issue: Issue, path: Sequence[Step], values: Mapping[str, Any], *, sent: bool
    ) -> None:
        """Take the steps of a `path`.

        `sent` says whether something was written to the issue before. Raises Rejected or Conflict,
        with nothing moved, where the first step cannot be taken; Ambiguous where one stopped
        half-way: the issue must be read again.
        """
        id, place = str(issue["id"]), _place(issue)
        for number, planned in enumerate(path):
            try:
                # What was looked at a moment ago, before any write, need not be asked for again.
                known = not (sent or number)
                step = planned if known else await self._step(id, place, planned.to)
                fields = self._screens.fill(step.name, step.to, step.screen, values)
                await self._take(id, step, fields)
            except ConnectorError as error:
                if not (sent or number):
                    raise
                raise Ambiguous(
                    f"Issue {issue['key']} stopped on its way to the status {path[-1].to!r}: "
                    f"{error}"
                ) from error
            place = (place[0], place[1], step.to)

    async def explore(self, issue: Issue, target: str, values: Mapping[str, Any]) -> None:
        """Bring an issue that is new to a status, trying steps where no path is known.

        In a young project no other issue shows where a status leads. Nobody has looked at a new
        issue yet, so it may walk itself; it never passes through a status that counts as done.
        Raises Rejected where it got stuck on its way.
        """
        id, place, been = str(issue["id"]), _place(issue), {str(issue["fields"]["status"]["name"])}
        for _ in range(LOOKUPS):
            if place not in self._next or not self._next[place]:
                await self._learn(place, id)
            steps = await self._shortest(place, target)
            here = {**issue, "fields": {**issue["fields"], "status": {"name": place[2]}}}
            if steps is not None:
                await self.move(here, steps, values, sent=False)
                return
            fresh = [s for s in self._next[place] if s.to not in been and not s.ends]
            fillable = [step for step in fresh if self._fills(step, values)]
            if not fillable:
                raise Rejected(self._refusal(here, target))
            await self.move(here, fillable[:1], values, sent=False)
            been.add(fillable[0].to)
            place = (place[0], place[1], fillable[0].to)
        raise Rejected(self._refusal(here, target))

    def _fills(self, step: Step, values: Mapping[str, Any]) -> bool:
        try:
            self._screens.fill(step.name, step.to, step.screen, values)
        except Rejected:
            return False
        return True

    async def _step(self, id: str, place: Place, status: str) -> Step:
        """The transition to a status as it is offered now, with its screen."""
        offered = await self._learn(place, id)
        fits = [step for step in self._fewest_first(offered) if _same(step.to, status)]
        if not fits:
            raise Conflict(f"Jira no longer offers a transition from {place[2]!r} to {status!r}.")
        return fits[-1]

    async def _take(self, id: str, step: Step, fields: Mapping[str, Any]) -> None:
        try:
            await self._package.call(
                lambda jira: jira.transition_issue(segment(id), step.id, fields=dict(fields))
            )
        except Rejected as error:
            raise Rejected(
                f"Jira refused the transition {step.name!r} to {step.to!r}: "
                f"{in_words(str(error), self._screens.names(step.screen))}",
                status=error.status,
            ) from error

    async def _learn(self, place: Place, id: str) -> tuple[Step, ...]:
        """What an issue in this place is offered."""
        told = await self._package.call(
            lambda jira: jira.transitions(segment(id), expand="transitions.fields")
        )
        steps = tuple(
            Step(
                str(t["id"]),
                t["name"],
                t["to"]["name"],
                t.get("fields") or {},
                (t["to"].get("statusCategory") or {}).get("key") == DONE,
            )
            for t in told
        )
        self._next[place] = steps
        return steps

    async def _look(self, place: Place) -> None:
        """What may follow a status, from an issue that is in it now; nothing without one."""
        project, kind, status = place
        name = status.replace("\\", "\\\\").replace('"', '\\"')
        page = await self._client.search(
            f'project = {project} AND issuetype = {kind} AND status = "{name}" ORDER BY id DESC',
            ["id"],
            most=1,
        )
        self._next[place] = ()
        for issue in page.issues:
            await self._learn(place, str(issue["id"]))

    def _refusal(self, issue: Issue, target: str) -> str:
        place = _place(issue)
        offered = ", ".join(f"{step.to} (by {step.name!r})" for step in self._next.get(place, ()))
        return (
            f"Issue {issue['key']}: the workflow leads this account from {place[2]!r} to {target!r}"
            f" by no path it knows. Offered now: {offered or 'nothing'}. The status stays; an "
            "administrator can allow the transition."
        )


def _place(issue: Issue) -> Place:
    told = issue["fields"]
    return str(told["project"]["id"]), str(told["issuetype"]["id"]), str(told["status"]["name"])


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()
