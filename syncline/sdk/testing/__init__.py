"""The suite that every connector passes: `ConnectorTests`.

A connector's test class inherits it and gives three fixtures and one description:

    class TestExample(ConnectorTests):
        shape = Shape(record="ticket", title="title", text="body", refused={"priority": "no such"})

        @pytest.fixture
        async def world(self): ...        # a `ToolUnderTest`: the tool as a person uses it
        @pytest.fixture
        async def connector(self, world): ...   # the connector, opened on that tool
        @pytest.fixture
        async def stranger(self, world): ...    # the same with a credential the tool refuses

What is tested follows from the connector's `Capabilities`: a claim is put to the proof, and where
nothing is claimed the connector must say so instead of failing. Nothing is skipped in silence: a
test that cannot be run on a tool is named in `exempt` with the reason, and the reason is printed.

The suite draws nothing by lot and sends the same requests in the same order each time, so that the
tool may also be a recording of one.
"""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite(
    *(f"{__name__}.{part}" for part in ("tool", "base", "reading", "writing", "extras"))
)

from syncline.sdk.testing.suite import ConnectorTests  # noqa: E402
from syncline.sdk.testing.tool import Requests, Shape, ToolUnderTest, Trouble  # noqa: E402

__all__ = ["ConnectorTests", "Requests", "Shape", "ToolUnderTest", "Trouble"]
