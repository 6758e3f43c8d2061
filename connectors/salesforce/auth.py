"""Signing in: an access token by client credentials, and who it acts as.

The External Client App names the user it runs as; there is no refresh token, a new access token is
asked for instead (Salesforce Help, "OAuth 2.0 Client Credentials Flow"). The answer's `id` names
the org and the user, and its `instance_url` is where the API is: a token is sent nowhere else.
"""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass
from urllib.parse import urlsplit

from connectors.salesforce.config import Auth, SalesforceConfig
from syncline.sdk.clock import Clock
from syncline.sdk.credentials import Bearer, Token
from syncline.sdk.errors import AuthRequired, Misconfigured, NotFound, Rejected
from syncline.sdk.http import Transport
from syncline.sdk.secrets import Secret

_IDENTITY = re.compile(r"/id/(?P<org>00D\w{12,15})/(?P<user>005\w{12,15})/?$")


@dataclass(frozen=True, slots=True)
class Identity:
    """The org and the integration user behind the credentials, by id."""

    org: str
    user: str


class SignIn:
    """Gives a connection its tokens, and tells whose they are."""

    def __init__(self, config: SalesforceConfig, clock: Clock) -> None:
        self._config = config
        self._identity: Identity | None = None
        self.credentials = Bearer(self._ask, clock)

    async def identity(self, transport: Transport) -> Identity:
        """Whose the tokens are; one request, where none was asked for yet."""
        if self._identity is None:
            await self.credentials.value(transport)
        assert self._identity is not None  # no token is taken without
        return self._identity

    async def _ask(self, transport: Transport) -> Token:
        try:
            response = await transport.request(
                "POST",
                "/services/oauth2/token",
                content=b"grant_type=client_credentials",
                headers={
                    "Content-Type": "application/x-www-form-urlencoded",
                    "Authorization": _client(self._config.auth),
                },
                mutating=False,
                authorised=False,
                forbidden="auth",
            )
        except Rejected as error:
            raise AuthRequired(
                f"Salesforce gave no access token: {error}", status=error.status
            ) from error
        except NotFound as error:
            raise Misconfigured(f"{error} base_url is no Salesforce org.") from error
        told = response.json()
        if not isinstance(told, dict) or not isinstance(told.get("access_token"), str):
            raise AuthRequired("Salesforce answered the request for an access token without one.")
        self._check_instance(str(told.get("instance_url")))
        found = _IDENTITY.search(str(told.get("id")))
        if found is None:
            raise AuthRequired("Salesforce gave a token and did not say whose it is.")
        self._identity = Identity(found["org"], found["user"])
        return Token.of(told["access_token"])

    def _check_instance(self, url: str) -> None:
        if _origin(url) != _origin(self._config.base_url):
            raise Misconfigured(
                f"Salesforce says that this org is at {url!r}, not at base_url. Nothing was read; "
                "write the org's My Domain address as base_url."
            )


def _client(auth: Auth) -> Secret:
    """The client as Basic credentials: in a body it would stand in clear in an error's frames."""
    pair = f"{auth.client_id}:{auth.client_secret.reveal()}".encode()
    return Secret(f"Basic {b64encode(pair).decode()}")


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.netloc.lower()
