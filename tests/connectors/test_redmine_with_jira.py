"""A description shared by Redmine and Jira: an edit in one changes only its own block in the other.

Redmine is a real one or a recording of one, as for its connector; Jira is the fake.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from deployments.real.rich_text import PLAIN, document, replaced
from syncline.engine.spec import SideSpec, Sync
from syncline.schema.text import adf_source
from syncline.simulation.syncs import compiled
from syncline.store.store import Store
from tests.connectors.jira import world as jira_world
from tests.connectors.jira.world import JiraWorld
from tests.connectors.redmine_stage import Live, Recorded, live
from tests.connectors.redmine_world import RedmineWorld
from tests.connectors.redmine_world import opened as redmine_opened
from tests.support.world import StillClock, World

MAPPING = """\
entity: ticket
record: issue
text: {text}
fields:
  title: {{path: {title}}}
  body: {{path: description}}
"""
MAPPINGS = {
    "jira": MAPPING.format(text="adf", title="summary"),
    "redmine": MAPPING.format(text="textile", title="subject"),
}
TEXTILE = (
    "h1(#top). Title with an id\r\n\r\n"
    "A  paragraph   with odd    blanks, ^sup^ and %{color:red}colour%.\r\nsecond line\r\n\r\n"
    "|_. a |_. b |\r\n| 1 | =. 2 |\r\n\r\n"
    "{{collapse\r\nhidden\r\n}}\r\n\r\n"
    "A paragraph of words alone.\r\n\r\n"
    '<pre><code class="ruby">\r\nputs  "x"\r\n</code></pre>\r\n\r\n'
    "end 🚀"
)


class Clock(StillClock):
    """The engine's clock, which takes along those of both connectors."""

    def __init__(self, *others: Any) -> None:
        super().__init__()
        self._others = others

    def advance(self, seconds: float) -> None:
        super().advance(seconds)
        for other in self._others:
            other.advance(seconds)


class Office(World):
    """Jira and Redmine, in one sync of titles and texts."""

    jira: JiraWorld
    redmine: RedmineWorld

    @classmethod
    @asynccontextmanager
    async def opened(cls, redmine: RedmineWorld) -> AsyncIterator[Office]:
        office = cls()
        async with (
            JiraWorld.serving() as jira,
            jira_world.opened(jira) as jira_connector,
            redmine_opened(redmine) as redmine_connector,
        ):
            office.jira, office.redmine = jira, redmine
            office.clock = Clock(jira.clock, redmine.clock)
            office.connectors = {  # type: ignore[assignment]  # the engine takes any connector
                "jira": jira_connector,
                "redmine": redmine_connector,
            }
            specs = {
                "jira": SideSpec("jira", "issue", "adf", create="when_missing"),
                "redmine": SideSpec("redmine", "issue", "textile", create="when_missing"),
            }
            office.spec = Sync(
                name="s",
                entity="ticket",
                sides=specs,
                units=compiled(specs, MAPPINGS, {}, {}),
                match=("marker", ("title",)),
                comments=None,
                fingerprint="f1",
            )
            async with await Store.open(
                "sqlite://", "w", office.clock, inline=True
            ) as office.store:
                yield office

    async def quiet(self) -> None:
        """Pass until nothing is written any more; then see that nothing is."""
        await self.redmine.settle()
        await self.jira.settle()
        await self.settled()
        before = self.writes()
        report = await self.sync()
        assert self.writes() == before
        assert report.links == report.agreed
        await self.redmine.moments_later()

    def shown_in_jira(self, title: str) -> tuple[str, dict[str, Any]]:
        (doc,) = [i for i in self.jira.site.issues.values() if i["fields"]["summary"] == title]
        return str(doc["id"]), doc["fields"]["description"]

    async def shown_in_redmine(self, title: str) -> tuple[str, str]:
        found = await self.redmine.call("GET", "/issues.json?status_id=*&limit=100")
        (issue,) = [one for one in found["issues"] if one["subject"] == title]
        return str(issue["id"]), str(issue["description"])


class Between:
    story = "jira"

    async def test_a_description_that_textile_cannot_show_changes_only_where_the_edit_was(
        self, world: RedmineWorld
    ) -> None:
        async with Office.opened(world) as office:
            written = document()
            await office.jira.create({"summary": "Basket", "description": adf_source(written)})
            await office.quiet()
            issue, textile = await office.shown_in_redmine("Basket")
            assert office.shown_in_jira("Basket")[1] == written

            edited = f"{PLAIN} *Only* in Auckland."
            assert textile.count(PLAIN) == 1
            await world.edit(issue, {"description": textile.replace(PLAIN, edited)})
            await office.quiet()
            id, shown = office.shown_in_jira("Basket")
            assert shown["content"][3] != written["content"][3]
            assert "Auckland" in str(shown["content"][3])
            assert adf_source({**shown, "content": _but(shown, 3)}) == adf_source(
                {**written, "content": _but(written, 3)}
            )

            now = (await office.shown_in_redmine("Basket"))[1]
            assert now == textile.replace(PLAIN, edited)
            there = replaced(shown, " in Auckland.", " in Auckland, and by noon.")
            await office.jira.edit(id, {"description": adf_source(there)})
            await office.quiet()
            assert office.shown_in_jira("Basket")[1] == there
            wanted = now.replace(" in Auckland.", " in Auckland, and by noon.")
            assert (await office.shown_in_redmine("Basket"))[1] == wanted

    async def test_a_description_that_jira_cannot_show_changes_only_where_the_edit_was(
        self, world: RedmineWorld
    ) -> None:
        async with Office.opened(world) as office:
            await world.create({"subject": "Odd", "description": TEXTILE})
            await office.quiet()
            id, shown = office.shown_in_jira("Odd")
            there = replaced(shown, "of words alone.", "of words alone, edited.")
            await office.jira.edit(id, {"description": adf_source(there)})
            await office.quiet()
            wanted = TEXTILE.replace("of words alone.", "of words alone, edited.")
            assert (await office.shown_in_redmine("Odd"))[1] == wanted
            assert office.shown_in_jira("Odd")[1] == there


def _but(shown: dict[str, Any], number: int) -> list[Any]:
    """All blocks but one."""
    return [one for at, one in enumerate(shown["content"]) if at != number]


class TestBetween(Recorded, Between):
    pass


class TestBetweenLive(Live, Between):
    pytestmark = live
