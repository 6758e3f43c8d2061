"""Comments and the history that they are part of."""

from __future__ import annotations

import io

from zenpy.lib.api_objects import Comment, Ticket

from connectors.zendesk.fake.bodies import plain
from tests.connectors.zendesk_fake.stage import API, Stage, problems


def test_the_first_comment_is_the_description_and_neither_can_be_edited(stage: Stage) -> None:
    ticket = stage.made(comment={"body": "It smokes."})
    assert ticket["description"] == "It smokes."
    response = stage.put(ticket["id"], description="It does not.")
    assert "read-only" in problems(response)
    (first,) = stage.comments(ticket["id"])
    edit = stage.send("PUT", f"/tickets/{ticket['id']}/comments/{first['id']}", {"body": "x"})
    assert edit.status_code == 404
    assert stage.comments(ticket["id"]) == [first]


def test_a_comment_has_three_forms_of_its_body(stage: Stage) -> None:
    ticket = stage.made(comment={"body": "**Bold** & <b>\nnext\n\nlast"})
    (text,) = stage.comments(ticket["id"])
    assert text["html_body"] == (
        '<div class="zd-comment" dir="auto"><p dir="auto"><strong>Bold</strong> &amp; &lt;b&gt;'
        '<br />\nnext</p>\n<p dir="auto">last</p></div>'
    )
    assert text["plain_body"] == "Bold & <b>\nnext\n\nlast"
    html = "<p>Hi <i>you</i></p><script>steal()</script><ul><li>one</li><li>two</li></ul>"
    stage.changed(ticket["id"], comment={"html_body": html})
    shown = stage.comments(ticket["id"])[1]
    assert "script" not in shown["html_body"]
    assert "<li>one</li>" in shown["html_body"]
    assert shown["plain_body"] == "Hi you\n\none\ntwo"


def test_html_as_text_keeps_lines_of_code() -> None:
    assert plain("<p>a\n b</p><pre>x\n  y</pre>") == "a b\n\nx\n  y"


def test_comments_are_public_or_internal_as_the_first_one_unless_said_otherwise(
    stage: Stage,
) -> None:
    ticket = stage.made(comment={"body": "secret", "public": False})
    assert not ticket["is_public"]
    stage.changed(ticket["id"], comment={"body": "as the first"})
    after = stage.changed(ticket["id"], comment={"body": "said", "public": True})
    assert [one["public"] for one in stage.comments(ticket["id"])] == [False, False, True]
    assert after["is_public"]


def test_a_comment_is_its_author_s_and_a_customer_s_is_public(stage: Stage) -> None:
    customer, ticket = stage.person("end-user"), stage.made()
    comment = {"body": "mine", "author_id": customer["id"], "public": False}
    stage.changed(ticket["id"], comment=comment)
    shown = stage.comments(ticket["id"])[1]
    assert (shown["author_id"], shown["public"]) == (customer["id"], True)
    unknown = stage.put(ticket["id"], comment={"body": "x", "author_id": 1})
    assert problems(unknown) == "Author: is invalid"


def test_comments_are_listed_in_pages_with_their_users(stage: Stage) -> None:
    ticket = stage.made()
    for number in range(4):
        stage.changed(ticket["id"], comment={"body": f"comment {number}"})
    path = f"/tickets/{ticket['id']}/comments"
    first = stage.get(path, **{"page[size]": 2, "include": "users"})
    assert first["meta"]["has_more"]
    assert [user["name"] for user in first["users"]] == ["Syncline"]
    rest = stage.api.get(first["links"]["next"]).json()
    assert [one["body"] for one in rest["comments"]] == ["comment 1", "comment 2"]
    newest = stage.get(path, sort="-created_at", **{"page[size]": 1})["comments"]
    assert newest[0]["body"] == "comment 3"
    assert stage.get(f"{path}/count")["count"]["value"] == 5


