"""The two faces of Jira: what Cloud and Data Center show differently of the same site.

A face says where the API stands, how rich text is kept, and how people are named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, TypeAlias

from connectors.jira.fake import adf

Doc: TypeAlias = dict[str, Any]
MAX_TEXT = 32_767
TOO_LONG = "The entered text is too long. It exceeds the allowed limit of 32,767 characters."


class BadValue(Exception):
    """A value that the field does not take; the text is what Jira says. `whole`: of the request."""

    def __init__(self, message: str, whole: bool = False) -> None:
        super().__init__(message)
        self.whole = whole


class Face(Protocol):
    """One kind of deployment. `members` are where create metadata has its types and fields."""

    cloud: bool
    api: str
    members: tuple[str, str]

    def read(self, value: Any) -> Any:
        """A rich text of a request as it is kept; BadValue where it is none."""

    def remark(self, value: Any) -> Any:
        """The text of a comment, which is never empty."""

    def plain(self, kept: Any) -> str:
        """Its words."""

    def made(self, paragraphs: Iterable[str]) -> Any:
        """A rich text of plain paragraphs."""

    def named(self, user: Doc) -> Doc:
        """What names a user in answers."""

    def reference(self, user: Doc) -> Doc:
        """What names a user in requests."""

    def account(self, users: Iterable[Doc], value: Mapping[str, Any]) -> str:
        """The account that a request names; BadValue where it names none."""

    def entry(self, item: Doc, user: Callable[[str], Doc | None]) -> Doc:
        """A changelog's item as it is shown."""


class CloudFace:
    """Documents, and account ids."""

    cloud = True
    api = "/rest/api/3"
    members = ("issueTypes", "fields")

    def read(self, value: Any) -> Any:
        if not adf.is_document(value):
            raise BadValue(
                "Operation value must be an Atlassian Document (see the Atlassian Document Format)"
            )
        if not adf.is_valid(value):
            raise BadValue("INVALID_INPUT", whole=True)
        if len(adf.plain(value)) > MAX_TEXT:
            raise BadValue(TOO_LONG)
        return dict(value)

    def remark(self, value: Any) -> Any:
        if not adf.is_document(value):
            raise BadValue("Comment body is not valid!")
        if not adf.is_valid(value):
            raise BadValue("INVALID_INPUT", whole=True)
        text = adf.plain(value)
        if not text.strip() and not value["content"]:
            raise BadValue("Comment body can not be empty!")
        if len(text) > MAX_TEXT:
            raise BadValue(TOO_LONG)
        return value

    def plain(self, kept: Any) -> str:
        return adf.plain(kept)

    def made(self, paragraphs: Iterable[str]) -> Any:
        return adf.document(paragraphs)

    def named(self, user: Doc) -> Doc:
        return {"accountId": user["id"]}

    def reference(self, user: Doc) -> Doc:
        return {"accountId": user["id"]}

    def account(self, users: Iterable[Doc], value: Mapping[str, Any]) -> str:
        account = value.get("accountId", value.get("id"))
        if account is None:
            raise BadValue("expected Object containing an 'accountId' or 'id' property")
        if all(user["id"] != account for user in users):
            raise BadValue(f"User '{account}' does not exist.")
        return str(account)

    def entry(self, item: Doc, user: Callable[[str], Doc | None]) -> Doc:
        return dict(item)


class DataCenterFace:
    """Wiki markup as a text, and names that can change beside keys that stay.

    The changelog names people by their keys, texts whole, and custom fields by name alone.
    """

    cloud = False
    api = "/rest/api/2"
    members = ("values", "values")

    def read(self, value: Any) -> Any:
        if not isinstance(value, str):
            raise BadValue("Operation value must be a string")
        if len(value) > MAX_TEXT:
            raise BadValue(TOO_LONG)
        return value or None

    def remark(self, value: Any) -> Any:
        if not isinstance(value, str) or not value.strip():
            raise BadValue("Comment body can not be empty!")
        return self.read(value)

    def plain(self, kept: Any) -> str:
        return str(kept or "")

    def made(self, paragraphs: Iterable[str]) -> Any:
        return "\n\n".join(text for text in paragraphs if text)

    def named(self, user: Doc) -> Doc:
        return {"name": user["login"], "key": user["key"]}

    def reference(self, user: Doc) -> Doc:
        return {"name": user["login"]}

    def account(self, users: Iterable[Doc], value: Mapping[str, Any]) -> str:
        name = value.get("name")
        if name is None:
            raise BadValue("expected Object containing a 'name' property")
        found = next((user for user in users if user["login"] == name), None)
        if found is None:
            raise BadValue(f"User '{name}' does not exist.")
        return str(found["id"])

    def entry(self, item: Doc, user: Callable[[str], Doc | None]) -> Doc:
        shown = {name: value for name, value in item.items() if name != "fieldId"}
        for end in ("from", "to"):
            if (known := user(str(shown[end]))) is not None:
                shown[end] = known["key"]
        return shown


CLOUD, DATA_CENTER = CloudFace(), DataCenterFace()
