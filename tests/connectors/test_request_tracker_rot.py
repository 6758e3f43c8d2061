"""What changes in Request Tracker is told by the mapping-rot guard before records fail for it.

Request Tracker is a real one or a recording of one.
"""

from __future__ import annotations

from pathlib import Path

from connectors.request_tracker.details import ASKED
from syncline.rot.snapshot import TellsDetails
from syncline.sdk.connector import Create, Result
from tests.connectors.guarded import Guarded, only
from tests.connectors.request_tracker_stage import Live, Recorded, live, server
from tests.connectors.request_tracker_world import LIFECYCLE, RequestTrackerWorld, opened

__all__ = ["server"]

SEVERITY, LABELS, LOW, MEDIUM = 3, 4, 1, 2  # numbers of the seed
ADDED = """\
  severity: {{kind: enum, path: {path}, enum: {{minor: [low, medium], major: [high, urgent]}}}}
"""
OPEN = "open => ['stalled', 'resolved', 'rejected', 'deleted']"


def guarded(folder: Path, world: RequestTrackerWorld) -> Guarded:
    connection = {
        "connector": "request_tracker",
        "base_url": world.stage.base_url,
        "scope": {"queue": "Support"},
        "key_field": "ExternalKey",
        "search_lag": "1s",
    }
    secret = ("token", world.tokens["hub"])
    return Guarded(folder, world.clock, connection, secret, ADDED, "CustomFields.Severity")


class Rot:
    story = "rot"

    async def test_names_that_changed_are_told_with_the_patch_that_follows_them(
        self, world: RequestTrackerWorld, tmp_path: Path
    ) -> None:
        one = guarded(tmp_path, world)
        await world.create({"Subject": "in it", "CustomFields": {"Severity": "low"}})
        await one.sync()
        assert (await one.ask()).findings == []
        await world.call("PUT", f"customfield/{LABELS}", {"Name": "Tags"})
        await world.call("PUT", f"customfield/{SEVERITY}/value/{LOW}", {"Name": "tiny"})
        rot = await one.ask()
        severity, labels = only(rot, "option_renamed"), only(rot, "field_renamed")
        assert len(rot.findings) == 2
        assert f"called 'tiny' now (the tool's id {LOW} is the same)" in severity.what
        assert rot.affected[rot.findings.index(severity)].count == 1
        assert "called 'CustomFields.Tags' now" in labels.what
        changed = one.patch(rot)
        assert "CustomFields.Tags" in changed and "[tiny, medium]" in changed
        assert (await one.ask()).findings == []

    async def test_what_was_taken_away_is_told(
        self, world: RequestTrackerWorld, tmp_path: Path
    ) -> None:
        one = guarded(tmp_path, world)
        await one.ask()
        await world.call("DELETE", f"customfield/{SEVERITY}/value/{MEDIUM}")
        await world.call("DELETE", f"customfield/{LABELS}")
        rot = await one.ask()
        severity, labels = only(rot, "option_removed"), only(rot, "field_removed")
        assert len(rot.findings) == 2
        assert severity.what == "'Severity' of tracker has no option 'medium' any more"
        assert "no field 'Labels'" in labels.what
        one.patch(rot)
        assert (await one.ask()).findings == []

    async def test_a_step_taken_out_of_the_lifecycle_names_what_cannot_be_reached(
        self, world: RequestTrackerWorld, tmp_path: Path
    ) -> None:
        one = guarded(tmp_path, world)
        await world.create({"Subject": "new"})
        await one.ask()
        assert LIFECYCLE.count(OPEN) == 1
        await world.administer(lifecycle=LIFECYCLE.replace(OPEN, OPEN.replace(", 'rejected'", "")))
        told = only(await one.ask(), "workflow")
        assert told.what == (
            "the workflow of Support in tracker no longer leads from 'open' to 'rejected'"
        )
        assert "'rejected' cannot be reached from 'new' and 'open'" in told.until
        # An operator who wants it so is not told again.
        await one.ask(accept=True)
        assert (await one.ask()).findings == []

    async def test_a_status_that_is_called_otherwise_is_told_as_far_as_request_tracker_tells(
        self, world: RequestTrackerWorld, tmp_path: Path
    ) -> None:
        one = guarded(tmp_path, world)
        await one.ask()
        await world.administer(lifecycle=LIFECYCLE.replace("stalled", "waiting"))
        (told,) = (await one.ask()).findings
        assert "lifecycle default, with waiting, is the site's own" in told.what

    async def test_lost_rights_are_told(self, world: RequestTrackerWorld, tmp_path: Path) -> None:
        one = guarded(tmp_path, world)
        await one.ask()
        await world.administer(
            "DELETE FROM ACL WHERE RightName IN ('CommentOnTicket', 'ModifyTicket')"
        )
        rot = await one.ask()
        assert only(rot, "rights").what == "the account may not comment (CommentOnTicket)"
        assert "no longer leads from 'open' to 'rejected' nor" in only(rot, "workflow").what

    async def test_a_mandatory_field_is_none_for_the_interface(
        self, world: RequestTrackerWorld, tmp_path: Path
    ) -> None:
        one = guarded(tmp_path, world)
        await one.ask()
        await world.call("PUT", f"customfield/{SEVERITY}", {"Pattern": "(?#Mandatory)."})
        assert (await one.ask()).findings == []
        async with opened(world) as connector:
            (made,) = await connector.create("ticket", [Create("k", {"Subject": "without it"})])
        assert made.result is Result.APPLIED

    async def test_details_cost_a_page_of_each_queue_and_a_look_at_statuses_that_it_lacks(
        self, world: RequestTrackerWorld
    ) -> None:
        for number in range(ASKED):
            await world.create({"Subject": f"new {number}"})
        async with opened(world) as connector:
            assert isinstance(connector, TellsDetails)
            await connector.describe()
            before = connector.requests()
            details = await connector.details("ticket")
            after = connector.requests()
        assert set(details["moves"]["Support"]) == {"new", "open"}
        # The queue's page, the options of one field, and three statuses in which there is none.
        assert after["read"] - before["read"] == 1 + 1 + 3
        assert after["write"] == before["write"]


class TestRot(Recorded, Rot):
    pass


class TestRotLive(Live, Rot):
    pytestmark = live
