"""PostHog as its people see it: lists, forms, and what can be done with a record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from connectors.posthog.fake.annotations import Annotations
from connectors.posthog.fake.errors import Refused
from connectors.posthog.fake.features import STAGES, Features
from connectors.posthog.fake.product import Product
from connectors.posthog.fake.project import HUB, Row
from syncline.sandbox import Field, Refusal, Sheet
from syncline.sandbox import Row as BoardRow

FEATURE, ANNOTATION = "early_access_feature", "annotation"


class Web:
    """The page for people."""

    def __init__(self, features: Features, annotations: Annotations, product: Product) -> None:
        self._product = product
        self._features = features
        self._of: Mapping[str, Features | Annotations] = {
            FEATURE: features,
            ANNOTATION: annotations,
        }

    def board(self) -> Sequence[BoardRow]:
        """Everything."""
        features = [
            BoardRow(FEATURE, row["id"], self._flag(row), row["name"], {"Stage": row["stage"]})
            for row in self._features.rows.values()
        ]
        annotations = [
            BoardRow(
                ANNOTATION, str(row["id"]), str(row["id"]), row["content"],
                {"Date": (row["date_marker"] or "")[:10]},
            )
            for row in self._of[ANNOTATION].rows.values()
            if not row["deleted"]
        ]  # fmt: skip
        return [*features, *annotations, *self._product.board()]

    def sheet(self, type: str, id: str) -> Sheet:
        """One record."""
        if type not in self._of:
            return self._product.sheet(type, id)
        with _in_words():
            row = self._of[type].get(id)
        title = row["name"] if type == FEATURE else row["content"].partition("\n")[0]
        return Sheet(title, _form(type, row), actions=("delete",))

    def blanks(self) -> Mapping[str, Sequence[Field]]:
        """Empty forms."""
        feature = {"name": "", "description": "", "stage": "draft", "documentation_url": ""}
        annotation = {"content": "", "date_marker": None}
        forms = {FEATURE: _form(FEATURE, feature), ANNOTATION: _form(ANNOTATION, annotation)}
        return {**forms, **self._product.blanks()}

    def edit(self, type: str, id: str, values: Mapping[str, str]) -> None:
        """A person changes fields."""
        if type not in self._of:
            self._product.edit(type, id, values)
            return
        with _in_words():
            self._of[type].get(id)
            self._of[type].change(id, _typed(values))

    def make(self, type: str, person: str, values: Mapping[str, str]) -> str:
        """A person makes a record; PostHog makes a feature's flag."""
        if type not in self._of:
            return self._product.make(type, values)
        more = {"scope": "project"} if type == ANNOTATION else {}
        with _in_words():
            return str(self._of[type].create({**_typed(values), **more}, HUB)["id"])

    def act(self, type: str, id: str) -> None:
        """A person deletes."""
        if type not in self._of:
            raise Refusal(f"PostHog does not delete a {type}")
        with _in_words():
            self._of[type].remove(id)

    def remark(self) -> None:
        """Nobody comments here."""
        raise Refusal("neither features nor annotations have comments")

    def _flag(self, row: Row) -> str:
        flag = self._features.flags.rows.get(str(row["feature_flag"]))
        return str(flag["key"]) if flag else ""


@contextmanager
def _in_words() -> Iterator[None]:
    """What the interface refuses is refused to a person in the same words."""
    try:
        yield
    except Refused as error:
        raise Refusal(str(error)) from None


def _typed(values: Mapping[str, str]) -> Row:
    return {n: v or None if n == "date_marker" else v for n, v in values.items()}


def _form(type: str, row: Row) -> list[Field]:
    if type == ANNOTATION:
        return [
            Field("content", "Text", row["content"], "long"),
            Field("date_marker", "Date", (row["date_marker"] or "")[:10], "date"),
        ]
    return [
        Field("name", "Name", row["name"]),
        Field("description", "Description", row["description"], "long"),
        Field("stage", "Stage", row["stage"], "choice", STAGES),
        Field("documentation_url", "Documentation URL", row["documentation_url"]),
    ]
