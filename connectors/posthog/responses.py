"""Answers to surveys: each response that was given is something a customer asked for.

A response is one or more events `survey sent`. Those of one submission share its id and repeat what
was answered before, so the latest holds all; one that says of itself that it is not complete is
not told yet. (posthog.com/docs/surveys; products/surveys in PostHog/posthog.)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson

from connectors.posthog.client import Client, Row, moment
from connectors.posthog.queried import BEGINNING, Queried, Receipt, utc, version
from syncline.sdk.connector import FieldSchema, Record

TITLE_LENGTH = 200
LATE = timedelta(days=30)
"""How long a device may keep an event to itself. PostHog keeps events by their own time: a query
without a bound on it would go through all there are."""

_ANSWER = "$survey_response"
_ID = """CASE WHEN JSONExtractString(properties, '$survey_submission_id') = ''
  THEN toString(uuid) ELSE JSONExtractString(properties, '$survey_submission_id') END"""
_COMPLETE = """event = 'survey sent' AND (JSONHas(properties, '$survey_completed') = 0
  OR JSONExtractBool(properties, '$survey_completed') = 1)"""


def _query(text: str) -> str:
    return text.replace("RESPONSE", _ID).replace("COMPLETE", _COMPLETE)


_RECEIVED = _query("""
SELECT RESPONSE AS id, max(created_at) AS stamp, count() AS mark FROM events
WHERE COMPLETE AND created_at >= toDateTime64({since}, 6, 'UTC')
  AND timestamp >= toDateTime64({late}, 6, 'UTC')
GROUP BY id
HAVING stamp > toDateTime64({at}, 6, 'UTC')
  OR (stamp = toDateTime64({at}, 6, 'UTC') AND id > {after})
ORDER BY stamp, id LIMIT {rows}
""")
_READ = _query("""
SELECT RESPONSE AS id, max(created_at) AS stamp, min(timestamp) AS given,
  argMax(properties, timestamp) AS answers, argMax(person.properties.email, timestamp) AS email,
  argMax(ACCOUNT, timestamp) AS account
FROM events WHERE COMPLETE AND RESPONSE IN {ids}
GROUP BY id LIMIT {rows}
""")


class Responses(Queried):
    """Responses to surveys. They are read; who answers writes them."""

    name = "survey_response"
    fields = (
        FieldSchema("title", "First answer", "text", read_only=True),
        FieldSchema("text", "Questions and answers", "text", read_only=True),
        FieldSchema("survey", "Survey", "text", read_only=True),
        FieldSchema("email", "E-mail of who answered", "text", read_only=True),
        FieldSchema("account", "Group of who answered", "text", read_only=True),
        FieldSchema("created_at", "Given", "datetime", read_only=True),
    )

    def __init__(self, client: Client, base_url: str, group_type: str) -> None:
        super().__init__(client, base_url)
        self._group_type = group_type

    async def received(self, since: datetime, after: Receipt) -> Sequence[Receipt]:
        rows = await self.client.query(
            _RECEIVED,
            since=utc(since),
            late=utc(max(since - LATE, BEGINNING)),
            at=utc(after.at),
            after=after.id,
            rows=self.rows,
        )
        return [Receipt.of(row) for row in rows]

    async def read(self, ids: Sequence[str]) -> Mapping[str, Record]:
        types = await self.client.group_types()
        index = types.get(self._group_type)
        account = "''" if index is None else f"$group_{index}"
        text = _READ.replace("ACCOUNT", account)
        rows = await self.client.query(text, ids=list(ids), rows=self.rows)
        return {row["id"]: self._record(row) for row in rows}

    def _record(self, row: Row) -> Record:
        given: Mapping[str, Any] = orjson.loads(row["answers"])
        said = list(_said(given))
        survey = given.get("$survey_name") or None
        first = next((answer for _, answer in said), "")
        stamp = moment(row["stamp"])
        shown = {
            "title": _title(survey, first),
            "text": "\n\n".join("\n".join(filter(None, one)) for one in said) or None,
            "survey": survey,
            "email": row["email"] or None,
            "account": row["account"] or None,
            "created_at": moment(row["given"]).isoformat(),
        }
        survey_id = given.get("$survey_id")
        return Record(
            id=row["id"],
            fields=shown,
            version=version(stamp),
            updated_at=stamp,
            url=f"{self.web}/surveys/{survey_id}" if survey_id else None,
        )


def response_id(uuid: str, properties: Mapping[str, Any]) -> str | None:
    """The id of the response that an event belongs to; None while it is not complete."""
    if properties.get("$survey_completed", True) is not True:
        return None
    submission = properties.get("$survey_submission_id")
    return submission if isinstance(submission, str) and submission else uuid


def _said(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Questions and answers in the survey's order.

    An answer stands at `$survey_response_` and its question's id; older SDKs number them and leave
    the number out of the first, and some write both. What was not answered is left out.
    """
    questions = [one for one in given.get("$survey_questions") or () if isinstance(one, Mapping)]
    told = set[str]()
    for place, question in enumerate(questions):
        old = f"{_ANSWER}_{place}" if place else _ANSWER
        for name in (f"{_ANSWER}_{question.get('id')}", old):
            if name not in told and (answer := _plain(given.get(name))):
                told |= {name, old}
                yield str(question.get("question") or ""), answer
                break
    if not questions:
        answers = (_plain(given[name]) for name in sorted(given) if name.startswith(_ANSWER))
        for answer in filter(None, dict.fromkeys(answers)):
            yield "", answer


def _plain(answer: Any) -> str:
    """An answer as text: several choices are a list."""
    if isinstance(answer, list):
        return ", ".join(filter(None, map(_plain, answer)))
    return "" if answer is None else str(answer).strip()


def _title(survey: str | None, answer: str) -> str:
    line = " ".join(answer.partition("\n")[0].split())
    title = ": ".join(filter(None, (survey, line))) or "Survey response"
    return title if len(title) <= TITLE_LENGTH else f"{title[: TITLE_LENGTH - 1]}…"
