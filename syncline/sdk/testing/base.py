"""What all parts of the suite share: the fixtures, the exemptions, and short ways to say things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from syncline.sdk.connector import (
    Connector,
    Create,
    CreateSearch,
    FindResult,
    Outcome,
    Record,
    Result,
    Update,
    Wire,
)
from syncline.sdk.testing.tool import Shape, ToolUnderTest, nested, the_record, value_at

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class SuiteBase:
    """Fixtures that the connector's author gives, and helpers in the words of the interface."""

    # An author's class may add marks of its own to the suite's.
    pytestmark: pytest.MarkDecorator | list[pytest.MarkDecorator] = pytest.mark.asyncio
    shape: ClassVar[Shape]
    exempt: ClassVar[Mapping[str, str]] = {}

    @pytest.fixture
    def world(self) -> ToolUnderTest:
        raise NotImplementedError("a connector's test class gives the fixture `world`")

    @pytest.fixture
    def connector(self) -> Connector:
        raise NotImplementedError("a connector's test class gives the fixture `connector`")

    @pytest.fixture
    def stranger(self) -> Connector:
        raise NotImplementedError("a connector's test class gives the fixture `stranger`")

    @pytest.fixture
    def record(self) -> str:
        return self.shape.record

    @pytest.fixture(autouse=True)
    def _exemptions(self, request: pytest.FixtureRequest) -> None:
        """Leave out what `exempt` names, aloud; one case of a test is named `test_x[case]`."""
        unknown = [name for name in self.exempt if not hasattr(self, name.partition("[")[0])]
        assert not unknown, f"exempt names tests that do not exist: {unknown}"
        names = (request.node.name, getattr(request.node, "originalname", None))
        name = next((name for name in names if name in self.exempt), None)
        if name is None:
            return
        reason = self.exempt[name].strip()
        assert reason, f"{name} is exempt without a reason"
        plugins = request.config.pluginmanager
        reporter, capture = (plugins.get_plugin(p) for p in ("terminalreporter", "capturemanager"))
        if reporter is not None and capture is not None:
            with capture.global_and_fixture_disabled():
                reporter.write_line(f"\n{request.node.nodeid}: exempt: {reason}")
        pytest.skip(f"exempt: {reason}")

    def written(self, text: str) -> str:
        """Plain text as it is written into `shape.text`; override for HTML and the like."""
        return text

    def read(self, value: Any) -> str:
        """The plain text of what stands in `shape.text`; the inverse of `written`."""
        return str(value)

    def titled(self, title: str) -> dict[str, Any]:
        """A patch of the title."""
        return nested(self.shape.title, title)

    def title_of(self, record: Record) -> Any:
        return value_at(record.fields, self.shape.title)

    async def person_makes(self, world: ToolUnderTest, *titles: str) -> list[str]:
        return [await world.create(self.shape.sample(title)) for title in titles]

    async def make(self, connector: Connector, key: str, fields: Wire) -> str:
        """Create one record through the connector; it must work."""
        (outcome,) = await connector.create(self.shape.record, [Create(key, fields)])
        assert outcome.result is Result.APPLIED, outcome
        assert outcome.id
        return outcome.id

    async def now(self, connector: Connector, id: str) -> Record:
        return the_record((await connector.fetch(self.shape.record, [id]))[id])

    async def patch(self, connector: Connector, id: str, patch: Wire, expected: Wire) -> Outcome:
        version = (await self.now(connector, id)).version
        (outcome,) = await connector.update(
            self.shape.record, [Update(id, patch, expected, version)]
        )
        return outcome

    async def told(
        self, connector: Connector, cursor: str | None = None
    ) -> tuple[dict[str, Record], str]:
        """Everything `changes` tells since a cursor, the last telling of each, and the new one."""
        records: dict[str, Record] = {}
        last = None
        async for page in connector.changes(self.shape.record, cursor):
            records |= {record.id: record for record in page.records}
            last = page.cursor
        assert last is not None, "the last page of changes has no cursor"
        return records, last

    async def census(self, connector: Connector) -> dict[str, int | None]:
        versions: dict[str, int | None] = {}
        async for page in connector.census(self.shape.record):
            versions |= page.versions
        return versions

    async def found(self, connector: Connector, key: str, fields: Wire) -> FindResult:
        (answer,) = await connector.find(self.shape.record, [CreateSearch(key, fields, LONG_AGO)])
        return answer


def results(outcomes: Sequence[Outcome]) -> list[Result]:
    return [outcome.result for outcome in outcomes]
