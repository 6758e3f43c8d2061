"""Everything that can be asked of a connector, asked once: for promises about them all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from syncline.sdk.connector import (
    Attachment,
    CommentEdit,
    Connector,
    Create,
    CreateSearch,
    LinkCard,
    NewAttachment,
    NewComment,
    Record,
    Update,
    Visibility,
)
from syncline.sdk.testing.tool import nested
from tests.support.suites import Suite

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
PAGES = 3  # of a listing that may have no end
INTERNAL = Visibility.INTERNAL


@dataclass
class Answers:
    """What came of it: answers and errors, by method and record type."""

    given: list[tuple[str, Any]] = field(default_factory=list)
    raised: list[tuple[str, Exception]] = field(default_factory=list)

    async def of(self, name: str, work: Awaitable[Any]) -> Any:
        """Await one answer and keep it; None where there was an error."""
        try:
            answer = await work
        except Exception as error:
            self.raised.append((name, error))
            return None
        self.given.append((name, answer))
        return answer


async def everything(
    connector: Connector,
    suites: Mapping[str, Suite],
    text: str = "asked once",
    ids: Sequence[str] = (),
) -> Answers:
    """Call each method for each record type. Whatever is raised or answered is kept.

    `ids` are asked for besides the records that the tool tells of itself; `text` is what is
    written: a title, a body, a comment, a card.
    """
    answers = Answers()
    await answers.of("describe", connector.describe())
    for record, suite in suites.items():
        told = await reading(answers, connector, record, ids)
        await writing(answers, connector, suite, told, text, ids)
    await answers.of("people", connector.people([text, *ids]))
    await answers.of("find_people", connector.find_people([text, "nobody@acme.example"]))
    # Where one of several calls at once fails, some connectors leave the others under way.
    await asyncio.sleep(0.1)
    return answers


async def reading(
    answers: Answers, connector: Connector, record: str, ids: Sequence[str] = ()
) -> list[Record]:
    """All that only reads; gives some records."""
    pages = await answers.of(f"changes {record}", _some(connector.changes(record, None))) or ()
    told = [one for page in pages for one in page.records][:3]
    await answers.of(f"census {record}", _some(connector.census(record)))
    asked = [*(one.id for one in told), *ids]
    await answers.of(f"fetch {record}", connector.fetch(record, asked))
    await answers.of(f"history {record}", connector.history(record, asked, LONG_AGO))
    await answers.of(f"comments {record}", connector.comments(record, asked))
    files = await answers.of(f"attachments {record}", connector.attachments(record, asked)) or {}
    await answers.of(f"find {record}", connector.find(record, [CreateSearch("k", {}, LONG_AGO)]))
    for file in [file for some in files.values() for file in some][:1]:
        await answers.of(f"download {record}", connector.download(record, file))
    return told


async def writing(
    answers: Answers,
    connector: Connector,
    suite: Suite,
    told: Sequence[Record],
    text: str,
    ids: Sequence[str] = (),
) -> None:
    """All that writes: on a record of its own, and on `ids`."""
    record, shape = suite.shape.record, suite.shape
    made = await answers.of(
        f"create {record}", connector.create(record, [Create("k1", shape.sample(text))])
    )
    own = [one.id for one in made or () if one.id] or [one.id for one in told[:1]]
    for id in [*own, *ids] or ["1"]:
        await changing(answers, connector, suite, id, text)


async def changing(
    answers: Answers, connector: Connector, suite: Suite, id: str, text: str
) -> None:
    """All that changes a record."""
    shape, body = suite.shape, suite.written(text)
    record = shape.record
    patch = nested(shape.text, body) if shape.text else nested(shape.title, text)
    card = LinkCard(id, "other", "k4", text, "https://other.example/1")
    file = NewAttachment("k3", id, "note.txt", text.encode(), "text/plain", INTERNAL)
    edit = CommentEdit("1", id, body, "", INTERNAL)
    work: list[tuple[str, Awaitable[Any]]] = [
        ("update", connector.update(record, [Update(id, patch, {})])),
        ("comment", connector.comment(record, [NewComment("k2", id, body, INTERNAL)])),
        ("edit_comments", connector.edit_comments(record, [edit])),
        ("attach", connector.attach(record, [file])),
        ("show_links", connector.show_links(record, [card])),
        ("download", connector.download(record, _file(id))),
        *(
            (how, connector.remove(record, [id], how))
            for how in connector.capabilities_of(record).deletes
        ),
    ]
    for name, one in work:
        await answers.of(f"{name} {record} {id}", one)


def _file(id: str) -> Attachment:
    return Attachment(id, id, "note.txt", 1, "text/plain", INTERNAL, LONG_AGO)


async def _some(pages: AsyncIterator[Any]) -> list[Any]:
    found: list[Any] = []
    async with aclosing(pages) as open_pages:  # type: ignore[type-var]
        async for page in open_pages:
            found.append(page)
            if len(found) == PAGES:
                break
    return found
