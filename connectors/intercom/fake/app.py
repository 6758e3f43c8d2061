"""The fake's routes, credentials and page.

An app's token sees every ticket of its workspace. Without `Intercom-Version` the app's own version
is taken (Intercom's OpenAPI, `intercom_version`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from starlette.responses import Response

from connectors.intercom.fake import seeding, showing
from connectors.intercom.fake.administering import Administering
from connectors.intercom.fake.companies import Companies
from connectors.intercom.fake.contacts import Contacts
from connectors.intercom.fake.desk import Desk
from connectors.intercom.fake.directory import Directory, body, lag
from connectors.intercom.fake.errors import Refused, error_answer, invalid, not_found
from connectors.intercom.fake.limits import Limits
from connectors.intercom.fake.notifying import Notifier
from connectors.intercom.fake.office import Office
from connectors.intercom.fake.searching import (
    COMPANY_INDEX,
    CONTACT_INDEX,
    TICKET_INDEX,
    Index,
    Search,
)
from connectors.intercom.fake.web import Web
from connectors.intercom.fake.workspace import Row, Workspace
from syncline.sandbox import (
    Call,
    Company,
    Endpoint,
    Fake,
    Field,
    Hooks,
    Refusal,
    Sheet,
    State,
    ToolClock,
    answer,
)
from syncline.sandbox import Row as BoardRow

TOKEN = "sandbox-intercom-token"  # noqa: S105 (a sandbox's)
VERSIONS = ("2.11", "2.12", "2.13", "2.14", "2.15")


class IntercomFake(Fake):
    """The tool."""

    tool: ClassVar[str] = "intercom"
    types: ClassVar[tuple[str, ...]] = ("ticket", "contact", "company")

    def __init__(self, state: State, clock: ToolClock, hooks: Hooks) -> None:
        super().__init__(state, clock, hooks)
        self.workspace = Workspace(state, clock)
        told = Notifier(self.workspace, hooks)
        people, firms = (Index(self.workspace, name) for name in (CONTACT_INDEX, COMPANY_INDEX))
        self.contacts = Contacts(self.workspace, people, told.contact)
        self.companies = Companies(self.workspace, firms, told.company)
        self.index = Index(self.workspace, TICKET_INDEX)
        self.desk = Desk(self.workspace, self.index, self.contacts, told.ticket)
        self.limits = Limits(self.workspace)
        self._directory = Directory(self.workspace, people, self.contacts, self.companies)
        self._web = Web(self.workspace, self.desk)
        self._office = Office(self.workspace, self.contacts, self.companies)

    def endpoints(self) -> Sequence[Endpoint]:
        routes: list[tuple[str, str, Callable[[Call], Any], bool]] = [
            ("GET", "/me", self._me, False),
            ("GET", "/admins", self._admins, False),
            ("GET", "/ticket_types", self._types, False),
            ("GET", "/ticket_states", lambda call: showing.state_list(self.workspace), False),
            *self._directory.routes(),
            ("POST", "/tickets/search", self._tickets, False),
            ("POST", "/tickets", self._create, True),
            ("GET", "/tickets/{id}", self._ticket, False),
            ("PUT", "/tickets/{id}", self._update, True),
            ("DELETE", "/tickets/{id}", self._delete, True),
            ("POST", "/tickets/{id}/reply", self._reply, True),
        ]
        return [
            Endpoint(method, path, self._answered(handler), mutating)
            for method, path, handler, mutating in routes
        ]

    def _answered(self, handler: Callable[[Call], Any]) -> Callable[[Call], Response]:
        def answered(call: Call) -> Response:
            try:
                self.limits.request()
                version = call.headers.get("intercom-version")
                if version not in (None, *VERSIONS):
                    raise invalid(f"{version} is no version here", "intercom_version_invalid")
                self._may(call)
                return answer(handler(call), headers=self.limits.headers())
            except Refused as error:
                error.headers = self.limits.headers() | error.headers
                return error_answer(error, self.state.next("request"))

        return answered

    def _may(self, call: Call) -> None:
        path, model = call.request.url.path, call.query.get("model", "")
        for one in self.workspace.revoked:
            plural = {"company": "companies"}.get(one, f"{one}s")
            if path.startswith((f"/{plural}", f"/{one}_")) or model == one:
                words = f"The app is not permitted to see {plural}"  # code and words unverified
                raise Refused(403, "forbidden", words)

    def authorised(self, call: Call) -> Response | None:
        known = call.headers.get("authorization") == f"Bearer {TOKEN}"
        return None if known else self.refused(401)

    def refused(self, status: int) -> Response:
        code, words = {
            401: ("unauthorized", "Access Token Invalid"),
            404: ("not_found", "Resource Not Found"),
        }.get(status, ("server_error", f"The answer is {status}"))
        return error_answer(Refused(status, code, words), self.state.next("request"))

    def bad_json(self) -> Response:
        error = invalid("The body is not JSON", "bad_request")
        return error_answer(error, self.state.next("request"))

    def rate_limited(self, seconds: float) -> Response:
        return error_answer(self.limits.exceeded(seconds), self.state.next("request"))

    def connection(self) -> Mapping[str, Any]:
        return {
            "auth": {"access_token": TOKEN},
            "scope": {"ticket_type": list(seeding.SCOPE)},
            "key_attribute": seeding.KEY,
            "link_attribute": seeding.LINKS,
            "contact": seeding.HUB,
        }

    def administer(self, verb: str, given: Mapping[str, Any]) -> None:
        Administering(self.workspace).do(verb, given)

    def seed(self, company: Company) -> None:
        seeding.seed(self.workspace, self.desk, self.contacts, self.companies, company)

    def records(self, type: str) -> list[dict[str, Any]]:
        if type == "contact":
            return [showing.contact(row) for row in self.workspace.contacts.values()]
        if type == "company":
            rows = self.workspace.companies.values()
            return [showing.company(row, self.companies.users(row)) for row in rows]
        return [showing.ticket(self.workspace, row) for row in self.workspace.tickets.values()]

    # the API

    def _hub(self) -> Row:
        return next(r for r in self.workspace.admins.values() if r["email"] == seeding.HUB)

    def _me(self, call: Call) -> Row:
        return showing.me(self.workspace, self._hub())

    def _admins(self, call: Call) -> Row:
        return {"type": "admin.list", "admins": list(self.workspace.admins.values())}

    def _types(self, call: Call) -> Row:
        rows = [showing.ticket_type(row) for row in self.workspace.types.values()]
        return {"type": "list", "data": rows}

    def _tickets(self, call: Call) -> Row:
        hits = Search(self.workspace, contacts=False).found(self.index.rows(), call.json())
        rows = [showing.ticket(self.workspace, row) for row in hits.rows]
        told: Row = {"type": "ticket.list", "tickets": call.listed(rows)}
        return {**told, "total_count": hits.total, "pages": dict(hits.pages)}

    def _ticket(self, call: Call) -> Row:
        return showing.ticket(self.workspace, self._row(call))

    def _create(self, call: Call) -> Row:
        row = self.desk.create(self._hub(), body(call), lag(call))
        call.applied(row["id"])
        return showing.ticket(self.workspace, row)

    def _update(self, call: Call) -> Row:
        row = self.desk.update(self._hub(), self._row(call), body(call), lag(call))
        call.applied(row["id"])
        return showing.ticket(self.workspace, row)

    def _delete(self, call: Call) -> Row:
        row = self._row(call)
        self.desk.delete(row)
        call.applied(row["id"])
        return {"id": row["id"], "object": "ticket", "deleted": True}

    def _reply(self, call: Call) -> Row:
        wanted, row = body(call), self._row(call)
        if wanted.get("type") != "admin" or wanted.get("message_type") not in ("note", "comment"):
            raise invalid("message_type is note or comment, and type is admin")
        author = self.workspace.admins.get(str(wanted.get("admin_id")))
        if author is None:
            raise not_found("admin_not_found", "Admin not found")
        words = str(wanted.get("body") or "")
        part = self.desk.reply(author, row, wanted["message_type"], words, lag(call))
        call.applied(row["id"])
        return {**part, "app_package_code": "sandbox"}

    def _row(self, call: Call) -> Row:
        row = self.workspace.tickets.get(call.path_params["id"])
        if row is None:
            raise not_found("ticket_not_found", "Ticket not found")
        return row

    # people

    def people(self) -> Sequence[str]:
        return self._web.people()

    def board(self) -> Sequence[BoardRow]:
        return [*self._web.board(), *self._office.board()]

    def sheet(self, type: str, id: str) -> Sheet:
        return self._web.sheet(id) if type == "ticket" else self._office.sheet(type, id)

    def blanks(self) -> Mapping[str, Sequence[Field]]:
        return {**self._web.blanks(), **self._office.blanks()}

    def edit(self, type: str, id: str, person: str, values: Mapping[str, str]) -> None:
        if type == "ticket":
            self._web.edit(id, person, values)
        else:
            self._office.edit(type, id, values)

    def remark(self, type: str, id: str, person: str, text: str, public: bool) -> None:
        if type != "ticket":
            raise Refusal(f"Nobody writes remarks on a {type} here.")
        self._web.remark(id, person, text, public)

    def make(self, type: str, person: str, values: Mapping[str, str]) -> str:
        if type == "ticket":
            return self._web.make(person, values)
        return self._office.make(type, values)

    def act(self, type: str, id: str, person: str, action: str) -> None:
        if type == "ticket":
            self._web.act(id, action)
        else:
            self._office.act(type, id, action)
