"""The Webhooks Journal: subscriptions, entries, and their files at another host.

(developers.hubspot.com, "Webhooks journal and management APIs" and "Webhook journal APIs".) An
entry is kept for three days. Unverified, and here as unkind as it may be: what an event looks like
but for its id and type, that UPDATE is told of the properties alone that a subscription names, and
that the events of an entry are in no order.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs
from uuid import NAMESPACE_URL, uuid5

from starlette.responses import Response

from connectors.hubspot.fake import properties as p
from connectors.hubspot.fake.errors import Refused, invalid, unknown
from connectors.hubspot.fake.objects import Handler
from connectors.hubspot.fake.portal import Portal, shown_time
from syncline.sandbox import Call, answer

CLIENT_ID = "5a1e0f6c-0000-4000-8000-00000000cafe"
CLIENT_SECRET = "sandbox-hubspot-client-secret"  # noqa: S105 (a sandbox's)
READ, MANAGED = "developer.webhooks_journal.read", "developer.webhooks_journal.subscriptions"
KEPT = timedelta(days=3)
TOKEN_LIFE, FILE_LIFE = timedelta(seconds=1800), timedelta(minutes=5)
AREA, FILES = "/webhooks-journal", "/journal-files"
_TYPES = {"OBJECT", "ASSOCIATION"}


class Journal:
    """The journal of one account.

    late     how long an event waits until it is in an entry
    repeats  each entry comes twice, under another offset
    stays    behind the last entry is that entry, instead of none
    """

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.late = timedelta()
        self.repeats = self.stays = False
        self.files = ""

    def routes(self) -> list[tuple[str, str, Handler, bool]]:
        """What an app's token opens."""
        subscriptions = f"{AREA}/subscriptions/{{version}}"
        at = f"{AREA}/journal-local/{{version}}"
        return [
            ("GET", subscriptions, self.subscriptions, False),
            ("POST", subscriptions, self.subscribe, True),
            ("GET", f"{at}/earliest", self.earliest, False),
            ("GET", f"{at}/latest", self.latest, False),
            ("GET", f"{at}/offset/{{offset}}/next", self.next, False),
        ]

    def open_routes(self) -> list[tuple[str, str, Handler, bool]]:
        """What needs none: the token itself, and files, whose addresses are signed."""
        return [
            ("POST", "/oauth/{version}/token", self.token, False),
            ("GET", f"{FILES}/{{offset}}", self.file, False),
        ]

    def refusal(self, call: Call) -> Response | None:
        """None for a token of the app that lives and has the scope."""
        token = call.headers.get("authorization", "").removeprefix("Bearer ")
        held = self._table("tokens").get(token)
        if held is None or held["until"] <= self.portal.now():
            return unknown().response()
        right = ".write" if call.request.method == "POST" else ".read"
        managing = "/subscriptions/" in call.request.url.path
        scope = f"{MANAGED}{right}" if managing else READ
        if scope in held["scopes"]:
            return None
        return Refused(403, "MISSING_SCOPES", f"This app needs the scope {scope}").response()

    def token(self, call: Call) -> Response:
        """A token for half an hour, by the app's client."""
        asked = {name: values[0] for name, values in parse_qs(call.body.decode()).items()}
        if asked.get("grant_type") != "client_credentials":
            raise invalid("grant_type: only client_credentials is known here")
        if (asked.get("client_id"), asked.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            raise Refused(400, "BAD_CLIENT_ID", "missing or unknown client id")
        token = f"sandbox-hubspot-app-token-{self.portal.state.next('app token')}"
        until = shown_time(self.portal.clock.now() + TOKEN_LIFE)
        scopes = asked.get("scope", "").split()
        self._table("tokens").put(token, {"until": until, "scopes": scopes})
        seconds = int(TOKEN_LIFE.total_seconds())
        return answer({"access_token": token, "expires_in": seconds, "token_type": "bearer"})

    def subscriptions(self, call: Call) -> Response:
        return answer({"results": list(self._table("subscriptions").values())})

    def subscribe(self, call: Call) -> Response:
        asked = call.json()
        if asked.get("subscriptionType") not in _TYPES or not asked.get("actions"):
            raise invalid("Invalid subscription type provided")
        if asked.get("portalId") != p.PORTAL:
            raise Refused(403, "MISSING_SCOPES", "The app is not installed in this account")
        made = self.follow(asked)
        call.applied(str(made["id"]))
        return answer(made, 201)

    def follow(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """A subscription from now on."""
        id = self.portal.state.next("subscription", 880_001)
        made = {"properties": None, "associatedObjectTypeIds": None, **asked, "id": id}
        self._table("subscriptions").put(str(id), made)
        return made

    def earliest(self, call: Call) -> Response:
        return self._pointer(call, self._entries(), 0)

    def latest(self, call: Call) -> Response:
        return self._pointer(call, self._entries(), -1)

    def next(self, call: Call) -> Response:
        """The entry behind an offset; 204 where there is none, 404 where that is not kept."""
        entries, offset = self._entries(), call.path_params["offset"]
        places = [one["offset"] for one in entries]
        if offset not in places:
            raise Refused(404, "OBJECT_NOT_FOUND", f"Offset {offset} has expired or is unknown")
        at = places.index(offset) + 1
        return self._pointer(call, entries, min(at, len(entries) - 1) if self.stays else at)

    def file(self, call: Call) -> Response:
        """A file, packed; to be asked for at its own host, in time, and without a token."""
        here = self.files.partition("//")[2]
        entry = self._table("entries").get(call.path_params["offset"])
        if entry is None or call.headers["host"] != here:
            return Response("<Error><Code>NoSuchKey</Code></Error>", 404)
        if "authorization" in call.headers:
            return Response("<Error><Code>InvalidArgument</Code></Error>", 400)
        if call.query.get("Expires", "") <= self.portal.now():
            return Response("<Error><Code>AccessDenied</Code></Error>", 403)
        told = {"offset": entry["offset"], "journalEvents": entry["events"]}
        body = json.dumps({**told, "publishedAt": entry["at"]}).encode()
        return Response(gzip.compress(body), 200, {"Content-Encoding": "gzip"}, "application/json")

    def note(self, action: str, kind: str, id: str, **more: Any) -> None:
        """Something has happened; kept where a subscription is to it."""
        type = "ASSOCIATION" if action.startswith("ASSOCIATION") else "OBJECT"
        event = {"type": type, "portalId": p.PORTAL, "occurredAt": self.portal.now()}
        event |= {"action": action, "objectTypeId": p.TYPE_IDS[kind], "objectId": int(id), **more}
        if any(_is_for(one, event) for one in self._table("subscriptions").values()):
            number = str(self.portal.state.next("journal event"))
            ready = shown_time(self.portal.clock.now() + self.late)
            self._table("waiting").put(number, {"ready": ready, "event": event})

    def publish(self) -> None:
        """Make an entry of what is ready by now; HubSpot does so by itself, here whoever asks."""
        now, waiting, entries = self.portal.now(), self._table("waiting"), self._table("entries")
        ready = {number: one["event"] for number, one in waiting.items() if one["ready"] <= now}
        for number in ready:
            waiting.delete(number)
        for _ in range((1 + self.repeats) if ready else 0):
            offset = str(uuid5(NAMESPACE_URL, str(self.portal.state.next("journal entry"))))
            events = list(reversed(ready.values()))
            entries.put(offset, {"offset": offset, "at": now, "events": events})

    def _entries(self) -> list[dict[str, Any]]:
        """What is kept, oldest first."""
        self.publish()
        entries = self._table("entries")
        begins = shown_time(self.portal.clock.now() - KEPT)
        for offset in [one["offset"] for one in entries.values() if one["at"] <= begins]:
            entries.delete(offset)
        return list(entries.values())

    def _pointer(self, call: Call, entries: Sequence[dict[str, Any]], at: int) -> Response:
        if call.query.get("installPortalId") != str(p.PORTAL):
            raise Refused(403, "MISSING_SCOPES", "The app is not installed in this account")
        if not entries[at:]:
            return answer(status=204)
        offset = entries[at]["offset"]
        until = shown_time(self.portal.clock.now() + FILE_LIFE)
        url = f"{self.files}{FILES}/{offset}?Expires={until}&Signature=c2lnbmVk"
        return answer({"url": url, "expiresAt": until, "currentOffset": offset})

    def _table(self, name: str) -> Any:
        return self.portal.state.table(f"journal.{name}")


def _is_for(subscription: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    same = all(subscription[name] == event[name] for name in ("objectTypeId", "portalId"))
    if not same or event["action"] not in subscription["actions"]:
        return False
    if event["type"] == "ASSOCIATION":
        return event["associatedObjectTypeId"] in (subscription["associatedObjectTypeIds"] or ())
    if event["action"] == "UPDATE":
        return not event["propertyChanges"].keys().isdisjoint(subscription["properties"] or ())
    return True
