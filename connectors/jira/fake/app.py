"""The fake of Jira Cloud: the groups of endpoints put together, and what the frame asks of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from starlette.responses import Response

from connectors.jira.fake.administering import Administering
from connectors.jira.fake.attachments import Attachments
from connectors.jira.fake.auth import GATEWAY, Auth
from connectors.jira.fake.bulk import Bulk
from connectors.jira.fake.commenting import Commenting
from connectors.jira.fake.comments import Comments
from connectors.jira.fake.editing import Editing
from connectors.jira.fake.errors import refusal
from connectors.jira.fake.faces import CLOUD, Face
from connectors.jira.fake.issues import Issues
from connectors.jira.fake.jobs import Jobs
from connectors.jira.fake.limits import Limits, limited, turned_away
from connectors.jira.fake.metadata import Metadata
from connectors.jira.fake.page import Page
from connectors.jira.fake.people import People
from connectors.jira.fake.properties import Properties
from connectors.jira.fake.remote_links import RemoteLinks
from connectors.jira.fake.searching import Searching
from connectors.jira.fake.seeding import BOT_EMAIL, BOT_TOKEN, Seeding
from connectors.jira.fake.showing import Showing
from connectors.jira.fake.site import Site
from connectors.jira.fake.vocabulary import FIELDS
from connectors.jira.fake.webhooks import Webhooks
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
)

USER_SEARCHES = ("/user/search", "/user/assignable/search")


class JiraFake(Fake):
    """Jira Cloud, as an integration meets it.

    Tests may set `site.search_lag`, lift `limits`, and require fields by `require`.
    """

    tool: ClassVar[str] = "jira"
    types: ClassVar[tuple[str, ...]] = ("issue", "comment")
    face: ClassVar[Face] = CLOUD

    def __init__(self, state: State, clock: ToolClock, hooks: Hooks) -> None:
        super().__init__(state, clock, hooks)
        self.site = Site(state, clock, self.face)
        self.limits = Limits(self.site)
        self.auth = Auth(self.site)
        self.commenting = Commenting(self.site)
        self.editing = Editing(self.site, self.commenting)
        self._page = Page(self.site, self.editing, self.commenting)
        self._jobs = Jobs(self.site, self.editing)
        self._groups = (
            self.auth,
            Searching(self.site, self.limits),
            Bulk(self.site, self.editing, self.limits),
            Metadata(self.site, self.editing),
            People(self.site),
            self._jobs,
            Issues(self.site, self.editing, self.limits),
            Comments(self.site, self.commenting, self.limits),
            Properties(self.site, self.limits),
            RemoteLinks(self.site, self.editing, self.limits),
            Attachments(self.site, self.limits),
            Webhooks(self.site, hooks),
        )

    def endpoints(self) -> Sequence[Endpoint]:
        """Every route at the site's own address, and again where OAuth apps call it."""
        own = [e for group in self._groups for e in group.endpoints()]
        again = [
            replace(e, path=f"{GATEWAY}{e.path}") for e in own if e.path.startswith("/rest/api/")
        ]
        return [*own, *again]

    def authorised(self, call: Call) -> Response | None:
        """401 for strangers, 429 for the hasty."""
        caller = self.auth.caller(call)
        if isinstance(caller, Response):
            return caller
        call.request.state.caller = caller
        self._jobs.run_due()
        method, path = call.request.method, self._endpoint_of(call)
        return self.limits.arrived(method, path, caller.oauth)

    @staticmethod
    def _endpoint_of(call: Call) -> str:
        """The endpoint a burst is counted for: the path without ids; user searches count as one."""
        path = call.request.url.path.removeprefix(GATEWAY)
        if path.endswith(USER_SEARCHES):
            return "user search"
        ids = set(call.path_params.values())
        return "/".join("*" if part in ids else part for part in path.split("/"))

    def connection(self) -> dict[str, Any]:
        """What a connection to this sandbox takes."""
        return {
            "auth": {"email": BOT_EMAIL, "api_token": BOT_TOKEN},
            "scope": {"project": "APP"},
            "search_lag": f"{self.site.search_lag.total_seconds():g}s",
        }

    def seed(self, company: Company) -> None:
        """Fill an empty site."""
        Seeding(self.site, self.auth).fill(company)

    def require(self, type: str, *fields: str) -> None:
        """Make fields required for an issue type, as an administrator does."""
        Administering(self.site, self.editing).require(type, fields)

    def administer(self, verb: str, given: Mapping[str, Any]) -> None:
        """Change how the site is set up, as an administrator does."""
        Administering(self.site, self.editing).do(verb, given)

    def index_property(self, name: str) -> None:
        """Declare an entity property searchable, as an app does: `issue.property[key].path`."""
        indexed = self.site.setting("indexed properties")
        self.site.settings.put("indexed properties", {**indexed, name.casefold(): True})

    def records(self, type: str) -> list[dict[str, Any]]:
        """All records as the API shows them, hidden ones too."""
        self._jobs.run_due()
        out = Showing(self.site, "UTC")
        if type == "comment":
            return [
                {**out.comment(c, properties=True), "issueId": c["issue"]}
                for c in self.site.comments.values()
            ]
        fields = list(FIELDS.values())
        return [
            {**out.issue(d, fields), "properties": d["properties"]}
            for d in self.site.issues.values()
        ]

    def rate_limited(self, seconds: float) -> Response:
        """A burst's 429; for 0 seconds the gateway's, which does not say when to come back."""
        if seconds <= 0:
            return turned_away()
        return limited("jira-burst-based", seconds, self.site.now(), 100)

    def refused(self, status: int) -> Response:
        """Jira's error body."""
        words = {
            409: "The issue was changed by someone else in the meantime.",
            503: "Jira is temporarily unavailable.",
        }
        return refusal(status, words.get(status, "The request could not be processed."))

    def bad_json(self) -> Response:
        """What Jira says of a body that is no JSON."""
        return refusal(
            400, "There was an error parsing JSON. Check that your request body is valid."
        )

    def base_url_known(self, url: str) -> None:
        """Self links begin with this."""
        self.site.base = url.rstrip("/")

    # for people

    def people(self) -> Sequence[str]:
        """Names to act as."""
        return self._page.people()

    def board(self) -> Sequence[Row]:
        """The issues."""
        return self._page.board()

    def sheet(self, type: str, id: str) -> Sheet:
        """One issue."""
        return self._page.sheet(id)

    def blanks(self) -> Mapping[str, Sequence[Field]]:
        """The fields of a new issue."""
        return self._page.blanks()

    def edit(self, type: str, id: str, person: str, values: Mapping[str, str]) -> None:
        """Change an issue as a person."""
        self._page.edit(id, person, values)

    def remark(self, type: str, id: str, person: str, text: str, public: bool) -> None:
        """Comment as a person."""
        self._page.remark(id, person, text, public)

    def make(self, type: str, person: str, values: Mapping[str, str]) -> str:
        """Make an issue as a person; its id."""
        return self._page.make(person, values)

    def act(self, type: str, id: str, person: str, action: str) -> None:
        """Delete, archive, restore, hide, show or move an issue as a person."""
        self._page.act(id, person, action)
