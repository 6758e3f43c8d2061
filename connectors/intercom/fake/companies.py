"""What happens to companies: made or changed by the id of ours, listed, scrolled, deleted.

Only those with a contact are listed. A list ends at ten thousand; a scroll does not, but an app has
one at a time, and one that is not used for a minute is gone (Intercom's OpenAPI, `POST /companies`,
`/companies/list`, `/companies/scroll`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connectors.intercom.fake.errors import invalid, not_found
from connectors.intercom.fake.searching import Index
from connectors.intercom.fake.workspace import Row, Workspace

SCROLLED = 100  # rows of a scroll's page (unverified)
_LIFETIME = 60
_MOST_ROWS = 60  # of a list's page (unverified)
_KINDS: Mapping[str, type] = {
    "name": str,
    "website": str,
    "industry": str,
    "plan": str,
    "size": int,
    "monthly_spend": int,
    "remote_created_at": int,
    "custom_attributes": dict,
}


class Companies:
    """The rules of companies; raises Refused."""

    def __init__(
        self, workspace: Workspace, index: Index, told: Callable[[str, Row], None]
    ) -> None:
        self._workspace = workspace
        self._index = index
        self._told = told

    def row(self, id: str) -> Row:
        """A company."""
        row = self._workspace.companies.get(id)
        if row is None:
            raise not_found("company_not_found", "Company Not Found")
        return row

    def named(self, company_id: str) -> Row:
        """The company with this id of ours; that its case is passed over is unverified."""
        for row in self._workspace.companies.values():
            if row["company_id"].casefold() == company_id.casefold():
                return row
        raise not_found("company_not_found", "Company Not Found")

    def put(self, wanted: Mapping[str, Any], lag: float | None = None) -> Row:
        """Change the company with this `company_id`, or make it."""
        company_id = wanted.get("company_id")
        if not isinstance(company_id, str) or not company_id:
            raise invalid("company_id is required", "parameter_not_found")  # words unverified
        rest = {name: value for name, value in wanted.items() if name != "company_id"}
        for row in self._workspace.companies.values():
            if row["company_id"] == company_id:
                return self.update(row, rest, lag)
        now = self._workspace.now()
        row = {"id": self._workspace.new_id("company"), "company_id": company_id, "custom": {}}
        row |= {"created_at": now, "updated_at": now, "last_request_at": now, "name": None}
        return self._put({**row, **self._checked(row, rest)}, "company.created", lag)

    def update(self, row: Row, wanted: Mapping[str, Any], lag: float | None = None) -> Row:
        """Change a company; its `company_id` never changes."""
        changed = {**row, **self._checked(row, wanted), "updated_at": self._workspace.now()}
        return self._put(changed, "company.updated", lag)

    def delete(self, row: Row) -> None:
        """Archive a company, as its deletion is called, and take its contacts off it. Intercom
        answers before it has done so; here it is done at once."""
        self._workspace.companies.delete(row["id"])
        self._index.take(row["id"], None)
        for id, contact in list(self._workspace.contacts.items()):
            rest = [one for one in contact["companies"] if one != row["id"]]
            self._workspace.contacts.put(id, {**contact, "companies": rest})
        self._told("company.deleted", row)

    def attach(self, contact: Row, id: str) -> Row:
        """A contact joins a company. That this moves no `updated_at` is unverified."""
        row = self.row(id)
        ids = list(dict.fromkeys([*contact["companies"], id]))
        self._workspace.contacts.put(contact["id"], {**contact, "companies": ids})
        return row

    def users(self, row: Row) -> int:
        """How many contacts a company has."""
        return sum(row["id"] in one["companies"] for one in self._workspace.contacts.values())

    def visible(self) -> list[Row]:
        """The companies that lists show."""
        return [row for row in self._index.rows() if self.users(row)]

    def page(self, number: int, size: int, ascending: bool) -> tuple[Sequence[Row], int]:
        """A page of the list, by the last request, and how many there are."""
        if not 1 <= size <= _MOST_ROWS or number < 1:
            raise invalid(f"per_page is 1 to {_MOST_ROWS}", "invalid_page_size")
        if number * size > self._workspace.settings.most_listed:
            # Words reported: intercom/intercom-ruby#304.
            raise invalid("page limit reached, please use scroll API", "page_limit_reached")
        rows = sorted(self.visible(), key=lambda row: (row["last_request_at"], row["id"]))
        if not ascending:
            rows.reverse()
        return rows[(number - 1) * size : number * size], len(rows)

    def scroll(self, pointer: str | None) -> tuple[list[Row], str]:
        """The next page of a scroll, and its pointer; an empty page ends it."""
        table, now = self._workspace.state.table("scrolls"), self._workspace.now()
        one = table.get("open")
        if one is not None and now >= one["until"]:
            table.delete("open")
            one = None
        if pointer is None:
            if one is not None:
                # Code reported: intercom/intercom-ruby#292.
                raise invalid("scroll already exists for this workspace", "scroll_exists")
            pointer = f"scroll-{self._workspace.state.next('scroll')}"
            one = {"pointer": pointer, "rows": self.visible()}
        elif one is None or one["pointer"] != pointer:
            raise not_found("not_found", "scroll parameter not found")  # words unverified
        told, rest = one["rows"][:SCROLLED], one["rows"][SCROLLED:]
        if told:
            table.put("open", {**one, "rows": rest, "until": now + _LIFETIME})
        else:
            table.delete("open")
        return told, pointer

    def _put(self, row: Row, topic: str, lag: float | None) -> Row:
        self._workspace.companies.put(row["id"], row)
        self._index.take(row["id"], row, lag)
        self._told(topic, row)
        return row

    def _checked(self, row: Row, wanted: Mapping[str, Any]) -> Row:
        given: Row = {}
        for name, value in wanted.items():
            if name not in _KINDS:
                raise invalid(f"bad '{name}' parameter", "bad_request")
            if not isinstance(value, _KINDS[name]) or isinstance(value, bool):
                raise invalid(f"bad '{name}' parameter", "bad_request")  # unverified
            given[name] = None if value == "" else value
        custom = self._workspace.check_custom("company", given.pop("custom_attributes", {}))
        return given | {"custom": {**row["custom"], **custom}}
