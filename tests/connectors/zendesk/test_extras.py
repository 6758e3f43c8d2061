"""What hangs on a ticket of Zendesk: comments, links, webhooks; and the mappings that ship."""

from __future__ import annotations

import pytest

from connectors.zendesk import ZendeskConnector
from connectors.zendesk.webhook import ZendeskWebhook
from syncline.mapping.check import check
from syncline.mapping.load import builtin
from syncline.sdk.connector import (
    LinkCard,
    NewAttachment,
    NewComment,
    Result,
    Visibility,
)
from syncline.sdk.errors import Misconfigured
from syncline.sdk.secrets import Secret
from syncline.sdk.webhook import Hint, Refused
from tests.connectors.zendesk.saying import now
from tests.connectors.zendesk.world import (
    API,
    LINK_FIELD,
    ZendeskWorld,
    opened,
)

CARD_URL = "https://jira.example/browse/APP-1"


# Comments and files.


async def test_an_internal_note_is_never_public(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    id = await world.create({"subject": "asked"}, by=world.carol)
    items = [
        NewComment("k1", id, "<p>inside</p>", Visibility.INTERNAL),
        NewComment("k2", id, "<p>for you</p>", Visibility.PUBLIC),
    ]
    await zendesk.comment("ticket", items)
    file = NewAttachment("k3", id, "f.txt", b"inside", "text/plain", Visibility.INTERNAL)
    await zendesk.attach("ticket", [file])
    assert [c["public"] for c in world.comments(id)][1:] == [False, True, False]
    files = (await zendesk.attachments("ticket", [id]))[id]
    assert [one.visibility for one in files] == [Visibility.INTERNAL]


async def test_the_description_is_no_comment(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    id = await world.create({"subject": "asked", "description": "Help!"}, by=world.carol)
    await world.comment(id, "<p>Which <b>printer</b>?</p>", Visibility.PUBLIC)
    (comment,) = (await zendesk.comments("ticket", [id]))[id]
    assert comment.body == "<p>Which <b>printer</b>?</p>"
    assert (comment.author.name, comment.author.email) == ("Ann Agent", "ann@acme.test")
    assert not comment.by_us
    assert (await now(zendesk, id)).fields["description"] == "Help!"


async def test_a_comment_whose_answer_is_lost_is_there_once_to_be_found(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    id = await world.create({"subject": "asked"})
    await world.fault("PUT", f"{API}tickets", "drop_after_apply")
    note = NewComment("k", id, "<p>said once</p>", Visibility.INTERNAL)
    (outcome,) = await zendesk.comment("ticket", [note])
    assert outcome.result is Result.AMBIGUOUS
    (comment,) = (await zendesk.comments("ticket", [id]))[id]
    assert (comment.body, comment.by_us) == ("<p>said once</p>", True)


# Links.


async def test_a_link_note_is_written_once_and_called_off_by_another(world: ZendeskWorld) -> None:
    id = await world.create({"subject": "linked"})
    card = LinkCard(id, "jira", "APP-1", "One & <two>", CARD_URL)
    async with opened(world, link_field=None) as zendesk:
        for _ in range(2):
            await zendesk.show_links("ticket", [card, card])
        assert len(world.comments(id)) == 2
        assert await zendesk._messages.links_shown(id) == [CARD_URL]
        assert (await zendesk.comments("ticket", [id]))[id] == []
        for _ in range(2):
            await zendesk.show_links("ticket", [], gone=[card])
        assert len(world.comments(id)) == 3
        assert await zendesk._messages.links_shown(id) == []
        await zendesk.show_links("ticket", [card])
        assert await zendesk._messages.links_shown(id) == [CARD_URL]
    assert not any(comment["public"] for comment in world.comments(id)[1:])


async def test_an_issue_of_jira_is_shown_by_zendesks_own_integration(world: ZendeskWorld) -> None:
    id = await world.create({"subject": "linked"})
    card = LinkCard(id, "tracker", "APP-1", "One", CARD_URL, tool="jira", linked_id="10001")
    other = LinkCard(id, "desk", "T-1", "Another", "https://desk.example/1", tool="redmine")
    async with opened(world, jira_links=True) as zendesk:
        before = world.requests().write
        for _ in range(2):
            outcomes = await zendesk.show_links("ticket", [card, other])
            assert {outcome.result for outcome in outcomes} == {Result.APPLIED}
        assert world.requests().write - before == 2
        assert list(await world.links_shown(id)) == ["https://desk.example/1"]
        assert len(world.comments(id)) == 1
        await zendesk.show_links("ticket", [], gone=[card])
        assert world.requests().write - before == 3


async def test_what_people_wrote_into_the_link_field_stays(
    world: ZendeskWorld, zendesk: ZendeskConnector
) -> None:
    id = await world.create(
        {"subject": "linked", "custom_fields": {LINK_FIELD: "https://ours.test/1"}}
    )
    card = LinkCard(id, "jira", "APP-1", "One", CARD_URL)
    await zendesk.show_links("ticket", [card])
    assert list(await world.links_shown(id)) == ["https://ours.test/1", CARD_URL]
    await zendesk.show_links("ticket", [], gone=[card])
    assert list(await world.links_shown(id)) == ["https://ours.test/1"]


async def test_a_link_field_that_is_no_text_field_is_named(world: ZendeskWorld) -> None:
    async with opened(world, link_field="No such field") as zendesk:
        with pytest.raises(Misconfigured, match="no text field 'No such field'; there are: "):
            await zendesk.describe()


# Webhooks.


async def test_what_zendesk_signs_is_taken_and_names_the_ticket(world: ZendeskWorld) -> None:
    events = ["zen:event-type:ticket.subject_changed", "zen:event-type:ticket.comment_added"]
    hooks = world.office.webhooks
    hook = hooks.create(
        {"name": "hub", "endpoint": "http://127.0.0.1:9/hub", "subscriptions": events}
    )
    id = await world.create({"subject": "one"})
    await world.edit(id, {"subject": "two"})
    endpoint = ZendeskWebhook([Secret(hook["_secret"])])
    told = [
        endpoint.receive(list(one.headers.items()), one.body, world.clock.now())
        for one in world.fake.hooks.deliveries
    ]
    assert [delivery.hints for delivery in told] == [(Hint("ticket", id),)] * 2
    assert len({delivery.key for delivery in told}) == 2
    hooks.new_secret(hook)
    await world.edit(id, {"subject": "three"})
    forged = world.fake.hooks.deliveries[-1]
    with pytest.raises(Refused):
        endpoint.receive(list(forged.headers.items()), forged.body, world.clock.now())


# The mappings.


@pytest.mark.parametrize("entity", ["ticket", "customer_request"])
async def test_the_shipped_mapping_fits_a_fresh_account(
    zendesk: ZendeskConnector, entity: str
) -> None:
    assert check(builtin("zendesk", entity), await zendesk.describe()) == []
