"""What `describe` has no place for: ids that outlive names, what each tracker requires, workflows.

Which step leads where is asked of issues, since no interface shows a workflow: the newest few of
each tracker and status tell the steps that this account is offered (from Redmine 5.0 on; "Issues",
`include=allowed_statuses`). A status of a tracker in which there is no issue is left out. Several
are asked, as one that is blocked or has open subtasks is offered less.

What a tracker requires is told to administrators alone ("Custom Fields"). That a workflow makes a
field required or read-only for a role is told to nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from connectors.redmine.client import Client, Issue
from connectors.redmine.metadata import Metadata
from connectors.redmine.wire import custom_path
from syncline.sdk.errors import NotFound

ASKED = 3  # issues of a tracker and status

Row = Mapping[str, Any]
Moves = dict[str, dict[str, list[str]]]


async def of_issues(metadata: Metadata, client: Client, key_field: str | None) -> dict[str, Any]:
    """The details of issues, as they were just described."""
    projects = (await metadata.projects()).values()
    customs = await metadata.custom_fields()
    statuses = await metadata.listed("status")
    versions = [await metadata.listed("fixed_version", project["id"]) for project in projects]
    return {
        "fields": _paths(customs, key_field),
        "options": {
            "status": _ids(statuses),
            "priority": _ids(await metadata.listed("priority")),
            "tracker": _ids(await metadata.listed("tracker")),
            "project": _ids(projects),
            "category": _ids(row for one in projects for row in one["issue_categories"]),
            "fixed_version": _ids(row for rows in versions for row in rows),
        },
        "kind": "tracker",
        "required": await required(metadata, key_field),
        "moves": await _moves(client, await metadata.project_ids(), statuses),
    }


async def of_versions(metadata: Metadata, key_field: str | None) -> dict[str, Any]:
    """The details of versions: all of a kind, and with no workflow."""
    projects = (await metadata.projects()).values()
    return {
        "fields": _paths(await metadata.version_fields(), key_field),
        "options": {"project": _ids(projects)},
    }


async def required(metadata: Metadata, key_field: str | None) -> dict[str, list[str]]:
    """Paths that a new issue of each tracker must have, in any project of the scope."""
    projects = (await metadata.projects()).values()
    found: dict[str, list[str]] = {str(t["name"]): [] for p in projects for t in p["trackers"]}
    customs = [f for f in await metadata.custom_fields() if demands(f) and f["name"] != key_field]
    if not customs:
        return found
    # Which fields a project has is told of those that it chose, and not of those for all.
    chosen = {field["id"] for project in projects for field in project["issue_custom_fields"]}
    shown = {
        (str(issue["tracker"]["name"]), field["id"])
        for issue in await metadata.newest()
        for field in issue.get("custom_fields", ())
    }
    for field in customs:
        for tracker in (str(row["name"]) for row in field["trackers"]):
            if tracker in found and (field["id"] in chosen or (tracker, field["id"]) in shown):
                found[tracker].append(custom_path(field["name"]))
    return found


def demands(field: Row) -> bool:
    """Whether who makes a record must fill a field: one with a default is filled by itself."""
    return bool(field.get("is_required")) and not field.get("default_value")


def _paths(customs: Iterable[Row], key_field: str | None) -> dict[str, str]:
    return {custom_path(f["name"]): str(f["id"]) for f in customs if f["name"] != key_field}


def _ids(rows: Iterable[Row]) -> dict[str, str]:
    """Ids by name; a name that several things have proves nothing, and is left out."""
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(str(row["name"]), set()).add(str(row["id"]))
    return {name: ids.pop() for name, ids in found.items() if len(ids) == 1}


async def _moves(client: Client, projects: Mapping[str, int], statuses: Sequence[Row]) -> Moves:
    """Where each status leads, by tracker, as the newest issues there are offered."""
    places = await asyncio.gather(*(_newest(client, projects, row["id"]) for row in statuses))
    ids = [str(issue["id"]) for issues in places for issue in issues]
    issues = await asyncio.gather(*(_offered(client, id) for id in ids))
    found: Moves = {}
    for issue in issues:
        # Before Redmine 5.0 no issue tells.
        if issue is not None and "allowed_statuses" in issue:
            state = str(issue["status"]["name"])
            known = found.setdefault(str(issue["tracker"]["name"]), {}).setdefault(state, [])
            to = [str(status["name"]) for status in issue["allowed_statuses"]]
            known += [name for name in to if name != state and name not in known]
    return {kind: {s: sorted(to) for s, to in steps.items()} for kind, steps in found.items()}


async def _newest(client: Client, projects: Mapping[str, int], status: int) -> list[Issue]:
    """The newest few issues of each tracker among the newest hundred in a status."""
    scope = ("project_id", "=", tuple(projects.values()))
    rows = await client.issues(scope, ("status_id", "=", (status,)), sort="id:desc")
    by_tracker = groupby(sorted(rows, key=_tracker), _tracker)
    return [issue for _, of in by_tracker for issue in list(of)[:ASKED]]


def _tracker(issue: Issue) -> int:
    return int(issue["tracker"]["id"])


async def _offered(client: Client, id: str) -> Issue | None:
    try:
        return await client.issue(id, "allowed_statuses")
    except NotFound:
        return None  # deleted or moved meanwhile
