"""The fake of PostHog: its calls with credentials and limits, and the page for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from starlette.responses import Response

from connectors.posthog.fake import seeding
from connectors.posthog.fake.administering import Administering
from connectors.posthog.fake.analytics import Analytics
from connectors.posthog.fake.annotations import Annotations
from connectors.posthog.fake.asking import Asking, throttled
from connectors.posthog.fake.errors import Refused, method_not_allowed
from connectors.posthog.fake.features import Features, Flags
from connectors.posthog.fake.hogql import TIMEZONE
from connectors.posthog.fake.product import Product
from connectors.posthog.fake.project import (
    KEY,
    ORGANISATION,
    PROJECT,
    TOKEN,
    Office,
    Row,
    body_of,
)
from connectors.posthog.fake.web import Web
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

API = "/api/projects/{project_id}"


class PostHogFake(Fake):
    """PostHog in this process."""

    tool: ClassVar[str] = "posthog"
    types: ClassVar[tuple[str, ...]] = (
        "early_access_feature",
        "annotation",
        "group",
        "person",
        "survey_response",
    )

    def __init__(self, state: State, clock: ToolClock, hooks: Hooks) -> None:
        super().__init__(state, clock, hooks)
        self.office = office = Office(state, clock)
        self.flags = Flags(office)
        self.features = Features(office, self.flags)
        self.annotations = Annotations(office)
        self.analytics = Analytics(office)
        self.asking = Asking(office, self.analytics, self.flags)
        self.web = Web(self.features, self.annotations, Product(self.analytics))

    def base_url_known(self, url: str) -> None:
        self.office.base_url = url.rstrip("/")

    def endpoints(self) -> Sequence[Endpoint]:
        return [
            self._endpoint("GET", "/", "project:read", self._project),
            *self._features(),
            *self._flags(),
            *self._annotations(),
            self._endpoint("GET", "/groups_types/", "group:read", self.asking.group_types),
            self._endpoint(
                "GET",
                "/property_definitions/",
                "property_definition:read",
                self.asking.definitions,
            ),
            self._endpoint("POST", "/query/", "query:read", self.asking.query, mutating=False),
            *self.asking.public(),
            Endpoint("GET", "/api/personal_api_keys/@current/", self._key, open=True),
        ]

    def _key(self, call: Call) -> Response:
        """A key sees itself, whatever it may (posthog/api/personal_api_key.py,
        PersonalApiKeySelfAccessPermission)."""
        try:
            scopes = self.office.scopes(self.office.key(call))
        except Refused as error:
            refusal: Response = error.answered()
            return refusal
        return answer({"id": "0190a0de", "label": "Syncline", "scopes": scopes})

    def _features(self) -> list[Endpoint]:
        scope, of = "early_access_feature", self.features
        return [
            self._endpoint(
                "GET", "/early_access_feature/", f"{scope}:read",
                lambda call, _: answer(
                    self.office.paged(call, [of.shown(row) for row in of.rows.values()])
                ),
            ),
            self._endpoint(
                "POST", "/early_access_feature/", f"{scope}:write",
                lambda call, who: _made(call, of.shown(of.create(body_of(call), who))),
            ),
            self._endpoint(
                "GET", "/early_access_feature/{id}/", f"{scope}:read",
                lambda call, _: answer(of.shown(of.get(call.path_params["id"]))),
            ),
            self._endpoint(
                "PATCH", "/early_access_feature/{id}/", f"{scope}:write",
                lambda call, _: _changed(
                    call, of.shown(of.change(call.path_params["id"], body_of(call)))
                ),
            ),
            self._endpoint(
                "DELETE", "/early_access_feature/{id}/", f"{scope}:write",
                lambda call, _: _removed(call, of.remove),
            ),
        ]  # fmt: skip

    def _flags(self) -> list[Endpoint]:
        scope, of = "feature_flag", self.flags
        return [
            self._endpoint(
                "GET", "/feature_flags/", f"{scope}:read",
                lambda call, _: answer(
                    self.office.paged(call, of.listed(call.query.get("search", "")))
                ),
            ),
            self._endpoint(
                "POST", "/feature_flags/", f"{scope}:write",
                lambda call, who: _made(call, of.shown(of.create(body_of(call), who))),
            ),
            self._endpoint(
                "PATCH", "/feature_flags/{id}/", f"{scope}:write",
                lambda call, _: _changed(
                    call, of.shown(of.change(call.path_params["id"], body_of(call)))
                ),
            ),
        ]  # fmt: skip

    def _annotations(self) -> list[Endpoint]:
        scope, of = "annotation", self.annotations
        return [
            self._endpoint("GET", "/annotations/", f"{scope}:read", self._listed_annotations),
            self._endpoint(
                "POST", "/annotations/", f"{scope}:write",
                lambda call, who: _made(call, of.create(body_of(call), who)),
            ),
            self._endpoint(
                "GET", "/annotations/{id}/", f"{scope}:read",
                lambda call, _: answer(of.get(call.path_params["id"])),
            ),
            self._endpoint(
                "PATCH", "/annotations/{id}/", f"{scope}:write",
                lambda call, _: _changed(call, of.change(call.path_params["id"], body_of(call))),
            ),
            self._endpoint("DELETE", "/annotations/{id}/", f"{scope}:write", _forbidden),
        ]  # fmt: skip

    def _listed_annotations(self, call: Call, person: str) -> Response:
        rows = self.annotations.listed(call.query.get("scope", ""), call.query.get("search", ""))
        return answer(self.office.paged(call, rows, default=1000))

    def _endpoint(
        self,
        method: str,
        path: str,
        scope: str,
        handler: Callable[[Call, str], Response],
        mutating: bool | None = None,
    ) -> Endpoint:
        def handle(call: Call) -> Response:
            try:
                return handler(call, self.office.signed_in(call, scope))
            except Refused as error:
                answered: Response = error.answered()
                return answered

        changing = method != "GET" if mutating is None else mutating
        return Endpoint(method, API + path, handle, mutating=changing, open=True)

    def _project(self, call: Call, person: str) -> Response:
        return answer(
            {
                "id": PROJECT,
                "organization": ORGANISATION,
                "name": "Bramble",
                "api_token": TOKEN,
                "timezone": TIMEZONE,
            }
        )

    def authorised(self, call: Call) -> Response | None:
        return None  # each endpoint asks for its own scope

    def rate_limited(self, seconds: float) -> Response:
        return throttled(seconds)

    def refused(self, status: int) -> Response:
        type, code = {
            401: ("authentication_error", "authentication_failed"),
            403: ("authentication_error", "permission_denied"),
            404: ("invalid_request", "not_found"),
        }.get(status, ("server_error" if status >= 500 else "invalid_request", "error"))
        detail = f"The sandbox answers with {status}"
        return answer({"type": type, "code": code, "detail": detail, "attr": None}, status)

    def bad_json(self) -> Response:
        detail = "JSON parse error"
        body = {"type": "invalid_request", "code": "malformed_request", "detail": detail}
        return answer({**body, "attr": None}, 400)

    def connection(self) -> Mapping[str, Any]:
        auth = {"personal_api_key": KEY}
        return {"auth": auth, "scope": {"project": PROJECT}}

    def administer(self, verb: str, given: Mapping[str, Any]) -> None:
        Administering(self.office, self.analytics).do(verb, given)

    def seed(self, company: Company) -> None:
        seeding.seed(self, company)

    def records(self, type: str) -> list[Row]:
        if type == "annotation":
            return self.annotations.listed("", "")
        self.analytics.ingest()
        if type == "group":
            return [{"id": row["key"], **row} for row in self.analytics.groups.values()]
        if type == "person":
            return list(self.analytics.persons.values())
        if type == "survey_response":
            rows = self.analytics.events.values()
            return [{"id": r["uuid"], **r} for r in rows if r["event"] == "survey sent"]
        return [self.features.shown(row) for row in self.features.rows.values()]

    def people(self) -> Sequence[str]:
        return [row["first_name"] for row in self.state.table("member").values()]

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


def _forbidden(call: Call, person: str) -> Response:
    raise method_not_allowed(call.request.method)


def _made(call: Call, row: Row) -> Response:
    call.applied(str(row["id"]))
    return answer(row, 201)


def _changed(call: Call, row: Row) -> Response:
    call.applied(str(row["id"]))
    return answer(row)


def _removed(call: Call, remove: Callable[[str], None]) -> Response:
    remove(call.path_params["id"])
    call.applied(call.path_params["id"])
    return answer(status=204)
