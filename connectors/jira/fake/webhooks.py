"""Webhooks an administrator registers, and what is sent to them.

Signed with HMAC-SHA256 over the raw body; the identifier stays the same over all attempts, so that
a receiver can drop what it has had. What a webhook says of an issue is the older representation:
rich text is plain there.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from starlette.responses import Response

from connectors.jira.fake.api import account, body
from connectors.jira.fake.errors import refuse
from connectors.jira.fake.jql import BadJql
from connectors.jira.fake.matching import Matcher
from connectors.jira.fake.showing import Showing
from connectors.jira.fake.site import Doc, Event, Site
from connectors.jira.fake.vocabulary import FIELDS
from syncline.sandbox import Call, Endpoint, Hooks, answer

ROOT = "/rest/webhooks/1.0/webhook"
EVENTS = {
    "jira:issue_created",
    "jira:issue_updated",
    "jira:issue_deleted",
    "comment_created",
    "comment_updated",
    "comment_deleted",
}
SHORT = ("summary", "issuetype", "project", "assignee", "priority", "status")
FILTER = "issue-related-events-section"


class Webhooks:
    """The endpoints of administrators' webhooks, and their sender."""

    def __init__(self, site: Site, hooks: Hooks) -> None:
        self._site = site
        self._hooks = hooks
        site.listeners.append(self._tell)

    def endpoints(self) -> Sequence[Endpoint]:
        """The routes."""
        return [
            Endpoint("GET", ROOT, self._list),
            Endpoint("POST", ROOT, self._add, mutating=True),
            Endpoint("GET", f"{ROOT}/{{hook}}", self._get),
            Endpoint("PUT", f"{ROOT}/{{hook}}", self._edit, mutating=True),
            Endpoint("DELETE", f"{ROOT}/{{hook}}", self._delete, mutating=True),
        ]

    def _show(self, hook: Doc) -> Doc:
        shown = {k: hook[k] for k in ("name", "url", "events", "filters", "excludeBody", "enabled")}
        return {
            **shown,
            "self": f"{self._site.base}{ROOT}/{hook['id']}",
            "isSigned": bool(hook["secret"]),
            "lastUpdatedUser": hook["owner"],
            "lastUpdated": hook["updated"],
        }

    def _one(self, call: Call) -> Doc:
        hook = self._site.hooks.get(call.path_params["hook"])
        if hook is None:
            raise refuse(404, "The webhook does not exist.")
        return hook

    def _list(self, call: Call) -> Response:
        return answer([self._show(h) for h in self._site.hooks.values()])

    def _get(self, call: Call) -> Response:
        return answer(self._show(self._one(call)))

    def _sound(self, call: Call, old: Doc) -> Doc:
        given = {**old, **body(call)}
        if not given.get("name") or not str(given.get("url", "")).startswith("http"):
            raise refuse(400, "A webhook needs a name and an address.")
        unknown = set(given.get("events") or ()) - EVENTS
        if unknown:
            raise refuse(400, f"Unknown webhook event: {min(unknown)}")
        jql = (given.get("filters") or {}).get(FILTER)
        try:
            Matcher(self._site, account(call), "UTC").query(jql or "")
        except BadJql as bad:
            raise refuse(400, str(bad)) from None
        return {
            "id": old.get("id") or str(self._site.state.next("webhook", 1)),
            "name": given["name"],
            "url": given["url"],
            "events": list(given.get("events") or ()),
            "filters": given.get("filters") or {},
            "excludeBody": bool(given.get("excludeBody")),
            "enabled": bool(given.get("enabled", True)),
            "secret": given.get("secret"),
            "owner": account(call),
            "updated": self._site.now(),
        }

    def _add(self, call: Call) -> Response:
        hook = self._sound(call, {})
        self._site.hooks.put(hook["id"], hook)
        return answer(self._show(hook), 201)

    def _edit(self, call: Call) -> Response:
        hook = self._sound(call, self._one(call))
        self._site.hooks.put(hook["id"], hook)
        return answer(self._show(hook))

    def _delete(self, call: Call) -> Response:
        self._site.hooks.delete(self._one(call)["id"])
        return answer(status=204)

    # sending

    def _tell(self, event: Event) -> None:
        for hook in self._site.hooks.values():
            if hook["enabled"] and event.name in hook["events"] and self._wants(hook, event.issue):
                self._send(hook, event)

    def _wants(self, hook: Doc, doc: Doc) -> bool:
        jql = hook["filters"].get(FILTER)
        if not jql:
            return True
        try:
            return Matcher(self._site, hook["owner"], "UTC").query(jql).matches(doc)
        except BadJql:
            return False  # it named what is gone since

    def _send(self, hook: Doc, event: Event) -> None:
        told = {} if hook["excludeBody"] else self._body(event)
        raw = json.dumps(told, separators=(",", ":")).encode()
        number = self._site.state.next("delivery", 1)
        headers = {
            "Content-Type": "application/json; charset=UTF-8",
            "User-Agent": "Atlassian HTTP Client",
            "X-Atlassian-Webhook-Identifier": str(uuid5(NAMESPACE_URL, f"sandbox/{number}")),
            "X-Atlassian-Webhook-Flow": "Primary",
        }
        if hook["secret"]:
            digest = hmac.new(str(hook["secret"]).encode(), raw, hashlib.sha256).hexdigest()
            headers["X-Hub-Signature"] = f"sha256={digest}"
        self._hooks.send(hook["url"], raw, headers)

    def _body(self, event: Event) -> Doc:
        out = Showing(self._site, "UTC")
        told: dict[str, Any] = {"timestamp": self._site.now(), "webhookEvent": event.name}
        if event.comment is not None:
            comment = out.comment(event.comment)
            told["comment"] = {**comment, "body": self._site.face.plain(event.comment["body"])}
            told["issue"] = self._issue(event.issue, out, SHORT)
            return told
        told["issue_event_type_name"] = event.kind
        told["user"] = out.user(event.actor)
        told["issue"] = self._issue(event.issue, out, tuple(FIELDS))
        if event.history is not None:
            told["changelog"] = {"id": event.history["id"], "items": event.history["items"]}
        return told

    def _issue(self, doc: Doc, out: Showing, names: Sequence[str]) -> Doc:
        shown = out.issue(doc, [FIELDS[n] for n in names])
        for name in names:
            if FIELDS[name].kind == "adf" and shown["fields"][name] is not None:
                shown["fields"][name] = self._site.face.plain(shown["fields"][name])
        return {k: shown[k] for k in ("id", "self", "key", "fields")}
