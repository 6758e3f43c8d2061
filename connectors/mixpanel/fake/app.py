"""The fake of Mixpanel: its calls with credentials and limits, and the page for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from starlette.responses import Response

from connectors.mixpanel.fake import seeding
from connectors.mixpanel.fake.administering import administer
from connectors.mixpanel.fake.annotations import Annotations
from connectors.mixpanel.fake.errors import Refused
from connectors.mixpanel.fake.events import Events
from connectors.mixpanel.fake.ingestion import Ingestion
from connectors.mixpanel.fake.office import (
    DATA_GROUP_ID,
    GROUP_KEY,
    HUB,
    HUB_SECRET,
    PROJECT,
    TOKEN,
    Office,
    Row,
)
from connectors.mixpanel.fake.profiles import Profiles
from connectors.mixpanel.fake.queries import Queries
from connectors.mixpanel.fake.segmentation import segmentation
from connectors.mixpanel.fake.web import Web
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
from syncline.sandbox import Row as BoardRow

ANNOTATIONS = "/api/app/projects/{project}/annotations"
ENGAGE, SEGMENTATION = "/api/query/engage", "/api/query/segmentation"
LOOK = "consumer"


class MixpanelFake(Fake):
    """Mixpanel in this process."""

    tool: ClassVar[str] = "mixpanel"
    types: ClassVar[tuple[str, ...]] = ("annotation", "group", "user", "event")

    def __init__(self, state: State, clock: ToolClock, hooks: Hooks) -> None:
        super().__init__(state, clock, hooks)
        self.office = office = Office(state, clock)
        self.annotations = Annotations(office)
        self.profiles = Profiles(office)
        self.events = Events(office)
        self.queries = Queries(office, self.profiles)
        self.ingestion = Ingestion(self.profiles, self.events)
        self.web = Web(self.annotations, self.profiles)

    def endpoints(self) -> Sequence[Endpoint]:
        of = self.annotations
        return [
            self._asked("GET", f"{ANNOTATIONS}/tags", lambda _: of.all_tags(), bare=True),
            self._asked("POST", f"{ANNOTATIONS}/tags", self._tag, bare=True),
            self._asked("GET", ANNOTATIONS, self._list, role=LOOK),
            self._asked("POST", ANNOTATIONS, self._create, status=201),
            self._asked("GET", ANNOTATIONS + "/{id}", lambda call: of.get(_id(call)), role=LOOK),
            self._asked("PATCH", ANNOTATIONS + "/{id}", self._change),
            self._asked("DELETE", ANNOTATIONS + "/{id}", self._remove),
            Endpoint("POST", ENGAGE, _guarded(self._engage), open=True),
            Endpoint("GET", SEGMENTATION, _guarded(self._segmentation), open=True),
            self._taking("/engage", lambda call: self.ingestion.updates(call, "user")),
            self._taking("/groups", lambda call: self.ingestion.updates(call, "group")),
            self._taking("/track", lambda call: self.ingestion.events(call, old=False)),
            self._taking("/import", self._import),
        ]

    def _asked(
        self,
        method: str,
        path: str,
        handler: Callable[[Call], Any],
        *,
        role: str = "analyst",
        status: int = 200,
        bare: bool = False,
    ) -> Endpoint:
        """A call of the application's interface, for accounts with at least this role."""

        def handle(call: Call) -> Response:
            self.office.signed_in(call, role)
            self.office.at_home(call.path_params["project"])
            found = handler(call)
            return answer(found if bare else {"status": "ok", "results": found}, status)

        return Endpoint(method, path, _guarded(handle), mutating=method != "GET", open=True)

    def _taking(self, path: str, handler: Callable[[Call], Response]) -> Endpoint:
        return Endpoint("POST", path, _guarded(handler), mutating=True, open=True)

    def _list(self, call: Call) -> list[Row]:
        rows = self.annotations.listed(call.query.get("fromDate", ""), call.query.get("toDate", ""))
        return call.listed(rows)

    def _create(self, call: Call) -> Row:
        return _changed(call, self.annotations.create(_body(call), HUB))

    def _change(self, call: Call) -> Row:
        return _changed(call, self.annotations.change(_id(call), _body(call)))

    def _remove(self, call: Call) -> Row:
        self.annotations.remove(_id(call))
        call.applied(_id(call))
        return {"id": int(_id(call))}

    def _tag(self, call: Call) -> Row:
        return self.annotations.tag(_body(call).get("name"))

    def _engage(self, call: Call) -> Response:
        self.office.query(call)
        found = self.queries.engage(dict(parse_qsl(call.body.decode())))
        return answer({**found, "results": call.listed(found["results"])})

    def _segmentation(self, call: Call) -> Response:
        self.office.query(call)
        return answer(segmentation(self.events.rows.values(), call.query))

    def _import(self, call: Call) -> Response:
        self.office.signed_in(call, "admin")
        self.office.at_home(call.query.get("project_id"))
        return self.ingestion.events(call, old=True)

    def authorised(self, call: Call) -> Response | None:
        return None  # each endpoint asks for what it needs

    def rate_limited(self, seconds: float) -> Response:
        """Mixpanel names no header that says for how long."""
        error = "Project exceeded rate limits. Please retry the request with exponential backoff."
        return Refused(429, error).answered()

    def refused(self, status: int) -> Response:
        return Refused(status, f"The sandbox answers with {status}").answered()

    def connection(self) -> Mapping[str, Any]:
        auth = {"username": HUB, "secret": HUB_SECRET, "project_token": TOKEN}
        group = {"key": GROUP_KEY, "data_group_id": DATA_GROUP_ID}
        return {"auth": auth, "scope": {"project": PROJECT, "group": group}}

    def administer(self, verb: str, given: Mapping[str, Any]) -> None:
        administer(self.office, verb)

    def seed(self, company: Company) -> None:
        seeding.seed(self, company)

    def records(self, type: str) -> list[Row]:
        if type == "annotation":
            return self.annotations.listed()
        if type == "event":
            return list(self.events.rows.values())
        return [{"id": id, **has} for id, has in self.profiles.table(type).items()]

    def people(self) -> Sequence[str]:
        return [HUB]

    def board(self) -> Sequence[BoardRow]:
        return self.web.board()

    def sheet(self, type: str, id: str) -> Sheet:
        return self.web.sheet(type, id)

    def blanks(self) -> Mapping[str, Sequence[Field]]:
        return self.web.blanks()

    def edit(self, type: str, id: str, person: str, values: Mapping[str, str]) -> None:
        self.web.edit(type, id, values)

    def remark(self, type: str, id: str, person: str, text: str, public: bool) -> None:
        self.web.remark()

    def make(self, type: str, person: str, values: Mapping[str, str]) -> str:
        return self.web.make(type, person, values)

    def act(self, type: str, id: str, person: str, action: str) -> None:
        self.web.act(type, id)


def _guarded(handler: Callable[[Call], Response]) -> Callable[[Call], Response]:
    def handle(call: Call) -> Response:
        try:
            return handler(call)
        except Refused as error:
            return error.answered()

    return handle


def _id(call: Call) -> str:
    return call.path_params["id"]


def _body(call: Call) -> Row:
    body = call.json()
    if not isinstance(body, dict):
        raise Refused(400, "The body must be an object")
    return body


def _changed(call: Call, row: Row) -> Row:
    call.applied(str(row["id"]))
    return row
