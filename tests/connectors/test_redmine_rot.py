"""What changes in Redmine is told by the mapping-rot guard before records fail for it.

Redmine is a real one or a recording of one. What an administrator changes on the pages of Redmine
no interface changes, so its database is told.
"""

from __future__ import annotations

from pathlib import Path

from connectors.redmine.details import ASKED
from syncline.rot.snapshot import TellsDetails
from syncline.sdk.connector import Create, Result
from tests.connectors.guarded import Guarded, only
from tests.connectors.redmine_stage import Live, Recorded, live
from tests.connectors.redmine_world import RedmineWorld, VersionWorld, opened

BUG, FEATURE = 1, 2
ELSEWHERE = (
    "INSERT INTO custom_fields (type, name, field_format, regexp, is_required, is_for_all,"
    " is_filter, position, searchable, editable, visible, multiple, format_store) SELECT type,"
    " 'Elsewhere', field_format, regexp, 1, 0, is_filter, 9, searchable, editable, visible,"
    " multiple, format_store FROM custom_fields WHERE name = 'ExternalKey'",
    "INSERT INTO custom_fields_trackers SELECT id, 1 FROM custom_fields WHERE name = 'Elsewhere'",
    "INSERT INTO custom_fields_projects SELECT custom_fields.id, projects.id FROM custom_fields,"
    " projects WHERE custom_fields.name = 'Elsewhere' AND identifier = 'elsewhere'",
)
"""A field that issues of another project must have."""


def guarded(folder: Path, world: RedmineWorld, who: str = "hub") -> Guarded:
    connection = {
        "connector": "redmine",
        "base_url": world.stage.base_url,
        "scope": {"project": "app"},
        "key_field": "ExternalKey",
        "search_lag": 1,
        "limits": {"concurrent": 1},
    }
    return Guarded(folder, world.clock, connection, ("api_key", world.keys[who]))


