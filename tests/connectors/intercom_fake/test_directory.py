"""Contacts and companies: where the fake bites as Intercom does, and the official client on them;
`docs/vendors/intercom.md` names the sources."""

from __future__ import annotations

from typing import Any

import pytest
from intercom import Intercom
from intercom.core.api_error import ApiError
from intercom.types import MultipleFilterSearchRequest, SingleFilterSearchRequest

from tests.connectors.intercom_fake.stage import Stage

EVERY: dict[str, Any] = {"field": "created_at", "operator": ">", "value": 0}


async def emails(stage: Stage) -> list[str]:
    found = await stage.search(EVERY, "contacts", pagination={"per_page": 150})
    return [one["email"] for one in found["data"] if one["email"].endswith("@acme.test")]


async def contact(stage: Stage, email: str, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = await stage.ask("POST", "/contacts", json={"email": email, **more})
    return made


async def company(stage: Stage, company_id: str, **more: Any) -> dict[str, Any]:
    body = {"company_id": company_id, **more}
    made: dict[str, Any] = await stage.ask("POST", "/companies", json=body)
    return made


async def test_a_new_contact_is_found_minutes_later_and_a_changed_one_sooner(stage: Stage) -> None:
    made = await contact(stage, "a@acme.test")
    stage.clock.advance(stage.fake.workspace.settings.search_lag)
    assert await emails(stage) == []
    stage.settle()
    assert await emails(stage) == ["a@acme.test"]
    await stage.ask("PUT", f"/contacts/{made['id']}", json={"email": "b@acme.test"})
    stage.clock.advance(stage.fake.workspace.settings.search_lag)
    assert await emails(stage) == ["b@acme.test"]


@pytest.mark.parametrize("wanted", [{"email": "A@acme.test"}, {"external_id": "7"}])
async def test_a_second_user_with_one_address_or_id_is_a_conflict_that_names_the_first(
    stage: Stage, wanted: dict[str, str]
) -> None:
    first = await contact(stage, "a@acme.test", external_id="7")
    told = await stage.ask("POST", "/contacts", 409, json=wanted)
    assert told["errors"][0]["code"] == "conflict"
    assert told["errors"][0]["message"].endswith(f"already exists with id={first['id']}")
    await stage.ask("POST", f"/contacts/{first['id']}/archive")
    told = await stage.ask("POST", "/contacts", 409, json=wanted)
    assert told["errors"][0]["message"].startswith("An archived contact matching")
    await contact(stage, "a@acme.test", role="lead")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"name": "of nothing"}, "parameter_not_found"),
        ({"email": "x@acme.test", "role": "chief"}, "parameter_invalid"),
        ({"email": "x@acme.test", "name": 7}, "parameter_invalid"),
        ({"email": "x@acme.test", "owner_id": 4711}, "parameter_invalid"),
        ({"email": "x@acme.test", "custom_attributes": {"none": 1}}, "parameter_invalid"),
        ({"email": "x@acme.test", "custom_attributes": []}, "parameter_invalid"),
    ],
)
async def test_a_contact_is_not_made_of_too_little_or_of_what_is_not_there(
    stage: Stage, body: dict[str, Any], code: str
) -> None:
    before = len(stage.fake.workspace.contacts)
    assert await stage.refused("POST", "/contacts", json=body) == code
    assert len(stage.fake.workspace.contacts) == before


async def test_a_merged_lead_is_nowhere_and_its_ticket_is_the_users(stage: Stage) -> None:
    lead = await contact(stage, "lead@acme.test", role="lead")
    user = await contact(stage, "user@acme.test")
    made = await stage.make(contacts=[{"id": lead["id"]}])
    both = {"from": user["id"], "into": lead["id"]}
    assert await stage.refused("POST", "/contacts/merge", json=both) == "parameter_invalid"
    both = {"from": lead["id"], "into": user["id"]}
    assert (await stage.ask("POST", "/contacts/merge", json=both))["id"] == user["id"]
    await stage.refused("GET", f"/contacts/{lead['id']}", 404)
    stage.settle()
    assert await emails(stage) == ["user@acme.test"]
    (shown,) = (await stage.ask("GET", f"/tickets/{made['id']}"))["contacts"]["contacts"]
    assert shown["id"] == user["id"]


async def test_a_company_is_one_for_each_id_of_ours_which_never_changes(stage: Stage) -> None:
    first = await company(stage, "ours-1", name="one", plan="Gold")
    again = await company(stage, "ours-1", name="two")
    assert (again["id"], again["name"], again["plan"]["name"]) == (first["id"], "two", "Gold")
    path = f"/companies/{first['id']}"
    assert await stage.refused("PUT", path, json={"company_id": "x"}) == "bad_request"
    assert await stage.refused("PUT", path, json={"test": "invalid"}) == "bad_request"
    assert await stage.refused("POST", "/companies", json={"name": "x"}) == "parameter_not_found"


async def test_a_company_without_a_contact_is_in_no_list(stage: Stage) -> None:
    made = await company(stage, "ours-1", name="one")
    user = await contact(stage, "a@acme.test")
    stage.settle()

    async def listed() -> bool:
        rows = (await stage.ask("POST", "/companies/list", params={"per_page": 60}))["data"]
        scrolled = (await stage.ask("GET", "/companies/scroll"))["data"]
        stage.clock.advance(60)
        assert [one["id"] for one in rows if one not in scrolled] == []
        return made["id"] in [one["id"] for one in rows]

    assert not await listed()
    assert (await stage.ask("GET", f"/companies/{made['id']}"))["user_count"] == 0
    path = f"/contacts/{user['id']}/companies"
    assert await stage.refused("POST", path, json={}) == "parameter_not_found"
    await stage.ask("POST", path, json={"id": made["id"]})
    assert await listed()
    await stage.ask("DELETE", f"/companies/{made['id']}")
    assert (await stage.ask("GET", f"/contacts/{user['id']}"))["companies"]["data"] == []


