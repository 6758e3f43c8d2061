"""The Odoo connector keeps the interface that all connectors keep, with tasks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from html import escape, unescape
from typing import Any, ClassVar

import pytest

from connectors.odoo import OdooConnector
from syncline.sdk.testing import ConnectorTests, Shape
from tests.connectors.odoo_stage import Live, Recorded, live
from tests.connectors.odoo_world import OdooWorld, opened

SHAPE = Shape(
    record="task",
    title="name",
    text="description",
    clearable="description",
    refused={"priority": "no such priority"},
    far_status=("status", "Done"),
    many=205,
    volatile=frozenset({"updated_at"}),
)


class Conformance(ConnectorTests):
    shape: ClassVar[Shape] = SHAPE
    story = "suite"
    exempt: ClassVar[Mapping[str, str]] = {}

    def written(self, text: str) -> str:
        return "".join(f"<p>{escape(part, quote=False)}</p>" for part in text.split("\n\n"))

    def read(self, value: Any) -> str:
        parts = str(value).removeprefix("<p>").removesuffix("</p>").split("</p><p>")
        return unescape("\n\n".join(parts))

    @pytest.fixture
    async def connector(self, world: OdooWorld) -> AsyncIterator[OdooConnector]:
        async with opened(world) as connector:
            yield connector

    @pytest.fixture
    async def stranger(self, world: OdooWorld) -> AsyncIterator[OdooConnector]:
        async with opened(world, "stranger") as connector:
            yield connector


class TestConformance(Recorded, Conformance):
    pass


class TestConformanceLive(Live, Conformance):
    pytestmark = live
