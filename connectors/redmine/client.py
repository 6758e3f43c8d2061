"""Redmine's REST interface as calls: filtered lists, single issues, writes and their refusals.

Lists are asked in the long filter form (`f[]`, `op[]`, `v[]`), in which no default filter hides
closed issues and `project_id` does not include subprojects. Redmine ignores a filter it does not
know, so whoever asks for a custom field's value must look at the rows again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from syncline.sdk.errors import Conflict, Rejected
from syncline.sdk.http import Response, Transport

Issue = Mapping[str, Any]
Version = Mapping[str, Any]
Filter = tuple[str, str, tuple[object, ...]]
"""A field, an operator and its values: `("issue_id", ">=", (7,))`."""

PAGE = 100  # the most rows Redmine gives in one answer
ANY_STATUS: Filter = ("status_id", "*", ())


def stamp(moment: datetime) -> str:
    """The only form of a moment that every version accepts in a filter: UTC with a Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(text: str) -> datetime:
    """A time as Redmine writes it: UTC in whole seconds."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def since(field: str, when: datetime) -> Filter:
    """At `when` or later; Redmine also gives rows of up to a second before."""
    return (field, ">=", (stamp(when),))


def segment(id: str) -> str:
    """An id as one segment of a path, whatever a tool has told for one."""
    return quote(id, safe="")


class Client:
    """The calls; it raises what `Transport` raises, and `Conflict` for a lost race of two saves."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    async def get(self, path: str, **params: object) -> Any:
        """The JSON at `path`."""
        return (await self.transport.request("GET", path, params=params)).json()

    async def issues(
        self, *filters: Filter, sort: str = "id", include: str | None = None, limit: int = PAGE
    ) -> list[Issue]:
        """One answer's issues of any status: at most `limit`, from the start of the order."""
        params: list[tuple[str, object]] = [("sort", sort), ("limit", limit)]
        chosen = {field: (operator, values) for field, operator, values in (ANY_STATUS, *filters)}
        for field, (operator, values) in chosen.items():
            params += [("f[]", field), (f"op[{field}]", operator)]
            params += [(f"v[{field}][]", value) for value in values]
        if include:
            params.append(("include", include))
        response = await self.transport.request("GET", "/issues.json", params=params, items=limit)
        rows: list[Issue] = response.json()["issues"]
        return rows

    async def by_id(self, ids: Sequence[str], include: str | None = None) -> dict[str, Issue]:
        """The issues of `ids` that this account can see, a hundred in one request."""
        chunks = [ids[at : at + PAGE] for at in range(0, len(ids), PAGE)]
        answers = await asyncio.gather(
            *(self.issues(("issue_id", "=", (",".join(c),)), include=include) for c in chunks)
        )
        return {str(issue["id"]): issue for rows in answers for issue in rows}

    async def issue(self, id: str, include: str) -> Issue:
        """One issue with what lists do not show; raises NotFound."""
        answer = await self.get(f"/issues/{segment(id)}.json", include=include)
        issue: Issue = answer["issue"]
        return issue

    async def versions(self, project: str) -> list[Version]:
        """All versions that a project's issues can have, those that others share with it too."""
        answer = await self.get(f"/projects/{segment(project)}/versions.json")
        rows: list[Version] = answer["versions"]
        return rows

    async def write(self, method: str, path: str, body: Mapping[str, object]) -> Response:
        """A POST or PUT; raises Rejected with Redmine's own sentences when it refuses."""
        response = await self.transport.request(method, path, json=body, ok=(200, 201, 204, 422))
        if response.status == 422:
            said = (response.json() or {}).get("errors", [])
            if not said:
                # Redmine answers so when two saves of one issue meet: the second is dropped.
                raise Conflict(f"{method} {path}: somebody saved it at the same moment", status=422)
            raise Rejected("; ".join(map(str, said)), status=422)
        return response

    async def save(self, id: str, attributes: Mapping[str, object]) -> None:
        """Change an issue. Redmine drops attributes the account may not set, without a word."""
        await self.write("PUT", f"/issues/{segment(id)}.json", {"issue": attributes})