async def test_the_list_ends_at_a_limit_that_a_scroll_does_not_have(stage: Stage) -> None:
    stage.fake.workspace.settings.most_listed = 60
    user = stage.fake.contacts.create({"email": "a@acme.test"})
    for n in range(120):
        made = stage.fake.companies.put({"company_id": f"ours-{n}"}, lag=0)
        stage.fake.companies.attach(stage.fake.contacts.row(user["id"]), made["id"])
    first = await stage.ask("POST", "/companies/list", params={"page": 1, "per_page": 60})
    assert (len(first["data"]), first["total_count"] >= 120) == (60, True)
    asked = {"page": 2, "per_page": 60}
    assert await stage.refused("POST", "/companies/list", params=asked) == "page_limit_reached"
    seen, pointer = set(), None
    while True:
        page = await stage.ask(
            "GET", "/companies/scroll", params={"scroll_param": pointer} if pointer else None
        )
        pointer = page["scroll_param"]
        if not page["data"]:
            break
        seen |= {one["company_id"] for one in page["data"]}
    assert seen >= {f"ours-{n}" for n in range(120)}


async def test_an_app_has_one_scroll_which_ends_when_it_is_not_used(stage: Stage) -> None:
    opened = await stage.ask("GET", "/companies/scroll")
    assert await stage.refused("GET", "/companies/scroll") == "scroll_exists"
    stage.clock.advance(60)
    pointer = {"scroll_param": opened["scroll_param"]}
    assert await stage.refused("GET", "/companies/scroll", 404, params=pointer) == "not_found"
    await stage.ask("GET", "/companies/scroll")


async def test_the_official_client_makes_finds_merges_and_puts_away_contacts(stage: Stage) -> None:
    def work(client: Intercom) -> None:
        user: Any = {"email": "user@acme.test", "external_id": "ours-1", "name": "A User"}
        made = client.contacts.create(request=user)
        assert made and made.id
        found = client.contacts.show_contact_by_external_id("ours-1")
        assert found and (found.id, found.role, found.name) == (made.id, "user", "A User")
        with pytest.raises(ApiError) as taken:
            client.contacts.create(request=user)
        assert (taken.value.status_code, made.id in str(taken.value.body)) == (409, True)
        changed = client.contacts.update(made.id, name="Renamed", phone=None)
        assert changed and changed.name == "Renamed"
        lead = client.contacts.create(request={"email": "lead@acme.test", "role": "lead"})  # type: ignore[arg-type]
        assert lead and lead.id
        merged = client.contacts.merge_lead_in_user(lead_id=lead.id, contact_id=made.id)
        assert merged and merged.id == made.id
        archived = client.contacts.archive(made.id)
        assert archived.archived is True
        assert client.contacts.unarchive(made.id).archived is False
        stage.settle()
        query = MultipleFilterSearchRequest(
            operator="AND",
            value=[SingleFilterSearchRequest(field="role", operator="=", value="user")],
        )
        assert made.id in [one.id for one in client.contacts.search(query=query).items or ()]
        assert client.contacts.delete(made.id).deleted

    await stage.by_client(work)


async def test_the_official_client_makes_lists_scrolls_and_deletes_companies(stage: Stage) -> None:
    def work(client: Intercom) -> None:
        firm: Any = {"company_id": "ours-1", "name": "A Firm", "website": "https://firm.test"}
        made = client.companies.create_or_update(request=firm)
        assert made and made.id
        user: Any = {"email": "user@acme.test"}
        contact = client.contacts.create(request=user)
        assert contact and contact.id
        joined = client.companies.attach_contact(contact.id, company_id=made.id)
        assert joined and joined.user_count == 1
        found = client.companies.retrieve(company_id="ours-1")
        assert [one.id for one in found.data or ()] == [made.id]
        renamed: Any = {"name": "The Firm"}
        assert client.companies.update(made.id, request=renamed).name == "The Firm"
        stage.settle()
        assert made.id in [one.id for one in client.companies.list(per_page=60).items or ()]
        assert made.id in [one.id for one in client.companies.scroll().items or ()]
        assert client.companies.delete(made.id).deleted
        with pytest.raises(ApiError) as gone:
            client.companies.find(made.id)
        assert gone.value.status_code == 404

    await stage.by_client(work)


async def test_people_see_make_change_and_remove_contacts_and_companies(stage: Stage) -> None:
    fake = stage.fake
    id = fake.make("contact", "", {"name": "Made Here", "email": "made@acme.test"})
    fake.edit("contact", id, "", {"phone": "112", "attribute:Linked records": "https://a.test/1"})
    sheet = fake.sheet("contact", id)
    assert {f.name: f.value for f in sheet.fields}["phone"] == "112"
    assert [link.url for link in sheet.links] == ["https://a.test/1"]
    firm = fake.make("company", "", {"name": "Made Here Ltd"})
    fake.edit("company", firm, "", {"industry": "Rockets"})
    assert {"Made Here", "Made Here Ltd"} <= {row.title for row in fake.board()}
    fake.act("contact", id, "", "archive")
    fake.act("company", firm, "", "delete")
    assert not {"Made Here", "Made Here Ltd"} & {row.title for row in fake.board()}
    assert len(fake.records("contact")) > 1 and fake.records("company")
