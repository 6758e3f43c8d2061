"""What can be said of Zendesk's connector without a server: configuration, shapes, small rules."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.zendesk.client import Budget, rate_scope, seconds, stamp
from connectors.zendesk.config import ZendeskConfig
from connectors.zendesk.history import entries
from connectors.zendesk.jobs import verdict
from connectors.zendesk.messages import link_note
from connectors.zendesk.metadata import Names, titles
from connectors.zendesk.reading import merged_into
from connectors.zendesk.text import as_html, html_of, plain
from connectors.zendesk.wire import WireShape
from syncline.sdk.connector import LinkCard
from syncline.sdk.errors import Rejected
from syncline.sdk.secrets import Secret
from syncline.simulation.clock import ManualClock

NAMES = Names(
    fields={11: "Severity", 12: "Areas", 13: "Linked records", 14: "Count", 15: "Done"},
    statuses={21: "Waiting for development"},
    groups={31: "Support"},
    types={11: "text", 12: "multiselect", 13: "text", 14: "integer", 15: "checkbox"},
)
TICKET: dict[str, Any] = {
    "id": 5,
    "subject": "Printer on fire",
    "description": "It burns.\r\n\r\nStill.",
    "status": "hold",
    "custom_status_id": 21,
    "priority": None,
    "type": "problem",
    "tags": ["urgent", "areas_print"],
    "assignee_id": 360_000_000_002,
    "requester_id": 360_000_000_003,
    "organization_id": 41,
    "group_id": 31,
    "custom_fields": [
        {"id": 11, "value": "high"},
        {"id": 12, "value": ["b", "a"]},
        {"id": 13, "value": None},
        {"id": 99, "value": "of a field that is gone"},
    ],
    "external_id": None,
    "via": {"channel": "email"},
    "created_at": "2026-01-05T09:00:00Z",
    "updated_at": "2026-01-05T09:00:07Z",
}


def config(**more: Any) -> ZendeskConfig:
    options = {"auth": {"email": "hub@acme.test", "api_token": Secret("sandbox-token")}, **more}
    return ZendeskConfig(connector="zendesk", base_url="https://acme.zendesk.com", **options)


@pytest.mark.parametrize(
    "auth",
    [
        {},
        {"email": "hub@acme.test"},
        {"oauth_client_id": "hub", "email": "hub@acme.test", "api_token": Secret("sandbox-secret")},
        {
            "oauth_client_id": "hub",
            "oauth_client_secret": Secret("sandbox-secret"),
            "email": "hub@acme.test",
            "api_token": Secret("sandbox-secret"),
        },
    ],
)
def test_half_a_way_to_sign_in_and_two_ways_are_refused(auth: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="give either"):
        config(auth=auth)


def test_a_ticket_shows_names_in_place_of_ids() -> None:
    record = WireShape(config(link_field="Linked records")).record(TICKET, NAMES, None)
    assert (record.id, record.key, record.version) == ("5", "#5", 1767603607)
    assert record.url == "https://acme.zendesk.com/agent/tickets/5"
    assert record.marker is None
    assert record.fields == {
        "subject": "Printer on fire",
        "description": "It burns.\n\nStill.",
        "status": "hold",
        "custom_status": "Waiting for development",
        "priority": None,
        "type": "problem",
        "due_at": None,
        "tags": ["areas_print", "urgent"],
        "assignee": "360000000002",
        "requester": "360000000003",
        "group": "Support",
        "organization": "41",
        "problem": None,
        "custom_fields": {"99": "of a field that is gone", "Areas": ["a", "b"], "Severity": "high"},
        "reference": "",
        "channel": "email",
        "created_at": "2026-01-05T09:00:00Z",
        "updated_at": "2026-01-05T09:00:07Z",
    }


def test_a_ticket_of_another_group_is_out_of_scope() -> None:
    shape = WireShape(config(scope={"group": "Support"}))
    assert shape.record(TICKET, NAMES, frozenset({31})).in_scope
    assert not shape.record(TICKET, NAMES, frozenset({32})).in_scope


def test_what_a_ticket_shows_can_be_written_back_as_it_stands() -> None:
    shape = WireShape(config(link_field="Linked records"))
    shown = shape.record(TICKET, NAMES, None).fields
    writable = ("subject", "status", "custom_status", "priority", "type", "due_at", "tags",
                "assignee", "requester", "group", "reference")  # fmt: skip
    patch = {name: shown[name] for name in writable}
    patch["custom_fields"] = {"Severity": "high", "Areas": ["a", "b"]}
    body = shape.body(patch, NAMES)
    customs = body.pop("custom_fields")
    assert {one["id"]: one["value"] for one in customs} == {11: "high", 12: ["a", "b"], 13: ""}
    assert body == {
        **{name: TICKET[name] for name in ("subject", "status", "priority", "type")},
        "custom_status_id": 21,
        "due_at": None,
        "tags": ["areas_print", "urgent"],
        "assignee_id": 360_000_000_002,
        "requester_id": 360_000_000_003,
        "group_id": 31,
    }


@pytest.mark.parametrize(
    ("patch", "words"),
    [
        ({"description": "another"}, "nobody edit a ticket's first comment"),
        ({"channel": "web"}, "channel of a ticket cannot be written"),
        ({"nonsense": 1}, "nonsense of a ticket cannot be written"),
        ({"group": "Suport"}, "no group 'Suport'; there are: Support"),
        ({"custom_fields": {"Sverity": 1}}, "no custom field 'Sverity'; there are: Areas"),
        ({"custom_status": "Done"}, "no ticket status 'Done'"),
        ({"assignee": "ann"}, "assignee 'ann' is no id"),
        ({"reference": "x"}, "reference of a ticket cannot be written"),
    ],
)
def test_what_cannot_be_written_is_refused_by_name(patch: dict[str, Any], words: str) -> None:
    with pytest.raises(Rejected, match=words):
        WireShape(config()).body(patch, NAMES)


def test_a_new_ticket_carries_its_key_and_says_nothing_in_public() -> None:
    shape = WireShape(config(scope={"group": ["Support"]}))
    body = shape.creation({"subject": "New", "description": "Inside."}, "key-1", NAMES)
    assert body == {
        "subject": "New",
        "group_id": 31,
        "comment": {"html_body": "<p>Inside.</p>", "public": False},
        "external_id": "key-1",
    }


def test_a_new_ticket_can_be_public_and_follow_up_a_closed_one() -> None:
    fields = {"subject": "New", "is_public": True, "via_followup_source_id": "17"}
    body = WireShape(config()).creation(fields, "key-1", NAMES)
    assert body["comment"] == {"html_body": "<p>New</p>", "public": True}
    assert body["via_followup_source_id"] == 17


def test_fields_of_one_title_are_told_apart_by_their_ids() -> None:
    rows = {
        1: {"title": "Subject", "type": "subject"},
        2: {"title": "Area", "type": "text"},
        3: {"title": "Area", "type": "tagger"},
        4: {"title": "Team", "type": "text"},
    }
    assert titles(rows) == {2: "Area 2", 3: "Area 3", 4: "Team"}


@given(st.integers(0, 4_000_000_000))
def test_a_version_is_the_stamp_that_safe_update_asks_for(version: int) -> None:
    assert seconds(stamp(version)) == version


def test_a_budget_lets_a_minute_pass_before_one_request_too_many() -> None:
    async def run() -> list[float]:
        clock, sent = ManualClock(), list[float]()
        budget = Budget(3, clock)
        for _ in range(7):
            async with budget:
                sent.append(clock.monotonic())
            clock.advance(1)
        return sent

    assert asyncio.run(run()) == [0, 1, 2, 60, 61, 62, 120]


@pytest.mark.parametrize(
    ("headers", "scope"),
    [
        ({"retry-after": "30"}, "connection"),
        ({"x-rate-limit-remaining": "0", "retry-after": "300"}, "connection"),
        (
            {"x-rate-limit-remaining": "9", "zendesk-ratelimit-incremental-exports": "total=10"},
            "endpoint",
        ),
        ({"x-rate-limit-remaining": "9", "retry-after": "60"}, "endpoint"),
        ({"x-rate-limit-remaining": "9", "retry-after": "300"}, "record"),
    ],
)
def test_a_wait_holds_what_it_is_about(headers: dict[str, str], scope: str) -> None:
    assert rate_scope(headers) == scope


def test_an_audit_tells_changes_in_the_words_of_the_wire_record() -> None:
    events = [
        {"type": "Create", "field_name": "subject", "value": "first"},
        {"type": "Comment", "id": 8, "body": "said"},
        {"type": "Change", "field_name": "subject", "previous_value": "a", "value": "b"},
        {"type": "Change", "field_name": "group_id", "previous_value": None, "value": "31"},
        {"type": "Change", "field_name": "custom_status_id", "previous_value": "9", "value": "21"},
        {"type": "Change", "field_name": "tags", "previous_value": ["b", "a"], "value": ["c"]},
        {"type": "Change", "field_name": "assignee_id", "previous_value": "7", "value": None},
        {"type": "Change", "field_name": "11", "previous_value": "", "value": "high"},
        {"type": "Change", "field_name": "12", "previous_value": "b a", "value": ["c"]},
        {"type": "Change", "field_name": "14", "previous_value": "7", "value": "-8"},
        {"type": "Change", "field_name": "15", "previous_value": "1", "value": "0"},
        {"type": "Change", "field_name": "77", "previous_value": "", "value": "of a field gone"},
        {"type": "Change", "field_name": "reply_time_in_minutes", "value": {"minutes": 7}},
    ]
    assert entries({"events": events}, NAMES) == [
        ("subject", "a", "b"),
        ("group", None, "Support"),
        ("custom_status", "9", "Waiting for development"),
        ("tags", ["a", "b"], ["c"]),
        ("assignee", "7", None),
        ("custom_fields.Severity", None, "high"),
        ("custom_fields.Areas", ["a", "b"], ["c"]),
        ("custom_fields.Count", 7, -8),
        ("custom_fields.Done", True, False),
    ]


@pytest.mark.parametrize(
    ("audit", "survivor"),
    [
        (
            {"via": {"source": {"rel": "merge", "from": {}, "to": {"ticket_id": 9}}}},
            "9",
        ),
        (
            {"events": [{"via": {"source": {"rel": "merge", "to": {"ticket_id": 9}}}}]},
            "9",
        ),
        (
            {"events": [{"body": 'This request was closed and merged into request #9 "Fire".'}]},
            "9",
        ),
        ({"via": {"source": {"rel": None}}, "events": [{"body": "See request #9"}]}, None),
        ({"via": {"source": {"rel": "merge", "to": {"ticket_id": 5}}}}, None),
    ],
)
def test_a_merge_names_the_ticket_that_is_left(audit: dict[str, Any], survivor: str | None) -> None:
    assert merged_into({"ticket_id": 5, "events": [], **audit}) == survivor


@pytest.mark.parametrize(
    ("result", "done"),
    [
        ({"id": 1, "success": True}, True),
        ({"id": 1, "index": 0, "status": "Created"}, True),
        ({"id": 1, "success": False, "errors": "no"}, False),
        ({"index": 0, "error": "TicketCreateFailed", "details": "Subject: cannot be blank"}, False),
        ({"index": 0}, None),
        ({"index": 0, "success": True}, None),
    ],
)
def test_a_job_has_done_or_refused_only_what_it_says(
    result: dict[str, Any], done: bool | None
) -> None:
    assert verdict(result) is done


@pytest.mark.parametrize(
    ("row", "html"),
    [
        (
            {"html_body": '<div class="zd-comment" dir="auto"><p dir="auto">a <b>b</b></p></div>'},
            "<p>a <b>b</b></p>",
        ),
        (
            {"html_body": '<div class="zd-comment" dir="auto"><div>a</div><div>b</div></div>'},
            "<div>a</div><div>b</div>",
        ),
        (
            {"html_body": '<p>say dir="auto" twice</p>'},
            '<p>say dir="auto" twice</p>',
        ),
        ({"plain_body": "1 < 2\n\nyes"}, "<p>1 &lt; 2</p>\n<p>yes</p>"),
        ({"html_body": ""}, ""),
    ],
)
def test_a_comment_reads_as_it_was_written(row: dict[str, Any], html: str) -> None:
    assert html_of(row) == html


def test_plain_text_is_sent_so_that_nothing_in_it_acts() -> None:
    text = "*stars* <b>&amp;\n  two  spaces\n\nanother\nline"
    assert as_html(text) == (
        "<p>*stars* &lt;b&gt;&amp;amp;<br>\u00a0 two\u00a0 spaces</p>\n<p>another<br>line</p>"
    )
    assert plain("\u00a0\u00a0two\u00a0 spaces\r\n") == "  two  spaces\n"


def test_a_link_note_is_inert_whatever_the_title_says() -> None:
    card = LinkCard("1", "jira", "APP-1", "<script>x</script>\ntwo", "https://x.test/?a=1&b=2")
    assert link_note(card, shows=True) == (
        "<p>Linked with jira APP-1: &lt;script&gt;x&lt;/script&gt; two<br>"
        '<a href="https://x.test/?a=1&amp;b=2">https://x.test/?a=1&amp;b=2</a></p>'
    )
