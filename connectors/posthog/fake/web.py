"""PostHog as its people see it: lists, forms, and what can be done with a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.posthog.fake.errors import Refused
from connectors.posthog.fake.features import STAGES, Features
from connectors.posthog.fake.project import HUB, Row
from syncline.sandbox import Field, Refusal, Sheet
from syncline.sandbox import Row as BoardRow

FEATURE = "early_access_feature"


class Web:
    """The page for people."""

    def __init__(self, features: Features) -> None:
        self._features = features

    def board(self) -> Sequence[BoardRow]:
        """Everything."""
        return [
            BoardRow(FEATURE, row["id"], self._flag(row), row["name"], {"Stage": row["stage"]})
            for row in self._features.rows.values()
        ]

    def sheet(self, type: str, id: str) -> Sheet:
        """One record."""
        row = self._row(id)
        return Sheet(row["name"], _form(row), actions=("delete",))

    def blanks(self) -> Mapping[str, Sequence[Field]]:
        """An empty form."""
        empty = {"name": "", "description": "", "stage": "draft", "documentation_url": ""}
        return {FEATURE: _form(empty)}

    def edit(self, type: str, id: str, values: Mapping[str, str]) -> None:
        """A person changes fields."""
        try:
            self._features.change(id, dict(values))
        except Refused as error:
            raise Refusal(str(error)) from None

    def make(self, type: str, person: str, values: Mapping[str, str]) -> str:
        """A person makes a feature; PostHog makes its flag."""
        try:
            return str(self._features.create(dict(values), HUB)["id"])
        except Refused as error:
            raise Refusal(str(error)) from None

    def act(self, type: str, id: str) -> None:
        """A person deletes."""
        self._row(id)
        self._features.remove(id)

    def remark(self) -> None:
        """Nobody comments here."""
        raise Refusal("early-access features have no comments")

    def _row(self, id: str) -> Row:
        try:
            return self._features.get(id)
        except Refused as error:
            raise Refusal(str(error)) from None

    def _flag(self, row: Row) -> str:
        flag = self._features.flags.rows.get(str(row["feature_flag"]))
        return str(flag["key"]) if flag else ""


def _form(row: Mapping[str, str]) -> list[Field]:
    return [
        Field("name", "Name", row["name"]),
        Field("description", "Description", row["description"], "long"),
        Field("stage", "Stage", row["stage"], "choice", STAGES),
        Field("documentation_url", "Documentation URL", row["documentation_url"]),
    ]
