"""What people see and do on the web page: as themselves, with the tool's own refusals."""

from __future__ import annotations

import pytest

from syncline.sandbox import Refusal
from tests.connectors.jira_fake.stage import Stage


async def test_the_board_shows_every_issue_newest_first(stage: Stage) -> None:
    made = await stage.make(summary="Newest")
    board = stage.fake.board()
    assert len(board) == len(stage.fake.records("issue"))
    assert (board[0].id, board[0].title) == (made["id"], "Newest")
    assert set(board[0].cells) >= {"Status", "Priority", "Assignee"}


async def test_a_person_changes_fields_and_a_form_sent_back_changes_nothing(stage: Stage) -> None:
    made = await stage.make(labels=["a"])
    person, other = stage.fake.people()[:2]
    values = {
        "summary": "By hand",
        "description": "One.\r\n\r\nTwo.",
        "labels": "b, a",
        "assignee": other,
        "priority": "Lowest",
        "duedate": "2026-12-24",
        "customfield_10031": "Mobile",
        "customfield_10032": "Web, iOS",
    }
    stage.fake.edit("issue", made["id"], person, values)
    shown = await stage.ask("GET", f"issue/{made['id']}")
    fields = shown["fields"]
    assert fields["labels"] == ["a", "b"] and fields["assignee"]["displayName"] == other
    assert len(fields["description"]["content"]) == 2
    assert [o["value"] for o in fields["customfield_10032"]] == ["Web", "iOS"]
    sheet = stage.fake.sheet("issue", made["id"])
    stage.fake.edit("issue", made["id"], person, {f.name: f.value for f in sheet.fields})
    assert await stage.ask("GET", f"issue/{made['id']}") == shown
    emptied = {"assignee": "", "labels": "", "customfield_10031": "", "description": ""}
    stage.fake.edit("issue", made["id"], person, emptied)
    fields = (await stage.ask("GET", f"issue/{made['id']}"))["fields"]
    assert fields["assignee"] is None and fields["labels"] == []
    assert fields["customfield_10031"] is None and fields["description"] is None


async def test_a_status_goes_along_a_transition_or_not_at_all(stage: Stage) -> None:
    made = await stage.make(issuetype={"name": "Bug"})
    person = stage.fake.people()[0]
    with pytest.raises(Refusal, match="No transition leads from here to 'Done'"):
        stage.fake.edit("issue", made["id"], person, {"status": "Done"})
    with pytest.raises(Refusal, match="Resolution is required"):
        stage.fake.edit("issue", made["id"], person, {"status": "Won't Do"})
    values = {"status": "Won't Do", "resolution": "Duplicate"}
    stage.fake.edit("issue", made["id"], person, values)
    fields = (await stage.ask("GET", f"issue/{made['id']}"))["fields"]
    assert (fields["status"]["name"], fields["resolution"]["name"]) == ("Won't Do", "Duplicate")
    status = next(f for f in stage.fake.sheet("issue", made["id"]).fields if f.name == "status")
    assert list(status.options) == ["To Do", "Won't Do"]


async def test_people_are_refused_in_jiras_words(stage: Stage) -> None:
    made = await stage.make()
    person = stage.fake.people()[0]
    for values, words in (
        ({"summary": "x" * 256}, "can't exceed 255"),
        ({"labels": "two words"}, "contains spaces"),
        ({"duedate": "soon"}, "Error parsing date"),
        ({"customfield_10035": "3"}, "not on the appropriate screen"),
        ({"resolution": "Done"}, "not on the appropriate screen"),
        ({"assignee": "Nobody"}, "no account for 'Nobody'"),
    ):
        with pytest.raises(Refusal, match=words):
            stage.fake.edit("issue", made["id"], person, values)
    with pytest.raises(Refusal, match="no account for 'Nobody'"):
        stage.fake.edit("issue", made["id"], "Nobody", {"summary": "x"})


async def test_people_comment_for_customers_or_among_themselves(stage: Stage) -> None:
    made = await stage.make()
    person = stage.fake.people()[0]
    stage.fake.remark("issue", made["id"], person, "One.\n\nTwo.", public=True)
    stage.fake.remark("issue", made["id"], person, "Between us", public=False)
    said = (await stage.ask("GET", f"issue/{made['id']}/comment"))["comments"]
    assert [c["jsdPublic"] for c in said] == [True, False]
    assert len(said[0]["body"]["content"]) == 2
    shown = stage.fake.sheet("issue", made["id"]).comments
    assert [(c.author, c.public) for c in shown] == [(person, True), (person, False)]
    with pytest.raises(Refusal, match="can not be empty"):
        stage.fake.remark("issue", made["id"], person, "", public=True)


async def test_people_make_issues_from_the_blank_form(stage: Stage) -> None:
    (fields,) = stage.fake.blanks().values()
    values = {f.name: f.value for f in fields}
    assert values["priority"] == "Medium"
    assert values["issuetype"] in next(f for f in fields if f.name == "issuetype").options
    person = stage.fake.people()[0]
    with pytest.raises(Refusal, match="specify a summary"):
        stage.fake.make("issue", person, values)
    id = stage.fake.make("issue", person, {**values, "summary": "By hand", "issuetype": "Bug"})
    shown = (await stage.ask("GET", f"issue/{id}"))["fields"]
    assert (shown["issuetype"]["name"], shown["summary"]) == ("Bug", "By hand")
    assert shown["reporter"]["displayName"] == person


async def test_people_delete_archive_hide_and_move(stage: Stage) -> None:
    made = await stage.make(issuetype={"name": "Story"})
    person, id = stage.fake.people()[0], made["id"]
    actions = stage.fake.sheet("issue", id).actions
    assert set(actions) == {"delete", "archive", "hide", "move to OPS"}
    with pytest.raises(Refusal, match="issue type selected is invalid"):
        stage.fake.act("issue", id, person, "move to OPS")
    for action, back in (("archive", "restore"), ("hide", "show")):
        stage.fake.act("issue", id, person, action)
        assert back in stage.fake.sheet("issue", id).actions
        stage.fake.act("issue", id, person, back)
    with pytest.raises(Refusal, match="Nobody can 'frame'"):
        stage.fake.act("issue", id, person, "frame")
    stage.fake.act("issue", id, person, "delete")
    await stage.ask("GET", f"issue/{id}", 404)
    with pytest.raises(Refusal, match="does not exist"):
        stage.fake.sheet("issue", id)
