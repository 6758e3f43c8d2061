"""The fake of Zendesk Support: its calls with credentials and limits, and the page for people.

It answers like one account on the plan Enterprise. `settings` has what an administrator or another
plan would make different.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from starlette.responses import Response

from connectors.zendesk.fake import (
    bulk_calls,
    exports,
    hook_calls,
    link_calls,
    organization_calls,
    people_calls,
    searching,
    setup_calls,
    ticket_calls,
)
from connectors.zendesk.fake.account import Account, Row, Settings
from connectors.zendesk.fake.administering import Administering
from connectors.zendesk.fake.errors import Refused, forbidden
from connectors.zendesk.fake.office import Office
from connectors.zendesk.fake.requests import Request, Route
from connectors.zendesk.fake.seeding import seed
from connectors.zendesk.fake.showing import shown
from connectors.zendesk.fake.signing_in import CLIENT_ID, CLIENT_SECRET, TokenRefused, nobody
from connectors.zendesk.fake.users import ROLES
from connectors.zendesk.fake.users import shown as shown_user
from connectors.zendesk.fake.web import Web
from syncline.sandbox import (
    Call,
    Company,
    Endpoint,
    Fake,
    Field,
    Hooks,
    Sheet,
    State,
    ToolClock,
    answer,
)
from syncline.sandbox import (
    Row as BoardRow,
)

_API = "/api/v2"
_ROUTES: Sequence[Route] = (
    *bulk_calls.ROUTES,  # `create_many` before `{id}`
    *exports.ROUTES,
    *ticket_calls.ROUTES,
    *people_calls.ROUTES,
    *organization_calls.ROUTES,
    *setup_calls.ROUTES,
    *searching.ROUTES,
    *hook_calls.ROUTES,
)


class ZendeskFake(Fake):
    """Zendesk Support in this process."""

    tool: ClassVar[str] = "zendesk"
    types: ClassVar[tuple[str, ...]] = ("ticket", "comment", "organization", "user")

    def __init__(self, state: State, clock: ToolClock, hooks: Hooks) -> None:
        super().__init__(state, clock, hooks)
        self.account = Account(state, clock, hooks)
        self.office = Office(self.account)
        self.office.jobs.kinds |= bulk_calls.Work(self.office).kinds()
        self.office.jobs.kinds |= people_calls.UserWork(self.office).kinds()
        self.office.jobs.kinds |= organization_calls.OrganizationWork(self.office).kinds()
        self.web = Web(self.office)

    @property
    def settings(self) -> Settings:
        """The account's switches."""
        return self.account.settings

    def base_url_known(self, url: str) -> None:
        self.account.base_url = url.rstrip("/")

    def endpoints(self) -> Sequence[Endpoint]:
        routes = [(_API + route.path, route) for route in _ROUTES]
        routes += [(route.path, route) for route in link_calls.ROUTES]
        calls = [one for path, route in routes for one in self._endpoints(path, route)]
        return [
            Endpoint("POST", "/oauth/tokens", self._token, open=True),
            Endpoint("GET", "/attachments/token/{secret}/", self._file(setup_calls.download)),
            Endpoint("GET", "/zdusercontent/{secret}", self._file(setup_calls.content), open=True),
            *calls,
        ]

    def _endpoints(self, path: str, route: Route) -> list[Endpoint]:
        handler = self._handler(route)
        paths = [path] if path.endswith("}") else [path, f"{path}.json"]
        return [Endpoint(route.method, one, handler, mutating=route.mutating) for one in paths]

    def _handler(self, route: Route) -> Callable[[Call], Response]:
        def handle(call: Call) -> Response:
            try:
                self.office.limits.request(route.limit)
                user = call.request.state.user
                if not _may(user, route.readers):
                    raise forbidden()
                response = route.handler(Request(self.office, call, user))
            except Refused as error:
                response = error.answered()
            response.headers.update(self.office.limits.headers(route.limit))
            return response

        return handle

    def _file(self, handler: Callable[[Request], Response]) -> Callable[[Call], Response]:
        def handle(call: Call) -> Response:
            try:
                return handler(Request(self.office, call, {}))
            except Refused as error:
                answered: Response = error.answered()
                return answered

        return handle

    def _token(self, call: Call) -> Response:
        if "json" in call.headers.get("content-type", ""):
            wanted: Any = call.json()
        else:
            wanted = dict(parse_qsl(call.body.decode()))
        try:
            return answer(self.office.signing_in.token(wanted if isinstance(wanted, dict) else {}))
        except TokenRefused as error:
            return answer(error.body, error.status)

    def authorised(self, call: Call) -> Response | None:
        self.office.tick()
        path = call.request.url.path.removesuffix(".json")
        writes = call.request.method != "GET"
        header = call.headers.get("authorization")
        try:
            user = self.office.signing_in.user(header, writes=writes)
        except TokenRefused as error:
            return answer(error.body, error.status, {"WWW-Authenticate": 'Bearer realm="Zendesk"'})
        except Refused as error:
            refused: Response = error.answered()
            return refused
        if user is None:
            if path == f"{_API}/users/me":
                return answer({"user": nobody()})
            return answer({"error": "Couldn't authenticate you"}, 401)
        call.request.state.user = user
        return None

    def connection(self) -> dict[str, Any]:
        auth = {"oauth_client_id": CLIENT_ID, "oauth_client_secret": CLIENT_SECRET}
        return {"auth": auth, "scope": {}}

    def seed(self, company: Company) -> None:
        seed(self.office, company)

    def records(self, type: str) -> list[dict[str, Any]]:
        self.office.tick()
        if type == "organization":
            return list(self.account.organizations.values())
        if type == "user":
            users = self.account.users.values()
            return [shown_user(self.account, user) for user in users if user["active"]]
        tickets = list(self.office.store.live())
        if type == "comment":
            return [
                comment | {"ticket_id": ticket["id"]}
                for ticket in tickets
                for comment in self.office.store.comments_of(ticket["id"])
            ]
        return [shown(self.account.base_url, ticket) for ticket in tickets]

    def rate_limited(self, seconds: float) -> Response:
        words = "Number of allowed API requests per minute exceeded"
        body = {"error": "APIRateLimitExceeded", "description": words}
        headers = self.office.limits.headers(None) | {
            "X-Rate-Limit-Remaining": "0",
            "ratelimit-remaining": "0",
            "Retry-After": str(math.ceil(seconds)),
        }
        return answer(body, 429, headers)

    def refused(self, status: int) -> Response:
        names = {401: "Unauthorized", 403: "Forbidden", 404: "RecordNotFound", 422: "RecordInvalid"}
        error = names.get(status, "InternalServerError" if status >= 500 else "BadRequest")
        return answer({"error": error, "description": f"The sandbox answers with {status}"}, status)

    def bad_json(self) -> Response:
        words = "The request body is no valid JSON"
        return answer({"error": "UnprocessableEntity", "message": words}, 422)

    def administer(self, verb: str, given: Mapping[str, Any]) -> None:
        Administering(self.account).do(verb, given)

    def people(self) -> Sequence[str]:
        return self.web.people()

    def board(self) -> Sequence[BoardRow]:
        return self.web.board()

    def sheet(self, type: str, id: str) -> Sheet:
        return self.web.sheet(id)

    def blanks(self) -> Mapping[str, Sequence[Field]]:
        return self.web.blanks()

    def edit(self, type: str, id: str, person: str, values: Mapping[str, str]) -> None:
        self.web.edit(id, person, values)

    def remark(self, type: str, id: str, person: str, text: str, public: bool) -> None:
        self.web.remark(id, person, text, public)

    def make(self, type: str, person: str, values: Mapping[str, str]) -> str:
        return self.web.make(person, values)

    def act(self, type: str, id: str, person: str, action: str) -> None:
        self.web.act(id, person, action)


def _may(user: Row, readers: str) -> bool:
    roles = {"anybody": ROLES, "agent": ("agent", "admin"), "admin": ("admin",)}
    return user["role"] in roles[readers]
