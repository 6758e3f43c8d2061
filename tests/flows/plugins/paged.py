"""The tracker of the flow tests."""

from __future__ import annotations

from tests.sides.paged import PagedConnector as connector

__all__ = ["connector"]
