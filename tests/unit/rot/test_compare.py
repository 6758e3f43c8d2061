"""What a comparison finds, where it takes ids, kinds of records and workflows to see it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from syncline.mapping.load import load_mapping
from syncline.rot.compare import compare
from syncline.rot.found import Edit, Finding, Swap, SyncUse, Use
from syncline.rot.renaming import renamed
from syncline.rot.snapshot import Details, Snapshot
from syncline.sdk.connector import FieldSchema, RecordSchema, Schema

MAPPING = load_mapping(
    """
entity: ticket
record: issue
text: markdown
fields:
  title: {path: summary}
  status: {path: status, write: transition, enum: {todo: New, done: [Done, Closed]}}
  due_on: {path: custom_fields.Due}
"""
)
STATES = ("New", "Doing", "Done", "Closed")
FIELDS = (
    FieldSchema("summary", "Summary", "string"),
    FieldSchema("status", "Status", "option", options=STATES),
    FieldSchema("custom_fields.Due", "Due", "date"),
)
DETAILS = Details(
    fields={"custom_fields.Due": "f1"},
    options={"status": {name: str(number) for number, name in enumerate(STATES)}},
    kind="type",
    required={"Bug": ("summary",), "Epic": ("summary",)},
    moves={"Bug": {"New": ("Doing",), "Doing": ("Done", "New"), "Done": ()}},
)
MODES = {"title": "both", "status": "both", "due_on": "both"}
MAIN = SyncUse("main", MODES, creates=True, provided=frozenset(MODES))
USE = Use("tracker", "m.yaml", MAPPING, (MAIN,), lambda *path: f"m.yaml {'.'.join(path)}")


def snapshot(*fields: FieldSchema, details: Details = DETAILS, **changes: Any) -> Snapshot:
    by_path = {field.path: field for field in fields or FIELDS}
    schema = Schema("acme", "1", {"issue": RecordSchema("issue", by_path)}, "markdown")
    return Snapshot("2026-01-01", "here", replace(schema, **changes), {"issue": details})


BEFORE = snapshot()


def found(now: Snapshot, use: Use = USE, before: Snapshot = BEFORE) -> list[Finding]:
    return compare(before, now, [use])


def only(now: Snapshot, **how: Any) -> Finding:
    findings = found(now, **how)
    assert len(findings) == 1, findings
    return findings[0]


def test_nothing_changed_is_nothing_found() -> None:
    assert found(snapshot()) == []


def test_a_snapshot_survives_the_store() -> None:
    assert Snapshot.of_json(BEFORE.to_json()) == BEFORE


def test_the_same_id_proves_a_new_name_however_it_is_spelt() -> None:
    states = ("New", "Doing", "Erledigt", "Closed")
    details = replace(DETAILS, options={"status": {n: str(i) for i, n in enumerate(states)}})
    # The workflow between the same states under their new names is the same workflow.
    moves = {"Bug": {"New": ("Doing",), "Doing": ("Erledigt", "New"), "Erledigt": ()}}
    details = replace(details, moves=moves)
    now = snapshot(FIELDS[0], replace(FIELDS[1], options=states), FIELDS[2], details=details)
    one = only(now)
    assert (one.kind, one.where) == ("option_renamed", "m.yaml fields.status.enum.done")
    assert one.edits == (Swap("status", "enum", "done", "Done", "Erledigt"),)


def test_another_id_is_another_thing_however_it_is_spelt() -> None:
    before = {"Done": "2", "Sand": "3"}
    assert renamed("Done", [*before], ["Dune"], before, {"Dune": "3"}) is None
    assert renamed("Done", [*before], ["Dune"], before, {"Dune": "4"}) is not None


def test_a_new_name_that_two_lost_ones_are_spelt_like_is_proposed_and_not_clear() -> None:
    found = renamed("Done", ["Done", "Dove"], ["Dote"], {}, {})
    assert found is not None and (found.names, found.clear) == (("Dote",), False)
    found = renamed("Done", ["Done", "Open"], ["Dote"], {}, {})
    assert found is not None and found.clear
    found = renamed("Done", ["Done"], ["Dote", "Dope"], {}, {})
    assert found is not None and (len(found.names), found.clear) == (2, False)


def test_an_option_under_a_new_name_whose_old_name_was_given_to_another_is_seen() -> None:
    states = (*STATES, "Archived")
    ids = {"New": "0", "Doing": "1", "Done": "9", "Closed": "3", "Archived": "2"}
    now = snapshot(
        FIELDS[0],
        replace(FIELDS[1], options=states),
        FIELDS[2],
        details=replace(DETAILS, options={"status": ids}),
    )
    one = next(f for f in found(now) if f.kind == "option_added")
    assert "which was called 'Done' (the tool's id 2 is the same)" in one.what
    assert one.edits == (Swap("status", "enum", "done", new="Archived"),)


def test_the_option_written_for_a_value_is_gone_and_another_of_its_states_is_left() -> None:
    now = snapshot(
        FIELDS[0], replace(FIELDS[1], options=("New", "Doing", "Closed")), FIELDS[2],
        details=replace(DETAILS, options={}, moves={}),
    )  # fmt: skip
    one = only(now, before=snapshot(details=replace(DETAILS, options={}, moves={})))
    assert (one.kind, one.edits) == ("option_removed", (Swap("status", "enum", "done", "Done"),))
    assert "apply the patch, and done is written as 'Closed'" in one.do


def test_an_option_that_was_only_read_fails_nothing() -> None:
    now = snapshot(FIELDS[0], replace(FIELDS[1], options=STATES[:3]), FIELDS[2])
    assert "nothing fails" in only(now).until


def test_a_renamed_field_is_found_by_its_id_and_one_of_another_type_is_no_new_name() -> None:
    target = FieldSchema("custom_fields.Target", "Target", "date")
    details = replace(DETAILS, fields={"custom_fields.Target": "f1"})
    one = only(snapshot(*FIELDS[:2], target, details=details))
    assert one.kind == "field_renamed"
    assert [edit.value for edit in one.edits if not isinstance(edit, Swap)] == [target.path]
    dues = FieldSchema("custom_fields.Dues", "Dues", "number")
    gone = only(snapshot(*FIELDS[:2], dues, details=replace(DETAILS, fields={})))
    assert gone.kind == "field_removed"


def test_the_patch_of_a_required_text_keeps_to_what_the_tool_takes() -> None:
    team = FieldSchema("custom_fields.Team", "Team", "text", required=True, max_length=255)
    (edit,) = only(snapshot(*FIELDS, team)).edits
    assert isinstance(edit, Edit)
    assert edit.value == {"kind": "text", "path": team.path, "max_length": 255}


def test_what_one_kind_of_record_requires_is_told_and_what_a_new_kind_does_is_not() -> None:
    team = FieldSchema("custom_fields.Team", "Team", "option", options=("A", "B"))
    required = {**DETAILS.required, "Bug": ("summary", team.path), "Risk": (team.path,)}
    now = snapshot(*FIELDS, team, details=replace(DETAILS, required=required))
    one = only(now)
    assert (one.kind, one.what.endswith("now for Bug")) == ("field_required", True)
    (edit,) = one.edits
    assert not isinstance(edit, Swap)
    assert edit.value == {"kind": "enum", "path": team.path, "enum": ["A", "B"]}
    never = replace(USE, syncs=(replace(MAIN, creates=False),))
    assert found(now, use=never) == []
    filled = replace(USE, syncs=(replace(MAIN, defaults=frozenset({"due_on"})),))
    due = replace(FIELDS[2], required=True)
    assert found(snapshot(*FIELDS[:2], due), use=filled) == []
    assert "that have no `due_on`" in only(snapshot(*FIELDS[:2], due)).until


def steps(**moves: tuple[str, ...]) -> Snapshot:
    return snapshot(details=replace(DETAILS, moves={"Bug": moves}))


def test_a_step_that_is_gone_strands_every_state_before_it() -> None:
    one = only(steps(New=("Doing",), Doing=("New",), Done=()))
    assert one.what == "the workflow of Bug in tracker no longer leads from 'Doing' to 'Done'"
    assert "'Done' cannot be reached from 'New' and 'Doing'" in one.until
    assert one.shown == (("type", ("Bug",)), ("status", ("New", "Doing")))


def test_a_longer_way_parks_nothing_and_is_told_once() -> None:
    before = steps(New=("Doing", "Done"), Doing=("Done",), Done=())
    one = only(steps(New=("Doing",), Doing=("Done",), Done=()), before=before)
    assert "nothing is parked" in one.until


def test_a_state_in_which_there_is_no_record_today_proves_nothing() -> None:
    assert found(steps(New=("Doing",))) == []
    assert found(snapshot(details=replace(DETAILS, moves={}))) == []


def test_a_way_through_a_state_that_nobody_could_be_asked_about_is_still_a_way() -> None:
    before = steps(New=("Doing", "Done"), Doing=("Done",), Done=())
    assert "nothing is parked" in only(steps(New=("Doing",)), before=before).until


def test_a_state_that_is_written_by_nobody_strands_nobody() -> None:
    heard = SyncUse("main", {**MODES, "status": "source"})
    use = replace(USE, syncs=(heard,))
    assert found(steps(New=("Doing",), Doing=(), Done=()), use=use) == []


def test_a_right_that_was_lacking_before_is_no_news() -> None:
    lacking = snapshot(warnings=("no right to edit",))
    assert found(lacking, before=lacking) == []
    one = only(lacking)
    assert (one.kind, one.what, one.syncs) == ("rights", "no right to edit", ("main",))


def test_another_text_format_is_told_with_its_patch() -> None:
    one = only(snapshot(text_format="html"))
    assert (one.kind, one.where) == ("text_format", "m.yaml text")
