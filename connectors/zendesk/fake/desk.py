"""The help desk: tickets are created, changed and commented on, and each change leaves an audit.

developer.zendesk.com, "Tickets", "Ticket Comments", "Ticket Audits". A ticket's first comment is
its description; neither can be edited. A closed ticket cannot be changed at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connectors.zendesk.fake.account import Account, Actor, Row, seconds_of, source, stamp
from connectors.zendesk.fake.bodies import bodies
from connectors.zendesk.fake.drafting import apply, blank, differences, follow_up
from connectors.zendesk.fake.errors import Refused, invalid, malformed, not_found
from connectors.zendesk.fake.store import Store, comments_in
from connectors.zendesk.fake.uploads import Uploads
from connectors.zendesk.fake.users import find_or_make

CLOSED = "Status: closed prevents ticket update"
READ_ONLY = (
    "The description key on the ticket object is read-only. Use the comment resource instead for"
    " setting the ticket description."
)
Listener = Callable[[Actor, Row | None, Row, Row], None]  # actor, before, after, audit


class Desk:
    """What can be done to tickets, by agents, customers and the system."""

    def __init__(self, account: Account, store: Store, uploads: Uploads) -> None:
        self.account = account
        self.store = store
        self.uploads = uploads
        self.listeners: list[Listener] = []

    def create(self, actor: Actor, wanted: Mapping[str, Any]) -> tuple[Row, Row]:
        """A new ticket and its first audit; raises Refused."""
        comment = _spoken(wanted.get("comment")) or {"body": wanted.get("description")}
        if not _has_body(comment):
            problem = {"description": "Description: cannot be blank", "error": "BlankValue"}
            raise invalid("base", problem)
        wanted, original = self._with_source(wanted)
        at = self.account.seconds()
        draft = apply(self.account, blank(self.account, at), self._with_people(actor, wanted))
        via = _follow_up_via(actor, original) if original else actor.shown_via()
        author = comment.get("author_id") or draft["submitter_id"]
        event = self._comment(draft, {**comment, "author_id": author}, default_public=True)
        id = self.account.state.next("ticket")
        ticket = draft | {
            "id": id,
            "via": via,
            "description": event["body"],
            "is_public": event["public"],
        }
        if original:
            followed = original | {"followup_ids": [*original["followup_ids"], id]}
            self.store.put(followed | {"generated_timestamp": at})
        created = [
            self._event("Create", name, value) for name, value, _ in differences(None, ticket)
        ]
        audit = self._audit(actor, id, at, [event, *created], wanted.get("metadata"))
        return self._keep(actor, None, ticket, audit)

    def _with_source(self, wanted: Mapping[str, Any]) -> tuple[Row, Row | None]:
        """What is asked for, and the closed ticket that it follows up, if any."""
        id = wanted.get("via_followup_source_id")
        if id is None:
            return dict(wanted), None
        original = self.store.get(id)
        return follow_up(original) | dict(wanted), original

    def _with_people(self, actor: Actor, wanted: Row) -> Row:
        """Who asks and who writes: the actor, where nobody else is named."""
        if "requester_id" not in wanted:
            named = wanted.get("requester")
            requester = find_or_make(self.account, named) if named else actor.user
            wanted = wanted | {"requester_id": requester["id"]}
        return {"submitter_id": actor.id} | wanted

    def update(self, actor: Actor, ticket: Row, wanted: Mapping[str, Any]) -> tuple[Row, Row]:
        """The changed ticket and the audit of the change; raises Refused."""
        if ticket["status"] == "closed":
            raise invalid("status", CLOSED)
        check_stamp(ticket, wanted)
        if "description" in wanted and wanted["description"] != ticket["description"]:
            raise invalid("description", READ_ONLY)
        at = self.account.seconds()
        draft = apply(self.account, ticket, wanted)
        events = [
            self._event("Change", name, value, old)
            for name, value, old in differences(ticket, draft)
        ]
        comment = _spoken(wanted.get("comment"))
        if comment and _has_body(comment):
            author = comment.get("author_id") or actor.id
            spoken = {**comment, "author_id": author}
            event = self._comment(ticket, spoken, default_public=self._public(ticket))
            draft["is_public"] = draft["is_public"] or event["public"]
            events.insert(0, event)
        audit = self._audit(actor, ticket["id"], at, events, wanted.get("metadata"))
        if not events:
            return ticket, audit
        draft |= {"updated_at": stamp(at), "generated_timestamp": at}
        return self._keep(actor, ticket, draft, audit)

    def touch(self, ticket: Row) -> None:
        """A change by the system that nobody sees: no audit, the same `updated_at`."""
        self.store.put(ticket | {"generated_timestamp": self.account.seconds()})

    def reply(self, actor: Actor, ticket: Row, text: str, public: bool) -> tuple[Row, Row]:
        """A comment by a person; a customer's reply opens what waits for one or was solved."""
        wanted: Row = {"comment": {"body": text, "public": public}}
        customer = actor.user["role"] == "end-user"
        if customer:
            wanted["comment"]["public"] = True
            if ticket["status"] in ("pending", "solved", "hold"):
                wanted["status"] = "open"
        return self.update(actor, ticket, wanted)

    def hide_words(self, ticket: Row, comment_id: str, change: Callable[[Row], Row]) -> Row:
        """Redact a comment or make it private, the only ways in which one changes."""
        for audit in self.store.audits_of(ticket["id"]):
            for event in audit["events"]:
                if str(event["id"]) == comment_id and event["type"] == "Comment":
                    changed = change(event)
                    events = [changed if one is event else one for one in audit["events"]]
                    audit = audit | {"events": events}
                    self.store.add_audit(audit)
                    self.touch(ticket)
                    return next(c for c in comments_in(audit) if c["id"] == event["id"])
        raise not_found()

    def _public(self, ticket: Row) -> bool:
        """What a comment is when nobody says: as the ticket's first one."""
        return bool(self.store.comments_of(ticket["id"])[0]["public"])

    def _comment(self, ticket: Row, comment: Mapping[str, Any], *, default_public: bool) -> Row:
        author = self.account.user(comment["author_id"])
        if author is None:
            raise invalid("base", "Author: is invalid")
        public = bool(comment.get("public", default_public)) or author["role"] == "end-user"
        return {
            "id": self.account.new_id(),
            "type": "Comment",
            "author_id": author["id"],
            **bodies(dict(comment)),
            "public": public,
            "attachments": self.uploads.attach(comment.get("uploads") or ()),
        }

    def _event(self, type: str, name: str, value: object, *old: object) -> Row:
        event: Row = {"id": self.account.new_id(), "type": type, "field_name": name}
        event["value"] = as_text(value)
        if old:
            event["previous_value"] = as_text(old[0])
        return event

    def _audit(self, actor: Actor, id: int, at: int, events: list[Row], metadata: Any) -> Row:
        return {
            "id": self.account.new_id(),
            "ticket_id": id,
            "created_at": stamp(at),
            "author_id": actor.id,
            "metadata": {"system": {"client": "sandbox"}, "custom": dict(metadata or {})},
            "events": events,
            "via": actor.shown_via(),
        }

    def _keep(self, actor: Actor, old: Row | None, ticket: Row, audit: Row) -> tuple[Row, Row]:
        self.store.put(ticket)
        self.store.add_audit(audit)
        for listener in self.listeners:
            listener(actor, old, ticket, audit)
        return ticket, audit


