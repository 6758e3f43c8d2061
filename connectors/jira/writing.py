"""Creates and updates. Creates go fifty in a request; a status is reached by transitions after."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connectors.jira.client import KEY_PROPERTY, Client, Issue, in_words, refusal, segment
from connectors.jira.fields import Fields
from connectors.jira.metadata import Metadata
from connectors.jira.patching import Patching
from connectors.jira.wire import ASKED, WireShape, shape
from connectors.jira.workflow import Workflow
from syncline.sdk.batches import outcomes
from syncline.sdk.connector import Create, Outcome, Record, Result, Update, Wire
from syncline.sdk.errors import Ambiguous, Conflict, ConnectorError, Rejected

MOST_CREATES = 50  # SPEC createIssues


@dataclass(frozen=True, slots=True)
class _New:
    """A create as it is sent, and the status it shall have."""

    body: Mapping[str, Any]
    status: str | None
    values: Mapping[str, Any]


class Writing:
    """Writes for one connection."""

    def __init__(
        self,
        client: Client,
        metadata: Metadata,
        patching: Patching,
        workflow: Workflow,
        shape: WireShape,
    ) -> None:
        self._client = client
        self._metadata = metadata
        self._patching = patching
        self._workflow = workflow
        self._shape = shape

    # creates

    async def creates(self, items: Sequence[Create], fields: Fields) -> list[Outcome]:
        """One outcome an item; what Jira answered with nothing for is ambiguous."""
        await self._metadata.projects()
        told: dict[int, Outcome] = {}
        ready: dict[int, _New] = {}
        for place, item in enumerate(items):
            try:
                ready[place] = await self._new(item)
            except Rejected as error:
                told[place] = Outcome.of_error(error)
        places = list(ready)
        chunks = [places[at : at + MOST_CREATES] for at in range(0, len(places), MOST_CREATES)]

        async def of_chunk(chunk: Sequence[int]) -> Outcome:
            made = await self._bulk([ready[place] for place in chunk])
            told.update(zip(chunk, made, strict=True))
            done = (o for o in made if o.result in (Result.APPLIED, Result.AMBIGUOUS))
            return next(done, made[0])

        for chunk, whole in zip(chunks, await outcomes(chunks, of_chunk), strict=True):
            for place in chunk:
                told.setdefault(place, whole)
        made = {o.id: ready[p] for p, o in told.items() if o.result is Result.APPLIED and o.id}
        records, reasons = await self._moved(made, fields)
        return [
            replace(one, record=records.get(one.id), reason=reasons.get(one.id, ""))
            if (one := told[place]).id
            else one
            for place in range(len(items))
        ]

    async def _new(self, item: Create) -> _New:
        patch = dict(item.fields)
        status = patch.pop("status", None)
        project = await self._project(patch.pop("project", None))
        # No screen of a new issue has it; the transition that closes the issue does.
        resolution = patch.pop("resolution", None)
        values = await self._patching.fields(
            {} if resolution is None else {"resolution": resolution}
        )
        fields = await self._patching.fields({k: v for k, v in patch.items() if v is not None})
        fields.setdefault("issuetype", {"id": _usual_type(project)})
        fields["project"] = {"id": project["id"]}
        key = {"key": KEY_PROPERTY, "value": {"key": item.key}}
        return _New({"fields": fields, "properties": [key]}, status, values)

    async def _project(self, key: object) -> Mapping[str, Any]:
        projects = await self._metadata.projects()
        if key is None:
            return next(iter(projects.values()))
        if key not in projects:
            raise Rejected(
                f"The project {key!r} is outside the connection's scope: {', '.join(projects)}."
            )
        return projects[str(key)]

    async def _bulk(self, items: Sequence[_New]) -> list[Outcome]:
        """One request; Jira tells the successes in order, and each refusal by its place."""
        response = await self._client.send(
            "POST",
            f"{self._client.dialect.api}/issue/bulk",
            json={"issueUpdates": [item.body for item in items]},
            items=len(items),
            ok=(201, 400),
        )
        told = response.json()
        refused = {
            int(error["failedElementNumber"]): error.get("elementErrors") or {}
            for error in told.get("errors") or ()
            if isinstance(error, Mapping)
        }
        if response.status == 400 and not refused:
            raise Rejected(refusal(told), status=400)
        names = await self._names([f for e in refused.values() for f in e.get("errors") or {}])
        made = iter(told.get("issues") or ())
        found: list[Outcome] = []
        for place in range(len(items)):
            if place in refused:
                reason = in_words(refusal(refused[place]), names)
                found.append(Outcome(Result.REJECTED, reason=f"Jira refused the issue: {reason}"))
            elif issue := next(made, None):
                found.append(Outcome.applied(str(issue["id"])))
            else:
                reason = "Jira's answer does not say what became of it"
                found.append(Outcome(Result.AMBIGUOUS, reason=reason))
        return found

    async def _names(self, fields: Collection[str]) -> Mapping[str, str]:
        """Names for the fields that a refusal speaks of; only custom ones need any."""
        if not any(field.startswith("customfield_") for field in fields):
            return {}
        try:
            return await self._metadata.names()
        except ConnectorError:
            return {}  # the refusal itself is worth more

    async def _moved(
        self, made: Mapping[str, _New], fields: Fields
    ) -> tuple[dict[str, Record], dict[str, str]]:
        """The new issues as they are, those that shall have another status moved as far as it goes.

        An issue that cannot be moved exists all the same, with the reason.
        """
        try:
            issues = await self._read(list(made), fields)
            moves = [
                id
                for id, new in made.items()
                if new.status and id in issues and _status(issues[id]) != new.status
            ]
            # What the first of a kind learns of the workflow, the others know.
            first = {(_type(issues[id]), made[id].status): id for id in reversed(moves)}
            reasons = {id: await self._move(issues[id], made[id]) for id in first.values()}
            rest = [id for id in moves if id not in reasons]
            told = await asyncio.gather(*(self._move(issues[id], made[id]) for id in rest))
            reasons |= dict(zip(rest, told, strict=True))
            issues |= await self._read(moves, fields)
        except ConnectorError:
            return {}, {}  # what was made stays made; the engine reads it later
        return {id: self._shape.record(issue, fields) for id, issue in issues.items()}, reasons

    async def _move(self, issue: Issue, new: _New) -> str:
        """Why the issue did not reach its status; nothing where it did."""
        try:
            await self._workflow.explore(issue, str(new.status), new.values)
        except ConnectorError as error:
            return str(error)
        return ""

    # updates

    async def updates(self, items: Sequence[Update], fields: Fields) -> list[Outcome]:
        """The outcomes, with the records as they are now: read by id, a hundred in one request."""
        told = await outcomes(items, lambda item: self._update(item, fields))
        written = [o.id for o in told if o.result is Result.APPLIED and o.id is not None]
        try:
            issues = await self._read(list(dict.fromkeys(written)), fields)
        except ConnectorError:
            return told  # what was written stays written; the engine reads it later
        return [
            replace(o, record=self._shape.record(issues[o.id], fields)) if o.id in issues else o
            for o in told
        ]

    async def _update(self, item: Update, fields: Fields) -> Outcome:
        """One PUT. A status: read, refuse if it moved, PUT the rest, then the transitions.

        A status that cannot be reached leaves everything as it is.
        """
        values = await self._patching.fields(item.patch)
        status = item.patch.get("status")
        if status is None:
            await self._put(item.id, values)
            return Outcome.applied(item.id)
        issue = await self._issue(item.id, fields)
        _compare(issue, fields, item.expected)
        if "issuetype" in values:
            await self._retyped(item.id, values, str(status), fields)
            return Outcome.applied(item.id)
        path = await self._workflow.path(issue, str(status), values)
        # Where the status moves, a resolution belongs to its transition's screen.
        screen = {"resolution": values.pop("resolution")} if path and "resolution" in values else {}
        await self._put(item.id, values)
        await self._workflow.move(issue, path, screen, sent=bool(values))
        return Outcome.applied(item.id)

    async def _retyped(self, id: str, values: dict[str, Any], status: str, fields: Fields) -> None:
        """A new type comes first: its workflow decides how the status is reached."""
        screen = {"resolution": values.pop("resolution")} if "resolution" in values else {}
        await self._put(id, values)
        try:
            issue = await self._issue(id, fields)
            path = await self._workflow.path(issue, status, screen)
            await self._workflow.move(issue, path, screen, sent=True)
        except ConnectorError as error:
            raise Ambiguous(f"Issue {id} has its new type, but: {error}") from error

    async def _issue(self, id: str, fields: Fields) -> Issue:
        issue: Issue = await self._client.get(
            f"/issue/{segment(id)}", fields=",".join((*ASKED, *fields.ids))
        )
        return issue

    async def _put(self, id: str, values: Mapping[str, Any]) -> None:
        if not values:
            return
        try:
            await self._client.write("PUT", f"/issue/{segment(id)}", {"fields": values})
        except Rejected as error:
            if error.status != 400:
                raise
            said = in_words(str(error), await self._names(values))
            raise Rejected(
                f"Issue {id}: Jira refused the change: {said.removesuffix('.')}. Nothing of it was "
                "written; it is sent again when the value changes or is retried.",
                status=error.status,
            ) from error

    async def _read(self, ids: Sequence[str], fields: Fields) -> dict[str, Issue]:
        return await self._client.by_id(ids, (*ASKED, *fields.ids))


def _status(issue: Issue) -> str:
    return str(issue["fields"]["status"]["name"])


def _type(issue: Issue) -> str:
    return str(issue["fields"]["issuetype"]["id"])


def _usual_type(project: Mapping[str, Any]) -> str:
    """The issue type of an issue that names none: Task, or the project's first."""
    types = [kind for kind in project.get("issueTypes") or () if not kind.get("subtask")]
    named = [kind for kind in types if kind["name"] == "Task"]
    if not types:
        raise Rejected(f"The project {project['key']} has no issue types; nothing was written.")
    return str((named or types)[0]["id"])


def _compare(issue: Issue, fields: Fields, expected: Wire) -> None:
    """Raises Conflict where the issue shows something else than the plan saw."""
    shown = shape(issue, fields)
    moved = [name for name, value in expected.items() if not _shows(shown.get(name), value)]
    if moved:
        raise Conflict(f"Issue {issue['key']} has changed in {', '.join(moved)} since it was read.")


def _shows(shown: Any, expected: Any) -> bool:
    if isinstance(expected, Mapping) and isinstance(shown, Mapping):
        return all(_shows(shown.get(name), value) for name, value in expected.items())
    return bool(shown == expected)
