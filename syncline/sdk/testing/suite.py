"""The suite as connectors inherit it."""

from __future__ import annotations

from syncline.sdk.testing.extras import ExtrasTests
from syncline.sdk.testing.reading import ReadingTests
from syncline.sdk.testing.writing import WritingTests


class ConnectorTests(ReadingTests, WritingTests, ExtrasTests):
    """All that a connector promises, tested on one tool. See the package's first paragraph."""
