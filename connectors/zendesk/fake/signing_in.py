"""Who asks: access tokens that end, the older API tokens, and nobody at all.

developer.zendesk.com, "Create Token for Grant Type" and "Security and authentication". An API
token acts as the agent whose address comes with it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from connectors.zendesk.fake.account import Account, Row
from connectors.zendesk.fake.errors import Refused

CLIENT_ID = "syncline"
CLIENT_SECRET = "sandbox-zendesk-client-secret"  # noqa: S105 - stands in clear by design
API_TOKEN = "sandbox-zendesk-api-token"  # noqa: S105 - stands in clear by design
HUB = "hub@sandbox.example"
_REFRESHABLE = 30 * 24 * 3600
_INVALID_CLIENT = (
    "Client authentication failed due to unknown client, no client authentication included, or"
    " unsupported authentication method."
)
_INVALID_GRANT = (
    "The provided access grant is invalid, expired, or revoked (e.g. invalid assertion, expired"
    " authorization token, bad end-user password credentials, or mismatching authorization code"
    " and redirection URI)."
)
_INVALID_TOKEN = (
    "The access token provided is expired, revoked, malformed or invalid for other reasons."  # noqa: S105
)


class TokenRefused(Exception):
    """The token endpoint's own kind of error."""

    def __init__(self, status: int, error: str, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.body = {"error": error, "error_description": words}


class SigningIn:
    """Gives tokens and knows whose they are."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._tokens = account.state.table("oauth_tokens")
        self._refreshes = account.state.table("oauth_refresh_tokens")

    def token(self, wanted: Mapping[str, Any]) -> Row:
        """The answer to a request for a token; raises TokenRefused."""
        if (wanted.get("client_id"), wanted.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            raise TokenRefused(401, "invalid_client", _INVALID_CLIENT)
        grant, scope = wanted.get("grant_type"), str(wanted.get("scope") or "read write")
        if grant == "refresh_token":
            refresh = str(wanted.get("refresh_token"))
            known = self._refreshes.get(refresh)
            if known is None or known["until"] <= self._account.seconds():
                raise TokenRefused(400, "invalid_grant", _INVALID_GRANT)
            # Both of the old pair end: whoever kept the old one is signed out.
            self._refreshes.delete(refresh)
            self._tokens.delete(known["access_token"])
            scope = known["scope"]
        elif grant != "client_credentials":
            words = "The authorization grant type is not supported by the authorization server."
            raise TokenRefused(400, "unsupported_grant_type", words)
        return self._issue(scope, wanted.get("expires_in"))

    def _issue(self, scope: str, asked: object) -> Row:
        seconds = int(str(asked)) if asked else self._account.settings.token_seconds
        now = self._account.seconds()
        token, refresh = (
            hashlib.sha256(f"{kind} {self._account.state.next('token')}".encode()).hexdigest()
            for kind in ("access", "refresh")
        )
        self._tokens.put(token, {"until": now + seconds, "scope": scope})
        until = now + _REFRESHABLE
        self._refreshes.put(refresh, {"until": until, "scope": scope, "access_token": token})
        return {
            "access_token": token,
            "token_type": "bearer",
            "scope": scope,
            "expires_in": seconds,
            "refresh_token": refresh,
            "refresh_token_expires_in": _REFRESHABLE,
        }

    def user(self, header: str | None, *, writes: bool) -> Row | None:
        """Whose request this is, None for nobody's; raises Refused or TokenRefused."""
        kind, _, value = (header or "").partition(" ")
        if kind.lower() == "bearer":
            return self._by_bearer(value.strip(), writes=writes)
        if kind.lower() == "basic":
            return self._by_api_token(value.strip())
        return None

    def _by_bearer(self, token: str, *, writes: bool) -> Row | None:
        known = self._tokens.get(token)
        if known is None or known["until"] <= self._account.seconds():
            raise TokenRefused(401, "invalid_token", _INVALID_TOKEN)
        if writes and "write" not in known["scope"]:
            raise Refused(403, "Forbidden", "The access token lacks the scope `write`.")
        return self._account.user_by_email(HUB)

    def _by_api_token(self, value: str) -> Row | None:
        try:
            name, _, secret = base64.b64decode(value).decode().rpartition(":")
        except ValueError:
            return None
        if not name.endswith("/token") or secret != API_TOKEN:
            return None
        user = self._account.user_by_email(name.removesuffix("/token"))
        return None if user is None or user["suspended"] or not user["active"] else user


def nobody() -> Row:
    """Whom `users/me` shows to a request that is nobody's, with a 200."""
    return {
        "id": None,
        "url": None,
        "name": "Anonymous user",
        "email": "invalid@example.com",
        "role": "end-user",
        "active": False,
        "suspended": False,
        "verified": False,
        "time_zone": "UTC",
        "locale": "en-US",
        "organization_id": None,
    }
