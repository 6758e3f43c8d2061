"""Creates and updates, one request each; a status that must be moved costs a read before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors.redmine.client import Client, Issue
from connectors.redmine.metadata import Metadata
from connectors.redmine.patching import Patching
from connectors.redmine.wire import WireShape
from connectors.redmine.workflow import Workflow
from syncline.sdk.batches import outcomes
from syncline.sdk.connector import Create, Outcome, Result, Update, Wire
from syncline.sdk.errors import Ambiguous, Conflict, ConnectorError


class Writing:
    """Writes for one connection."""

    def __init__(
        self,
        client: Client,
        metadata: Metadata,
        patching: Patching,
        workflow: Workflow,
        shape: WireShape,
        key_field: str | None,
    ) -> None:
        self._client = client
        self._metadata = metadata
        self._patching = patching
        self._workflow = workflow
        self._shape = shape
        self._key_field = key_field

    async def create(self, item: Create) -> Outcome:
        """One POST; a status that new issues cannot have is reached after it, if it can be."""
        projects = await self._metadata.project_ids()
        project = next(iter(projects.values()))
        if "project" in item.fields:
            project = await self._patching.project(item.fields["project"])
        attributes = {"project_id": project, **await self._attributes(item.fields, project)}
        if self._key_field:
            marker = await self._patching.custom(self._key_field, item.key)
            attributes["custom_fields"] = [*attributes.get("custom_fields", ()), marker]
        response = await self._client.write("POST", "/issues.json", {"issue": attributes})
        issue: Issue = response.json()["issue"]
        if attributes.get("status_id", issue["status"]["id"]) != issue["status"]["id"]:
            issue = await self._moved(issue, attributes["status_id"])
        return Outcome.applied(str(issue["id"]), self._shape.record(issue, projects))

    async def _moved(self, issue: Issue, status: int) -> Issue:
        """The new issue in that status, or where its workflow left it: it exists either way."""
        id = str(issue["id"])
        try:
            await self._workflow.move(await self._workflow.read(id), status, {})
            return await self._client.issue(id, "")
        except ConnectorError:
            return issue

    async def updates(self, items: Sequence[Update]) -> list[Outcome]:
        """The outcomes, with the records as they are now: read by id, a hundred in one request."""
        told = await outcomes(items, self.update)
        written = [o.id for o in told if o.result is Result.APPLIED and o.id is not None]
        try:
            issues = await self._client.by_id(list(dict.fromkeys(written)))
        except ConnectorError:
            return told  # what was written stays written; the engine reads it later
        projects = await self._metadata.project_ids()
        return [
            replace(o, record=self._shape.record(issues[o.id], projects)) if o.id in issues else o
            for o in told
        ]

    async def update(self, item: Update) -> Outcome:
        """One PUT, to which Redmine answers nothing. A status: read, refuse if it moved, then PUT.

        Where a new tracker comes with the status, it is set first: its workflow decides.
        """
        project = await self._project(item)
        attributes = await self._attributes(item.patch, project)
        if "status_id" not in attributes:
            if attributes:  # Redmine takes an empty change for one and moves `updated_on`
                await self._client.save(item.id, attributes)
            return Outcome.applied(item.id)
        status = attributes.pop("status_id")
        issue = await self._workflow.read(item.id)
        self._compare(issue, item.expected)
        if "tracker_id" not in attributes:
            await self._workflow.move(issue, status, attributes)
            return Outcome.applied(item.id)
        await self._client.save(item.id, attributes)
        try:
            await self._workflow.move(await self._workflow.read(item.id), status, {})
        except ConnectorError as error:
            raise Ambiguous(f"Issue {item.id} has its new tracker, but: {error}") from error
        return Outcome.applied(item.id)

    async def _attributes(self, patch: Wire, project: int | None) -> dict[str, Any]:
        return await self._patching.attributes(patch, project)

    async def _project(self, item: Update) -> int | None:
        """The project whose categories and versions a patch names; read only where that matters."""
        if not {"category", "fixed_version"} & item.patch.keys():
            return None
        if "project" in item.patch:
            return await self._patching.project(item.patch["project"])
        if len(projects := await self._metadata.project_ids()) == 1:
            return next(iter(projects.values()))
        issue = await self._client.issue(item.id, "")
        return int(issue["project"]["id"])

    def _compare(self, issue: Issue, expected: Wire) -> None:
        """Raises Conflict where the issue shows something else than the plan saw."""
        shown = self._shape.fields(issue)
        moved = [name for name, value in expected.items() if not _shows(shown.get(name), value)]
        if moved:
            raise Conflict(
                f"Issue {issue['id']} has changed in {', '.join(moved)} since it was read."
            )


def _shows(shown: Any, expected: Any) -> bool:
    if isinstance(expected, Mapping) and isinstance(shown, Mapping):
        return all(_shows(shown.get(name), value) for name, value in expected.items())
    return bool(shown == expected)
