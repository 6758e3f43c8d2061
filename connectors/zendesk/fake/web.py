"""What people see of the help desk and do in it: agents in their workspace, customers by mail."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from connectors.zendesk.fake.account import Actor, Row
from connectors.zendesk.fake.bodies import plain
from connectors.zendesk.fake.errors import Refused
from connectors.zendesk.fake.fields import PRIORITIES, STATUSES, TYPES, custom, values_of
from connectors.zendesk.fake.office import Office
from connectors.zendesk.fake.signing_in import HUB
from syncline.sandbox import Field, Refusal, Remark, Sheet, Shown
from syncline.sandbox import Row as BoardRow
from syncline.sandbox.fake import FieldKind

_CUSTOM = "custom_"
_KINDS: dict[str, FieldKind] = {
    "textarea": "long",
    "tagger": "choice",
    "multiselect": "set",
    "date": "date",
}
_YES, _NO = "yes", "no"
DELETE, RESTORE, SCRUB, FOLLOW_UP = "delete", "restore", "delete permanently", "follow up"


class Web:
    """The page for people."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._account = office.account

    def people(self) -> list[str]:
        """Everybody who may come in: agents first, then customers."""
        users = [u for u in self._account.users.values() if u["active"] and not u["suspended"]]
        users = [user for user in users if user["email"] != HUB]
        return [u["name"] for u in sorted(users, key=lambda user: user["role"] == "end-user")]

    def board(self) -> list[BoardRow]:
        """All tickets, deleted ones too."""
        return [
            BoardRow(
                type="ticket",
                id=str(ticket["id"]),
                key=f"#{ticket['id']}",
                title=ticket["subject"] or "",
                cells={
                    "Status": self._status(ticket),
                    "Priority": ticket["priority"] or "",
                    "Type": ticket["type"] or "",
                    "Assignee": self._name(ticket["assignee_id"]),
                    "Requester": self._name(ticket["requester_id"]),
                    "Tags": ", ".join(ticket["tags"]),
                    "Updated": ticket["updated_at"],
                },
            )
            for ticket in self._office.store.tickets.values()
        ]

    def sheet(self, id: str) -> Sheet:
        """One ticket; raises Refusal."""
        ticket = self._office.store.tickets.get(id)
        if ticket is None:
            raise Refusal(f"There is no ticket #{id}.")
        open_ = ticket["status"] not in ("closed", "deleted")
        return Sheet(
            title=f"#{id} {ticket['subject'] or ''}",
            fields=list(self._fields(ticket)),
            comments=[self._remark(one) for one in self._office.store.comments_of(ticket["id"])],
            links=list(self._links(ticket)),
            can_comment=("public", "internal") if open_ else (),
            actions={"deleted": (RESTORE, SCRUB), "closed": (FOLLOW_UP, DELETE)}.get(
                ticket["status"], (DELETE,)
            ),
        )

    def blanks(self) -> Mapping[str, Sequence[Field]]:
        """What to fill in for a new ticket."""
        return {
            "ticket": (
                Field("subject", "Subject"),
                Field("description", "Description", kind="long"),
                Field("type", "Type", kind="choice", options=("", *TYPES)),
                Field("priority", "Priority", kind="choice", options=("", *PRIORITIES)),
                Field("tags", "Tags", kind="set"),
            )
        }

    def edit(self, id: str, person: str, values: Mapping[str, str]) -> None:
        """A person changes fields; raises Refusal."""
        ticket, shown = self._ticket(id), {}
        for field in self._fields(ticket):
            shown[field.name] = field.value
        changed = {n: v for n, v in values.items() if v.strip() != shown.get(n, "").strip()}
        wanted = self._wanted(changed)
        self._said(lambda: self._office.desk.update(self._actor(person), ticket, wanted))

    def remark(self, id: str, person: str, text: str, public: bool) -> None:
        """A person comments; raises Refusal."""
        actor, ticket = self._actor(person), self._ticket(id)
        self._said(lambda: self._office.desk.reply(actor, ticket, text, public))

    def make(self, person: str, values: Mapping[str, str]) -> str:
        """A person makes a ticket; raises Refusal."""
        wanted = self._wanted({n: v for n, v in values.items() if n != "description" and v.strip()})
        wanted["comment"] = {"body": values.get("description") or values.get("subject") or ""}
        made: list[Row] = []
        self._said(lambda: made.append(self._office.desk.create(self._actor(person), wanted)[0]))
        return str(made[0]["id"])

    def act(self, id: str, person: str, action: str) -> None:
        """A person deletes, restores or follows up; raises Refusal."""
        actor, office = self._actor(person), self._office
        if action == RESTORE:
            self._said(lambda: office.bin.restore(id))
        elif action == SCRUB:
            self._said(lambda: office.bin.scrub(id))
        elif action == DELETE:
            office.bin.delete(actor, self._ticket(id))
        elif action == FOLLOW_UP:
            ticket = self._ticket(id)
            words = {"body": f"A follow-up to your request #{id}."}
            wanted = {"via_followup_source_id": ticket["id"], "comment": words}
            wanted |= {"subject": ticket["subject"], "requester_id": ticket["requester_id"]}
            self._said(lambda: office.desk.create(actor, wanted))
        else:
            raise Refusal(f"A ticket has no action {action!r}.")

    def _ticket(self, id: str) -> Row:
        ticket = self._office.store.get(id)
        if ticket is None:
            raise Refusal(f"There is no ticket #{id}.")
        return ticket

    def _actor(self, person: str) -> Actor:
        user = self._account.find_user(lambda one: one["name"] == person)
        if user is None:
            raise Refusal(f"Nobody here is called {person}.")
        return Actor(user, "email" if user["role"] == "end-user" else "web")

    def _said(self, act: Callable[[], object]) -> None:
        try:
            act()
        except Refused as error:
            raise Refusal(error.words) from error

    def _fields(self, ticket: Row) -> Iterator[Field]:
        agents = [u["name"] for u in self._account.users.values() if self._can_be_assigned(u)]
        groups = [group["name"] for group in self._account.groups.values()]
        group = self._account.groups.get(str(ticket["group_id"])) or {}
        organization = self._account.organizations.get(str(ticket["organization_id"])) or {}
        labels = [one["agent_label"] for one in self._account.statuses.values()]
        yield Field("subject", "Subject", ticket["subject"] or "")
        yield Field("status", "Status", ticket["status"], "choice", STATUSES)
        yield Field("custom_status", "Ticket status", self._status(ticket), "choice", labels)
        yield Field("type", "Type", ticket["type"] or "", "choice", ("", *TYPES))
        yield Field("priority", "Priority", ticket["priority"] or "", "choice", ("", *PRIORITIES))
        assignee = self._name(ticket["assignee_id"])
        yield Field("assignee", "Assignee", assignee, "choice", ("", *agents))
        yield Field("group", "Group", group.get("name", ""), "choice", ("", *groups))
        yield Field("tags", "Tags", ", ".join(ticket["tags"]), "set")
        yield Field("due_at", "Due", (ticket["due_at"] or "")[:10], "date")
        yield Field("external_id", "External id", ticket["external_id"] or "")
        values = values_of(ticket)
        for field in custom(self._account):
            yield _shown(field, values.get(field["id"]))
        yield Field("requester", "Requester", self._name(ticket["requester_id"]), "readonly")
        yield Field("organization", "Organization", organization.get("name", ""), "readonly")
        yield Field("description", "Description", ticket["description"] or "", "readonly")

    def _wanted(self, values: Mapping[str, str]) -> Row:
        wanted: Row = {}
        custom_fields = []
        for name, value in values.items():
            text = value.strip() or None
            if name == "assignee":
                wanted["assignee_id"] = self._user_id(text)
            elif name == "group":
                rows = self._account.groups.values()
                wanted["group_id"] = next((r["id"] for r in rows if r["name"] == text), None)
            elif name == "custom_status":
                rows = self._account.statuses.values()
                found = (row["id"] for row in rows if row["agent_label"] == text)
                wanted["custom_status_id"] = next(found, None)
            elif name == "tags":
                wanted["tags"] = _members(value)
            elif name.startswith(_CUSTOM):
                custom_fields.append(self._custom(name.removeprefix(_CUSTOM), value))
            elif name in ("subject", "status", "type", "priority", "due_at", "external_id"):
                wanted[name] = text
            else:
                raise Refusal(f"{name} cannot be changed.")
        return wanted | ({"custom_fields": custom_fields} if custom_fields else {})

    def _user_id(self, name: str | None) -> int | None:
        user = self._account.find_user(lambda one: one["name"] == name)
        return user["id"] if user else None

    def _custom(self, id: str, value: str) -> Row:
        field = self._account.fields.get(id)
        if field is None:
            raise Refusal(f"There is no field {id}.")
        if field["type"] == "multiselect":
            return {"id": field["id"], "value": _members(value)}
        if field["type"] == "checkbox":
            return {"id": field["id"], "value": value == _YES}
        return {"id": field["id"], "value": value.strip() or None}

    def _remark(self, comment: Row) -> Remark:
        at = datetime.fromisoformat(comment["created_at"])
        author = self._name(comment["author_id"])
        return Remark(author, plain(comment["html_body"]), comment["public"], at)

    def _links(self, ticket: Row) -> Iterator[Shown]:
        for link in self._account.jira_links.values():
            if link["ticket_id"] == str(ticket["id"]):
                yield Shown(f"Jira {link['issue_key']}", "")
        for value in values_of(ticket).values():
            for url in re.findall(r"https?://\S+", str(value or "")):
                yield Shown(url, url)

    def _status(self, ticket: Row) -> str:
        row = self._account.statuses.get(str(ticket.get("custom_status_id"))) or {}
        if ticket["status"] in ("closed", "deleted"):
            return str(ticket["status"])
        return str(row.get("agent_label") or ticket["status"])

    def _name(self, id: object) -> str:
        return str((self._account.user(id) or {}).get("name", ""))

    def _can_be_assigned(self, user: Row) -> bool:
        return user["role"] != "end-user" and user["active"] and not user["suspended"]


def _shown(field: Row, value: object) -> Field:
    name = f"{_CUSTOM}{field['id']}"
    if field["type"] == "checkbox":
        return Field(name, field["title"], _YES if value else _NO, "choice", (_NO, _YES))
    options = [one["value"] for one in field.get("custom_field_options") or ()]
    text = ", ".join(value) if isinstance(value, list) else str(value or "")
    kind = _KINDS.get(field["type"], "text")
    return Field(name, field["title"], text, kind, ("", *options) if kind == "choice" else options)


def _members(value: str) -> list[str]:
    return [one.strip() for one in value.split(",") if one.strip()]
