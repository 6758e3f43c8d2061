"""The fake of Jira Cloud (platform REST v3) for the sandbox; `fake` is its class. `data_center` has
the other face of the same site.

It behaves as Jira does where an integration gets hurt: a search that lags, knows no total and reads
moments by the minute in the account's time zone; workflows with screens and required fields; rich
text as documents; answers of bulk calls in their own order; keys that change; limits of three
kinds; addresses of people that stay hidden. `docs/sandbox.md` says how to make things go wrong.

It has no issue links, worklogs, watchers, votes, components, versions, boards or sprints. What is
not known of Jira from its own documentation, but from memory or from other people's reports:

- `updated` moves with comments, files and remote links, not with entity properties
- a change that changes nothing leaves no trace
- moments in answers are in the account's time zone
- an archived issue can be read and not written
- a search for exactly a hidden address finds its owner
- the wording of most refusals
"""

from __future__ import annotations

from connectors.jira.fake.app import JiraFake as fake  # noqa: N813

__all__ = ["fake"]
