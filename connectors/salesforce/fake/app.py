"""The fake of a Salesforce org: its calls with credentials and limits, and the page for people.

`settings` has what an administrator or another edition would make different.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from starlette.responses import Response

from connectors.salesforce.fake.administering import Administering
from connectors.salesforce.fake.calls import DATA, Reading, Route
from connectors.salesforce.fake.errors import Refused
from connectors.salesforce.fake.files import Files
from connectors.salesforce.fake.org import Org, Settings
from connectors.salesforce.fake.rules import Rules
from connectors.salesforce.fake.schema import SYNCED, Column, long
from connectors.salesforce.fake.seeding import seed
from connectors.salesforce.fake.signing_in import (
    CLIENT_ID,
    CLIENT_SECRET,
    HUB,
    HUB_NAME,
    SigningIn,
    TokenRefused,
)
from connectors.salesforce.fake.web import Web
from connectors.salesforce.fake.writes import Writing
from syncline.sandbox import (
    Call,
    Company,
    Endpoint,
    Fake,
    Field,
    Hooks,
    Row,
    Sheet,
    State,
    ToolClock,
    answer,
)

KEY_FIELD, LINK_FIELD = "Syncline_Key__c", "Linked_Records__c"
_VERSIONS = ("59.0", "66.0", "67.0")
_VERSION = re.compile(r"v(\d+\.\d)")


class SalesforceFake(Fake):
    """Salesforce in this process."""

    tool: ClassVar[str] = "salesforce"
    types: ClassVar[tuple[str, ...]] = SYNCED

    def __init__(self, state: State, clock: ToolClock, hooks: Hooks) -> None:
        super().__init__(state, clock, hooks)
        self.org = Org(state, clock)
        self.hub = self._furnished()
        self.rules = Rules(self.org, self.hub)
        self.signing_in = SigningIn(self.org)
        self.web = Web(self.org, self.rules, self.hub)
        reading = Reading(self.org)
        self._routes = (
            *Files(self.org, self.rules, reading, self.hub).routes(),
            *Writing(self.org, self.rules, reading, self.hub).routes(),
            *reading.routes(),
        )

    def _furnished(self) -> str:
        """The id of the integration user, whom an administrator made with Syncline's fields."""
        known = self.org.find("User", lambda row: row["Email"] == HUB)
        if known is not None:
            return str(known["Id"])
        for source in SYNCED:
            key = Column(KEY_FIELD, external_id=True, unique=True)
            self.org.add_field(source, key)
            self.org.add_field(source, long(LINK_FIELD))
        values = {"Name": HUB_NAME, "Email": HUB}
        return str(Rules(self.org, "").create("User", values, "")["Id"])

    @property
    def settings(self) -> Settings:
        """The org's switches."""
        return self.org.settings

    def base_url_known(self, url: str) -> None:
        self.org.base_url = url.rstrip("/")

    def endpoints(self) -> Sequence[Endpoint]:
        return [
            Endpoint("POST", "/services/oauth2/token", self._token, open=True),
            Endpoint("GET", DATA, lambda call: answer([{"version": v} for v in _VERSIONS])),
            *(self._endpoint(route) for route in self._routes),
        ]

    def _endpoint(self, route: Route) -> Endpoint:
        path = f"{DATA}/{{version}}{route.path}"
        return Endpoint(route.method, path, self._handler(route), mutating=route.mutating)

    def _handler(self, route: Route) -> Callable[[Call], Response]:
        def handle(call: Call) -> Response:
            self.org.empty_the_bin()
            found = _VERSION.fullmatch(str(call.path_params["version"]))
            try:
                if found is None or found[1] not in _VERSIONS:
                    raise Refused("NOT_FOUND", "The requested resource does not exist", status=404)
                if not self.org.request():
                    raise Refused(
                        "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", status=403
                    )
                response = route.handler(call)
            except Refused as error:
                response = error.answered()
            response.headers["Sforce-Limit-Info"] = self.org.usage()
            return response

        return handle

    def _token(self, call: Call) -> Response:
        form = dict(parse_qsl(call.body.decode()))
        try:
            told = self.signing_in.token(form, call.headers.get("authorization"), self.hub)
        except TokenRefused as error:
            return answer(error.body, 400)
        return answer(told)

    def authorised(self, call: Call) -> Response | None:
        if self.signing_in.good(call.headers.get("authorization")):
            return None
        words = "Session expired or invalid"
        return Refused("INVALID_SESSION_ID", words, status=401).answered()

    def connection(self) -> dict[str, Any]:
        auth = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        return {"auth": auth, "scope": {}, "link_field": LINK_FIELD}

    def administer(self, verb: str, given: Mapping[str, Any]) -> None:
        Administering(self.org).do(verb, given)

    def seed(self, company: Company) -> None:
        seed(self.org, self.rules, company)

    def records(self, type: str) -> list[dict[str, Any]]:
        return [row for row in self.org.rows(type).values() if not row["IsDeleted"]]

    def rate_limited(self, seconds: float) -> Response:
        """Salesforce says 403, and nothing of when to come again."""
        words = "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
        return Refused("REQUEST_LIMIT_EXCEEDED", words, status=403).answered()

    def refused(self, status: int) -> Response:
        codes = {401: "INVALID_SESSION_ID", 403: "INSUFFICIENT_ACCESS", 404: "NOT_FOUND"}
        codes |= {503: "SERVER_UNAVAILABLE"}
        code = codes.get(status, "UNKNOWN_EXCEPTION")
        return Refused(code, f"The sandbox answers with {status}", status=status).answered()

    def bad_json(self) -> Response:
        return Refused("JSON_PARSER_ERROR", "Unexpected character in the body").answered()

    def people(self) -> Sequence[str]:
        return self.web.people()

    def board(self) -> Sequence[Row]:
        return self.web.board()

    def sheet(self, type: str, id: str) -> Sheet:
        return self.web.sheet(type, id)

    def blanks(self) -> Mapping[str, Sequence[Field]]:
        return self.web.blanks()

    def edit(self, type: str, id: str, person: str, values: Mapping[str, str]) -> None:
        self.web.edit(type, id, person, values)

    def remark(self, type: str, id: str, person: str, text: str, public: bool) -> None:
        self.web.remark(type, id, person, text, public)

    def make(self, type: str, person: str, values: Mapping[str, str]) -> str:
        return self.web.make(type, person, values)

    def act(self, type: str, id: str, person: str, action: str) -> None:
        self.web.act(type, id, person, action)
