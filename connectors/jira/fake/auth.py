"""Who may come in: an account's API token, or OAuth 2.0 with a refresh token that works once.

API tokens by HTTP Basic at the site's own address; OAuth access tokens only below
`/ex/jira/{cloudId}`, as at api.atlassian.com (developer.atlassian.com, OAuth 2.0 (3LO) apps).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response

from connectors.jira.fake.errors import refusal
from connectors.jira.fake.site import Doc, Site
from syncline.sandbox import Call, Endpoint, answer

CLOUD_ID = "5f1e9c1a-0000-4000-8000-73616e64626f"
ACCESS_SECONDS = 3600
SCOPES = "read:jira-work write:jira-work read:jira-user manage:jira-webhook offline_access"
CLIENT_ID, CLIENT_SECRET = "sandbox-client", "sandbox-client-secret"  # noqa: S105
FIRST_REFRESH = "sandbox-refresh-1"
GATEWAY = f"/ex/jira/{CLOUD_ID}"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and whether points are counted: API tokens have none."""

    account: str
    oauth: bool


class Auth:
    """Credentials of the sandbox; all begin with "sandbox-"."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._tokens = site.state.table("token")

    def endpoints(self) -> Sequence[Endpoint]:
        """The token endpoint of auth.atlassian.com and the list of sites."""
        return [
            Endpoint("POST", "/oauth/token", self._refresh, open=True),
            Endpoint("GET", "/oauth/token/accessible-resources", self._resources, open=True),
        ]

    def admit(self, account: str, token: str) -> None:
        """Let an account in by its API token."""
        self._tokens.put(_digest(token), {"account": account, "kind": "api"})

    def admit_app(self, account: str) -> None:
        """Let an OAuth app act for an account, starting with the first refresh token."""
        self._tokens.put(_digest(FIRST_REFRESH), {"account": account, "kind": "refresh"})

    def caller(self, call: Call) -> Caller | Response:
        """Who asks, or Jira's 401."""
        scheme, _, given = call.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            return self._basic(given)
        if scheme.lower() == "bearer":
            return self._bearer(call, given)
        return refusal(401, "You do not have the permission to see the specified issue.")

    def _basic(self, given: str) -> Caller | Response:
        try:
            email, _, token = base64.b64decode(given, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            email, token = "", ""
        known = self._tokens.get(_digest(token))
        user = self._site.users.get(known["account"]) if known else None
        fits = known is not None and known["kind"] == "api"
        if fits and user and user["active"] and user["email"].casefold() == email.casefold():
            return Caller(user["id"], oauth=False)
        return refusal(
            401,
            "Client must be authenticated to access this resource.",
            headers={
                "X-Seraph-LoginReason": "AUTHENTICATED_FAILED",
                "WWW-Authenticate": 'OAuth realm="sandbox"',
            },
        )

    def _bearer(self, call: Call, given: str) -> Caller | Response:
        known = self._tokens.get(_digest(given))
        path = call.request.url.path
        if not path.startswith((GATEWAY, "/oauth/")):
            return refusal(401, "Client must be authenticated to access this resource.")
        fits = known is not None and known["kind"] == "access"
        if known is not None and fits and self._site.now() < known["expires"]:
            return Caller(known["account"], oauth=True)
        return answer({"code": 401, "message": "Unauthorized"}, 401)

    def _refresh(self, call: Call) -> Response:
        told = call.json()
        given = told if isinstance(told, dict) else {}
        if given.get("grant_type") != "refresh_token":
            return _oauth_error(400, "unsupported_grant_type", "Unsupported grant type.")
        if (given.get("client_id"), given.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return _oauth_error(401, "access_denied", "Unauthorized")
        name = _digest(str(given.get("refresh_token")))
        known = self._tokens.get(name)
        if known is None or known["kind"] != "refresh":
            return _oauth_error(403, "invalid_grant", "Unknown or invalid refresh token.")
        self._tokens.delete(name)
        number = self._site.state.next("oauth", 2)
        return answer(self._issue(known["account"], number))

    def _issue(self, account: str, number: int) -> Doc:
        access, refresh = f"sandbox-access-{number}", f"sandbox-refresh-{number}"
        expires = self._site.now() + ACCESS_SECONDS * 1000
        self._tokens.put(
            _digest(access), {"account": account, "kind": "access", "expires": expires}
        )
        self._tokens.put(_digest(refresh), {"account": account, "kind": "refresh"})
        return {
            "access_token": access,
            "refresh_token": refresh,
            "expires_in": ACCESS_SECONDS,
            "token_type": "Bearer",
            "scope": SCOPES,
        }

    def _resources(self, call: Call) -> Response:
        caller = self.caller(call)
        if isinstance(caller, Response):
            return caller
        name = self._site.base.removeprefix("http://")
        site = {"id": CLOUD_ID, "url": self._site.base, "name": name}
        return answer([{**site, "scopes": SCOPES.split()[:-1], "avatarUrl": self._site.base}])


def _oauth_error(status: int, error: str, description: str) -> Response:
    return answer({"error": error, "error_description": description}, status)


def _digest(token: str) -> str:
    """Tokens are kept as digests, as no server should keep them in clear."""
    return hashlib.sha256(token.encode()).hexdigest()
