"""Signing in: a short-lived access token by client credentials, or the older API token.

developer.zendesk.com, "Create Token for Grant Type": `POST /oauth/tokens` with the grant type
`client_credentials`; the answer's `expires_in` says for how many seconds the token is good.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.zendesk.config import Auth
from syncline.sdk.clock import Clock
from syncline.sdk.credentials import Bearer, Token
from syncline.sdk.errors import AuthRequired, Misconfigured, NotFound, Rejected
from syncline.sdk.http import Transport
from syncline.sdk.secrets import Secret

_SCOPE = "read write"


def credentials(auth: Auth, clock: Clock) -> Mapping[str, Any]:
    """How a transport is to sign its requests."""
    if auth.email is not None and auth.api_token is not None:
        return {"basic_auth": (f"{auth.email}/token", auth.api_token)}
    client, secret = auth.oauth_client_id, auth.oauth_client_secret
    assert client is not None and secret is not None  # `Auth` takes nothing else

    async def ask(transport: Transport) -> Token:
        return await _new_token(transport, client, secret)

    return {"credentials": Bearer(ask, clock)}


async def _new_token(transport: Transport, client: str, secret: Secret) -> Token:
    body = {
        "grant_type": "client_credentials",
        "client_id": client,
        "client_secret": secret,
        "scope": _SCOPE,
    }
    try:
        response = await transport.request(
            "POST",
            "/oauth/tokens",
            json=body,
            mutating=False,
            authorised=False,
            forbidden="auth",
            ok=(200, 201),
        )
    except Rejected as error:
        raise AuthRequired(f"Zendesk gave no access token: {error}", status=error.status) from error
    except NotFound as error:
        raise Misconfigured(f"{error} base_url is no Zendesk account.") from error
    told = response.json()
    if not isinstance(told, dict) or not isinstance(told.get("access_token"), str):
        raise AuthRequired("Zendesk answered the request for an access token without one.")
    seconds = told.get("expires_in")
    return Token.of(told["access_token"], float(seconds) if seconds else None)
