"""How Jira Cloud and Jira Data Center write the same things: paths, texts, people.

Cloud's API v3 holds rich text as Atlassian documents and names people by account id; Data Center's
API v2 holds wiki markup and names people by user name. Everything else of an issue looks alike, so
one connector reads and writes both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from connectors.jira import adf

Deployment = Literal["cloud", "data_center"]


@dataclass(frozen=True, slots=True)
class Dialect:
    """One kind of deployment.

    api       where its API stands
    version   of the API, as the `jira` package names it
    text      the format of its rich texts, and the kind of its text areas
    handle    the member of a user's object by which people are told apart, and written
    members   where create metadata has its issue types and its fields
    """

    deployment: Deployment
    title: str
    api: str
    version: str
    text: Literal["adf", "wiki_markup"]
    handle: Literal["accountId", "name"]
    members: tuple[str, str]

    def document(self, source: object) -> Any:
        """A text of the record as the API takes it, None for none; Rejected where it is none."""
        if self.text == "adf":
            return adf.document(source)
        return None if source is None or source == "" else str(source)

    def told(self, words: str | None) -> str | None:
        """The text of a record that the changelog tells of in these words."""
        return adf.paragraphs(words) if self.text == "adf" else words or None


CLOUD = Dialect(
    "cloud", "Jira Cloud", "/rest/api/3", "3", "adf", "accountId", ("issueTypes", "fields")
)
DATA_CENTER = Dialect(
    "data_center",
    "Jira Data Center",
    "/rest/api/2",
    "2",
    "wiki_markup",
    "name",
    ("values", "values"),
)


def text(value: Any) -> str | None:
    """A rich text of the API as it stands in the record, None for none."""
    return value or None if isinstance(value, str) else adf.text(value)


def handle(user: Mapping[str, Any] | None) -> str | None:
    """Who a user is; None for nobody."""
    found = (user or {}).get("accountId") or (user or {}).get("name")
    return None if found is None else str(found)