def check_stamp(ticket: Row, wanted: Mapping[str, Any]) -> None:
    """A safe update; raises Refused when the ticket has changed since the stamp.

    Stamps are whole seconds: a second change within the same second goes unseen, as in Zendesk.
    """
    if str(wanted.get("safe_update")).lower() != "true":
        return
    try:
        known = seconds_of(str(wanted.get("updated_stamp")))
    except ValueError:
        raise Refused(400, "InvalidValue", "updated_stamp is not a valid time") from None
    if seconds_of(ticket["updated_at"]) > known:
        raise Refused(
            409,
            "UpdateConflict",
            "Safe Update prevented the update due to outdated ticket data. Please fetch the latest"
            " ticket data and try again.",
        )


def _spoken(comment: object) -> Mapping[str, Any]:
    if isinstance(comment, str):
        return {"body": comment}
    if not isinstance(comment, Mapping | None):
        raise malformed("comment is no object")
    return comment or {}


def _has_body(comment: Mapping[str, Any]) -> bool:
    return any(str(comment.get(name) or "").strip() for name in ("body", "html_body"))


def as_text(value: object) -> object:
    """Audits tell ids and numbers as text, and lists as lists."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _follow_up_via(actor: Actor, original: Row) -> Row:
    told = {"ticket_id": original["id"], "subject": original["subject"]}
    return {"channel": actor.channel, "source": source(told, rel="follow_up")}
