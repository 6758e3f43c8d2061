"""What an administrator sets up, over the API: properties, pipelines, owners, the account."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from connectors.hubspot.fake.errors import Refused, asks_archived, invalid
from connectors.hubspot.fake.portal import APP, Portal
from connectors.hubspot.fake.properties import PORTAL, definition
from syncline.sandbox import Call, answer

SCOPES = tuple(
    f"crm.objects.{kind}.{right}"
    for kind in ("companies", "contacts", "deals", "owners")
    for right in ("read", "write")
) + ("tickets",)


def granted(portal: Portal) -> list[str]:
    """The scopes that the private app has."""
    return [one for one in SCOPES if one not in portal.state.table("revoked")]


def lacks(portal: Portal, kind: str | None, mutating: bool) -> str | None:
    """The scope that the app lacks for records of a type, if any; notes ask for none here."""
    right = "write" if mutating else "read"
    scope = "tickets" if kind == "tickets" else f"crm.objects.{kind}.{right}"
    return scope if scope in portal.state.table("revoked") else None


class Setup:
    """Calls that a connector makes before it reads a record."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal

    def account(self, call: Call) -> Response:
        return answer(
            {
                "portalId": PORTAL,
                "accountType": "STANDARD",
                "timeZone": "Europe/Berlin",
                "companyCurrency": "EUR",
                "uiDomain": "app.hubspot.com",
                "dataHostingLocation": "na1",
            }
        )

    def token(self, call: Call) -> Response:
        """What a private app's token is for."""
        return answer(
            {
                "userId": 990_100,
                "hubId": PORTAL,
                "appId": int(APP["sourceId"]),
                "scopes": granted(self._portal),
            }
        )

    def properties(self, call: Call) -> Response:
        return answer(
            {"results": list(self._portal.definitions(call.path_params["kind"]).values())}
        )

    def new_property(self, call: Call) -> Response:
        kind, asked = call.path_params["kind"], call.json()
        if asked["name"] in self._portal.definitions(kind):
            raise Refused(409, "CONFLICT", f"Property {asked['name']} already exists")
        if asked["name"] != asked["name"].lower():
            raise invalid("property names are in lower case", "INVALID_NAME")
        made = definition(
            asked["name"],
            asked["type"],
            asked["fieldType"],
            [one["value"] for one in asked.get("options") or ()],
            label=asked.get("label") or asked["name"],
            hasUniqueValue=bool(asked.get("hasUniqueValue")),
            hubspotDefined=False,
        )
        self._portal.add_property(kind, made)
        return answer(made, 201)

    def pipelines(self, call: Call) -> Response:
        there = self._portal.state.table("pipelines").get(call.path_params["kind"]) or {}
        return answer({"results": list(there.values())})

    def owners(self, call: Call) -> Response:
        """Owners by id; archived ones only where they are asked for, and then they alone."""
        archived = asks_archived(call)
        limit, after = int(call.query.get("limit", "100")), int(call.query.get("after", "0"))
        rows = [o for o in self._portal.state.table("owner").values() if o["archived"] is archived]
        if email := call.query.get("email"):
            rows = [one for one in rows if one["email"] == email]
        body: dict[str, Any] = {"results": rows[after : after + limit]}
        if after + limit < len(rows):
            body["paging"] = {"next": {"after": str(after + limit), "link": ""}}
        return answer(body)