def test_words_are_redacted_and_a_comment_made_private_but_never_edited(stage: Stage) -> None:
    ticket = stage.made(comment={"body": "My card is 4111."})
    (first,) = stage.comments(ticket["id"])
    stage.advance(10)
    redacted = stage.zen.tickets.comment_redact(ticket["id"], first["id"], "4111")
    assert redacted.body == "My card is ▇▇▇▇."
    path = f"/tickets/{ticket['id']}/comments/{first['id']}"
    assert problems(stage.send("PUT", f"{path}/redact", {"text": "not there"}))
    assert stage.send("PUT", f"{path}/make_private").json()["comment"]["public"] is False
    after = stage.get(f"/tickets/{ticket['id']}")["ticket"]
    assert after["updated_at"] == ticket["updated_at"]
    assert after["generated_timestamp"] > ticket["generated_timestamp"]


def test_files_are_uploaded_first_and_attached_once(stage: Stage) -> None:
    upload = stage.zen.attachments.upload(io.BytesIO(b"smoke"), target_name="a b.txt")
    ticket = stage.zen.tickets.create(
        Ticket(subject="File", comment=Comment(body="See there.", uploads=[upload.token]))
    ).ticket
    (comment,) = stage.comments(ticket.id)
    (file,) = comment["attachments"]
    assert (file["file_name"], file["size"]) == ("a b.txt", 5)
    assert stage.zen.attachments.download(file["id"]).getvalue() == b"smoke"
    again = stage.put(ticket.id, comment={"body": "again", "uploads": [upload.token]})
    assert problems(again) == "Uploads: token is invalid or has expired"


def test_a_file_is_given_by_another_address(stage: Stage) -> None:
    token = stage.send("POST", "/uploads?filename=a.txt", None, content=b"x").json()["upload"]
    place = token["attachment"]["content_url"]
    first = stage.api.get(place)
    assert first.status_code == 302
    assert stage.api.get(first.headers["location"]).content == b"x"


def test_uploads_end_are_discarded_and_can_be_too_large(stage: Stage) -> None:
    def upload(content: bytes, query: str = "") -> dict[str, object]:
        response = stage.api.post(f"{API}/uploads?filename=a.txt{query}", content=content)
        return response.json() | {"status": response.status_code}

    stage.settings.upload_bytes = 3
    assert upload(b"long")["error"] == "AttachmentTooLarge"
    assert stage.api.post(f"{API}/uploads", content=b"x").status_code == 400
    token = upload(b"one")["upload"]["token"]
    both = upload(b"two", f"&token={token}")["upload"]
    assert len(both["attachments"]) == 2
    ticket = stage.made()
    stage.advance(3 * 24 * 3600 + 1)
    assert problems(stage.put(ticket["id"], comment={"body": "x", "uploads": [token]}))
    assert stage.send("DELETE", f"/uploads/{token}").status_code == 204
    assert stage.send("DELETE", f"/uploads/{token}").status_code == 404


def test_each_change_leaves_an_audit_with_what_was_and_what_is(stage: Stage) -> None:
    ticket = stage.made(tags=["a"], priority="low")
    stage.advance(60)
    agent = stage.person("agent")
    stage.changed(
        ticket["id"], priority="high", tags=["b"], assignee_id=agent["id"],
        comment={"body": "Done."}, metadata={"origin": "sync"},
    )  # fmt: skip
    made, changed = stage.get(f"/tickets/{ticket['id']}/audits")["audits"]
    created = {e["field_name"]: e["value"] for e in made["events"] if e["type"] == "Create"}
    assert created["priority"] == "low"
    assert created["tags"] == ["a"]
    assert created["status"] == "new"
    changes = {
        event["field_name"]: (event["previous_value"], event["value"])
        for event in changed["events"]
        if event["type"] == "Change"
    }
    assert changes["priority"] == ("low", "high")
    assert changes["tags"] == (["a"], ["b"])
    assert changes["assignee_id"] == (None, str(agent["id"]))
    assert changes["status"] == ("new", "open")
    assert [e["body"] for e in changed["events"] if e["type"] == "Comment"] == ["Done."]
    assert changed["via"]["channel"] == "api"
    assert changed["author_id"] == stage.zen.users.me().id
    assert changed["metadata"]["custom"] == {"origin": "sync"}
    assert changed["created_at"] == "2026-03-02T09:01:00Z"
    assert [one.id for one in stage.zen.tickets.audits(ticket["id"])] == [made["id"], changed["id"]]
    one = stage.get(f"/tickets/{ticket['id']}/audits/{made['id']}")
    assert one["audit"] == made
