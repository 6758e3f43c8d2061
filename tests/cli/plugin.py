"""A connector as an operator's plugin: the in-memory tool, by its module's `connector`."""

from __future__ import annotations

from tests.sides.memory import MemoryConnector

connector = MemoryConnector
