"""Files: how they are sent, where their content is, and what is too much."""

from __future__ import annotations

from typing import Any

from tests.connectors.jira_fake.stage import Stage

HEADERS = {"X-Atlassian-Token": "no-check"}
CONTENT = bytes(range(256)) * 4 + "Grüße\r\n--x\r\n".encode()


async def attach(stage: Stage, *names: str, expect: int = 200, content: bytes = CONTENT) -> Any:
    files = [("file", (name, content, "application/x-thing")) for name in names]
    path = "issue/APP-1/attachments"
    return await stage.ask("POST", path, expect, files=files, headers=HEADERS)


async def test_files_come_back_byte_for_byte(stage: Stage) -> None:
    before = await stage.ask("GET", "issue/APP-1")
    stage.clock.advance(60)
    told = await attach(stage, "one.bin", "Grüße.txt")
    assert [t["filename"] for t in told] == ["one.bin", "Grüße.txt"]
    assert told[0]["mimeType"] == "application/x-thing" and told[0]["size"] == len(CONTENT)
    got = await stage.http.get(told[0]["content"], follow_redirects=True)
    assert got.content == CONTENT
    after = await stage.ask("GET", "issue/APP-1")
    assert [a["id"] for a in after["fields"]["attachment"]] == [t["id"] for t in told]
    assert after["fields"]["updated"] > before["fields"]["updated"]


async def test_content_is_a_redirect_to_an_address_that_ends(stage: Stage) -> None:
    (told,) = await attach(stage, "one.bin")
    redirect = await stage.http.get(told["content"])
    assert redirect.status_code == 303
    where = redirect.headers["location"]
    assert (await stage.http.get(where, auth=("", ""))).content == CONTENT
    stage.clock.advance(601)
    assert (await stage.http.get(where)).status_code == 403
    direct = await stage.http.get(told["content"], params={"redirect": "false"})
    assert direct.status_code == 200 and direct.content == CONTENT


async def test_an_upload_needs_its_own_header_and_part(stage: Stage) -> None:
    files = [("file", ("a.txt", b"x", "text/plain"))]
    path = "/rest/api/3/issue/APP-1/attachments"
    refused = await stage.http.post(path, files=files)
    assert (refused.status_code, refused.text) == (403, "XSRF check failed")
    wrong = [("document", ("a.txt", b"x", "text/plain"))]
    await stage.ask("POST", "issue/APP-1/attachments", 400, files=wrong, headers=HEADERS)
    await stage.ask("POST", "issue/APP-1/attachments", 400, content=b"x", headers=HEADERS)


async def test_too_large_and_too_many_are_refused_whole(stage: Stage) -> None:
    meta = await stage.ask("GET", "attachment/meta")
    await attach(stage, "big.bin", expect=413, content=bytes(meta["uploadLimit"] + 1))
    await attach(stage, *(f"{n}.bin" for n in range(61)), expect=413, content=b"x")
    shown = await stage.ask("GET", "issue/APP-1?fields=attachment")
    assert shown["fields"]["attachment"] == []


async def test_a_file_is_described_and_deleted(stage: Stage) -> None:
    (told,) = await attach(stage, "one.bin")
    shown = await stage.ask("GET", f"attachment/{told['id']}")
    assert shown["filename"] == "one.bin" and shown["id"] == int(told["id"])
    await stage.ask("DELETE", f"attachment/{told['id']}", 204)
    await stage.ask("GET", f"attachment/{told['id']}", 404)
    assert (await stage.http.get(told["content"])).status_code == 404
