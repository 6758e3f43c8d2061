"""Who may come in: API tokens, and an OAuth app whose refresh token works once."""

from __future__ import annotations

import httpx

from connectors.jira.fake.auth import (
    CLIENT_ID,
    CLIENT_SECRET,
    CLOUD_ID,
    FIRST_REFRESH,
    GATEWAY,
)
from connectors.jira.fake.seeding import BOT_EMAIL, BOT_TOKEN
from tests.connectors.jira_fake.stage import Stage


async def refreshed(stage: Stage, token: str, secret: str = CLIENT_SECRET) -> httpx.Response:
    """What the token endpoint answers to a refresh token."""
    body = {
        "grant_type": "refresh_token",
        "client_id": CLIENT_ID,
        "client_secret": secret,
        "refresh_token": token,
    }
    return await stage.http.post("/oauth/token", json=body, auth=None)


async def test_a_wrong_token_is_told_so(stage: Stage) -> None:
    for email, token in ((BOT_EMAIL, "wrong"), ("other@bramble.example", BOT_TOKEN), ("", "")):
        refused = await stage.http.get("/rest/api/3/myself", auth=(email, token))
        assert refused.status_code == 401
        assert refused.headers["X-Seraph-LoginReason"] == "AUTHENTICATED_FAILED"
    bare = await stage.http.get("/rest/api/3/myself", auth=None)
    assert bare.status_code == 401 and "X-Seraph-LoginReason" not in bare.headers


async def test_what_a_connection_is_given_opens_the_door(stage: Stage) -> None:
    connection = stage.fake.connection()
    assert connection["scope"] == {"project": "APP"} and connection["search_lag"] == "2s"
    given = connection["auth"]
    shown = await stage.http.get("/rest/api/3/myself", auth=(given["email"], given["api_token"]))
    assert shown.json()["emailAddress"] == BOT_EMAIL
    assert all(v.startswith("sandbox-") for k, v in given.items() if k != "email")


async def test_an_access_token_works_at_the_gateway_for_an_hour(stage: Stage) -> None:
    tokens = (await refreshed(stage, FIRST_REFRESH)).json()
    assert tokens["expires_in"] == 3600
    stage.http.auth = None
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    sites = (await stage.http.get("/oauth/token/accessible-resources", headers=bearer)).json()
    assert [s["id"] for s in sites] == [CLOUD_ID]
    inside = f"{GATEWAY}/rest/api/3/myself"
    assert (await stage.http.get(inside, headers=bearer)).status_code == 200
    outside = await stage.http.get("/rest/api/3/myself", headers=bearer)
    assert outside.status_code == 401, "an app's token is nothing at the site's own address"
    stage.clock.advance(3600)
    assert (await stage.http.get(inside, headers=bearer)).status_code == 401


async def test_a_refresh_token_works_once(stage: Stage) -> None:
    first = (await refreshed(stage, FIRST_REFRESH)).json()
    again = await refreshed(stage, FIRST_REFRESH)
    assert again.status_code == 403 and again.json()["error"] == "invalid_grant"
    second = await refreshed(stage, first["refresh_token"])
    assert second.json()["access_token"] != first["access_token"]
    assert (await refreshed(stage, first["refresh_token"])).status_code == 403


async def test_an_app_needs_its_secret(stage: Stage) -> None:
    assert (await refreshed(stage, FIRST_REFRESH, "wrong")).status_code == 401
    assert (await refreshed(stage, FIRST_REFRESH)).status_code == 200, "nothing was used up"
    body = {"grant_type": "password"}
    assert (await stage.http.post("/oauth/token", json=body)).status_code == 400


async def test_some_people_keep_their_address_to_themselves(stage: Stage) -> None:
    people = await stage.ask("GET", "users/search?maxResults=1000")
    hidden = [p for p in people if "emailAddress" not in p]
    assert hidden and len(hidden) < len(people)
    user = stage.fake.site.users.get(hidden[0]["accountId"])
    assert user is not None
    (found,) = await stage.ask("GET", "user/search", params={"query": user["email"]})
    assert found["accountId"] == user["id"] and "emailAddress" not in found
    part = user["email"].split(".")[-2]
    assert part and user["id"] not in [
        p["accountId"] for p in await stage.ask("GET", "user/search", params={"query": part})
    ]


async def test_people_are_known_by_their_account_id_only(stage: Stage) -> None:
    me = await stage.ask("GET", "myself")
    told = await stage.ask("GET", "user?username=syncline", 400)
    assert "GDPR strict mode" in told["errorMessages"][0]
    shown = await stage.ask("GET", "user", params={"accountId": me["accountId"]})
    assert shown["displayName"] == "Syncline"
    await stage.ask("GET", "user?accountId=nobody", 404)
    many = await stage.ask("GET", "user/bulk", params={"accountId": [me["accountId"], "nobody"]})
    assert [p["accountId"] for p in many["values"]] == [me["accountId"]]
    await stage.ask("GET", "user/search", 400)


async def test_who_left_is_listed_but_neither_found_nor_assignable(stage: Stage) -> None:
    gone = next(u for u in stage.fake.site.users.values() if not u["active"])
    listed = await stage.ask("GET", "users/search?maxResults=1000")
    assert {p["accountId"]: p["active"] for p in listed}[gone["id"]] is False
    query = {"query": gone["email"]}
    assert await stage.ask("GET", "user/search", params=query) == []
    query["project"] = "APP"
    assert await stage.ask("GET", "user/assignable/search", params=query) == []
