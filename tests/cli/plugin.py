"""A connector as an operator's plugin: the in-memory tool, by its module's `connector`."""

from __future__ import annotations

from syncline.simulation.connector import MemoryConnector

connector = MemoryConnector
