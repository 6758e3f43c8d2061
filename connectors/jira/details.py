"""What `describe` has no place for: ids that outlive names, what each type requires, workflows.

Which step leads where is asked of issues, since workflows themselves are shown to administrators
alone (SPEC `getWorkflowsPaginated`): one search for each status, whose newest issues tell the steps
that this account is offered (SPEC `searchAndReconsileIssuesUsingJqlPost`, expand `transitions`).
A status and type in which there is no issue is left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from connectors.jira.client import Client
from connectors.jira.fields import Fields, custom_path
from connectors.jira.metadata import Metadata
from connectors.jira.reading import in_projects

ASKED = 50  # issues of a status: enough to meet each type, and one page of a search with fields

Row = Mapping[str, Any]


async def details(metadata: Metadata, client: Client, scope: Sequence[str]) -> dict[str, Any]:
    """The details of issues, as they are now."""
    projects, fields = await metadata.projects(), await metadata.fields()
    statuses, screens, required, priorities, resolutions = await asyncio.gather(
        asyncio.gather(*map(metadata.statuses, projects)),
        asyncio.gather(*map(metadata.screen, projects)),
        asyncio.gather(*map(metadata.required, projects)),
        metadata.priorities(),
        metadata.resolutions(),
    )
    named = _ids(row for rows in statuses for row in rows)
    types = _ids(kind for project in projects.values() for kind in project["issueTypes"])
    screen = {str(row["fieldId"]): row for rows in screens for row in rows}
    return {
        "fields": {custom_path(field.name): field.id for field in fields.all},
        "options": {
            "status": named,
            "issuetype": types,
            "priority": priorities,
            "resolution": resolutions,
            **_choices(fields, screen),
        },
        "kind": "issuetype",
        "required": _required(required, fields),
        "moves": await _moves(client, scope, sorted(named)),
    }


def _ids(rows: Iterable[Row]) -> dict[str, str]:
    """Ids by name; a name that several things have proves nothing, and is left out."""
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(str(row["name"]), set()).add(str(row["id"]))
    return {name: ids.pop() for name, ids in found.items() if len(ids) == 1}


def _choices(fields: Fields, screen: Mapping[str, Row]) -> dict[str, dict[str, str]]:
    found = {}
    for field in fields.all:
        allowed: Sequence[Row] = screen.get(field.id, {}).get("allowedValues") or ()
        if allowed:
            found[custom_path(field.name)] = {str(o["value"]): str(o["id"]) for o in allowed}
    return found


def _required(
    by_project: Iterable[Mapping[str, Sequence[str]]], fields: Fields
) -> dict[str, list[str]]:
    """Paths that a new issue of a type must have, in any project of the scope."""
    paths = {field.id: custom_path(field.name) for field in fields.all}
    found: dict[str, list[str]] = {}
    for types in by_project:
        for kind, ids in types.items():
            known = found.setdefault(kind, [])
            known += [path for id in ids if (path := paths.get(id, id)) not in known]
    return found


async def _moves(
    client: Client, scope: Sequence[str], statuses: Sequence[str]
) -> dict[str, dict[str, list[str]]]:
    """Where each status leads, by issue type, as the newest issues in it are offered."""
    pages = await asyncio.gather(*(_offered(client, scope, status) for status in statuses))
    found: dict[str, dict[str, list[str]]] = {}
    for status, issues in zip(statuses, pages, strict=True):
        for issue in issues:
            of = found.setdefault(str(issue["fields"]["issuetype"]["name"]), {})
            known = of.setdefault(status, [])
            steps = [str(step["to"]["name"]) for step in issue.get("transitions") or ()]
            known += [to for to in steps if to not in known]
    return {kind: {s: sorted(to) for s, to in steps.items()} for kind, steps in found.items()}


async def _offered(client: Client, scope: Sequence[str], status: str) -> Sequence[Row]:
    name = status.replace("\\", "\\\\").replace('"', '\\"')
    jql = f'{in_projects(scope)} AND status = "{name}" ORDER BY id DESC'
    page = await client.search(jql, ["issuetype", "status"], most=ASKED, expand="transitions")
    # The index may be behind: what an issue is offered belongs to the status it has.
    return [i for i in page.issues if str(i["fields"]["status"]["name"]) == status]
