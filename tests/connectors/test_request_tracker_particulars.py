"""What only Request Tracker does, on a real one and on recordings of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.request_tracker import RequestTrackerConnector
from connectors.request_tracker.client import Client
from connectors.request_tracker.config import RequestTrackerConfig
from connectors.request_tracker.history import History
from connectors.request_tracker.metadata import Metadata
from connectors.request_tracker.races import Races
from connectors.request_tracker.reading import Reader
from connectors.request_tracker.wire import WireShape, changed
from connectors.request_tracker.writing import Writer
from deployments.real.request_tracker import RequestTracker
from syncline.sdk.connector import (
    Create,
    CreateSearch,
    Found,
    LinkCard,
    NewAttachment,
    NewComment,
    Record,
    Result,
    Update,
    Visibility,
)
from syncline.sdk.errors import Misconfigured
from syncline.sdk.http import Response
from syncline.sdk.testing.base import LONG_AGO
from tests.connectors.request_tracker_stage import Live, Recorded, live, server
from tests.connectors.request_tracker_world import (
    RequestTrackerWorld,
    config,
    opened,
)

__all__ = ["server"]


EVERYTHING: dict[str, Any] = {
    "Subject": "all of it",
    "Status": "open",
    "Priority": "High",
    "Owner": "ann",
    "Requestors": ["first@example.test", "second@example.test"],
    "Cc": ["copy@example.test"],
    "CustomFields": {"Severity": "urgent", "Labels": ["a", "b"]},
    "Due": "2026-12-24",
    "RefersTo": ["https://other.example/1"],
}
EVERYTHING_ELSE: dict[str, Any] = {
    "Status": "stalled",
    "Priority": "Medium",
    "Owner": None,
    "Requestors": ["second@example.test"],
    "Cc": [],
    "CustomFields": {"Severity": None, "Labels": ["b", "c"]},
    "Due": None,
    "RefersTo": ["https://other.example/2"],
}


class Particulars:
    """What only Request Tracker does."""

    story = "particulars"

    async def test_a_merged_ticket_names_its_survivor_and_its_comments_move_there(
        self, world: RequestTrackerWorld
    ) -> None:
        async with opened(world) as rt:
            lost, kept = [await world.create({"Subject": name}) for name in ("lost", "kept")]
            await world.comment(lost, "<p>said before</p>", Visibility.INTERNAL)
            cursor = (await told(rt, None))[1]
            await world.edit(lost, {"MergeInto": int(kept)})
            records, _ = await told(rt, cursor)
            fetched = await rt.fetch("ticket", [lost])
            comments = await rt.comments("ticket", [kept])
        for shown in (records[lost], fetched[lost]):
            assert isinstance(shown, Record)
            assert (shown.id, shown.merged_into, shown.in_scope) == (lost, kept, False)
        assert records[kept].merged_into is None
        assert [comment.body for comment in comments[kept]] == ["<p>said before</p>"]

    async def test_a_ticket_that_leaves_the_queue_or_is_deleted_is_told_as_such(
        self, world: RequestTrackerWorld
    ) -> None:
        async with opened(world) as rt:
            moved, deleted = [await world.create({"Subject": name}) for name in ("m", "d")]
            cursor = (await told(rt, None))[1]
            await world.leave_scope(moved)
            await world.delete(deleted)
            records, cursor = await told(rt, cursor)
            assert (records[moved].in_scope, records[moved].deleted) == (False, False)
            assert (records[deleted].in_scope, records[deleted].deleted) == (True, True)
            await world.settle()
            await world.edit(moved, {"Subject": "edited elsewhere"})
            assert moved not in (await told(rt, cursor))[0]

    async def test_an_edit_between_the_look_and_the_write_is_a_conflict(
        self, world: RequestTrackerWorld
    ) -> None:
        id = await world.create({"Subject": "planned from this"})
        async with opened(world) as rt:

            class Interrupted(Client):
                """Lets a person act just before a write is sent."""

                async def write(self, *call: Any, **more: Any) -> Response:
                    await world.edit(id, {"Priority": 90})
                    return await super().write(*call, **more)

            writer = writer_over(Interrupted(rt._transport), config(world))
            patch, expected = {"Subject": "too late"}, {"Subject": "planned from this"}
            (outcome,) = await writer.update([Update(id, patch, expected)])
            shown = (await rt.fetch("ticket", [id]))[id]
        assert outcome.result is Result.CONFLICT
        assert isinstance(shown, Record)
        assert shown.fields["Subject"] == "planned from this"

    @pytest.mark.parametrize("first", ["a person", "Syncline"])
    async def test_an_edit_in_the_same_moment_is_kept_and_is_a_conflict(
        self, world: RequestTrackerWorld, first: str
    ) -> None:
        before = {"Subject": "as planned", "CustomFields": {"Labels": ["a", "b"]}}
        id = await world.create(before)
        person = {"Subject": "a person's", "CustomFields": {"Labels": ["a", "b", "p"]}}

        class Raced(Client):
            """Two writes that both found their ETag fresh, as RT lets them."""

            met = False

            async def write(self, *call: Any, etag: str = "", **more: Any) -> Response:
                if self.met:
                    return await super().write(*call, etag=etag, **more)
                self.met = True
                if first == "a person":
                    await world.edit(id, person)
                    return await super().write(*call, **more)
                answer = await super().write(*call, etag=etag, **more)
                added = ["a", "p", "s"]
                await world.edit(id, {**person, "CustomFields": {"Labels": added}})
                return answer

        patch = {"Subject": "ours", "CustomFields": {"Labels": ["a", "s"]}}
        async with opened(world) as rt:
            writer = writer_over(Raced(rt._transport), config(world))
            (outcome,) = await writer.update([Update(id, patch, before)])
            shown = (await rt.fetch("ticket", [id]))[id]
        assert outcome.result is Result.CONFLICT
        assert isinstance(shown, Record)
        assert outcome.record == shown
        assert shown.fields["Subject"] == "a person's"
        assert shown.fields["CustomFields"]["Labels"] == ["a", "p", "s"]

    async def test_what_rt_drops_without_a_word_is_named_and_the_rest_is_written(
        self, world: RequestTrackerWorld
    ) -> None:
        async with opened(world) as rt:
            fields = {"Subject": "as planned", "Owner": "bob", "CustomFields": {"Severity": "low"}}
            (made,) = await rt.create("ticket", [Create("key-1", fields)])
            assert made.id and made.record
            patch = {"Subject": "new", "Owner": "nobody I know", "CustomFields": {"Severity": "?"}}
            (outcome,) = await rt.update("ticket", [Update(made.id, patch, fields)])
            alone = {"Owner": "nobody I know"}
            (refused,) = await rt.update("ticket", [Update(made.id, alone, {"Owner": "bob"})])
        assert outcome.result is Result.APPLIED and outcome.record
        assert outcome.record.fields["Subject"] == "new"
        assert outcome.record.fields["Owner"] == "bob"
        assert "RT did not take Owner, CustomFields.Severity: " in outcome.reason
        assert refused.result is Result.REJECTED
        assert "That user does not exist" in refused.reason

    async def test_every_field_is_written_and_read_alike(self, world: RequestTrackerWorld) -> None:
        first, second = EVERYTHING, EVERYTHING_ELSE
        async with opened(world, timezone="Europe/Berlin") as rt:
            (made,) = await rt.create("ticket", [Create("key-1", first)])
            assert made.id and made.record
            assert not changed(first, made.record.fields)
            expected = {path: first[path] for path in second}
            (outcome,) = await rt.update("ticket", [Update(made.id, second, expected)])
            history = (await rt.history("ticket", [made.id], LONG_AGO))[made.id]
        assert outcome.result is Result.APPLIED and outcome.record
        assert not changed(second, outcome.record.fields)
        steps = {(c.path, c.before, c.after) for c in history}
        assert steps >= {
            ("Status", "open", "stalled"),
            ("Priority", "High", "Medium"),
            ("Owner", "ann", None),
            ("Requestors", "first@example.test", None),
            ("Due", "2026-12-24", None),
            ("CustomFields.Labels", "a", None),
            ("CustomFields.Labels", None, "c"),
            ("CustomFields.Severity", "urgent", None),
            ("RefersTo", None, "https://other.example/2"),
        }
        assert all(change.by_us for change in history)

    async def test_a_key_that_somebody_copied_makes_the_create_a_question(
        self, world: RequestTrackerWorld
    ) -> None:
        fields = {"Subject": "only once"}
        async with opened(world) as rt:
            (made,) = await rt.create("ticket", [Create("key-1", fields)])
            search = CreateSearch("key-1", fields, LONG_AGO)
            (ours,) = await rt.find("ticket", [search])
            copied = {"Subject": "a copy", "CustomFields": {"ExternalKey": "key-1"}}
            copy = await world.create(copied)
            (doubt,) = await rt.find("ticket", [search])
        assert ours.record and ours.record.id == made.id
        assert doubt.found is Found.UNKNOWN
        assert copy in doubt.reason

    async def test_without_a_key_field_a_lost_create_is_known_by_its_text(
        self, world: RequestTrackerWorld
    ) -> None:
        async with opened(world, key_field=None) as rt:
            texts = ["<p>only once</p>", "<p>twice</p>", "<p>twice</p>", "<p>never</p>"]
            fields = [{"Subject": "s", "Content": text} for text in texts]
            made = await rt.create("ticket", [Create(f"key-{n}", fields[n]) for n in range(3)])
            searches = [CreateSearch(f"key-{n}", fields[n], LONG_AGO) for n in range(4)]
            once, twice, _, never = await rt.find("ticket", searches)
        assert rt.capabilities.bulk_create == 1
        assert once.found is Found.YES
        assert once.record and once.record.id == made[0].id
        assert twice.found is Found.UNKNOWN
        assert never.found is Found.NO

    async def test_a_plain_message_is_read_in_the_connection_s_format(
        self, world: RequestTrackerWorld
    ) -> None:
        text = "1 < 2\nand a line\n\nnew paragraph"
        id = await world.create({"Subject": "plain", "Content": text})
        async with opened(world) as html, opened(world, text_format="plain") as plain:
            in_html = (await html.fetch("ticket", [id]))[id]
            in_plain = (await plain.fetch("ticket", [id]))[id]
        assert isinstance(in_html, Record) and isinstance(in_plain, Record)
        read = "<p>1 &lt; 2<br>and a line</p>\n<p>new paragraph</p>"
        assert in_html.fields["Content"] == read
        assert in_plain.fields["Content"] == text

    async def test_a_link_is_written_once_and_links_between_tickets_stay(
        self, world: RequestTrackerWorld
    ) -> None:
        id, other = [await world.create({"Subject": name}) for name in ("one", "two")]
        await world.edit(id, {"AddRefersTo": int(other)})
        card = LinkCard(id, "jira", "APP-1", "One", "https://jira.example/APP-1")
        async with opened(world) as rt:
            await rt.show_links("ticket", [card])
            writes = rt.requests()["write"]
            await rt.show_links("ticket", [card])
            assert rt.requests()["write"] == writes
            (outcome,) = await rt.update("ticket", [Update(id, {"RefersTo": []}, {})])
        assert outcome.result is Result.APPLIED
        assert [link.rpartition("/")[2] for link in await world.links_shown(id)] == [other]

    async def test_the_schema_is_that_of_the_queue(self, world: RequestTrackerWorld) -> None:
        async with opened(world) as rt:
            schema = await rt.describe()
        fields = schema.records["ticket"].fields
        assert schema.account.startswith("user 29 at ")
        assert schema.version.startswith("5.")
        assert schema.warnings == ()
        assert fields["CustomFields.Severity"].options == ("high", "low", "medium", "urgent")
        assert fields["CustomFields.Labels"].type == "list"
        assert fields["Status"].options and "stalled" in fields["Status"].options
        assert fields["Content"].create_only

    async def test_a_key_field_that_the_queue_has_not_is_named(
        self, world: RequestTrackerWorld
    ) -> None:
        async with opened(world, key_field="Labels") as rt:
            with pytest.raises(Misconfigured, match="no single-value custom field 'Labels'"):
                await rt.describe()

    async def test_a_queue_that_does_not_exist_is_named(self, world: RequestTrackerWorld) -> None:
        async with opened(world, scope={"queue": ["Support", "Suport"]}) as rt:
            for asked in (rt.describe(), told(rt, None)):
                with pytest.raises(Misconfigured, match="no queue 'Suport'"):
                    await asked

    async def test_a_text_file_in_another_encoding_keeps_its_bytes(
        self, world: RequestTrackerWorld
    ) -> None:
        id = await world.create({"Subject": "with a file"})
        content = "größe".encode("latin-1")
        item = NewAttachment("k", id, "old.txt", content, "text/plain", Visibility.INTERNAL)
        async with opened(world) as rt:
            await rt.attach("ticket", [item])
            (file,) = (await rt.attachments("ticket", [id]))[id]
            assert await rt.download("ticket", file) == content


class TestParticulars(Recorded, Particulars):
    pass


class TestParticularsLive(Live, Particulars):
    pytestmark = live

    async def test_an_internal_comment_and_its_files_are_mailed_to_nobody(
        self, world: RequestTrackerWorld, server: RequestTracker
    ) -> None:
        mail = Path(server.connection()["mail"])
        async with opened(world) as rt:
            fields = {"Subject": "asked", "Requestor": "customer@example.test"}
            (made,) = await rt.create("ticket", [Create("key-1", fields)])
            assert made.id
            before = mail.read_text()
            note = NewComment("k", made.id, "<p>inside</p>", Visibility.INTERNAL)
            file = NewAttachment("k", made.id, "f", b"f", "text/plain", Visibility.INTERNAL)
            (noted,) = await rt.comment("ticket", [note])
            (filed,) = await rt.attach("ticket", [file])
            assert mail.read_text() == before
            reply = NewComment("k", made.id, "<p>for you</p>", Visibility.PUBLIC)
            await rt.comment("ticket", [reply])
        assert (noted.result, filed.result) == (Result.APPLIED, Result.APPLIED)
        assert "To: customer@example.test" in mail.read_text().removeprefix(before)


def writer_over(client: Client, settings: RequestTrackerConfig) -> Writer:
    """A connection's writer that sends through `client`."""
    metadata, shape = Metadata(client, settings), WireShape(settings)
    reader = Reader(client, metadata, shape, "html")
    races = Races(client, History(client, metadata, shape), reader, shape)
    return Writer(client, metadata, reader, shape, races)


async def told(rt: RequestTrackerConnector, cursor: str | None) -> tuple[dict[str, Record], str]:
    """All that `changes` tells, and the cursor behind it."""
    records: dict[str, Record] = {}
    async for page in rt.changes("ticket", cursor):
        records |= {record.id: record for record in page.records}
        cursor = page.cursor
    assert cursor is not None
    return records, cursor
