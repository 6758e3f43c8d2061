"""Every answer has the shape that Intercom publishes: the stage compares each one of every test."""

from __future__ import annotations

import pytest
from jsonschema import ValidationError

from connectors.intercom.fake.workspace import TITLE
from tests.connectors.intercom_fake.make_schema import nameless, operations
from tests.connectors.intercom_fake.stage import Stage, staged, validator


async def drive(stage: Stage) -> None:
    for path in ("/me", "/admins", "/ticket_types", "/ticket_states"):
        await stage.ask("GET", path)
    made = await stage.make()
    path = f"/tickets/{made['id']}"
    state = made["ticket_type"]["ticket_states"]["data"][1]["id"]
    me = (await stage.ask("GET", "/me"))["id"]
    changed = {"ticket_attributes": {TITLE: "x"}, "ticket_state_id": state, "assignee_id": me}
    await stage.ask("PUT", path, json=changed)
    said = {"message_type": "note", "type": "admin", "admin_id": me, "body": "<p>x</p>"}
    await stage.ask("POST", f"{path}/reply", json=said)
    await stage.ask("GET", path)
    stage.settle()
    everything = {"field": "created_at", "operator": ">", "value": 0}
    await stage.search(everything, pagination={"per_page": 2})
    await stage.search(everything, "contacts", pagination={"per_page": 2})
    await drive_directory(stage)
    await stage.ask("DELETE", path)
    for method in ("GET", "PUT", "DELETE"):
        await stage.ask(method, path, 404, json={})


async def drive_directory(stage: Stage) -> None:
    await stage.ask("GET", "/data_attributes", params={"model": "company"})
    firm = {"company_id": "ours", "name": "A Firm", "website": "firm.test", "plan": "Gold"}
    company = await stage.ask("POST", "/companies", json=firm)
    path = f"/companies/{company['id']}"
    await stage.ask("PUT", path, json={"size": 7, "monthly_spend": 100})
    await stage.ask("GET", path)
    await stage.ask("GET", "/companies", params={"company_id": "ours"})
    await stage.ask("POST", "/companies/list")
    await stage.ask("GET", "/companies/scroll")
    user = {"email": "user@acme.test", "external_id": "ours"}
    contact = await stage.ask("POST", "/contacts", json=user)
    lead = await stage.ask("POST", "/contacts", json={"role": "lead"})
    at = f"/contacts/{contact['id']}"
    await stage.ask("POST", f"{at}/companies", json={"id": company["id"]})
    await stage.ask("GET", "/contacts/find_by_external_id/ours")
    both = {"from": lead["id"], "into": contact["id"]}
    await stage.ask("POST", "/contacts/merge", json=both)
    await stage.ask("PUT", at, json={"name": "A User", "phone": "112"})
    await stage.ask("GET", at)
    await stage.ask("POST", f"{at}/archive")
    await stage.ask("POST", f"{at}/unarchive")
    await stage.ask("DELETE", at)
    await stage.ask("DELETE", path)


async def test_every_answer_of_a_drive_through_all_operations_is_as_published() -> None:
    async with staged(records=8) as stage:
        await drive(stage)
        assert stage.checked == {f"{method} {nameless(path)}" for method, path in operations()}


def test_the_published_description_refuses_what_it_does_not_name() -> None:
    shape = validator('{"$ref": "#/$defs/ticket_deleted"}')
    shape.validate({"id": "1", "object": "ticket", "deleted": True})
    with pytest.raises(ValidationError):
        shape.validate({"id": "1", "object": "ticket", "deleted": True, "by": "nobody"})
