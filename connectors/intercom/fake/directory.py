"""The routes of contacts, companies and custom attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connectors.intercom.fake import showing
from connectors.intercom.fake.companies import Companies
from connectors.intercom.fake.contacts import Contacts
from connectors.intercom.fake.errors import invalid, not_found
from connectors.intercom.fake.searching import Index, Search
from connectors.intercom.fake.workspace import Row, Workspace
from syncline.sandbox import Call

Route = tuple[str, str, Callable[[Call], Any], bool]


class Directory:
    """Answers for one workspace."""

    def __init__(
        self, workspace: Workspace, index: Index, contacts: Contacts, companies: Companies
    ) -> None:
        self._workspace = workspace
        self._index = index
        self._contacts = contacts
        self._companies = companies

    def routes(self) -> list[Route]:
        """Method, path, handler and whether it is to change something."""
        return [
            ("POST", "/contacts/search", self._search, False),
            ("GET", "/contacts/find_by_external_id/{id}", self._external, False),
            ("POST", "/contacts/merge", self._merge, True),
            ("POST", "/contacts", self._new_contact, True),
            ("GET", "/contacts/{id}", lambda call: self._shown(self._contact(call)), False),
            ("PUT", "/contacts/{id}", self._change_contact, True),
            ("DELETE", "/contacts/{id}", self._delete_contact, True),
            ("POST", "/contacts/{id}/archive", self._archive, True),
            ("POST", "/contacts/{id}/unarchive", self._unarchive, True),
            ("POST", "/contacts/{id}/companies", self._attach, True),
            ("POST", "/companies/list", self._list, False),
            ("GET", "/companies/scroll", self._scroll, False),
            ("GET", "/companies", self._lookup, False),
            ("POST", "/companies", self._put_company, True),
            ("GET", "/companies/{id}", lambda call: self._firm(self._company(call)), False),
            ("PUT", "/companies/{id}", self._change_company, True),
            ("DELETE", "/companies/{id}", self._delete_company, True),
            ("GET", "/data_attributes", self._attributes, False),
        ]

    # contacts

    def _contact(self, call: Call) -> Row:
        return self._contacts.row(call.path_params["id"])

    def _shown(self, row: Row) -> Row:
        return showing.contact(row)

    def _search(self, call: Call) -> Row:
        hits = Search(self._workspace, contacts=True).found(self._index.rows(), call.json())
        rows = call.listed([showing.contact(row) for row in hits.rows])
        return {"type": "list", "data": rows, "total_count": hits.total, "pages": dict(hits.pages)}

    def _external(self, call: Call) -> Row:
        wanted = call.path_params["id"]
        for row in self._workspace.contacts.values():
            # Leads are not found by it (Intercom's OpenAPI).
            if row["external_id"] == wanted and row["role"] == "user" and not row["archived"]:
                return self._shown(row)
        raise not_found("not_found", "User Not Found")

    def _new_contact(self, call: Call) -> Row:
        row = self._contacts.create(body(call), lag(call))
        call.applied(row["id"])
        return self._shown(row)

    def _change_contact(self, call: Call) -> Row:
        row = self._contacts.update(self._contact(call), body(call), lag(call))
        call.applied(row["id"])
        return self._shown(row)

    def _delete_contact(self, call: Call) -> Row:
        row = self._contact(call)
        self._contacts.delete(row)
        call.applied(row["id"])
        return {**showing.reference(row), "deleted": True}

    def _archive(self, call: Call) -> Row:
        row = self._contacts.archive(self._contact(call))
        call.applied(row["id"])
        return {**showing.reference(row), "archived": True}

    def _unarchive(self, call: Call) -> Row:
        row = self._contacts.unarchive(call.path_params["id"])
        call.applied(row["id"])
        return {**showing.reference(row), "archived": False}

    def _merge(self, call: Call) -> Row:
        wanted = body(call)
        source = self._contacts.row(str(wanted.get("from")))
        row = self._contacts.merge(source, self._contacts.row(str(wanted.get("into"))))
        call.applied(source["id"], row["id"])
        return self._shown(row)

    def _attach(self, call: Call) -> Row:
        wanted = body(call)
        if "id" not in wanted:
            raise invalid("company not specified", "parameter_not_found")
        row = self._companies.attach(self._contact(call), str(wanted["id"]))
        call.applied(row["id"])
        return self._firm(row)

    # companies

    def _company(self, call: Call) -> Row:
        return self._companies.row(call.path_params["id"])

    def _firm(self, row: Row) -> Row:
        return showing.company(row, self._companies.users(row))

    def _lookup(self, call: Call) -> Row:
        """By `company_id`; a listing by tag or segment is not here."""
        if "company_id" not in call.query:
            raise invalid("company_id is required", "parameter_not_found")
        row = self._firm(self._companies.named(call.query["company_id"]))
        if not self._workspace.settings.lookup_lists:
            return row
        pages = {"type": "pages", "page": 1, "per_page": 15, "total_pages": 1}
        return {"type": "list", "data": [row], "total_count": 1, "pages": pages}

    def _list(self, call: Call) -> Row:
        number, size = _number(call, "page", 1), _number(call, "per_page", 15)
        rows, total = self._companies.page(number, size, call.query.get("order") == "asc")
        pages = {
            "type": "pages",
            "page": number,
            "per_page": size,
            "total_pages": -(-total // size),
        }
        shown = call.listed([self._firm(row) for row in rows])
        return {"type": "list", "data": shown, "total_count": total, "pages": pages}

    def _scroll(self, call: Call) -> Row:
        rows, pointer = self._companies.scroll(call.query.get("scroll_param"))
        shown = call.listed([self._firm(row) for row in rows])
        told: Row = {"type": "list", "data": shown, "pages": None, "total_count": None}
        return {**told, "scroll_param": pointer}

    def _put_company(self, call: Call) -> Row:
        row = self._companies.put(body(call), lag(call))
        call.applied(row["id"])
        return self._firm(row)

    def _change_company(self, call: Call) -> Row:
        row = self._companies.update(self._company(call), body(call), lag(call))
        call.applied(row["id"])
        return self._firm(row)

    def _delete_company(self, call: Call) -> Row:
        row = self._company(call)
        self._companies.delete(row)
        call.applied(row["id"])
        return {"id": row["id"], "object": "company", "deleted": True}

    def _attributes(self, call: Call) -> Row:
        models = [call.query["model"]] if "model" in call.query else ["contact", "company"]
        rows = [row for model in models for row in self._workspace.data_attributes(model)]
        return {"type": "list", "data": [showing.data_attribute(row) for row in rows]}


def body(call: Call) -> Mapping[str, Any]:
    """The object that a request sends; raises Refused."""
    told = call.json()
    if not isinstance(told, Mapping):
        raise invalid("The body is no object", "bad_request")
    return told


def lag(call: Call) -> float | None:
    """How long what this request writes stays hidden from lists; None as usual."""
    return call.lag.total_seconds() if call.lag is not None else None


def _number(call: Call, name: str, usual: int) -> int:
    text = call.query.get(name, str(usual))
    if not text.isdecimal():
        raise invalid(f"{name} must be a number", "parameter_invalid")
    return int(text)
