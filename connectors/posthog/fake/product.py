"""What people do in the product that sends its events here: they belong to a group, and answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.posthog.fake.analytics import Analytics
from connectors.posthog.fake.project import Row
from syncline.sandbox import Field, Refusal, Sheet
from syncline.sandbox import Row as BoardRow

COMPANY, GROUP, PERSON, RESPONSE = "company", "group", "person", "survey_response"
NAMES = {GROUP: ("name", "domain"), PERSON: ("email", "name")}


class Product:
    """Groups, persons and responses on the page for people."""

    def __init__(self, analytics: Analytics) -> None:
        self._analytics = analytics

    def board(self) -> Sequence[BoardRow]:
        """All companies and responses; persons are many, and on their own sheets."""
        of = self._analytics
        of.ingest()
        groups = [
            BoardRow(GROUP, row["key"], row["key"], str(row["properties"].get("name", "")), {})
            for row in of.groups.values()
        ]
        return groups + [
            BoardRow(RESPONSE, row["uuid"], "", _answer(row), {"Who": row["distinct_id"]})
            for row in of.events.values()
            if row["event"] == "survey sent"
        ]

    def sheet(self, type: str, id: str) -> Sheet:
        """One of them."""
        row = self._row(type, id)
        if type == RESPONSE:
            shown = [Field("who", "Who", row["distinct_id"], "readonly")]
            return Sheet(
                _answer(row), [*shown, Field("answer", "Answer", _answer(row), "readonly")]
            )
        known = row["properties"]
        title = str(known.get("name") or id)
        return Sheet(title, [Field(n, n, str(known.get(n) or "")) for n in NAMES[type]])

    def blanks(self) -> Mapping[str, Sequence[Field]]:
        """Empty forms: for a company, and for an answer."""
        company = [Field("key", "Key"), *(Field(name, name) for name in NAMES[GROUP])]
        answer = [Field("who", "Who"), Field("company", "Company"), Field("answer", "Answer")]
        return {GROUP: company, RESPONSE: answer}

    def edit(self, type: str, id: str, values: Mapping[str, str]) -> None:
        """Properties are set, as the product's code would set them."""
        self._row(type, id)
        if type == GROUP:
            self._analytics.group(COMPANY, id, dict(values))
        elif type == PERSON:
            self._analytics.person(self._known(id), dict(values))
        else:
            raise Refusal("what was answered stays as it is")

    def make(self, type: str, values: Mapping[str, str]) -> str:
        """A company is set up, or somebody answers a survey."""
        if type == GROUP:
            if not values.get("key"):
                raise Refusal("a group needs a key")
            known = {name: value for name, value in values.items() if name != "key"}
            self._analytics.group(COMPANY, values["key"], known)
            return values["key"]
        if not values.get("who") or not values.get("answer"):
            raise Refusal("somebody has to answer something")
        said: Row = {"$survey_name": "Feedback", "$survey_response": values["answer"]}
        if values.get("company"):
            said["$groups"] = {COMPANY: values["company"]}
        now = self._analytics.office.clock.now()
        return self._analytics.happen("survey sent", values["who"], said, now)

    def _row(self, type: str, id: str) -> Row:
        of = self._analytics
        if type == RESPONSE:
            found = [row for row in of.events.values() if row["uuid"] == id]
        elif type == PERSON:
            found = [row for row in of.persons.values() if row["id"] == id]
        else:
            found = [row for row in of.groups.values() if row["key"] == id]
        if not found:
            raise Refusal(f"There is no {type} {id}.")
        return found[0]

    def _known(self, person: str) -> str:
        return next(id for id, row in self._analytics.ids.items() if row["person"] == person)


def _answer(row: Row) -> str:
    said = row["properties"]
    answers = [str(said[name]) for name in sorted(said) if name.startswith("$survey_response")]
    return " ".join(answers) or "(nothing)"
