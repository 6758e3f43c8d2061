"""A ticket as it would be after a change: what was asked is checked and put over what is there.

`apply` raises `Refused` before anything is kept. What Zendesk takes without a word and does not do
is here as well: a due date on what is no task, a ticket made new again, values of unknown fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connectors.zendesk.fake.account import Account, Row, seconds_of, stamp
from connectors.zendesk.fake.errors import invalid, invalid_fields, malformed
from connectors.zendesk.fake.fields import (
    PRIORITIES,
    TYPES,
    checked,
    custom,
    empty,
    tag_of,
    tags_of,
    told,
    values_by_tags,
    values_of,
    with_values,
)
from connectors.zendesk.fake.statuses import apply_status, default_of

PLAIN = (
    "subject", "type", "priority", "external_id", "recipient", "problem_id", "due_at", "group_id",
    "assignee_id", "requester_id", "submitter_id", "organization_id", "ticket_form_id", "brand_id",
)  # fmt: skip
LISTS = ("collaborator_ids", "follower_ids", "email_cc_ids")
WATCHED = (*PLAIN, *LISTS, "status", "custom_status_id", "tags")
_SUBJECT = 255


def blank(account: Account, at: int) -> Row:
    """A ticket in which nothing is set yet."""
    nothing: Row = dict.fromkeys(
        ("id", "via", *PLAIN, "raw_subject", "description", "forum_topic_id")
    )
    return nothing | {
        "created_at": stamp(at),
        "updated_at": stamp(at),
        "generated_timestamp": at,
        "status": "new",
        "custom_status_id": default_of(account, "new"),
        **{name: [] for name in LISTS},
        "has_incidents": False,
        "is_public": True,
        "tags": [],
        "custom_fields": with_values(account, {}),
        "satisfaction_rating": {"score": "unoffered"},
        "sharing_agreement_ids": [],
        "followup_ids": [],
        "allow_channelback": False,
        "allow_attachments": True,
        "from_messaging_channel": False,
    }


def apply(account: Account, current: Row, wanted: Mapping[str, Any]) -> Row:
    """The ticket as it would be; raises Refused where it may not be so."""
    draft = dict(current)
    _plain(account, draft, wanted)
    _people(account, draft, wanted)
    _due(draft, wanted)
    _tags_and_fields(account, draft, wanted)
    apply_status(account, draft, dict(wanted))
    if draft["status"] == "solved" and current["status"] != "solved":
        _complete(account, draft)
    draft["raw_subject"] = draft["subject"]
    return draft


def _plain(account: Account, draft: Row, wanted: Mapping[str, Any]) -> None:
    for name in (*PLAIN, *LISTS):
        if name in wanted:
            value = wanted[name]
            number = name.endswith("_id") and name != "external_id" and str(value).isdecimal()
            draft[name] = int(value) if number else value
    for name, values in (("priority", PRIORITIES), ("type", TYPES)):
        draft[name] = draft[name] or None
        if draft[name] is not None and draft[name] not in values:
            raise invalid(name, f"{name.capitalize()}: {draft[name]} is not included in the list")
    if draft["subject"] is not None:
        draft["subject"] = str(draft["subject"])[:_SUBJECT]
    if draft["external_id"] is not None:
        draft["external_id"] = str(draft["external_id"])
    for name, table in (("group_id", account.groups), ("organization_id", account.organizations)):
        if draft[name] is not None and str(draft[name]) not in table:
            raise invalid(name.removesuffix("_id"), f"{_words(name)}: is invalid")


def _people(account: Account, draft: Row, wanted: Mapping[str, Any]) -> None:
    if wanted.get("assignee_email"):
        found = account.user_by_email(wanted["assignee_email"])
        draft["assignee_id"] = found["id"] if found else -1
    for name in ("requester_id", "submitter_id"):
        if name in wanted and account.user(draft[name]) is None:
            raise invalid(name.removesuffix("_id"), f"{_words(name)}: is invalid")
    if "assignee_id" in wanted or "assignee_email" in wanted:
        _assign(account, draft, regroup="group_id" not in wanted)
    if "requester_id" in wanted and "organization_id" not in wanted:
        requester = account.user(draft["requester_id"]) or {}
        draft["organization_id"] = requester.get("organization_id")


def _assign(account: Account, draft: Row, *, regroup: bool) -> None:
    if draft["assignee_id"] is None:
        return
    user = account.user(draft["assignee_id"])
    if user is None or user["role"] == "end-user" or user["suspended"] or not user["active"]:
        raise invalid("assignee", "Assignee: is invalid")
    if regroup and draft["group_id"] not in user["_group_ids"]:
        draft["group_id"] = user["default_group_id"]


def _due(draft: Row, wanted: Mapping[str, Any]) -> None:
    if wanted.get("due_at"):
        try:
            draft["due_at"] = stamp(seconds_of(str(wanted["due_at"])))
        except ValueError:
            raise invalid("due_at", "Due at: is not a valid date") from None
    if draft["type"] != "task":
        draft["due_at"] = None
    if draft["type"] != "incident":
        draft["problem_id"] = None


def _tags_and_fields(account: Account, draft: Row, wanted: Mapping[str, Any]) -> None:
    values, tags = values_of(draft), set(draft["tags"])
    given = wanted.get("custom_fields", wanted.get("fields"))
    replaced = [name for name in ("tags", "additional_tags", "remove_tags") if name in wanted]
    if "tags" in replaced:
        tags = _clean(wanted["tags"])
    tags |= _clean(wanted.get("additional_tags"))
    tags -= _clean(wanted.get("remove_tags"))
    if replaced:
        values = values_by_tags(account, values, tags)
    if given is not None:
        before = tags_of(account, values)
        values |= _checked(account, given)
        tags = (tags - before) | tags_of(account, values)
    draft["tags"] = sorted(tags)
    draft["custom_fields"] = with_values(account, values)


def _checked(account: Account, given: Any) -> dict[int, Any]:
    if isinstance(given, Mapping):
        given = [{"id": id, "value": value} for id, value in given.items()]
    if not isinstance(given, list) or not all(isinstance(one, Mapping) for one in given):
        raise malformed("custom_fields is no list of objects")
    known = {str(field["id"]): field for field in custom(account)}
    result: dict[int, Any] = {}
    for one in given:
        field = known.get(str(one.get("id")))
        if field is not None:
            result[field["id"]] = checked(field, one.get("value"))
    return result


def _clean(tags: Any) -> set[str]:
    if isinstance(tags, str):
        tags = tags.replace(",", " ").split()
    if not isinstance(tags, list | None):
        raise malformed("tags is no list")
    return {tag_of(str(tag)) for tag in tags or () if str(tag).strip()}


def _complete(account: Account, draft: Row) -> None:
    """What a ticket needs before it is solved."""
    values = values_of(draft)
    problem = "is required when solving a ticket"
    missing = [
        told(field, problem)
        for field in custom(account)
        if field["required"] and values.get(field["id"]) == empty(field)
    ]
    if account.settings.assignee_to_solve and draft["assignee_id"] is None:
        fields = account.fields.values()
        missing += [told(field, problem) for field in fields if field["type"] == "assignee"]
    if missing:
        raise invalid_fields({"base": missing})


def differences(before: Row | None, after: Row) -> Iterable[tuple[str, Any, Any]]:
    """Name, new and old value of all that a change makes different."""
    before = before or {"custom_fields": (), **{name: [] for name in ("tags", *LISTS)}}
    for name in WATCHED:
        if before.get(name) != after.get(name):
            yield name, after.get(name), before.get(name)
    old = values_of(before)
    for id, value in values_of(after).items():
        if old.get(id) != value and (old.get(id) or value):
            yield str(id), value, old.get(id)


def follow_up(source: Row | None) -> Row:
    """What a follow-up takes over from the closed ticket; raises Refused."""
    if source is None or source["status"] != "closed":
        raise invalid("base", "Follow-up source: must be a closed ticket")
    return {"tags": source["tags"], "custom_fields": source["custom_fields"]}


def _words(name: str) -> str:
    return name.removesuffix("_id").capitalize()
