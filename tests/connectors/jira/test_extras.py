"""What hangs on Jira's issues: comments that stay internal, remote links, history, the package."""

from __future__ import annotations

import pytest

from connectors.jira import JiraConnector
from connectors.jira.client import rate_scope
from syncline.sdk.connector import (
    CommentEdit,
    LinkCard,
    NewAttachment,
    NewComment,
    Result,
    Update,
    Visibility,
)
from syncline.sdk.errors import AuthRequired
from syncline.sdk.testing.base import LONG_AGO
from tests.connectors.jira.world import WRONG_TOKEN, JiraWorld, document, opened, written


def comment(id: str, text: str, visibility: Visibility = Visibility.INTERNAL) -> NewComment:
    return NewComment(f"key {text}", id, written(text), visibility)


async def test_a_comment_of_ours_keeps_its_key_and_is_internal_for_a_service_desk(
    world: JiraWorld, connector: JiraConnector
) -> None:
    id = await world.create({"summary": "talked about"})
    await connector.comment("issue", [comment(id, "between us")])
    (shown,) = (await connector.comments("issue", [id]))[id]
    assert (shown.key, shown.by_us) == ("key between us", True)
    (kept,) = world.site.comments_of(id)
    assert kept["properties"]["sd.public.comment"] == {"internal": True}


async def test_only_a_service_desk_has_public_comments(world: JiraWorld) -> None:
    id = await world.create({"summary": "talked about"})
    await world.comment(id, written("a person's word"), Visibility.PUBLIC)
    for desk in (False, True):
        async with opened(world, service_desk=desk) as connector:
            (outcome,) = await connector.comment("issue", [comment(id, "hi", Visibility.PUBLIC)])
            shown = (await connector.comments("issue", [id]))[id]
        assert outcome.result is (Result.APPLIED if desk else Result.REJECTED)
        assert {c.visibility for c in shown} == {Visibility.PUBLIC if desk else Visibility.INTERNAL}


async def test_a_comment_for_a_role_is_internal_and_stays_with_the_role_when_edited(
    world: JiraWorld,
) -> None:
    id = await world.create({"summary": "talked about"})
    role = {"type": "role", "value": "Developers"}
    given = {"body": document("for developers"), "visibility": role}
    _, kept = world.fake.commenting.add(world.doc(id), given, world.ann)
    async with opened(world, service_desk=True) as connector:
        (shown,) = (await connector.comments("issue", [id]))[id]
        edit = CommentEdit(kept["id"], id, written("still"), shown.body, Visibility.INTERNAL)
        (outcome,) = await connector.edit_comments("issue", [edit])
    assert shown.visibility is Visibility.INTERNAL
    assert outcome.result is Result.APPLIED
    (after,) = world.site.comments_of(id)
    assert after["visibility"] == role


async def test_a_comment_that_somebody_changed_is_not_overwritten(
    world: JiraWorld, connector: JiraConnector
) -> None:
    id = await world.create({"summary": "talked about"})
    (made,) = await connector.comment("issue", [comment(id, "first")])
    edit = CommentEdit(made.id or "", id, written("ours"), written("not that"), Visibility.INTERNAL)
    (outcome,) = await connector.edit_comments("issue", [edit])
    assert outcome.result is Result.CONFLICT


async def test_a_comment_whose_answer_is_lost_holds_back_the_next_and_shows_its_key(
    world: JiraWorld, connector: JiraConnector
) -> None:
    id = await world.create({"summary": "talked about"})
    await world.fault("drop_after_apply", f"/rest/api/3/issue/{id}/comment", "POST")
    outcomes = await connector.comment("issue", [comment(id, "one"), comment(id, "two")])
    assert [o.result for o in outcomes] == [Result.AMBIGUOUS, Result.RETRY]
    (shown,) = (await connector.comments("issue", [id]))[id]
    assert shown.key == "key one"


async def test_an_empty_comment_is_refused(connector: JiraConnector, world: JiraWorld) -> None:
    id = await world.create({"summary": "talked about"})
    item = NewComment("key", id, "", Visibility.INTERNAL)
    assert (await connector.comment("issue", [item]))[0].result is Result.REJECTED


async def test_more_comments_than_a_page_are_read(
    world: JiraWorld, connector: JiraConnector
) -> None:
    id = await world.create({"summary": "much talked about"})
    for n in range(103):
        await world.comment(id, written(f"word {n}"), Visibility.INTERNAL)
    shown = (await connector.comments("issue", [id]))[id]
    assert [c.body for c in shown] == [written(f"word {n}") for n in range(103)]


