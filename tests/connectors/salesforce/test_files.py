"""Files of Salesforce: one call each, for whom they are meant, and whole or not at all."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.salesforce import SalesforceConnector
from syncline.sdk.connector import Attachment, NewAttachment, Result, Visibility
from syncline.sdk.errors import NotFound, Rejected
from tests.connectors.salesforce.test_engine import Desk
from tests.connectors.salesforce.world import API, SalesforceWorld


def new(id: str, name: str = "log.txt", **more: Any) -> NewAttachment:
    given: dict[str, Any] = {"content": b"words", "content_type": "text/plain"}
    given |= {"visibility": Visibility.INTERNAL, **more}
    return NewAttachment("key-1", id, name, **given)


def people_upload(world: SalesforceWorld, id: str, name: str, **link: Any) -> str:
    """Ann puts a file on a record; gives the version's id."""
    values = {"Title": name, "PathOnClient": name, "VersionData": b64encode(b"ann's").decode()}
    version = world.rules.create("ContentVersion", values, world.ann)
    share = {"ContentDocumentId": version["ContentDocumentId"], "ShareType": "V"}
    world.rules.create("ContentDocumentLink", {**share, "LinkedEntityId": id, **link}, world.ann)
    return str(version["Id"])


async def shown(crm: SalesforceConnector, id: str) -> list[Attachment]:
    return list((await crm.attachments("Case", [id]))[id])


@pytest.mark.parametrize(
    ("visibility", "kept"),
    [(Visibility.INTERNAL, "InternalUsers"), (Visibility.PUBLIC, "AllUsers")],
)
async def test_a_file_is_for_those_it_is_meant_for_and_made_by_one_request(
    world: SalesforceWorld, crm: SalesforceConnector, visibility: Visibility, kept: str
) -> None:
    id = await world.create({"Subject": "one"})
    await crm.fetch("Case", [id])
    before = world.requests()
    (made,) = await crm.attach("Case", [new(id, visibility=visibility)])
    assert (world.requests().read, world.requests().write) == (before.read, before.write + 1)
    (link,) = world.org.rows("ContentDocumentLink").values()
    assert link["Visibility"] == kept
    (file,) = await shown(crm, id)
    assert (file.id, file.name, file.visibility) == (made.id, "log.txt", visibility)
    assert (file.content_type, file.by_us) == ("text/plain", True)


@pytest.mark.parametrize(
    ("link", "visibility"),
    [
        ({"Visibility": "AllUsers"}, Visibility.PUBLIC),
        ({"Visibility": "InternalUsers"}, Visibility.INTERNAL),
        ({"Visibility": "SharedUsers"}, Visibility.INTERNAL),
    ],
)
async def test_a_persons_file_is_internal_unless_it_is_for_all(
    world: SalesforceWorld, crm: SalesforceConnector, link: Any, visibility: Visibility
) -> None:
    id = await world.create({"Subject": "one"})
    version = people_upload(world, id, "no extension", **link)
    (file,) = await shown(crm, id)
    assert (file.id, file.name, file.visibility) == (version, "no extension", visibility)
    assert not file.by_us
    assert await crm.download("Case", file) == b"ann's"


async def test_a_file_that_is_refused_leaves_nothing_behind(
    world: SalesforceWorld, crm: SalesforceConnector
) -> None:
    kept, gone = [await world.create({"Subject": name}) for name in ("kept", "gone")]
    await world.delete(gone)
    told = await crm.attach("Case", [new(kept), new(gone), new(kept, "x" * 300 + ".txt")])
    assert [one.result for one in told] == [Result.APPLIED, Result.REJECTED, Result.REJECTED]
    assert "invalid cross reference id" in told[1].reason
    for source in ("ContentVersion", "ContentDocument", "ContentDocumentLink"):
        assert len(world.org.rows(source)) == 1


async def test_a_new_version_is_a_new_file(
    world: SalesforceWorld, crm: SalesforceConnector
) -> None:
    id = await world.create({"Subject": "one"})
    first = people_upload(world, id, "plan.pdf")
    row = world.row(first)
    again = {"Title": "plan", "PathOnClient": "plan.pdf", "VersionData": "AAAA"}
    again["ContentDocumentId"] = row["ContentDocumentId"]
    second = world.rules.create("ContentVersion", again, world.ann)["Id"]
    (file,) = await shown(crm, id)
    assert (file.id, file.size, file.content_type) == (second, 3, "application/pdf")
    assert file.name == "plan.pdf"


async def test_what_is_too_large_or_no_file_is_not_read(
    world: SalesforceWorld, crm: SalesforceConnector
) -> None:
    id = await world.create({"Subject": "one"})
    people_upload(world, id, "log.txt")
    (file,) = await shown(crm, id)
    before = world.requests()
    with pytest.raises(Rejected, match="bytes, more than"):
        await crm.download("Case", replace(file, size=crm.capabilities.max_attachment_bytes + 1))
    with pytest.raises(NotFound):
        await crm.download("Case", replace(file, id="../User"))
    assert world.requests() == before


async def test_files_travel_both_ways_once_even_if_an_answer_is_lost(
    tmp_path: Path, world: SalesforceWorld, crm: SalesforceConnector
) -> None:
    desk = await Desk.make(tmp_path, world, crm)
    id = await world.create({"Subject": "one"})
    await desk.settled()
    (issue,) = desk.dev.items
    desk.dev.attach(issue, "trace.txt", b"it burns")
    people_upload(world, id, "photo.txt", Visibility="InternalUsers")
    await world.edit(id, {"Subject": "with a photo"})
    await world.fault("POST", f"{API}/composite", "drop_after_apply")
    await desk.sync()
    await desk.settled()
    files = await shown(crm, id)
    assert sorted((f.name, f.by_us) for f in files) == [("photo.txt", False), ("trace.txt", True)]
    assert {f.visibility for f in files} == {Visibility.INTERNAL}
    held = {file.name: content for file, content in desk.dev.item(issue).files}
    assert held == {"trace.txt": b"it burns", "photo.txt": b"ann's"}
