"""Mixpanel as its people see it: lists, forms, and what can be done with a record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from connectors.mixpanel.fake.annotations import Annotations
from connectors.mixpanel.fake.errors import Refused
from connectors.mixpanel.fake.office import Row
from connectors.mixpanel.fake.profiles import Profiles
from syncline.sandbox import Field, Refusal, Sheet
from syncline.sandbox import Row as BoardRow

ANNOTATION = "annotation"
COLUMNS = {"group": ("$name",), "user": ("$name", "$email")}


class Web:
    """The page for people."""

    def __init__(self, annotations: Annotations, profiles: Profiles) -> None:
        self._annotations, self._profiles = annotations, profiles

    def board(self) -> Sequence[BoardRow]:
        """Everything."""
        annotations = [
            BoardRow(
                ANNOTATION, str(row["id"]), str(row["id"]), row["description"],
                {"Date": row["date"][:10]},
            )
            for row in self._annotations.listed()
        ]  # fmt: skip
        return annotations + [
            BoardRow(
                type, id, id, str(has.get("$name", "")),
                {name: str(has.get(name, "")) for name in names},
            )
            for type, names in COLUMNS.items()
            for id, has in self._profiles.table(type).items()
        ]  # fmt: skip

    def sheet(self, type: str, id: str) -> Sheet:
        """One record."""
        with _in_words():
            row = self._row(type, id)
        title = str(row.get("description") or row.get("$name") or id).partition("\n")[0]
        return Sheet(title, _form(type, row), actions=("delete",))

    def blanks(self) -> Mapping[str, Sequence[Field]]:
        """Empty forms."""
        id = Field("id", "ID")
        return {
            ANNOTATION: _form(ANNOTATION, {"description": "", "date": ""}),
            **{type: [id, *_form(type, {})] for type in COLUMNS},
        }

    def edit(self, type: str, id: str, values: Mapping[str, str]) -> None:
        """A person changes fields."""
        with _in_words():
            self._row(type, id)
            if type != ANNOTATION:
                self._profiles.edit(type, id, {n: v or None for n, v in values.items()})
                return
            if "date" in values:
                self._annotations.move(id, f"{values['date']} 00:00:00")
            if "description" in values:
                self._annotations.change(id, {"description": values["description"]})

    def make(self, type: str, person: str, values: Mapping[str, str]) -> str:
        """A person makes a record."""
        with _in_words():
            if type == ANNOTATION:
                date = f"{values.get('date', '')} 00:00:00"
                return str(self._annotations.create({**values, "date": date}, person)["id"])
            id = values.get("id", "")
            if not id:
                raise Refused(400, "A profile needs an ID")
            self._profiles.edit(type, id, {n: v or None for n, v in values.items() if n != "id"})
            return id

    def act(self, type: str, id: str) -> None:
        """A person deletes."""
        with _in_words():
            self._row(type, id)
            if type == ANNOTATION:
                self._annotations.remove(id)
            else:
                self._profiles.remove(type, id)

    def remark(self) -> None:
        """Nobody comments here."""
        raise Refusal("neither annotations nor profiles have comments")

    def _row(self, type: str, id: str) -> Row:
        if type == ANNOTATION:
            return self._annotations.get(id)
        if (has := self._profiles.table(type).get(id)) is None:
            raise Refused(404, "There is no such profile")
        return has


@contextmanager
def _in_words() -> Iterator[None]:
    """What the interface refuses is refused to a person in the same words."""
    try:
        yield
    except Refused as error:
        raise Refusal(str(error)) from None


def _form(type: str, row: Row) -> list[Field]:
    if type == ANNOTATION:
        return [
            Field("description", "Text", row["description"], "long"),
            Field("date", "Date", row["date"][:10], "date"),
        ]
    names = dict.fromkeys((*COLUMNS[type], *row))
    return [Field(name, name, str(row.get(name, ""))) for name in names]
