"""Adding and changing comments, for whoever asks: the API, a transition, the web page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from connectors.jira.fake.faces import BadValue
from connectors.jira.fake.site import Doc, Event, Site, changed

OWN_ROLES = ("Developers", "Users")  # the roles the accounts of the sandbox are in


class Commenting:
    """Comments of issues, made for an account."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def check(self, given: Any) -> None:
        """BadValue unless this can be a comment: `Comment`."""
        if not isinstance(given, dict):
            raise BadValue("Comment body is not valid!")
        self._site.face.remark(given.get("body"))
        visibility = given.get("visibility")
        if visibility is None:
            return
        if not isinstance(visibility, dict) or visibility.get("type") not in ("role", "group"):
            raise BadValue("INVALID_INPUT", whole=True)
        name = visibility.get("value", visibility.get("identifier"))
        if name not in OWN_ROLES:
            raise BadValue(f"You are currently not a member of the project role: {name}.")

    def add(
        self, doc: Doc, given: Mapping[str, Any], actor: str, lag: timedelta | None = None
    ) -> tuple[Doc, Doc]:
        """The issue, which now counts as updated, and its new comment."""
        self.check(given)
        now = self._site.now()
        comment: Doc = {
            "id": str(self._site.state.next("comment", 40000)),
            "issue": doc["id"],
            "author": actor,
            "editor": actor,
            "body": given["body"],
            "created": now,
            "updated": now,
            "visibility": given.get("visibility"),
            "properties": properties_of(given),
        }
        self._site.save_comment(comment)
        return self._touched("comment_created", doc, comment, actor, lag), comment

    def change(
        self, doc: Doc, comment: Doc, given: Mapping[str, Any], actor: str, lag: timedelta | None
    ) -> Doc:
        """The comment with a new body, and with the properties that were given."""
        self.check(given)
        comment = changed(
            comment,
            body=given["body"],
            editor=actor,
            updated=self._site.now(),
            properties={**comment["properties"], **properties_of(given)},
            visibility=given.get("visibility", comment["visibility"]),
        )
        self._site.save_comment(comment)
        self._touched("comment_updated", doc, comment, actor, lag)
        return comment

    def remove(self, doc: Doc, comment: Doc, actor: str, lag: timedelta | None) -> None:
        """Delete the comment for good."""
        self._site.remove_comment(comment)
        self._touched("comment_deleted", doc, comment, actor, lag)

    def _touched(self, name: str, doc: Doc, comment: Doc, actor: str, lag: timedelta | None) -> Doc:
        doc = changed(doc, updated=self._site.now())
        self._site.save(doc, lag)
        self._site.tell(Event(name, doc, actor, comment=comment))
        return doc


def properties_of(given: Mapping[str, Any]) -> Doc:
    """The entity properties of a request by key."""
    return {str(p["key"]): p["value"] for p in given.get("properties") or ()}
