"""A real little tool to try the frame on: notes on a board, with comments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from starlette.datastructures import UploadFile
from starlette.responses import Response

from syncline.sandbox import (
    Answered,
    Call,
    Company,
    Endpoint,
    Fake,
    Field,
    Refusal,
    Remark,
    Row,
    Sheet,
    Shown,
    answer,
)

TOKEN = "sandbox-notes-token"
STATUSES = ("open", "closed")


class Notes(Fake):
    """The tool. A note is `{id, title, status, labels, changed_at}`."""

    tool: ClassVar[str] = "notes"
    types: ClassVar[tuple[str, ...]] = ("note", "comment")

    def endpoints(self) -> Sequence[Endpoint]:
        return [
            Endpoint("GET", "/notes", self._list),
            Endpoint("POST", "/notes", self._create, mutating=True),
            Endpoint(
                "POST", "/notes/query", self._query, mutating=lambda call: "set" in call.json()
            ),
            Endpoint("GET", "/notes/{id}", self._get),
            Endpoint("POST", "/notes/{id}/job", self._job, mutating=True),
            Endpoint("POST", "/files", self._files, mutating=True),
            Endpoint("GET", "/broken", self._broken),
            Endpoint("GET", "/open", lambda call: answer({"lag": _seconds(call)}), open=True),
            Endpoint("POST", "/tell", self._tell),
        ]

    def authorised(self, call: Call) -> Response | None:
        if call.headers.get("authorization") == f"Bearer {TOKEN}":
            return None
        return answer({"error": "who are you?"}, 401)

    def connection(self) -> Mapping[str, Any]:
        return {"auth": {"token": TOKEN}, "scope": {"board": "main"}, "search_lag": "2s"}

    def seed(self, company: Company) -> None:
        for case in company.cases:
            self._keep(case.title, sorted(case.labels))

    def records(self, type: str) -> list[dict[str, Any]]:
        return list(self.state.table(type).values())

    def rate_limited(self, seconds: float) -> Response:
        return answer({"error": "slow down"}, 429, {"Retry-After": f"{seconds:g}"})

    def refused(self, status: int) -> Response:
        return answer({"error": f"no ({status})"}, status)

    # the API

    def _keep(self, title: str, labels: Sequence[str] = ()) -> dict[str, Any]:
        id = str(self.state.next("note", 7))
        note = {"id": id, "title": title, "status": "open", "labels": list(labels)}
        note["changed_at"] = self.clock.now().isoformat()
        self.state.table("note").put(id, note)
        return note

    def _list(self, call: Call) -> Response:
        return answer(call.listed(list(self.state.table("note").values())))

    def _create(self, call: Call) -> Response:
        titles = call.json()
        kept = [self._keep(title) for title in titles[: call.let_through(len(titles))]]
        call.applied(*(note["id"] for note in kept))
        return answer(kept, 201)

    def _query(self, call: Call) -> Response:
        return answer([])

    def _get(self, call: Call) -> Response:
        note = self.state.table("note").get(call.path_params["id"])
        if note is None:
            raise Answered(answer({"error": "no such note"}, 404))
        return answer(note)

    def _job(self, call: Call) -> Response:
        self.job = call
        return answer(status=202)

    async def _files(self, call: Call) -> Response:
        file = (await call.form())["file"]
        assert isinstance(file, UploadFile)
        content = await file.read()
        return answer([file.filename, file.content_type, content.hex()])

    def _broken(self, call: Call) -> Response:
        raise ZeroDivisionError

    def _tell(self, call: Call) -> Response:
        for url in call.json():
            self.hooks.send(url, b'{"told": true}', {"X-Number": str(self.state.next("told"))})
        return answer(status=204)

    # people

    def people(self) -> Sequence[str]:
        return ["Ada", "Grace <g@x>"]

    def board(self) -> Sequence[Row]:
        return [
            Row("note", id, f"N-{id}", note["title"], {"Status": note["status"]})
            for id, note in self.state.table("note").items()
        ]

    def _note(self, id: str) -> dict[str, Any]:
        note = self.state.table("note").get(id)
        if note is None:
            raise Refusal(f"There is no note {id}.")
        return note

    def sheet(self, type: str, id: str) -> Sheet:
        note = self._note(id)
        said = [c for c in self.state.table("comment").values() if c["note"] == id]
        return Sheet(
            title=note["title"],
            fields=[
                Field("title", "Title", note["title"]),
                Field("status", "Status", note["status"], "choice", STATUSES),
                Field("labels", "Labels", ", ".join(note["labels"]), "set"),
                Field("changed_at", "Changed", note["changed_at"], "readonly"),
            ],
            comments=[
                Remark(c["author"], c["text"], c["public"], datetime.fromisoformat(c["at"]))
                for c in said
            ],
            links=[Shown("Elsewhere", note["url"])] if "url" in note else [],
            can_comment=("public", "internal") if note["status"] == "open" else (),
            actions=("delete",),
        )

    def blanks(self) -> Mapping[str, Sequence[Field]]:
        return {"note": [Field("title", "Title")]}

    def edit(self, type: str, id: str, person: str, values: Mapping[str, str]) -> None:
        note = self._note(id)
        if not values.get("title", "-"):
            raise Refusal("A note needs a <title>.")
        changed = {**note, **values, "changed_at": self.clock.now().isoformat()}
        if "labels" in values:
            changed["labels"] = [w.strip() for w in values["labels"].split(",") if w.strip()]
        self.state.table("note").put(id, changed)

    def remark(self, type: str, id: str, person: str, text: str, public: bool) -> None:
        self._note(id)
        number = str(self.state.next("comment"))
        comment = {"id": number, "note": id, "author": person, "text": text, "public": public}
        comment["at"] = self.clock.now().isoformat()
        self.state.table("comment").put(number, comment)

    def make(self, type: str, person: str, values: Mapping[str, str]) -> str:
        if not values["title"]:
            raise Refusal("A note needs a <title>.")
        return str(self._keep(values["title"])["id"])

    def act(self, type: str, id: str, person: str, action: str) -> None:
        self._note(id)
        if action != "delete":
            raise Refusal(f"A note cannot be made to {action}.")
        self.state.table("note").delete(id)


def _seconds(call: Call) -> float | None:
    return call.lag.total_seconds() if call.lag else None


fake = Notes
