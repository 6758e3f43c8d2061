"""The connector keeps the interface that all connectors keep."""

from __future__ import annotations

from syncline.sdk.testing import ConnectorTests, Shape
from tests.connectors.template_world import Fixtures

REFUSED = {"priority": "no such priority"}
ITSELF = frozenset({"updated_at"})


class TestTemplate(Fixtures, ConnectorTests):
    shape = Shape("ticket", "title", REFUSED, "body", "reference", volatile=ITSELF)
    exempt = {"test_a_status_is_reached_along_the_allowed_transitions": "any status follows any"}
