"""HubSpot as its people see it: records on a board, sheets to fill in, notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from connectors.hubspot.fake import properties as p
from connectors.hubspot.fake.errors import missing
from connectors.hubspot.fake.portal import Portal
from syncline.sandbox import Fake, Field, Refusal, Remark, Row, Sheet, Shown
from syncline.sandbox.fake import FieldKind

KINDS = {"ticket": p.TICKETS, "company": p.COMPANIES, "contact": p.CONTACTS, "deal": p.DEALS}
LINKS = "linked_records"
_HIDDEN = ("hs_object_source", "hs_object_source_id", "syncline_key")


class Office(Fake):
    """What people do, by the account's own rules."""

    portal: Portal

    def people(self) -> Sequence[str]:
        owners = self.state.table("owner").values()
        return [f"{o['firstName']} {o['lastName']}" for o in owners if not o["archived"]]

    def board(self) -> Sequence[Row]:
        return [
            Row(type, doc["id"], doc["id"], str(doc["properties"].get(p.TITLES[kind])), {})
            for type, kind in KINDS.items()
            for doc in self.portal.live(kind)
        ]

    def sheet(self, type: str, id: str) -> Sheet:
        kind = _kind(type)
        doc = self.portal.get(kind, id)
        notes = [self.portal.get(p.NOTES, n) for n in self.portal.associated(kind, id, p.NOTES)]
        links = (doc["properties"].get(LINKS) or "").split()
        return Sheet(
            str(doc["properties"].get(p.TITLES[kind])),
            self._form(kind, doc["properties"]),
            comments=[
                Remark(
                    self._name(note["properties"].get("hubspot_owner_id")),
                    str(note["properties"].get("hs_note_body")),
                    False,
                    datetime.fromisoformat(note["createdAt"]),
                )
                for note in notes
            ],
            links=[Shown(url, url) for url in links],
            can_comment=("internal",),
            actions=("archive",),
        )

    def blanks(self) -> Mapping[str, Sequence[Field]]:
        return {type: self._form(kind, {}) for type, kind in KINDS.items()}

    def edit(self, type: str, id: str, person: str, values: Mapping[str, str]) -> None:
        self.portal.update(_kind(type), id, values, self.by(person))

    def remark(self, type: str, id: str, person: str, text: str, public: bool) -> None:
        if public:
            raise Refusal("A note is for colleagues alone.")
        kind, by = _kind(type), self.by(person)
        self.portal.get(kind, id)
        said = {"hs_note_body": text, "hs_timestamp": self.portal.now(),
                "hubspot_owner_id": by["ownerId"]}  # fmt: skip
        note = self.portal.create(p.NOTES, said, by)
        self.portal.associate(p.NOTES, note["id"], kind, id)

    def make(self, type: str, person: str, values: Mapping[str, str]) -> str:
        kind = _kind(type)
        given = {name: value for name, value in values.items() if value != ""}
        if kind in p.PIPELINES and p.PIPELINES[kind][1] not in given:
            pipelines = self.state.table("pipelines").get(kind) or {}
            chosen = pipelines[given.get(p.PIPELINES[kind][0], "0")]
            given[p.PIPELINES[kind][1]] = chosen["stages"][0]["id"]
        return str(self.portal.create(kind, given, self.by(person))["id"])

    def act(self, type: str, id: str, person: str, action: str) -> None:
        kind = _kind(type)
        self.portal.get(kind, id)
        self.portal.archive(kind, id)

    def by(self, person: str) -> dict[str, str]:
        """How a change by a person is kept."""
        for owner in self.state.table("owner").values():
            if f"{owner['firstName']} {owner['lastName']}" == person:
                user = f"userId:{owner['userId']}"
                return {"sourceType": "CRM_UI", "sourceId": user, "ownerId": owner["id"]}
        raise Refusal(f"There is no user {person}.")

    def _name(self, id: str | None) -> str:
        owner = self.state.table("owner").get(id or "")
        return f"{owner['firstName']} {owner['lastName']}" if owner else "somebody"

    def _form(self, kind: str, values: Mapping[str, str | None]) -> list[Field]:
        fields = []
        for name, about in self.portal.definitions(kind).items():
            if about["modificationMetadata"]["readOnlyValue"] or name in _HIDDEN:
                continue
            options = self._options(kind, name) or [o["value"] for o in about["options"]]
            long = about["fieldType"] == "textarea"
            look: FieldKind = "choice" if options else "long" if long else "text"
            given = ["", *options] if options else ()
            fields.append(Field(name, about["label"], values.get(name) or "", look, given))
        return fields

    def _options(self, kind: str, name: str) -> list[str]:
        pipeline, stage = p.PIPELINES.get(kind, ("", ""))
        there = (self.state.table("pipelines").get(kind) or {}).values()
        if name == pipeline:
            return [one["id"] for one in there]
        return [s["id"] for one in there for s in one["stages"]] if name == stage else []


def _kind(type: str) -> str:
    if type not in KINDS:
        raise missing(type)
    return KINDS[type]