async def test_a_card_with_a_new_title_replaces_the_old_one(
    world: JiraWorld, connector: JiraConnector
) -> None:
    id = await world.create({"summary": "linked"})
    for title in ("Printer on fire", "Printer put out"):
        card = LinkCard(id, "desk", "#35", title, "https://desk.example/35")
        await connector.show_links("issue", [card])
    (link,) = world.doc(id)["links"]
    assert link["object"]["title"] == "#35: Printer put out"
    assert link["globalId"] == "system=desk&id=#35"
    writes = world.requests().write
    await connector.show_links("issue", [card])
    assert world.requests().write == writes
    paths = {entry["path"] for entry in await world.log()}
    assert not [path for path in paths if "applink" in path]


async def test_a_link_that_somebody_took_off_already_is_no_trouble(
    world: JiraWorld, connector: JiraConnector
) -> None:
    id = await world.create({"summary": "linked"})
    card = LinkCard(id, "desk", "#35", "Printer on fire", "https://desk.example/35")
    kept = LinkCard(id, "desk", "#36", "Another", "https://desk.example/36")
    outcomes = await connector.show_links("issue", [kept], gone=[card])
    assert [o.result for o in outcomes] == [Result.APPLIED, Result.APPLIED]
    assert list(await world.links_shown(id)) == [kept.url]


async def test_a_file_for_customers_is_refused(world: JiraWorld, connector: JiraConnector) -> None:
    id = await world.create({"summary": "with a file"})
    item = NewAttachment("key", id, "a.txt", b"hello", "text/plain", Visibility.PUBLIC)
    assert (await connector.attach("issue", [item]))[0].result is Result.REJECTED


async def test_the_history_tells_each_kind_of_field_as_records_show_it(
    world: JiraWorld, connector: JiraConnector
) -> None:
    id = await world.create({"summary": "with a past"})
    patch = {
        "description": written("now described"),
        "labels": ["a", "b"],
        "assignee": world.bob,
        "duedate": "2026-03-01",
        "custom_fields": {"Team": "Platform", "Platform": ["Web", "iOS"], "Support key": "Z"},
    }
    await connector.update("issue", [Update(id, patch, {})])
    await world.edit(id, {"priority": "Low"})
    changes = (await connector.history("issue", [id], LONG_AGO))[id]
    told = {change.path: (change.before, change.after, change.by_us) for change in changes}
    assert told == {
        "description": (None, written("now described"), True),
        "labels": ([], ["a", "b"], True),
        "assignee": (None, world.bob, True),
        "duedate": (None, "2026-03-01", True),
        "custom_fields.Team": (None, "Platform", True),
        "custom_fields.Platform": ([], ["Web", "iOS"], True),
        "custom_fields.Support key": (None, "Z", True),
        "priority": ("Medium", "Low", False),
    }


async def test_the_package_sends_nothing_of_its_own_and_its_errors_are_ours(
    world: JiraWorld,
) -> None:
    async with opened(world) as connector:
        me = await connector._package.call(lambda jira: jira.myself())
        assert me["timeZone"] == "Asia/Kolkata"
    async with opened(world, WRONG_TOKEN) as stranger:
        with pytest.raises(AuthRequired):
            await stranger._package.call(lambda jira: jira.myself())
    assert [entry["path"] for entry in await world.log()] == ["/rest/api/3/myself"] * 2


async def test_what_the_package_posts_is_never_sent_twice(
    world: JiraWorld, connector: JiraConnector
) -> None:
    id = await world.create({"summary": "linked"})
    await world.fault("drop_after_apply", f"/rest/api/3/issue/{id}/remotelink", "POST", times=9)
    card = LinkCard(id, "desk", "#35", "Printer on fire", "https://desk.example/35")
    (outcome,) = await connector.show_links("issue", [card])
    assert outcome.result is Result.AMBIGUOUS
    posts = [e for e in await world.log() if e["method"] == "POST"]
    assert len(posts) == 1


@pytest.mark.parametrize(
    ("reason", "scope"),
    [
        ("jira-quota-global-based", "connection"),
        ("jira-quota-tenant-based", "connection"),
        ("jira-cost-based", "connection"),
        ("jira-burst-based", "endpoint"),
        ("jira-per-issue-on-write", "record"),
        ("", "connection"),
    ],
)
def test_a_429_is_about_what_its_reason_says(reason: str, scope: str) -> None:
    assert rate_scope({"ratelimit-reason": reason} if reason else {}) == scope
