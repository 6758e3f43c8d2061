"""The page for people."""

from __future__ import annotations

import httpx
import pytest

from tests.unit.sandbox.notes import Notes

HOSTILE = "<script>alert('x')</script>\" onload=\"x"
Client = httpx.AsyncClient


def form(**fields: str) -> dict[str, str]:
    return {name.replace("__", ":"): value for name, value in fields.items()}


@pytest.fixture
def note(notes: Notes) -> str:
    return notes.make("note", "Ada", {"title": "Coffee machine"})


async def test_the_list_names_the_tool_and_says_that_it_is_a_sandbox(
    client: Client, note: str
) -> None:
    page = (await client.get("/")).text
    assert "Notes" in page and "Sandbox" in page
    assert f'<a href="/records/note/{note}">N-{note}</a>' in page
    assert "<th>Status</th>" in page


async def test_the_list_is_searched_and_turned(client: Client, notes: Notes) -> None:
    for number in range(101):
        notes.make("note", "Ada", {"title": f"note {number:03}"})
    first = (await client.get("/")).text
    assert "note 000" in first and "note 100" not in first and "Page 1 of 2" in first
    assert "note 100" in (await client.get("/?page=2")).text
    assert "note 100" in (await client.get("/?page=99")).text
    assert "1 record<" in (await client.get("/?q=NOTE+042")).text


async def test_a_record_shows_its_fields_and_who_may_read_each_comment(
    client: Client, notes: Notes, note: str
) -> None:
    notes.remark("note", note, "Ada", "for the customer", True)
    notes.remark("note", note, "Ada", "among us", False)
    notes.state.table("note").put(note, {**notes._note(note), "url": "https://x.example/1"})
    page = (await client.get(f"/records/note/{note}")).text
    public, internal = page.index("for the customer"), page.index("among us")
    assert page.index("remark public") < public < page.index("remark internal") < internal
    assert "Public reply" in page and "Internal note" in page
    assert '<option value="open" selected>open</option>' in page
    assert '<a href="https://x.example/1" rel="noreferrer">Elsewhere</a>' in page


async def test_an_edit_goes_to_the_tool_and_touches_only_what_was_changed(
    client: Client, notes: Notes, note: str
) -> None:
    # Somebody closed the note after this form was shown.
    notes.edit("note", note, "Ada", {"status": "closed"})
    answered = await client.post(
        f"/records/note/{note}",
        data=form(
            do="edit",
            person="Ada",
            field__title="Tea machine",
            was__title="Coffee machine",
            field__status="open",
            was__status="open",
            field__labels="hot, new",
            was__labels="",
        ),
    )
    assert (answered.status_code, answered.headers["location"]) == (303, f"/records/note/{note}")
    (kept,) = notes.records("note")
    assert (kept["title"], kept["status"], kept["labels"]) == (
        "Tea machine",
        "closed",
        ["hot", "new"],
    )


async def test_people_comment_as_themselves_and_are_remembered(
    client: Client, notes: Notes, note: str
) -> None:
    who = "Grace <g@x>"
    said = form(do="remark", person=who, text="one\r\ntwo", visibility="internal")
    await client.post(f"/records/note/{note}", data=said)
    (comment,) = notes.records("comment")
    assert (comment["author"], comment["text"], comment["public"]) == (who, "one\ntwo", False)
    page = (await client.get(f"/records/note/{note}")).text
    assert "<option selected>Grace &lt;g@x&gt;</option>" in page


async def test_an_action_that_removes_the_record_leads_back_to_the_list(
    client: Client, notes: Notes, note: str
) -> None:
    done = await client.post(
        f"/records/note/{note}", data=form(do="act", person="Ada", action="delete")
    )
    assert done.headers["location"] == "/"
    assert notes.records("note") == []
    assert (await client.get(f"/records/note/{note}")).status_code == 404


async def test_a_new_record_is_made_or_refused_in_the_tools_words(
    client: Client, notes: Notes
) -> None:
    refused = await client.post("/new/note", data=form(person="Ada", field__title=""))
    assert refused.status_code == 422
    assert "A note needs a &lt;title&gt;." in refused.text
    made = await client.post("/new/note", data=form(person="Ada", field__title="Tea"))
    assert made.headers["location"] == "/records/note/7"
    assert (await client.get("/new/deal")).status_code == 404


async def test_what_was_typed_is_still_there_after_a_refusal(client: Client, note: str) -> None:
    typed = form(do="edit", person="Nobody", field__title="Tea", was__title="Coffee machine")
    refused = await client.post(f"/records/note/{note}", data=typed)
    assert refused.status_code == 422
    assert "Nobody here is called" in refused.text
    assert 'value="Tea"' in refused.text


async def test_hostile_text_is_shown_and_does_nothing(
    client: Client, notes: Notes, note: str
) -> None:
    notes.edit("note", note, "Ada", {"title": HOSTILE, "labels": HOSTILE, "status": HOSTILE})
    notes.edit("note", note, "Ada", {"status": "open", "url": "javascript:alert(1)"})
    notes.remark("note", note, "Ada", HOSTILE, True)
    for path in ("/", f"/records/note/{note}", f"/?q={HOSTILE}", f"/records/{HOSTILE}/{HOSTILE}"):
        answered = await client.get(path)
        assert "<script" not in answered.text
        assert '" onload="x' not in answered.text
        assert 'href="javascript' not in answered.text
        assert "default-src 'none'" in answered.headers["content-security-policy"]
    assert "&lt;script&gt;" in (await client.get("/")).text


async def test_a_page_needs_nothing_from_elsewhere(client: Client) -> None:
    assert "://" not in (await client.get("/")).text
    assert (await client.get("/_sandbox/page.css")).headers["content-type"].startswith("text/css")
