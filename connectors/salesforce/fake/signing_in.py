"""Who asks: sessions by client credentials, which end when they are not used.

(Salesforce Help, "OAuth 2.0 Client Credentials Flow for Server-to-Server Integration": the client
and its secret as a form or as Basic credentials; the app names the user it runs as.)
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from connectors.salesforce.fake.org import ORG_ID, Org, Row

CLIENT_ID = "sandbox.salesforce.client"
CLIENT_SECRET = "sandbox-salesforce-client-secret"  # noqa: S105 - stands in clear by design
HUB = "hub@sandbox.example"
HUB_NAME = "Syncline Integration"


class TokenRefused(Exception):
    """The token endpoint's own kind of error."""

    def __init__(self, error: str, words: str) -> None:
        super().__init__(words)
        self.body = {"error": error, "error_description": words}


class SigningIn:
    """Gives access tokens and knows which are good."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._sessions = org.state.table("sessions")

    def token(self, form: Mapping[str, str], basic: str | None, user: str) -> Row:
        """The answer to a request for a token; raises TokenRefused."""
        given = _basic(basic) or (form.get("client_id"), form.get("client_secret"))
        if form.get("grant_type") != "client_credentials":
            raise TokenRefused("unsupported_grant_type", "grant type not supported")
        if given[0] != CLIENT_ID:
            raise TokenRefused("invalid_client_id", "client identifier invalid")
        if given[1] != CLIENT_SECRET:
            raise TokenRefused("invalid_client", "invalid client credentials")
        number = self._org.state.next("session")
        token = f"{ORG_ID[:15]}!{hashlib.sha256(f'session {number}'.encode()).hexdigest()}"
        self._keep(token)
        url = self._org.base_url
        return {
            "access_token": token,
            "signature": base64.b64encode(token[-32:].encode()).decode(),
            "scope": "api",
            "instance_url": url,
            "id": f"{url}/id/{ORG_ID}/{user}",
            "token_type": "Bearer",
            "issued_at": str(int(self._org.clock.now().timestamp() * 1000)),
            "api_instance_url": url,
        }

    def good(self, header: str | None) -> bool:
        """Whether a request comes with a session, which then lasts longer."""
        kind, _, token = (header or "").partition(" ")
        session = self._sessions.get(token)
        if kind.lower() not in ("bearer", "oauth") or session is None:
            return False
        if datetime.fromisoformat(session["until"]) <= self._org.clock.now():
            self._sessions.delete(token)
            return False
        self._keep(token)
        return True

    def end_all(self) -> None:
        """An administrator ends every session."""
        for token in list(self._sessions):
            self._sessions.delete(token)

    def _keep(self, token: str) -> None:
        until = self._org.clock.now() + timedelta(seconds=self._org.settings.session_seconds)
        self._sessions.put(token, {"until": until.isoformat()})


def _basic(header: str | None) -> tuple[str, str] | None:
    kind, _, value = (header or "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        client, _, secret = base64.b64decode(value).decode().partition(":")
    except ValueError:
        return None
    return client, secret
