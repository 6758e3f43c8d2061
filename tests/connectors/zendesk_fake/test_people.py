"""Users, organizations and groups."""

from __future__ import annotations

import pytest
from zenpy.lib.api_objects import Organization, User
from zenpy.lib.exception import APIException

from connectors.zendesk.fake.signing_in import API_TOKEN
from tests.connectors.zendesk_fake.stage import Stage, problems


def test_the_client_makes_finds_and_changes_a_user(stage: Stage) -> None:
    made = stage.zen.users.create(User(name="Nina", email="nina@example.com", external_id="N-1"))
    assert (made.role, made.suspended) == ("end-user", False)
    assert [one.id for one in stage.zen.users.search(query="email:NINA@example.com")] == [made.id]
    assert [one.id for one in stage.zen.users.search(external_id="n-1")] == [made.id]
    assert [one.id for one in stage.zen.users.search(query="nina@exa")] == [made.id]
    assert [one.id for one in stage.zen.users(ids=[made.id, 1])] == [made.id]
    made.name = "Nina New"
    assert stage.zen.users.update(made).name == "Nina New"
    found = stage.get("/users/show_many", external_ids="N-1")["users"]
    assert [one["id"] for one in found] == [made.id]


def test_addresses_and_external_ids_belong_to_one_user(stage: Stage) -> None:
    stage.zen.users.create(User(name="Nina", email="nina@example.com", external_id="N-1"))
    for taken in ({"email": "Nina@Example.com"}, {"external_id": "n-1"}):
        with pytest.raises(APIException, match="already being used"):
            stage.zen.users.create(User(name="Other", **taken))
    refused = stage.send("POST", "/users", {"user": {"email": "x@example.com"}})
    assert problems(refused) == "Name: cannot be blank"


def test_a_user_is_made_or_changed_by_one_call(stage: Stage) -> None:
    wanted = {"user": {"name": "Nina", "email": "nina@example.com"}}
    first = stage.send("POST", "/users/create_or_update", wanted)
    wanted["user"]["name"] = "Nina New"
    second = stage.send("POST", "/users/create_or_update", wanted)
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json()["user"] == first.json()["user"] | {"name": "Nina New"}
    many = {"users": [wanted["user"], {"name": "Ole", "email": "ole@example.com"}]}
    job = stage.send("POST", "/users/create_or_update_many", many).json()["job_status"]
    assert [one["status"] for one in stage.finished(job)["results"]] == ["Updated", "Created"]


def test_roles_are_listed_apart(stage: Stage) -> None:
    agents = list(stage.zen.users(role="agent", cursor_pagination=False))
    assert agents
    assert {one.role for one in agents} == {"agent"}
    both = stage.get("/users?role[]=agent&role[]=admin&per_page=100")["users"]
    assert {one["role"] for one in both} == {"agent", "admin"}
    assert any(one["suspended"] for one in both)


def test_agents_see_what_their_rights_let_them(stage: Stage) -> None:
    agent = stage.person("agent")
    auth = (f"{agent['email']}/token", API_TOKEN)
    stage.changed(1, assignee_id=agent["id"])
    stage.changed(2, assignee_id=stage.person("agent", 3)["id"])
    for limit, seen in (("assigned", {1}), ("groups", {1}), (None, {1, 2})):
        change = {"user": {"ticket_restriction": limit}}
        assert stage.send("PUT", f"/users/{agent['id']}", change).status_code == 200
        shown = stage.send("GET", "/tickets/show_many?ids=1,2", auth=auth).json()["tickets"]
        assert {one["id"] for one in shown} >= seen
        one = stage.send("GET", "/tickets/2", auth=auth)
        assert one.status_code == (200 if 2 in {t["id"] for t in shown} else 403)


def test_groups_tell_who_is_in_them(stage: Stage) -> None:
    groups = {one.name: one for one in stage.zen.groups()}
    assert list(groups) == ["Support", "Engineering", "Product", "Security"]
    members = [one.name for one in stage.zen.groups.users(groups["Support"])]
    assert "Chiara Bianchi" in members
    rows = stage.get("/group_memberships", per_page=100)["group_memberships"]
    mine = [row for row in rows if row["group_id"] == groups["Support"].id]
    assert len(mine) == len(members)
    path = f"/groups/{groups['Support'].id}/memberships"
    assert stage.get(path, per_page=100)["count"] == len(members)
    assert stage.get(f"/groups/{groups['Product'].id}")["group"]["name"] == "Product"
    assert stage.send("GET", "/groups/1").status_code == 404


