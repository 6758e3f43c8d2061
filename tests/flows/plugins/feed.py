"""The desk of the flow tests."""

from __future__ import annotations

from tests.sides.feed import FeedConnector as connector

__all__ = ["connector"]
