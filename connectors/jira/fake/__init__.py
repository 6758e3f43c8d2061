"""The fake of Jira Cloud for the sandbox: `fake` is its class."""

from __future__ import annotations

from connectors.jira.fake.app import JiraFake as fake  # noqa: N813

__all__ = ["fake"]
