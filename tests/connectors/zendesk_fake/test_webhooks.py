"""Webhooks: what they tell of, their signature, and how they come."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from zenpy.lib.api_objects import Webhook

from tests.connectors.zendesk_fake.stage import Stage, problems

PREFIX = "zen:event-type:ticket."
EVENTS = [
    f"{PREFIX}{name}"
    for name in (
        "created", "comment_added", "status_changed", "tags_changed", "custom_field_changed",
        "merged", "agent_assignment_changed",
    )
]  # fmt: skip


class Receiver:
    """A place where deliveries arrive."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                return

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, args=(0.05,)).start()

    def events(self, count: int) -> list[dict[str, Any]]:
        """The bodies, when there are so many."""
        for _ in range(200):
            if len(self.got) >= count:
                break
            time.sleep(0.02)
        assert len(self.got) == count
        return [json.loads(body) for _, body in self.got]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


def subscribed(stage: Stage, receiver: Receiver, **more: Any) -> str:
    wanted = {"name": "Syncline", "endpoint": receiver.url, "http_method": "POST"}
    wanted |= {"request_format": "json", "status": "active", "subscriptions": EVENTS} | more
    response = stage.send("POST", "/webhooks", {"webhook": wanted})
    assert response.status_code == 201, response.text
    assert "secret" not in response.text
    return str(response.json()["webhook"]["id"])


def test_a_delivery_is_signed_over_its_time_and_its_bytes(stage: Stage, receiver: Receiver) -> None:
    id = subscribed(stage, receiver)
    secret = stage.get(f"/webhooks/{id}/signing_secret")["signing_secret"]
    assert secret["algorithm"] == "SHA256"
    stage.made()
    receiver.events(2)
    for headers, body in receiver.got:
        signed = headers["x-zendesk-webhook-signature-timestamp"].encode() + body
        digest = hmac.new(secret["secret"].encode(), signed, hashlib.sha256).digest()
        assert headers["x-zendesk-webhook-signature"] == base64.b64encode(digest).decode()
        assert headers["x-zendesk-webhook-id"] == id
    invocations = {headers["x-zendesk-webhook-invocation-id"] for headers, _ in receiver.got}
    assert len(invocations) == 2


def test_each_event_names_the_ticket_and_who_did_it(stage: Stage, receiver: Receiver) -> None:
    ticket, agent, field = stage.made(tags=["a"]), stage.person("agent"), stage.field("Regression")
    subscribed(stage, receiver)
    stage.changed(
        ticket["id"], status="open", tags=["b"], assignee_id=agent["id"],
        comment={"body": "Hi.", "public": False},
    )  # fmt: skip
    stage.changed(ticket["id"], custom_fields=[{"id": field["id"], "value": True}], tags=["b"])
    told = {one["type"].removeprefix(PREFIX): one for one in receiver.events(6)}
    assert told["status_changed"]["event"] == {"current": "open", "previous": "new"}
    assert told["agent_assignment_changed"]["event"]["current"] == str(agent["id"])
    assert told["comment_added"]["event"]["comment"]["body"] == "Hi."
    assert told["comment_added"]["event"]["comment"]["is_public"] is False
    assert told["custom_field_changed"]["event"]["field"]["title"] == "Regression"
    assert told["tags_changed"]["event"]["tags_added"] == ["is_regression"]
    one = told["status_changed"]
    assert one["subject"] == f"zen:ticket:{ticket['id']}"
    assert one["detail"]["id"] == str(ticket["id"])
    assert one["detail"]["actor_id"] == str(stage.zen.users.me().id)
    assert one["detail"]["via"] == {"channel": "api"}
    assert one["time"].startswith("2026-03-02T09:00:00")


def test_a_soft_delete_is_told_to_nobody_and_a_merge_is(stage: Stage, receiver: Receiver) -> None:
    subscribed(stage, receiver, subscriptions=[f"{PREFIX}merged", f"{PREFIX}soft_deleted"])
    stage.send("DELETE", "/tickets/1")
    stage.finished(stage.send("POST", "/tickets/2/merge", {"ids": [3]}).json()["job_status"])
    (event,) = receiver.events(1)
    assert (event["type"], event["event"]) == (f"{PREFIX}merged", {"target_ticket_id": "2"})


def test_what_people_do_is_told_of_too(stage: Stage, receiver: Receiver) -> None:
    subscribed(stage, receiver)
    stage.inside(lambda fake: fake.remark("ticket", "1", "Chiara Bianchi", "Look.", False))
    (event,) = receiver.events(1)
    assert event["detail"]["via"] == {"channel": "web"}


def test_deliveries_come_twice_and_out_of_order(stage: Stage, receiver: Receiver) -> None:
    stage.api.post("/_sandbox/webhooks", json={"twice": True, "shuffle": True})
    subscribed(stage, receiver, subscriptions=[f"{PREFIX}created"])
    for number in range(3):
        stage.made(subject=str(number))
    ids = [one["detail"]["id"] for one in receiver.events(6)]
    assert sorted(ids) == ["31", "31", "32", "32", "33", "33"]
    assert ids != sorted(ids)


def test_the_client_lists_patches_and_deletes_webhooks(stage: Stage, receiver: Receiver) -> None:
    id = subscribed(stage, receiver)
    assert [one.id for one in stage.zen.webhooks.list()] == [id]
    before = stage.zen.webhooks.show_secret(id).secret
    assert stage.zen.webhooks.reset_secret(id).secret != before
    stage.zen.webhooks.patch(Webhook(id=id, status="inactive"))
    stage.made()
    assert stage.get(f"/webhooks/{id}")["webhook"]["status"] == "inactive"
    assert stage.api.get("/_sandbox/webhooks").json() == []
    assert stage.send("DELETE", f"/webhooks/{id}").status_code == 204
    assert stage.send("GET", f"/webhooks/{id}").status_code == 404
    assert problems(stage.send("POST", "/webhooks", {"webhook": {"name": "x"}}))