def test_organizations_have_names_of_their_own(stage: Stage) -> None:
    made = stage.zen.organizations.create(Organization(name="Acme", external_id="O-1"))
    with pytest.raises(APIException, match="already been taken"):
        stage.zen.organizations.create(Organization(name="ACME"))
    assert stage.zen.organizations(id=made.id).name == "Acme"
    found = stage.get("/organizations/show_many", external_ids="O-1")["organizations"]
    assert [one["id"] for one in found] == [made.id]
    assert problems(stage.send("POST", "/organizations", {"organization": {}}))
    assert stage.send("GET", "/organizations/1").status_code == 404


def test_a_ticket_has_its_requester_s_organization(stage: Stage) -> None:
    customer = stage.person("end-user")
    assert customer["organization_id"]
    ticket = stage.made(requester_id=customer["id"])
    assert ticket["organization_id"] == customer["organization_id"]
    known = stage.made(requester={"name": "x", "email": customer["email"].upper()})
    assert known["requester_id"] == customer["id"]


def mails(stage: Stage) -> list[str]:
    """Whom Zendesk has asked to verify an address."""
    return stage.inside(lambda fake: [mail["to"] for mail in fake.account.mails.values()])


def test_a_new_address_is_mailed_to_unless_the_request_says_otherwise(stage: Stage) -> None:
    stage.zen.users.create(User(name="Nina", email="nina@example.com"))
    stage.zen.users.create(User(name="Ole", email="ole@example.com", skip_verify_email=True))
    assert mails(stage) == ["nina@example.com"]
    quiet = [{"name": f"P{n}", "email": f"p{n}@example.com"} for n in range(2)]
    quiet[0]["skip_verify_email"] = True  # type: ignore[assignment]
    job = stage.send("POST", "/users/create_many", {"users": quiet}).json()["job_status"]
    assert [one["status"] for one in stage.finished(job)["results"]] == ["Created", "Created"]
    assert mails(stage) == ["nina@example.com", "p1@example.com"]


def test_an_address_of_an_update_is_one_more_and_not_the_first(stage: Stage) -> None:
    made = stage.zen.users.create(User(name="Nina", email="nina@example.com"))
    made.email = "nina@elsewhere.example"
    assert stage.zen.users.update(made).email == "nina@example.com"
    found = stage.zen.users.search(query="email:nina@elsewhere.example")
    assert [one.id for one in found] == [made.id]
    with pytest.raises(APIException, match="already being used"):
        stage.zen.users.create(User(name="Other", email="nina@elsewhere.example"))


def test_a_deleted_user_is_shown_by_id_and_the_export_alone(stage: Stage) -> None:
    made = stage.zen.users.create(User(name="Nina", email="nina@example.com", external_id="N-1"))
    stage.zen.users.delete(made)
    assert stage.get(f"/users/{made.id}")["user"]["active"] is False
    assert stage.get("/users/show_many", ids=made.id)["users"] == []
    assert list(stage.zen.users.search(query="email:nina@example.com")) == []
    stage.advance(61)
    last = stage.get("/incremental/users/cursor", start_time=0)["users"][-1]
    assert (last["id"], last["active"]) == (made.id, False)
    again = stage.zen.users.create(User(name="Nina", email="nina@example.com", external_id="N-1"))
    assert again.id != made.id


def test_a_merged_user_is_deleted_and_leaves_the_addresses(stage: Stage) -> None:
    loser = stage.zen.users.create(User(name="Nina", email="nina@example.com"))
    winner = stage.zen.users.create(User(name="Nina N.", email="nina@elsewhere.example"))
    assert stage.zen.users.merge(loser, winner).id == winner.id
    found = stage.zen.users.search(query="email:nina@example.com")
    assert [one.id for one in found] == [winner.id]
    assert stage.get(f"/users/{loser.id}")["user"]["active"] is False
