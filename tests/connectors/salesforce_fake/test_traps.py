"""Where Salesforce surprises who trusts it, the fake does. Sources: docs/vendors/salesforce.md."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime

import pytest

from connectors.salesforce.fake import soql
from connectors.salesforce.fake.errors import Refused
from connectors.salesforce.fake.org import long_id
from connectors.salesforce.fake.schema import columns_of
from syncline.sandbox import Refusal
from tests.connectors.salesforce_fake.stage import START, Stage, a


def made(stage: Stage, source: str = "Case", **values: object) -> str:
    response = stage.api.post(f"/sobjects/{source}", json=values)
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


def code(response: object) -> str:
    return str(response.json()[0]["errorCode"])  # type: ignore[attr-defined]


def parsed(text: str) -> soql.Query:
    return soql.parse(text, lambda source: {one.name: one for one in columns_of(source)})


def test_a_long_id_tells_its_capitals() -> None:
    assert long_id("001D000000IqhSL") == "001D000000IqhSLIAZ"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("SELECT Id FROM Case WHERE Subject = 'it\\s'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Case WHERE Subject = 'it's'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Case WHERE Subject = 'two\nlines'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Case WHERE IsDeleted = true OR Id = '1' AND Id = '2'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Case WHERE Description = 'x'", "INVALID_FIELD"),
        ("SELECT Id FROM Case WHERE SystemModstamp > '2026-01-01T00:00:00Z'", "INVALID_FIELD"),
        ("SELECT Id FROM Nothing", "INVALID_TYPE"),
        ("SELECT Id FROM", "MALFORMED_QUERY"),
    ],
)
def test_a_query_that_salesforce_refuses_is_refused(query: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        parsed(query)
    assert refused.value.code == code


def test_texts_are_compared_without_case_and_ids_with() -> None:
    rows = [{"Subject": "Printer", "Id": "a"}, {"Subject": "other", "Id": "A"}]
    assert len(parsed("SELECT Id FROM Case WHERE Subject = 'PRINTER'").of(rows)) == 1
    assert len(parsed("SELECT Id FROM Case WHERE Id = 'A'").of(rows)) == 1


def test_a_hidden_field_is_not_there_at_all(stage: Stage) -> None:
    stage.inside(lambda fake: fake.org.hide_field("Case", "Priority"))
    fields = stage.api.get("/sobjects/Case/describe").json()["fields"]
    assert "Priority" not in {field["name"] for field in fields}
    assert code(stage.query("SELECT Priority FROM Case")) == "INVALID_FIELD"
    assert code(stage.api.post("/sobjects/Case", json={"Priority": "High"})) == "INVALID_FIELD"


def test_a_hidden_record_answers_as_one_that_never_was(stage: Stage) -> None:
    id = made(stage, Subject="private")
    stage.inside(lambda fake: fake.org.private.put(id, {}))
    hidden, never = (stage.api.get(f"/sobjects/Case/{one}") for one in (id, long_id("5" * 15)))
    assert (hidden.status_code, hidden.json()) == (never.status_code, never.json())
    body = {"ids": [id], "fields": ["Id"]}
    assert stage.api.post("/composite/sobjects/Case", json=body).json() == [None]
    (told,) = stage.many("PATCH", "", a("Case", id=id, Subject="x"))
    assert told["errors"][0]["statusCode"] == "INSUFFICIENT_ACCESS_OR_READONLY"


def test_a_bulk_answers_200_with_errors_inside_in_the_order_sent(stage: Stage) -> None:
    good, gone = made(stage, Subject="one"), made(stage, Subject="two")
    stage.api.delete(f"/sobjects/Case/{gone}")
    stage.inside(lambda fake: fake.org.locked.add(good))
    free = made(stage, Subject="three")
    told = stage.many("PATCH", "", *(a("Case", id=id, Subject="x") for id in (gone, good, free)))
    codes = [[error["statusCode"] for error in one["errors"]] for one in told]
    assert codes == [["ENTITY_IS_DELETED"], ["UNABLE_TO_LOCK_ROW"], []]


def test_a_bulk_takes_two_hundred_and_no_record_twice(stage: Stage) -> None:
    body = {"records": [a("Case", Subject=str(n)) for n in range(201)]}
    assert stage.api.post("/composite/sobjects", json=body).status_code == 400
    id = made(stage, Subject="one")
    twice = {"records": [a("Case", id=id, Subject="x")] * 2}
    assert stage.api.patch("/composite/sobjects", json=twice).status_code == 400


def test_if_unmodified_since_compares_whole_seconds(stage: Stage) -> None:
    id = made(stage, Subject="one")
    headers = {"If-Unmodified-Since": format_datetime(START, usegmt=True)}
    path = f"/sobjects/Case/{id}"
    assert stage.api.patch(path, json={"Subject": "a"}, headers=headers).status_code == 204
    assert stage.api.patch(path, json={"Subject": "b"}, headers=headers).status_code == 204
    stage.advance(1)
    assert stage.api.patch(path, json={"Subject": "c"}).status_code == 204
    assert stage.api.patch(path, json={"Subject": "d"}, headers=headers).status_code == 412


def test_a_picklist_that_is_not_restricted_keeps_anything(stage: Stage) -> None:
    id = made(stage, Subject="one", Priority="no such")
    assert stage.api.get(f"/sobjects/Case/{id}").json()["Priority"] == "no such"
    post = {"ParentId": id, "Body": "x", "Visibility": "Nobody"}
    refused = stage.api.post("/sobjects/FeedItem", json=post)
    assert code(refused) == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"


def test_a_stamp_moves_without_a_change_and_an_empty_text_is_none(stage: Stage) -> None:
    id = made(stage, Subject="  one  ", Description="")
    stage.advance(5)
    stage.api.patch(f"/sobjects/Case/{id}", json={"Subject": "one"})
    shown = stage.api.get(f"/sobjects/Case/{id}").json()
    assert (shown["Subject"], shown["Description"]) == ("one", None)
    assert shown["SystemModstamp"] == "2026-03-02T09:00:05.000+0000"


def test_a_change_is_seen_later_than_its_stamp_says(stage: Stage) -> None:
    id = made(stage, Subject="one")
    fault = {"action": "lag:30", "method": "PATCH", "path": "/services/data"}
    with_fault = stage.api.post(f"{stage.url}/_sandbox/faults", json=fault)
    assert with_fault.status_code < 300
    stage.advance(5)
    stage.api.patch(f"/sobjects/Case/{id}", json={"Subject": "two"})
    query = f"SELECT Subject, SystemModstamp FROM Case WHERE Id = '{id}'"
    assert stage.query(query).json()["records"][0]["Subject"] == "one"
    stage.advance(31)
    (row,) = stage.query(query).json()["records"]
    assert (row["Subject"], row["SystemModstamp"]) == ("two", "2026-03-02T09:00:05.000+0000")


def test_a_reference_is_told_twice_in_history_and_a_long_text_without_words(stage: Stage) -> None:
    contact = stage.query("SELECT Id, Name FROM Contact").json()["records"][0]
    id = made(stage, Subject="one")
    stage.api.patch(f"/sobjects/Case/{id}", json={"ContactId": contact["Id"]})
    query = f"SELECT Field, NewValue FROM CaseHistory WHERE CaseId = '{id}' ORDER BY Id"
    rows = [(r["Field"], r["NewValue"]) for r in stage.query(query).json()["records"]]
    assert rows[0] == ("created", None)
    assert rows.count(("Contact", contact["Name"])) == 1
    assert rows.count(("Contact", contact["Id"])) == 1


def test_a_merge_leaves_its_trace_on_the_loser_only(stage: Stage) -> None:
    winner, loser = made(stage, Subject="kept"), made(stage, Subject="lost")
    made(stage, "CaseComment", ParentId=loser, CommentBody="said")
    stage.inside(lambda fake: fake.rules.merge("Case", winner, loser))
    query = f"SELECT Id, IsDeleted, MasterRecordId FROM Case WHERE Id IN ('{winner}','{loser}')"
    rows = {row["Id"]: row for row in stage.query(query, "/queryAll").json()["records"]}
    assert (rows[loser]["IsDeleted"], rows[loser]["MasterRecordId"]) == (True, winner)
    assert rows[winner]["MasterRecordId"] is None
    comments = f"SELECT Id FROM CaseComment WHERE ParentId = '{winner}'"
    assert stage.query(comments).json()["totalSize"] == 1


def test_the_recycle_bin_is_emptied_after_fifteen_days(stage: Stage) -> None:
    id = made(stage, Subject="old")
    stage.api.delete(f"/sobjects/Case/{id}")
    query = f"SELECT Id FROM Case WHERE Id = '{id}'"
    assert stage.query(query, "/queryAll").json()["totalSize"] == 1
    stage.inside(lambda fake: setattr(fake.settings, "session_seconds", 10**8))
    stage.query(query)
    stage.advance(timedelta(days=16).total_seconds())
    assert stage.query(query, "/queryAll").json()["totalSize"] == 0


def test_a_used_up_day_is_a_403_without_a_time_to_wait(stage: Stage) -> None:
    stage.settings.daily_requests = 1
    assert stage.query("SELECT Id FROM Case").status_code == 200
    refused = stage.query("SELECT Id FROM Case")
    assert (refused.status_code, code(refused)) == (403, "REQUEST_LIMIT_EXCEEDED")
    assert "retry-after" not in refused.headers
    assert refused.headers["sforce-limit-info"] == "api-usage=1/1"


def test_a_duplicate_rule_blocks_the_api_where_it_would_ask_a_person(stage: Stage) -> None:
    stage.settings.duplicate_rules = True
    made(stage, "Account", Name="Twice")
    assert (
        code(stage.api.post("/sobjects/Account", json={"Name": "twice"})) == "DUPLICATES_DETECTED"
    )


def test_people_edit_comment_and_delete_on_the_page(stage: Stage) -> None:
    def act(fake: object) -> str:
        web = fake.web  # type: ignore[attr-defined]
        person = web.people()[0]
        id = web.make("Case", person, {"Subject": "by hand", "Description": "one\ntwo"})
        web.remark("Case", id, person, "a word", public=False)
        web.edit("Case", id, person, {"Status": "Working"})
        assert web.sheet("Case", id).comments[0].text == "a word"
        with pytest.raises(Refusal, match="data value too large"):
            web.edit("Case", id, person, {"Subject": "x" * 300})
        web.act("Case", id, person, "delete")
        web.act("Case", id, person, "undelete")
        return str(id)

    id = stage.inside(act)
    shown = stage.api.get(f"/sobjects/Case/{id}").json()
    assert (shown["Status"], shown["Description"]) == ("Working", "one\r\ntwo")
