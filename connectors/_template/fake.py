"""The fake Template: an imaginary tool with a page-numbered REST interface.

Write it from the vendor's own pages, and name the page at each trap. It refuses what the tool
refuses, or a connector that is wrong is right here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from email.utils import format_datetime
from typing import Any, ClassVar

from starlette.responses import Response

from syncline.sandbox import (
    Answered,
    Call,
    Company,
    Endpoint,
    Fake,
    Field,
    Refusal,
    Row,
    Sheet,
    answer,
)

TOKEN = "sandbox-template-token"  # noqa: S105 (a sandbox's)
PROJECT = "main"
STATUSES = ("new", "active", "waiting", "closed", "dropped")
PRIORITIES = ("low", "normal", "high", "urgent")
EMPTY = {"body": "", "status": "new", "priority": "normal", "assignee": None, "reference": None}
FIELDS: Mapping[str, Mapping[str, Any]] = {
    "title": {"type": "text", "required": True, "max_length": 255},
    "body": {"type": "text"},
    "status": {"type": "enum", "options": list(STATUSES)},
    "priority": {"type": "enum", "options": list(PRIORITIES)},
    "assignee": {"type": "person"},
    "reference": {"type": "text"},
    "updated_at": {"type": "datetime", "read_only": True},
    "created_at": {"type": "datetime", "read_only": True},
}
SEEDED = {
    "todo": "new",
    "in_progress": "active",
    "blocked": "waiting",
    "done": "closed",
    "cancelled": "dropped",
}


class TemplateFake(Fake):
    """The tool. A ticket is kept as the API shows it, and `hidden` beside that."""

    tool: ClassVar[str] = "template"
    types: ClassVar[tuple[str, ...]] = ("ticket",)

    def endpoints(self) -> Sequence[Endpoint]:
        return [
            Endpoint("GET", "/schema", self._schema),
            Endpoint("GET", "/people", self._people),
            Endpoint("GET", "/tickets", self._list),
            Endpoint("POST", "/tickets", self._post, mutating=True),
            Endpoint("GET", "/tickets/{id}", lambda call: answer(_shown(self._visible(call)))),
            Endpoint("PUT", "/tickets/{id}", self._put, mutating=True),
        ]

    def authorised(self, call: Call) -> Response | None:
        known = call.headers.get("authorization") == f"Bearer {TOKEN}"
        return None if known else self.refused(401)

    def rate_limited(self, seconds: float) -> Response:
        return answer({"message": "too many requests"}, 429, {"Retry-After": f"{seconds:g}"})

    def connection(self) -> Mapping[str, Any]:
        return {"auth": {"token": TOKEN}, "scope": {"project": PROJECT}}

    def seed(self, company: Company) -> None:
        for number, person in enumerate(company.people, 1):
            about = {"id": f"p{number}", "name": person.name, "email": person.email}
            self.state.table("person").put(about["id"], about)
        ids = {one["email"]: one["id"] for one in self.state.table("person").values()}
        for case in company.cases:
            values = {"title": case.title, "body": "\n\n".join(case.paragraphs)}
            values["status"] = SEEDED[case.status]
            values["priority"] = {"medium": "normal", "none": "low"}.get(
                case.priority, case.priority
            )
            assignee = case.assignee and ids[case.assignee.email]
            self.create({**values, "assignee": assignee})

    def records(self, type: str) -> list[dict[str, Any]]:
        return [_shown(ticket) for ticket in self.state.table("ticket").values()]

    # what the API and people do alike

    def create(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Make a ticket; raises Refusal."""
        own = {name: values.get(name) for name in ("external_id", "project")}
        fields = {name: value for name, value in values.items() if name not in own}
        self._check({"title": None, **fields})
        id, now = str(self.state.next("ticket")), self._now()
        ticket = {**EMPTY, **fields, **own, "project": own["project"] or PROJECT, "id": id}
        ticket |= {"version": 1, "created_at": now, "updated_at": now, "hidden": False}
        ticket["url"] = f"{self.base_url}/tickets/{id}"
        self.state.table("ticket").put(id, ticket)
        return ticket

    def change(self, id: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Change a ticket; raises Refusal."""
        self._check(values)
        return self.put(id, values)

    def put(self, id: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Change anything of a ticket, as the tool itself does."""
        ticket = self._ticket(id)
        ticket = {**ticket, **values, "version": ticket["version"] + 1, "updated_at": self._now()}
        self.state.table("ticket").put(id, ticket)
        return ticket

    def _check(self, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            rule = FIELDS.get(name)
            if rule is None or rule.get("read_only"):
                raise Refusal(f"{name} cannot be set")
            if rule.get("required") and not value:
                raise Refusal(f"{name} cannot be blank")
            if value is not None and not isinstance(value, str):
                raise Refusal(f"{name} must be text")
            if len(value or "") > rule.get("max_length", 65_535):
                raise Refusal(f"{name} is too long")
            if "options" in rule and value not in rule["options"]:
                raise Refusal(f"{name} cannot be {value}")
            if rule["type"] == "person" and value and value not in self.state.table("person"):
                raise Refusal(f"{name}: there is no person {value}")

    def _ticket(self, id: str) -> dict[str, Any]:
        ticket = self.state.table("ticket").get(id)
        if ticket is None:
            raise Refusal(f"there is no ticket {id}")
        return ticket

    def _now(self) -> str:
        return self.clock.now().replace(microsecond=0).isoformat()

    # the API

    def _schema(self, call: Call) -> Response:
        return answer(
            {"account": "acme", "version": "1", "projects": [PROJECT], "fields": dict(FIELDS)}
        )

    def _people(self, call: Call) -> Response:
        wanted = {word for words in call.query.values() for word in words.split(",")}
        people = self.state.table("person").values()
        return answer([one for one in people if {one["id"], one["email"]} & wanted])

    def _list(self, call: Call) -> Response:
        asked = call.query
        rows = [one for one in self.state.table("ticket").values() if not one["hidden"]]
        if "ids" in asked:
            rows = [one for one in rows if one["id"] in asked["ids"].split(",")]
        for name in ("external_id", "project"):
            if name in asked:
                rows = [one for one in rows if one[name] == asked[name]]
        since, until = asked.get("updated_since", ""), asked.get("updated_until", "9")
        rows = [one for one in rows if since <= one["updated_at"] <= until]
        rows.sort(key=lambda one: (one["updated_at"], int(one["id"])))
        size, page = int(asked.get("per_page", "25")), int(asked.get("page", "1"))
        shown = call.listed([_shown(one) for one in rows[(page - 1) * size : page * size]])
        date = format_datetime(self.clock.now(), usegmt=True)
        return answer({"total": len(rows), "tickets": shown}, headers={"Date": date})

    def _post(self, call: Call) -> Response:
        try:
            ticket = self.create(call.json())
        except Refusal as error:
            return answer({"message": str(error)}, 422)
        call.applied(ticket["id"])
        return answer(_shown(ticket), 201)

    def _put(self, call: Call) -> Response:
        ticket = self._visible(call)
        if call.headers.get("if-match") != f'"{ticket["version"]}"':
            return answer({"message": "changed meanwhile"}, 412)
        try:
            ticket = self.change(ticket["id"], call.json())
        except Refusal as error:
            return answer({"message": str(error)}, 422)
        call.applied(ticket["id"])
        return answer(_shown(ticket))

    def _visible(self, call: Call) -> dict[str, Any]:
        ticket = self.state.table("ticket").get(call.path_params["id"])
        if ticket is None or ticket["hidden"]:
            raise Answered(self.refused(404 if ticket is None else 403))
        return ticket

    # people

    def people(self) -> Sequence[str]:
        return [one["name"] for one in self.state.table("person").values()]

    def board(self) -> Sequence[Row]:
        return [
            Row("ticket", id, id, one["title"], {"Status": one["status"]})
            for id, one in self.state.table("ticket").items()
        ]

    def sheet(self, type: str, id: str) -> Sheet:
        ticket = self._ticket(id)
        return Sheet(ticket["title"], _form(ticket), actions=("delete",))

    def blanks(self) -> Mapping[str, Sequence[Field]]:
        return {"ticket": _form({"title": "", **EMPTY})}

    def edit(self, type: str, id: str, person: str, values: Mapping[str, str]) -> None:
        self._ticket(id)
        self.change(id, _typed(values))

    def remark(self, type: str, id: str, person: str, text: str, public: bool) -> None:
        raise Refusal("tickets have no comments")

    def make(self, type: str, person: str, values: Mapping[str, str]) -> str:
        return str(self.create(_typed(values))["id"])

    def act(self, type: str, id: str, person: str, action: str) -> None:
        self._ticket(id)
        self.state.table("ticket").delete(id)


def _shown(ticket: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in ticket.items() if name != "hidden"}


def _typed(values: Mapping[str, str]) -> dict[str, str | None]:
    """A form's texts as values: an empty field is none where that is how the tool keeps it."""
    return {n: None if not v and EMPTY.get(n, "") is None else v for n, v in values.items()}


def _form(values: Mapping[str, Any]) -> list[Field]:
    return [
        Field("title", "Title", values["title"]),
        Field("body", "Body", values["body"], "long"),
        Field("status", "Status", values["status"], "choice", STATUSES),
        Field("priority", "Priority", values["priority"], "choice", PRIORITIES),
        Field("assignee", "Assignee", values["assignee"] or ""),
        Field("reference", "Reference", values["reference"] or ""),
    ]


fake = TemplateFake
