"""Accounts: `getCurrentUser`, `getUser`, `findUsers`, `findAssignableUsers`, `getAllUsers`,
`bulkGetUsers`. An address is shown only where its owner allows it; a search for exactly that
address finds its owner all the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from starlette.responses import Response

from connectors.jira.fake.api import account, page, showing, window
from connectors.jira.fake.errors import refuse
from connectors.jira.fake.site import Doc, Site
from syncline.sandbox import Call, Endpoint, answer

ROOT = "/rest/api/3"
FIRST_THOUSAND = 1000


class People:
    """The endpoints of accounts."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def endpoints(self) -> Sequence[Endpoint]:
        """The routes."""
        return [
            Endpoint("GET", f"{ROOT}/myself", self._myself),
            Endpoint("GET", f"{ROOT}/user", self._get),
            Endpoint("GET", f"{ROOT}/user/search", self._search),
            Endpoint("GET", f"{ROOT}/user/assignable/search", self._assignable),
            Endpoint("GET", f"{ROOT}/user/bulk", self._bulk),
            Endpoint("GET", f"{ROOT}/users", self._all),
            Endpoint("GET", f"{ROOT}/users/search", self._all),
        ]

    def _myself(self, call: Call) -> Response:
        user = self._site.users.get(account(call)) or {}
        shown = showing(self._site, call).user(account(call)) or {}
        shown |= {"emailAddress": user["email"], "locale": "en_GB"}
        shown |= {"groups": {"size": 2, "items": []}, "applicationRoles": {"size": 1, "items": []}}
        return answer({**shown, "expand": "groups,applicationRoles"})

    def _get(self, call: Call) -> Response:
        for name in ("username", "key"):
            if name in call.query:
                raise refuse(
                    400,
                    "'accountId' must be the only user identifying query parameter in GDPR strict "
                    "mode.",
                )
        wanted = call.query.get("accountId")
        if not wanted:
            raise refuse(400, "The query parameter 'accountId' is required.")
        if wanted not in self._site.users:
            raise refuse(
                404, "Specified user does not exist or you do not have required permissions"
            )
        return answer(showing(self._site, call).user(wanted))

    def _matching(self, call: Call) -> Iterable[Doc]:
        exact, query = call.query.get("accountId"), call.query.get("query")
        if exact is None and query is None:
            raise refuse(400, "Either the 'query' or the 'accountId' parameter is required.")
        if exact is not None and query is not None:
            raise refuse(400, "Only one of 'query' and 'accountId' can be given.")
        for user in self._site.users.values():
            if user["id"] == exact or (query is not None and _matches(user, query)):
                yield user

    def _search(self, call: Call) -> Response:
        found = [u for u in self._matching(call) if u["active"]]
        return self._listed(call, found)

    def _assignable(self, call: Call) -> Response:
        project = call.query.get("project")
        issue = call.query.get("issueKey") or call.query.get("issueId")
        if issue is not None:
            self._site.visible(issue)
        elif project is None or self._site.project(project) is None:
            raise refuse(404, f"No project could be found with key '{project}'.")
        if "query" not in call.query and "accountId" not in call.query:
            found = list(self._site.users.values())
        else:
            found = list(self._matching(call))
        return self._listed(call, [u for u in found if u["assignable"]])

    def _all(self, call: Call) -> Response:
        return self._listed(call, list(self._site.users.values()))

    def _listed(self, call: Call, users: list[Doc]) -> Response:
        start, most = window(call, 50, 1000)
        out = showing(self._site, call)
        shown = users[:FIRST_THOUSAND][start : start + most]
        return answer([out.user(u["id"]) for u in shown])

    def _bulk(self, call: Call) -> Response:
        wanted = call.query.getlist("accountId")
        if not wanted:
            raise refuse(400, "The query parameter 'accountId' is required.")
        out = showing(self._site, call)
        rows = [out.user(id) for id in wanted if id in self._site.users]
        return answer(page(self._site, "user/bulk", rows, *window(call, 10, 200)))


def _matches(user: Doc, query: str) -> bool:
    wanted, email = query.casefold(), user["email"].casefold()
    if not wanted or wanted == email:
        return True
    if not user["email_hidden"] and email.startswith(wanted):
        return True
    name = user["name"].casefold()
    return any(part.startswith(wanted) for part in (name, *name.split()))
