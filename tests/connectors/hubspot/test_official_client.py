"""The official client, as its users use it, and what the fake answers where HubSpot bites.

The package asks under v3 and v4 paths, which HubSpot still answers; the connector uses dated ones.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any, TypeVar

import httpx
import pytest
from hubspot import Client
from hubspot.crm.associations.v4 import AssociationSpec
from hubspot.crm.associations.v4 import (
    BatchInputPublicAssociationMultiPost as Given,
)
from hubspot.crm.associations.v4 import (
    BatchInputPublicFetchAssociationsBatchRequest as Ties,
)
from hubspot.crm.contacts import SimplePublicObjectInputForCreate as NewContact
from hubspot.crm.objects import (
    ApiException,
    BatchInputSimplePublicObjectBatchInput,
    BatchInputSimplePublicObjectBatchInputUpsert,
    BatchInputSimplePublicObjectId,
    BatchReadInputSimplePublicObjectId,
    PublicObjectSearchRequest,
    SimplePublicObjectInput,
    SimplePublicObjectInputForCreate,
)
from hubspot.crm.objects.notes import SimplePublicObjectInputForCreate as NewNote
from hubspot.crm.properties import PropertyCreate

from connectors.hubspot.fake.app import TOKEN
from tests.connectors.hubspot.world import ANN, HubSpotWorld, living

T = TypeVar("T")
STAGE = {"hs_pipeline_stage": "1"}


class Desk:
    """The client in a thread, beside the fake that it talks to."""

    def __init__(self, world: HubSpotWorld) -> None:
        self.world = world
        self.client = Client.create(access_token=TOKEN, host=world.base_url)

    async def do(self, what: Callable[[Any], T]) -> T:
        """What the client gives."""
        return await asyncio.to_thread(what, self.client.crm)

    async def refused(self, what: Callable[[Any], object]) -> tuple[int, str]:
        """The status and the words of a refusal."""
        with pytest.raises(Exception, match=r"\(\d{3}\)") as caught:
            await self.do(what)
        error: Any = caught.value
        return error.status, error.body


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with living() as world:
        yield Desk(world)


def _read(crm: Any, id: str, archived: bool) -> Any:
    return crm.objects.basic_api.get_by_id("tickets", id, archived=archived)


def new(**values: Any) -> SimplePublicObjectInputForCreate:
    return SimplePublicObjectInputForCreate(properties={**STAGE, **values})


async def test_a_ticket_is_made_read_changed_listed_and_archived(desk: Desk) -> None:
    def life(crm: Any) -> list[Any]:
        tickets = crm.objects.basic_api
        made = tickets.create("tickets", new(subject="Printer on fire"))
        changed = SimplePublicObjectInput(properties={"subject": "Printer is smoking"})
        tickets.update("tickets", made.id, changed)
        shown = tickets.get_by_id("tickets", made.id, properties=["subject", "no_such_property"])
        listed = tickets.get_page("tickets", limit=100)
        tickets.archive("tickets", made.id)
        bin = tickets.get_page("tickets", archived=True)
        return [shown, listed.results, tickets.get_page("tickets").results, bin.results, made]

    shown, listed, left, bin, made = await desk.do(life)
    assert shown.properties["subject"] == "Printer is smoking"
    assert "no_such_property" not in shown.properties  # passed over in silence
    assert [one.id for one in listed] == [one.id for one in bin] == [made.id]
    assert left == [] and bin[0].archived


async def test_every_value_is_a_text_whatever_it_was_given_as(desk: Desk) -> None:
    given = {"name": "Acme", "annualrevenue": 1200.5}
    body = SimplePublicObjectInputForCreate(properties=given)

    def look(crm: Any) -> Any:
        made = crm.objects.basic_api.create("companies", body)
        return crm.objects.basic_api.get_by_id("companies", made.id, properties=list(given))

    shown = await desk.do(look)
    assert shown.properties["annualrevenue"] == "1200.5"


async def test_an_empty_text_empties_a_property_and_null_is_passed_over(desk: Desk) -> None:
    id = await desk.world.create({"subject": "one", "content": "text"})

    def change(value: str | None) -> Callable[[Any], Any]:
        body = SimplePublicObjectInput(properties={"content": value, "subject": "two"})
        return lambda crm: crm.objects.basic_api.update("tickets", id, body)

    await desk.do(change(None))
    assert desk.world.shown(id)["content"] == "text"
    await desk.do(change(""))
    assert desk.world.shown(id)["content"] is None


async def test_a_search_lags_pages_by_offset_and_ends_at_its_cap(desk: Desk) -> None:
    for n in range(30):
        await desk.world.create({"subject": f"ticket {n}"})

    def search(**more: Any) -> Callable[[Any], Any]:
        asked = PublicObjectSearchRequest(
            **{
                "limit": 10,
                "after": None,
                "properties": [],
                "sorts": [],
                "filter_groups": [],
                **more,
            }
        )
        return lambda crm: crm.objects.search_api.do_search("tickets", asked)

    assert (await desk.do(search())).total == 0
    desk.world.tool.advance(11)
    first = await desk.do(search())
    assert (first.total, len(first.results), first.paging.next.after) == (30, 10, "10")
    last = await desk.do(search(after="20"))
    assert len(last.results) == 10 and last.paging is None
    assert (await desk.refused(search(limit=201)))[0] == 400
    assert (await desk.refused(search(limit=200, after="9900")))[0] == 400
    filters = [{"propertyName": "subject", "operator": "EQ", "value": "x"}]
    assert (await desk.refused(search(filter_groups=[{"filters": filters * 7}])))[0] == 400
    assert (await desk.refused(search(filter_groups=[{"filters": filters}] * 6)))[0] == 400


async def test_an_edit_is_found_as_it_was_until_it_is_indexed(desk: Desk) -> None:
    id = await desk.world.create({"subject": "old"})
    desk.world.tool.advance(11)
    await desk.world.edit(id, {"subject": "new"})
    asked = PublicObjectSearchRequest(
        limit=10, after=None, properties=["subject"], sorts=[], filter_groups=[]
    )

    async def found() -> list[str]:
        told = await desk.do(lambda crm: crm.objects.search_api.do_search("tickets", asked))
        return [one.properties["subject"] for one in told.results]

    assert await found() == ["old"]
    desk.world.tool.advance(11)
    assert await found() == ["new"]
    await desk.world.delete(id)
    assert await found() == []


async def test_a_batch_tells_each_input_apart_and_in_no_order(desk: Desk) -> None:
    inputs = [
        {
            "id": f"k{n}",
            "idProperty": "syncline_key",
            "objectWriteTraceId": str(n),
            "properties": {**STAGE, "subject": f"ticket {n}", "source_type": source},
        }
        for n, source in enumerate(("EMAIL", "FAX", "PHONE"))
    ]
    batch = BatchInputSimplePublicObjectBatchInputUpsert(inputs=inputs)
    told = await desk.do(lambda crm: crm.objects.batch_api.upsert("tickets", batch))
    assert [one.properties["subject"] for one in told.results] == ["ticket 2", "ticket 0"]
    (error,) = told.errors
    assert error.context["objectWriteTraceId"] == ["1"]
    assert told.num_errors == 1
    again = await desk.do(lambda crm: crm.objects.batch_api.upsert("tickets", batch))
    assert {one.id for one in again.results} == {one.id for one in told.results}
    assert not any(one.new for one in again.results)


async def test_without_a_trace_one_bad_input_refuses_the_batch(desk: Desk) -> None:
    id = await desk.world.create({"subject": "one"})
    inputs = [{"id": id, "properties": {"source_type": "FAX"}}]
    batch = BatchInputSimplePublicObjectBatchInput(inputs=inputs)
    status, body = await desk.refused(lambda crm: crm.objects.batch_api.update("tickets", batch))
    assert status == 400 and "allowed options" in body


async def test_an_upsert_needs_a_property_with_unique_values(desk: Desk) -> None:
    inputs = [{"id": "x", "idProperty": "subject", "properties": dict(STAGE)}]
    batch = BatchInputSimplePublicObjectBatchInputUpsert(inputs=inputs)
    status, body = await desk.refused(lambda crm: crm.objects.batch_api.upsert("tickets", batch))
    assert status == 400 and "unique values" in body


async def test_a_batch_takes_a_hundred_inputs(desk: Desk) -> None:
    ids = BatchInputSimplePublicObjectId(inputs=[{"id": str(n)} for n in range(101)])
    assert (await desk.refused(lambda crm: crm.objects.batch_api.archive("tickets", ids)))[0] == 400
    listed = await desk.refused(lambda crm: crm.objects.basic_api.get_page("tickets", limit=101))
    assert listed[0] == 400


async def test_a_batch_read_leaves_out_what_is_not_there(desk: Desk) -> None:
    id = await desk.world.create({"subject": "one"})
    asked = BatchReadInputSimplePublicObjectId(
        inputs=[{"id": id}, {"id": "77"}], properties=["subject"], properties_with_history=[]
    )
    told = await desk.do(lambda crm: crm.objects.batch_api.read("tickets", asked))
    assert [one.id for one in told.results] == [id]
    assert told.errors[0].category == "OBJECT_NOT_FOUND"


async def test_a_contact_is_known_by_its_address_and_refused_twice(desk: Desk) -> None:
    contact = NewContact(properties={"email": "ada@acme.test"})
    made = await desk.do(lambda crm: crm.contacts.basic_api.create(contact))
    status, body = await desk.refused(lambda crm: crm.contacts.basic_api.create(contact))
    assert status == 409 and f"Existing ID: {made.id}" in body
    found = await desk.do(
        lambda crm: crm.contacts.basic_api.get_by_id("ada@acme.test", id_property="email")
    )
    assert found.id == made.id


async def test_a_merge_gives_a_new_id_and_the_old_ones_are_not_found(desk: Desk) -> None:
    one, two = [await desk.world.create({"subject": s}) for s in ("one", "two")]
    asked = {"primaryObjectId": one, "objectIdToMerge": two}  # the package has no call for it
    async with httpx.AsyncClient(base_url=desk.world.base_url, trust_env=False) as http:
        signed = {"Authorization": f"Bearer {TOKEN}"}
        told = await http.post("/crm/v3/objects/tickets/merge", json=asked, headers=signed)
    made = told.json()
    names = ["hs_merged_object_ids"]
    shown = await desk.do(
        lambda crm: crm.objects.basic_api.get_by_id("tickets", made["id"], properties=names)
    )
    assert shown.properties["hs_merged_object_ids"] == f"{one};{two}"
    for lost in (one, two):
        for archived in (False, True):
            refused = await desk.refused(
                partial(_read, id=lost, archived=archived),
            )
            assert refused[0] == 404


async def test_owners_have_two_ids_and_archived_ones_are_listed_apart(desk: Desk) -> None:
    (ann,) = (await desk.do(lambda crm: crm.owners.owners_api.get_page())).results
    assert ann.id == desk.world.ann and str(ann.user_id) != ann.id
    (otto,) = (await desk.do(lambda crm: crm.owners.owners_api.get_page(archived=True))).results
    assert otto.id == desk.world.gone


async def test_a_note_is_made_with_its_association(desk: Desk) -> None:
    id = await desk.world.create({"subject": "one"})
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 228}]

    def note(**values: str) -> NewNote:
        ties = [{"to": {"id": id}, "types": types}]
        return NewNote(properties={"hs_note_body": "word", **values}, associations=ties)

    refused = await desk.refused(lambda crm: crm.objects.notes.basic_api.create(note()))
    assert "hs_timestamp" in refused[1]
    dated = note(hs_timestamp="2026-01-05T09:00:00Z")
    made = await desk.do(lambda crm: crm.objects.notes.basic_api.create(dated))
    asked = Ties(inputs=[{"id": id}])
    told = await desk.do(
        lambda crm: crm.associations.v4.batch_api.get_page("tickets", "notes", asked)
    )
    assert [str(one.to_object_id) for one in told.results[0].to] == [made.id]


async def test_a_ticket_is_given_to_a_company_and_another_and_none(desk: Desk) -> None:
    by = desk.world.fake.by(ANN)
    firms = [desk.world.portal.create("companies", {"name": n}, by)["id"] for n in ("A", "B")]
    id = await desk.world.create({"subject": "one"})
    told = await desk.do(
        lambda crm: crm.associations.v4.schema.definitions_api.get_all("tickets", "companies")
    )
    (label,) = (
        one.type_id
        for one in told.results
        if (one.category, one.label) == ("HUBSPOT_DEFINED", "Primary")
    )
    kind = AssociationSpec(association_category="HUBSPOT_DEFINED", association_type_id=label)

    def tie(company: str) -> Any:
        return {"from": {"id": id}, "to": {"id": company}, "types": [kind]}

    def given(*companies: str) -> Callable[[Any], Any]:
        inputs = Given(inputs=[tie(company) for company in companies])
        return lambda crm: crm.associations.v4.batch_api.create("tickets", "companies", inputs)

    for firm in firms:
        made = (await desk.do(given(firm))).results[0]
        assert (made.from_object_id, made.to_object_id) == (id, firm)
        assert desk.world.shown(id)["hs_primary_company_id"] == firm
    partly = await desk.do(given(firms[0], "4711"))
    assert (len(partly.results), len(partly.errors)) == (1, 1)
    taken = Given(inputs=[tie(firms[0])])
    await desk.do(
        lambda crm: crm.associations.v4.batch_api.archive_labels("tickets", "companies", taken)
    )
    assert desk.world.shown(id)["hs_primary_company_id"] is None
    tied = await desk.do(
        lambda crm: crm.associations.v4.batch_api.get_page(
            "tickets", "companies", Ties(inputs=[{"id": id}])
        )
    )
    assert [str(one.to_object_id) for one in tied.results[0].to] == firms


async def test_properties_and_pipelines_are_set_up_over_the_api(desk: Desk) -> None:
    asked = PropertyCreate(
        name="erp_number", label="ERP number", type="string", field_type="text",
        group_name="ticketinformation", has_unique_value=True,
    )  # fmt: skip
    made = await desk.do(lambda crm: crm.properties.core_api.create("tickets", asked))
    assert made.has_unique_value and not made.hubspot_defined
    again = await desk.refused(lambda crm: crm.properties.core_api.create("tickets", asked))
    assert again[0] == 409
    pipelines = await desk.do(lambda crm: crm.pipelines.pipelines_api.get_all("tickets"))
    assert [one.label for one in pipelines.results] == ["Support Pipeline", "Returns"]


async def test_limits_are_told_in_headers_and_searches_tell_none(desk: Desk) -> None:
    desk.world.fake.limits = True
    asked = PublicObjectSearchRequest(
        limit=10, after=None, properties=[], sorts=[], filter_groups=[]
    )

    def search(crm: Any) -> Any:
        return crm.objects.search_api.do_search_with_http_info("tickets", asked)

    for _ in range(5):
        _, _, headers = await desk.do(search)
        assert not [name for name in headers if "ratelimit" in name.lower()]
    status, body = await desk.refused(search)
    assert status == 429 and '"policyName":"SECONDLY"' in body
    _, _, headers = await desk.do(
        lambda crm: crm.objects.basic_api.get_page_with_http_info("tickets")
    )
    assert headers["X-HubSpot-RateLimit-Remaining"] == "99"


async def test_an_unknown_token_is_refused(desk: Desk) -> None:
    stranger = Client.create(access_token="nobody's", host=desk.world.base_url)
    with pytest.raises(ApiException) as caught:
        await asyncio.to_thread(stranger.crm.objects.basic_api.get_page, "tickets")
    assert caught.value.status == 401
