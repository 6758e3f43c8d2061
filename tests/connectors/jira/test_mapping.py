"""The shipped mappings of Jira issues fit the fake's site, and keep the laws on its schema."""

from __future__ import annotations

from random import Random

import pytest

from connectors.jira import JiraConnector
from syncline.mapping.check import check, gaps
from syncline.mapping.laws import try_mapping
from syncline.mapping.load import builtin


@pytest.mark.parametrize("entity", ["ticket", "customer_request"])
async def test_a_shipped_mapping_fits_the_site_and_keeps_the_laws(
    connector: JiraConnector, entity: str
) -> None:
    schema = await connector.describe()
    mapping = builtin("jira", entity)
    assert not check(mapping, schema)
    assert not try_mapping(mapping, Random(7), schema.records["issue"])


async def test_the_types_that_a_ticket_has_no_word_for_are_named(
    connector: JiraConnector,
) -> None:
    (gap,) = gaps(builtin("jira", "ticket"), await connector.describe())
    assert "Epic" in gap.what
