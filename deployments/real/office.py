"""What people do in the real Odoo, as themselves, over its JSON-2 interface."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from deployments.real.people import Api


class Office:
    """Odoo, as one person, or as the administrator."""

    def __init__(self, connection: Mapping[str, Any], person: str | None = None) -> None:
        key = connection["people"][person]["auth"]["api_key"] if person else None
        key = key or connection["admin"]["api_key"]
        self.web = connection["base_url"]
        database = connection["database"]
        headers = {"Authorization": f"bearer {key}", "X-Odoo-Database": database}
        self._api = Api(self.web, headers)

    def call(self, model: str, method: str, **arguments: Any) -> Any:
        """What a method of a model answers."""
        return self._api.call("POST", f"/json/2/{model}/{method}", arguments)

    def rows(self, model: str, *domain: Any, fields: tuple[str, ...]) -> list[dict[str, Any]]:
        """Records that this person sees, oldest first."""
        found: list[dict[str, Any]] = self.call(
            model, "search_read", domain=list(domain), fields=list(fields), order="id"
        )
        return found

    def create(self, model: str, **values: Any) -> int:
        (made,) = self.call(model, "create", vals_list=[values])
        return int(made)

    def edit(self, model: str, id: str | int, **values: Any) -> None:
        self.call(model, "write", ids=[int(id)], vals=values)

    def delete(self, model: str, id: str | int) -> None:
        self.call(model, "unlink", ids=[int(id)])

    def note(self, model: str, id: str | int, text: str) -> None:
        """An internal remark in the chatter."""
        self.call(
            model,
            "message_post",
            ids=[int(id)],
            body=text,
            subtype_xmlid="mail.mt_note",
            message_type="comment",
        )

    def tag(self, name: str) -> int:
        """The id of a tag of tasks; it is made where there is none yet."""
        found = self.rows("project.tags", ["name", "=", name], fields=("name",))
        return found[0]["id"] if found else self.create("project.tags", name=name)

    def tasks(self) -> list[dict[str, Any]]:
        """All tasks of the project, with the names of their stage and tags."""
        fields = ("name", "description", "stage_id", "state", "priority", "tag_ids", "user_ids")
        tags = {row["id"]: row["name"] for row in self.rows("project.tags", fields=("name",))}
        rows = self.rows("project.task", ["project_id", "!=", False], fields=fields)
        return [{**row, "tags": sorted(tags[id] for id in row["tag_ids"])} for row in rows]

    def said(self, model: str, id: str | int) -> list[tuple[bool, str]]:
        """(public, text) of what people wrote."""
        rows = self.rows(
            "mail.message",
            ["model", "=", model],
            ["res_id", "=", int(id)],
            ["message_type", "=", "comment"],
            fields=("body", "is_internal", "subtype_id"),
        )
        return [
            (row["subtype_id"][1] != "Note" and not row["is_internal"], _plain(row["body"]))
            for row in rows
        ]

    def mails(self, login: str) -> list[dict[str, Any]]:
        """Mails that Odoo made of what somebody did, sent or not."""
        by = ["author_id.user_ids.login", "=", login]
        return self.rows("mail.mail", by, fields=("subject", "state"))


def _plain(html: str) -> str:
    return re.sub(r"<[^>]*>", " ", html)
