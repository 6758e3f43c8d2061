"""The fake HubSpot: routes, the token, limits, and the company's records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from starlette.responses import Response

from connectors.hubspot.fake import properties as p
from connectors.hubspot.fake.administering import Administering
from connectors.hubspot.fake.associations import Associations
from connectors.hubspot.fake.batches import Batches
from connectors.hubspot.fake.errors import Refused, unknown
from connectors.hubspot.fake.journal import AREA, Journal
from connectors.hubspot.fake.objects import Handler, Objects, refusing
from connectors.hubspot.fake.office import KINDS, LINKS, Office
from connectors.hubspot.fake.portal import Portal
from connectors.hubspot.fake.searching import Searching
from connectors.hubspot.fake.setup import Setup, lacks
from syncline.sandbox import Call, Company, Endpoint, Hooks, State, ToolClock, answer

TOKEN = "sandbox-hubspot-pat"  # noqa: S105 (a sandbox's)
KEY = "syncline_key"
# The vendor's packages still ask under v3 and v4, which answer the same until 2027.
OBJECTS = ("/crm/objects/{version}/{kind}", "/crm/v3/objects/{kind}")
BURST, BURST_SECONDS, SEARCHES_A_SECOND = 100, 10, 5

STAGES = {"todo": "1", "in_progress": "3", "blocked": "2", "done": "4", "cancelled": "4"}


class HubSpotFake(Office):
    """An account of HubSpot. `limits` switches its limits on."""

    tool: ClassVar[str] = "hubspot"
    types: ClassVar[tuple[str, ...]] = (*KINDS, "comment")

    def __init__(self, state: State, clock: ToolClock, hooks: Hooks) -> None:
        super().__init__(state, clock, hooks)
        self.portal = Portal(state, clock)
        self.objects = Objects(self.portal)
        self.searching = Searching(self.objects)
        self.journal = Journal(self.portal)
        self.portal.note = self.journal.note
        self.limits = False
        self._sent: dict[str, list[float]] = {}

    def endpoints(self) -> Sequence[Endpoint]:
        objects, batches, setup = self.objects, Batches(self.objects), Setup(self.portal)
        routes: list[tuple[str, str, Handler, bool]] = []
        for at in OBJECTS:
            routes += [
                ("POST", f"{at}/search", self.searching.search, False),
                ("POST", f"{at}/merge", objects.merge, True),
                ("POST", f"{at}/batch/read", batches.read, False),
                ("POST", f"{at}/batch/create", batches.create, True),
                ("POST", f"{at}/batch/update", batches.update, True),
                ("POST", f"{at}/batch/upsert", batches.upsert, True),
                ("POST", f"{at}/batch/archive", batches.archive, True),
                ("GET", at, objects.list, False),
                ("POST", at, objects.create, True),
                ("GET", f"{at}/{{id}}", objects.one, False),
                ("PATCH", f"{at}/{{id}}", objects.update, True),
                ("DELETE", f"{at}/{{id}}", objects.archive, True),
            ]
        routes += Associations(self.portal).routes()
        for at in ("/crm/properties/{version}/{kind}", "/crm/v3/properties/{kind}"):
            routes += [("GET", at, setup.properties, False), ("POST", at, setup.new_property, True)]
        for at in ("/crm/pipelines/{version}/{kind}", "/crm/v3/pipelines/{kind}"):
            routes.append(("GET", at, setup.pipelines, False))
        for at in ("/crm/owners/{version}", "/crm/v3/owners/"):
            routes.append(("GET", at, setup.owners, False))
        routes += [
            ("GET", "/account-info/{version}/details", setup.account, False),
            ("POST", "/oauth/v2/private-apps/get/access-token-info", setup.token, False),
        ]
        own, signed = self.journal.routes(), self.journal.open_routes()
        return [
            *(
                Endpoint(m, at, self._limited(at, self._scoped(do, w)), mutating=w)
                for m, at, do, w in routes
            ),
            *(Endpoint(m, at, refusing(do), mutating=w) for m, at, do, w in own),
            *(Endpoint(m, at, refusing(do), mutating=w, open=True) for m, at, do, w in signed),
        ]

    def base_url_known(self, url: str) -> None:
        """The journal's files are at another host, which is this machine by its name."""
        super().base_url_known(url)
        self.journal.files = url.replace("127.0.0.1", "localhost")

    def _scoped(self, handler: Handler, mutating: bool) -> Handler:
        """A handler that asks for the record type's scope (developers.hubspot.com, "Scopes")."""

        def scoped(call: Call) -> Response:
            lacking = lacks(self.portal, call.path_params.get("kind"), mutating)
            if lacking is not None:
                words = "This app hasn't been granted all required scopes to make this call: "
                raise Refused(403, "MISSING_SCOPES", words + lacking)
            return handler(call)

        return scoped

    def authorised(self, call: Call) -> Response | None:
        if call.request.url.path.startswith(AREA):
            return self.journal.refusal(call)
        if call.headers.get("authorization") == f"Bearer {TOKEN}":
            return None
        return unknown().response()

    def rate_limited(self, seconds: float) -> Response:
        return self._too_many("TEN_SECONDLY_ROLLING", seconds)

    def refused(self, status: int) -> Response:
        return Refused(status, "ERROR", f"HubSpot answers {status}.").response()

    def connection(self) -> Mapping[str, Any]:
        return {"auth": {"access_token": TOKEN}, "link_property": LINKS}

    def seed(self, company: Company) -> None:
        self.prepare()
        owners = self._seed_owners(company)
        companies, contacts = self._seed_customers(company)
        by = {"sourceType": "IMPORT", "sourceId": "1"}
        for case in company.cases:
            values: dict[str, Any] = {
                "subject": case.title,
                "content": "\n\n".join(case.paragraphs),
                "hs_pipeline_stage": STAGES[case.status],
            }
            if case.priority != "none":
                values["hs_ticket_priority"] = case.priority.upper()
            if case.assignee is not None:
                values["hubspot_owner_id"] = owners[case.assignee.email]
            ticket = self.portal.create(p.TICKETS, values, by)["id"]
            self.portal.associate(p.TICKETS, ticket, p.COMPANIES, companies[case.account.name])
            if case.reporter.email in contacts:
                contact = contacts[case.reporter.email]
                self.portal.associate(p.TICKETS, ticket, p.CONTACTS, contact)
            for remark in case.remarks:
                if not remark.public and remark.author.email in owners:
                    self.remark("ticket", ticket, remark.author.name, remark.text, False)

    def prepare(self) -> None:
        """The properties that an administrator has to make for Syncline."""
        for kind in KINDS.values():
            key = p.definition(KEY, "string", "text", hasUniqueValue=True, hubspotDefined=False)
            self.portal.add_property(kind, key)
            self.portal.add_property(
                kind, p.definition(LINKS, "string", "textarea", hubspotDefined=False)
            )

    def administer(self, verb: str, given: Mapping[str, Any]) -> None:
        Administering(self.portal).do(verb, given)

    def records(self, type: str) -> list[dict[str, Any]]:
        kind = KINDS.get(type, p.NOTES)
        names = list(self.portal.definitions(kind))
        return [self.objects.shown(kind, doc, names) for doc in self.portal.live(kind)]

    def new_owner(self, name: str, email: str, *, archived: bool = False) -> str:
        """An owner; their id as owner is another than that as user."""
        first, _, last = name.partition(" ")
        id, user = str(self.state.next("owner", 41_000)), self.state.next("user", 9_200)
        told = {"id": id, "userId": user, "email": email, "firstName": first, "lastName": last}
        told |= {"type": "PERSON", "createdAt": self.portal.now(), "updatedAt": self.portal.now()}
        self.state.table("owner").put(id, {**told, "archived": archived})
        return id

    def _seed_owners(self, company: Company) -> dict[str, str]:
        staff = [one for one in company.people if one.role != "customer"]
        return {one.email: self.new_owner(one.name, one.email) for one in staff}

    def _seed_customers(self, company: Company) -> tuple[dict[str, str], dict[str, str]]:
        by = {"sourceType": "IMPORT", "sourceId": "1"}
        companies, contacts = {}, {}
        for account in company.accounts:
            values: dict[str, Any] = {"name": account.name, "domain": account.domain}
            values |= {"annualrevenue": account.annual_revenue, "lifecyclestage": "customer"}
            companies[account.name] = self.portal.create(p.COMPANIES, values, by)["id"]
        for one in company.people:
            if one.role == "customer" and one.account is not None:
                first, _, last = one.name.partition(" ")
                person = {"email": one.email, "firstname": first, "lastname": last}
                id = self.portal.create(p.CONTACTS, person, by)["id"]
                self.portal.associate(p.CONTACTS, id, p.COMPANIES, companies[one.account])
                contacts[one.email] = id
        return companies, contacts

    def _limited(self, path: str, handler: Handler) -> Handler:
        """A handler within the limits: 100 in ten seconds, searches 5 a second and headerless."""
        searching = path.endswith("/search")
        name, most, seconds, policy = (
            ("search", SEARCHES_A_SECOND, 1, "SECONDLY")
            if searching
            else ("all", BURST, BURST_SECONDS, "TEN_SECONDLY_ROLLING")
        )
        inner = refusing(handler)

        def limited(call: Call) -> Response:
            now = self.clock.now().timestamp()
            recent = [at for at in self._sent.get(name, ()) if at > now - seconds]
            if self.limits and len(recent) >= most:
                return self._too_many(policy, seconds)
            self._sent[name] = [*recent, now]
            response = inner(call)
            if not searching:
                response.headers["X-HubSpot-RateLimit-Max"] = str(most)
                left = most - len(self._sent[name]) if self.limits else most
                response.headers["X-HubSpot-RateLimit-Remaining"] = str(left)
                response.headers["X-HubSpot-RateLimit-Interval-Milliseconds"] = "10000"
            return response

        return limited

    def _too_many(self, policy: str, seconds: float) -> Response:
        words = f"You have reached your {policy.lower()} limit."
        body = {**Refused(429, "RATE_LIMITS", words).body(), "errorType": "RATE_LIMIT"}
        return answer({**body, "policyName": policy}, 429, {"Retry-After": f"{seconds:g}"})
