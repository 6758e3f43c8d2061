"""Tokens that end, tokens of old, and nobody."""

from __future__ import annotations

import httpx
import pytest
from zenpy.lib.exception import APIException

from connectors.zendesk.fake.signing_in import API_TOKEN, CLIENT_ID, CLIENT_SECRET, HUB
from tests.connectors.zendesk_fake.stage import API, Stage


def test_the_client_signs_in_with_an_access_token(stage: Stage) -> None:
    told = stage.token().json()
    assert told["token_type"] == "bearer"
    assert told["expires_in"] == 1800
    zen = stage.zenpy(email=HUB, oauth_token=told["access_token"])
    assert (zen.users.me().email, zen.users.me().role) == (HUB, "admin")


def test_a_token_may_be_asked_for_by_a_form(stage: Stage) -> None:
    asked = {"grant_type": "client_credentials", "client_id": CLIENT_ID}
    with httpx.Client(base_url=stage.url, trust_env=False) as client:
        response = client.post("/oauth/tokens", data=asked | {"client_secret": CLIENT_SECRET})
    assert response.json()["access_token"]


def test_a_wrong_secret_gets_no_token(stage: Stage) -> None:
    response = stage.token(client_secret="guessed")
    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")


def test_another_grant_gets_no_token(stage: Stage) -> None:
    response = stage.token(grant_type="password")
    assert (response.status_code, response.json()["error"]) == (400, "unsupported_grant_type")


def test_an_access_token_ends(stage: Stage) -> None:
    header = {"Authorization": f"Bearer {stage.token().json()['access_token']}"}
    with httpx.Client(base_url=stage.url, headers=header, trust_env=False) as client:
        assert client.get(f"{API}/tickets/1").status_code == 200
        stage.advance(1800)
        for path in ("/tickets/1", "/users/me"):
            response = client.get(f"{API}{path}")
            assert (response.status_code, response.json()["error"]) == (401, "invalid_token")


def test_a_refreshed_token_ends_the_pair_before_it(stage: Stage) -> None:
    first = stage.token().json()
    refreshing = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = stage.token(**refreshing).json()
    with httpx.Client(base_url=stage.url, trust_env=False) as client:
        for token, status in ((first, 401), (second, 200)):
            header = {"Authorization": f"Bearer {token['access_token']}"}
            assert client.get(f"{API}/tickets/1", headers=header).status_code == status
    assert stage.token(**refreshing).json()["error"] == "invalid_grant"


def test_a_token_to_read_does_not_write(stage: Stage) -> None:
    zen = stage.zenpy(email=HUB, oauth_token=stage.token(scope="read").json()["access_token"])
    ticket = zen.tickets(id=1)
    ticket.subject = "changed"
    with pytest.raises(APIException, match="Forbidden"):
        zen.tickets.update(ticket)


def test_an_api_token_acts_as_the_agent_whose_address_it_comes_with(stage: Stage) -> None:
    agent = stage.person("agent")
    assert stage.zenpy(email=agent["email"], token=API_TOKEN).users.me().id == agent["id"]


def test_wrong_credentials_are_refused_but_users_me_is_answered_with_nobody(stage: Stage) -> None:
    with httpx.Client(base_url=stage.url, trust_env=False) as client:
        for auth in (None, (f"{HUB}/token", "guessed"), (HUB, API_TOKEN)):
            assert client.get(f"{API}/tickets/1", auth=auth).status_code == 401
            me = client.get(f"{API}/users/me.json", auth=auth)
            assert (me.status_code, me.json()["user"]["id"]) == (200, None)


def test_a_suspended_agent_does_not_get_in(stage: Stage) -> None:
    rows = stage.get("/users", role="agent")["users"]
    gone = next(user for user in rows if user["suspended"])
    with httpx.Client(base_url=stage.url, trust_env=False) as client:
        auth = (f"{gone['email']}/token", API_TOKEN)
        assert client.get(f"{API}/tickets/1", auth=auth).status_code == 401


def test_customers_may_not_use_the_agents_calls_and_agents_not_the_exports(stage: Stage) -> None:
    for role, path in (("end-user", "/tickets"), ("agent", "/incremental/tickets/cursor")):
        with httpx.Client(base_url=stage.url, trust_env=False) as client:
            auth = (f"{stage.person(role)['email']}/token", API_TOKEN)
            response = client.get(f"{API}{path}", params={"start_time": 0}, auth=auth)
            assert (response.status_code, response.json()["error"]) == (403, "Forbidden")


def test_a_body_that_is_no_json_is_refused(stage: Stage) -> None:
    response = stage.api.post(f"{API}/tickets", content=b"{")
    assert response.status_code == 422
    assert stage.send("POST", "/tickets", {"tickets": 3}).status_code == 400
