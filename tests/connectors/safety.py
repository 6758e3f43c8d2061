"""S17 and S20 for trackers without a fake, through the whole engine.

A key stands in a field of the record that was made with it, where everybody who copies the record
copies it too; and what people write in one tool is shown to the people of another.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager
from html.parser import HTMLParser
from typing import ClassVar, Generic, TypeVar

from syncline.schema.text.codecs import codec
from syncline.schema.text.tree import Document, Paragraph, Text
from syncline.sdk.connector import Connector, CreateSearch, Wire
from tests.connectors.trackers import SIDES, Office, People, Tracker
from tests.security.test_every_text import ACTS, HOSTILE
from tests.support.driving import LONG_AGO

W = TypeVar("W", bound=People)

TITLES = [*HOSTILE[:4], " ".join(HOSTILE[4:])]
"""Those that could end a query each, and all others in one: a recording holds every record."""

ACTING = (
    "<p>One<script>alert(1)</script><img src=x onerror='alert(1)'></p>"
    "<p><a href='javascript:alert(1)'>two</a> <a href=' JaVaScRiPt:alert(1)'>three</a></p>"
    "<p onclick='alert(1)'>four<iframe src='javascript:alert(1)'></iframe></p>"
)


class Safety(ABC, Generic[W]):
    """One tracker among two desks."""

    tool: ClassVar[Tracker]

    @abstractmethod
    def connector(self, world: W) -> AbstractAsyncContextManager[Connector]:
        """A connector with a field for the key, whose remarks are notes that everybody reads."""

    def office(self, world: W) -> AbstractAsyncContextManager[Office]:
        return Office.opened(self.tool, world, self.connector(world))


class Copies(Safety[W]):
    """What others do with keys of ours."""

    story = "copies"

    @abstractmethod
    async def makes(self, world: W, title: str, key: str) -> str:
        """Somebody makes a record with a key, as whoever copies one does; its id."""

    async def test_only_a_marker_that_we_signed_for_a_place_that_is_free_ties_a_record(
        self, world: W
    ) -> None:
        async with self.office(world) as office:
            owned = office.desk.create({"title": "Owned"})
            await office.quiet()
            link = await office.link("desk", owned)
            own, key = link.sides["tracker"].record_id, office.key(link)
            assert (await office.shown())[own].marker == key

            office.only_desks_make_records()
            waiting = office.desk.create({"title": "Waiting"})
            await office.quiet()
            vacant = await office.link("desk", waiting)
            assert set(vacant.sides) == {"desk", "mail"}
            forged = {
                "copied": key,
                "altered": office.key(vacant)[:-1] + "x",
                "unsigned": f"sl-{vacant.id}:tracker-",
                "another side's": office.key(vacant, "desk"),
                "another workspace's": office.key(vacant, workspace="elsewhere"),
            }
            made = {why: await self.makes(world, why, marker) for why, marker in forged.items()}
            await office.quiet()
            assert set((await office.link("desk", waiting)).sides) == {"desk", "mail"}
            assert (await office.link("desk", owned)).sides["tracker"].record_id == own
            for why, id in made.items():
                theirs = await office.link("tracker", id)
                assert theirs.id not in (link.id, vacant.id), why
                assert set(theirs.sides) == set(SIDES), why

            genuine = await self.makes(world, "Waiting", office.key(vacant))
            await office.quiet()
            assert (await office.link("desk", waiting)).sides["tracker"].record_id == genuine

    async def test_what_is_written_for_a_record_never_reaches_its_copy(self, world: W) -> None:
        async with self.office(world) as office:
            owned = office.desk.create({"title": "Owned"})
            await office.quiet()
            link = await office.link("desk", owned)
            own = link.sides["tracker"].record_id
            copy = await self.makes(world, "Owned", office.key(link))
            await office.quiet()
            before = (await office.shown())[copy]

            office.desk.edit(owned, {"title": "Owned by us"})
            office.desk.comment(owned, "<p>For the original.</p>")
            await office.quiet()
            after = await office.shown()
            assert after[own].fields[self.tool.title] == "Owned by us"
            said = await office.tracker.comments(self.tool.record, [own, copy])
            assert (len(said[own]), len(said[copy])) == (1, 0)
            assert after[copy] == before

            # Nor does the copy take its place once it is gone.
            await world.delete(own)
            for _ in range(2):
                await office.quiet(full=True)
            office.desk.edit(owned, {"title": "Owned by nobody"})
            await office.quiet()
            assert (await office.shown())[copy] == before
            theirs = (await office.link("tracker", copy)).sides["desk"].record_id
            assert office.desk.fields(theirs)["title"] == "Owned"

    async def test_of_a_record_whose_answer_was_lost_the_copy_is_not_taken(self, world: W) -> None:
        async with self.office(world) as office:
            await office.quiet()
            world.stage.lose_answer = True
            owned = office.desk.create({"title": "Owned"})
            office.clock.advance(3600)
            await office.sync()
            (made,) = [one for one in (await office.shown()).values() if one.marker]
            copy = await self.makes(world, "Owned", str(made.marker))
            await office.quiet()
            taken = (await office.link("desk", owned)).sides.get("tracker")
            assert taken is None or taken.record_id == made.id
            assert (await office.shown())[copy].fields[self.tool.title] == "Owned"


class Texts(Safety[W]):
    """What people write on one side, and what it does on the other."""

    story = "texts"
    acting: ClassVar[Wire]
    """A body that would do something in this tool, as its people can write it."""

    @abstractmethod
    async def page(self, world: W, id: str) -> str:
        """The page on which people see a record with all its remarks, as HTML."""

    async def test_hostile_texts_are_kept_as_text_and_touch_no_other_record(self, world: W) -> None:
        known, tool = codec(self.tool.text), self.tool
        async with self.office(world) as office:
            await world.create({tool.title: "Quiet"})
            await office.quiet()
            quiet = await office.shown()
            for text in TITLES:
                office.desk.create({"title": text, "body": html(text)})
            await office.quiet()
            told = {id: one for id, one in (await office.shown()).items() if id not in quiet}
            assert sorted(str(one.fields[tool.title]) for one in told.values()) == sorted(TITLES)
            for one in told.values():
                body = str(one.fields[tool.body])
                assert not ACTS[tool.text].search(body), body
                assert known.read(body) == document(str(one.fields[tool.title]))

            for item, _ in office.desk.listing():
                if (title := office.desk.fields(item.id)["title"]) in TITLES:
                    office.desk.edit(item.id, {"title": f"{title} again"})
            await office.quiet()
            shown = await office.shown()
            again = sorted(f"{text} again" for text in TITLES)
            assert sorted(str(shown[id].fields[tool.title]) for id in told) == again
            assert {id: shown[id] for id in quiet} == quiet
            assert sorted(r["title"] for r in office.records("desk") if r["body"]) == again
            for one in office.records("desk"):
                assert one["body"] in (None, "", html(one["title"].removesuffix(" again")))

            unsent = [CreateSearch(text, {tool.title: text}, LONG_AGO) for text in TITLES]
            found = await office.tracker.find(tool.record, unsent)
            assert not [one.record for one in found if one.record]

    async def test_people_see_what_was_written_and_it_does_nothing(self, world: W) -> None:
        async with self.office(world) as office:
            office.shows_links()
            id = office.desk.create({"title": HOSTILE[5], "body": html(*HOSTILE)})
            office.desk.comment(id, html(*HOSTILE))
            office.desk.comment(id, ACTING)
            await office.quiet()
            link = await office.link("desk", id)
            there = link.sides["tracker"].record_id
            page = Page(await self.page(world, there))
        for text in HOSTILE:
            assert page.text.count(text) >= 2, text
        assert [word for word in ("One", "two", "three", "four") if word not in page.text] == []
        assert page.acts == []

    async def test_what_would_act_in_the_tracker_is_text_in_a_desk(self, world: W) -> None:
        async with self.office(world) as office:
            id = await world.create({self.tool.title: HOSTILE[5], **self.acting})
            await office.quiet()
            desk = (await office.link("tracker", id)).sides["desk"].record_id
            shown = office.desk.fields(desk)
        assert shown["title"] == HOSTILE[5]
        page = Page(shown["body"])
        assert [word for word in ("One", "two", "three", "four") if word not in page.text] == []
        assert page.acts == []


def document(*texts: str) -> Document:
    return Document(tuple(Paragraph((Text(text),)) for text in texts))


def html(*texts: str) -> str:
    return codec("html").write(document(*texts)).text


class Page(HTMLParser):
    """A page as a browser would take it: what is read, and what of the texts above would run."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.text = ""
        self.acts: list[str] = []
        self._inside = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        if any("alert(1)" in (value or "") for _, value in attrs):
            self.acts.append(f"<{tag} {attrs}>")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            if "alert(1)" in data:
                self.acts.append(data)
        else:
            self.text += data.replace("\u2060", "")