class Rot:
    story = "rot"

    async def test_names_that_changed_are_told_with_the_patch_that_follows_them(
        self, world: RedmineWorld, tmp_path: Path
    ) -> None:
        one = guarded(tmp_path, world)
        await world.create({"subject": "in it"})
        await one.sync()
        assert (await one.ask()).findings == []
        await world.administer("UPDATE issue_statuses SET name = 'Fresh' WHERE name = 'New'")
        await world.administer("UPDATE custom_fields SET name = 'Tags' WHERE name = 'Labels'")
        rot = await one.ask()
        status, labels = only(rot, "option_renamed"), only(rot, "field_renamed")
        assert len(rot.findings) == 2
        assert "called 'Fresh' now (the tool's id 1 is the same)" in status.what
        assert "called 'custom_fields.Tags' now" in labels.what
        assert rot.affected[rot.findings.index(status)].count == 1
        changed = one.patch(rot)
        assert "custom_fields.Tags" in changed and "todo: Fresh" in changed
        assert (await one.ask()).findings == []

    async def test_what_was_taken_away_is_told(self, world: RedmineWorld, tmp_path: Path) -> None:
        one = guarded(tmp_path, world)
        await one.ask()
        await world.administer("UPDATE enumerations SET active = 0 WHERE name = 'Urgent'")
        await world.administer("DELETE FROM custom_fields WHERE name = 'Labels'")
        rot = await one.ask()
        priority, labels = only(rot, "option_removed"), only(rot, "field_removed")
        assert len(rot.findings) == 2
        assert priority.what == "'Priority' of tracker has no option 'Urgent' any more"
        assert "urgent is written as 'Immediate'" in priority.do
        assert "no field 'Labels'" in labels.what
        one.patch(rot)
        assert (await one.ask()).findings == []

    async def test_a_step_taken_out_of_the_workflow_names_what_cannot_be_reached(
        self, world: RedmineWorld, tmp_path: Path
    ) -> None:
        one = guarded(tmp_path, world)
        await world.create({"subject": "new"})
        await one.ask()
        await world.administer("DELETE FROM workflows WHERE tracker_id = 1 AND new_status_id = 6")
        told = only(await one.ask(), "workflow")
        assert told.what == (
            "the workflow of Bug in tracker no longer leads from 'New' to 'Rejected' nor from"
            " 'Resolved' to 'Rejected'"
        )
        assert "'Rejected' cannot be reached from 'New' and 'Resolved'" in told.until
        # An operator who wants it so is not told again.
        await one.ask(accept=True)
        assert (await one.ask()).findings == []

    async def test_a_lost_right_is_told(self, world: RedmineWorld, tmp_path: Path) -> None:
        one = guarded(tmp_path, world)
        await one.ask()
        await world.administer(
            "UPDATE roles SET permissions = replace(permissions, '- :edit_issues\n', '')"
        )
        rot = await one.ask()
        assert only(rot, "rights").what == "The account lacks the permission 'Edit issues' in app."

    async def test_a_field_that_a_tracker_requires_is_told_with_what_cannot_be_made(
        self, world: RedmineWorld, tmp_path: Path
    ) -> None:
        for kind in (BUG, FEATURE):
            issue = {"project_id": "app", "subject": "there", "tracker_id": kind}
            await world.call("POST", "/issues.json", {"issue": issue})
        one = guarded(tmp_path, world, "people")
        await one.ask()
        # One with a default demands nothing of who makes an issue.
        for name, default in (("Severity", ""), ("Labels", "bug")):
            await world.administer(
                f"UPDATE custom_fields SET is_required = 1, default_value = '{default}'"  # noqa: S608
                f" WHERE name = '{name}'"
            )
        await world.administer(
            "DELETE FROM custom_fields_trackers WHERE tracker_id <> 1 AND custom_field_id ="
            " (SELECT id FROM custom_fields WHERE name = 'Severity')"
        )
        # Nor does one that only another project has.
        for statement in ELSEWHERE:
            await world.administer(statement)
        rot = await one.ask()
        told = only(rot, "field_required")
        assert told.what == "tracker requires 'Severity' (custom_fields.Severity) now for Bug"
        assert len([found for found in rot.findings if found.kind != "option_added"]) == 1
        assert "all cannot make records there for Bug" in told.until
        assert "severity" in one.patch(rot)
        async with opened(world, "people") as connector:
            kinds = [("Bug", Result.REJECTED), ("Feature", Result.APPLIED)]
            for kind, result in kinds:
                fields = {"subject": kind, "tracker": kind}
                (made,) = await connector.create("issue", [Create(f"k-{kind}", fields)])
                assert made.result is result, made

    async def test_details_cost_a_list_for_each_status_and_a_look_at_its_newest_issues(
        self, world: RedmineWorld
    ) -> None:
        for number in range(ASKED + 1):
            await world.create({"subject": f"new {number}"})
        async with opened(world) as connector:
            assert isinstance(connector, TellsDetails)
            statuses = (await connector.describe()).records["issue"].fields["status"].options
            before = connector.requests()
            await connector.details("issue")
            after = connector.requests()
        assert statuses is not None
        asked = ASKED + 1  # of those that are new, and the one that is resolved
        assert after["read"] - before["read"] == len(statuses) + asked
        assert after["write"] == before["write"]


class VersionRot:
    story = "version-rot"

    async def test_the_id_of_a_field_of_versions_outlives_its_name(
        self, world: VersionWorld
    ) -> None:
        await world.create({"name": "1.0"})
        async with opened(world, key_field=None) as connector:
            schema = await connector.describe()
            before = await connector.details("version")
            await world.administer(
                "UPDATE custom_fields SET name = 'Codename' WHERE type = 'VersionCustomField'"
            )
            renamed = await connector.describe()
            after = await connector.details("version")
        old, new = "custom_fields.ExternalKey", "custom_fields.Codename"
        assert old in schema.records["version"].fields and new in renamed.records["version"].fields
        assert before["fields"][old] == after["fields"][new]
        assert before["options"] == after["options"] == {"project": {"APP": "1"}}


class TestRot(Recorded, Rot):
    pass


class TestRotLive(Live, Rot):
    pytestmark = live


class TestVersionRot(Recorded, VersionRot):
    kind = VersionWorld


class TestVersionRotLive(Live, VersionRot):
    pytestmark = live
    kind = VersionWorld
