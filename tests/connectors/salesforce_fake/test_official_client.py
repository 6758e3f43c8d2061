"""`simple-salesforce`, the client that Python people use, drives the fake."""

from __future__ import annotations

from datetime import timedelta

import pytest
from simple_salesforce import SalesforceAuthenticationFailed, SalesforceLogin, format_soql
from simple_salesforce.exceptions import (
    SalesforceMalformedRequest,
    SalesforceResourceNotFound,
)

from connectors.salesforce.fake.signing_in import CLIENT_ID
from tests.connectors.salesforce_fake.stage import START, Stage, staged


def test_a_record_is_made_read_changed_and_deleted(stage: Stage) -> None:
    made = stage.sf.Case.create({"Subject": "Printer", "Priority": "High"})
    assert made["success"] is True
    id = made["id"]
    assert len(id) == 18
    assert stage.sf.Case.update(id, {"Status": "Working"}) == 204
    shown = stage.sf.Case.get(id)
    assert (shown["Subject"], shown["Status"], shown["IsClosed"]) == ("Printer", "Working", False)
    assert stage.sf.Case.delete(id) == 204
    with pytest.raises(SalesforceResourceNotFound):
        stage.sf.Case.get(id)


def test_a_query_goes_on_by_its_locator_to_the_end(stage: Stage) -> None:
    stage.settings.batch_size = 7
    rows = stage.sf.query_all("SELECT Id, Subject FROM Case ORDER BY Id")["records"]
    assert len(rows) == 30
    assert len({row["Id"] for row in rows}) == 30


@pytest.mark.parametrize("text", ["Bob's", "back\\slash", 'a "quote"', "two\nlines", "a\ttab"])
def test_what_the_client_quotes_is_found(stage: Stage, text: str) -> None:
    stage.sf.Account.create({"Name": text})
    found = stage.sf.query(format_soql("SELECT Name FROM Account WHERE Name = {}", text))
    assert [row["Name"] for row in found["records"]] == [text]


def test_an_upsert_by_external_id_makes_one_record(stage: Stage) -> None:
    for subject in ("first", "second"):
        stage.sf.Case.upsert("Syncline_Key__c/K-1", {"Subject": subject})
    found = stage.sf.query("SELECT Subject FROM Case WHERE Syncline_Key__c = 'k-1'")
    assert [row["Subject"] for row in found["records"]] == ["second"]


def test_what_was_deleted_is_in_the_recycle_bin_and_in_the_log(stage: Stage) -> None:
    id = stage.sf.Case.create({"Subject": "gone"})["id"]
    stage.sf.Case.delete(id)
    query = f"SELECT Id, IsDeleted FROM Case WHERE Id = '{id}'"
    assert stage.sf.query(query)["totalSize"] == 0
    assert stage.sf.query(query, include_deleted=True)["records"][0]["IsDeleted"] is True
    told = stage.sf.Case.deleted(START - timedelta(hours=1), START + timedelta(minutes=1))
    assert [row["id"] for row in told["deletedRecords"]] == [id]


def test_a_description_tells_fields_and_their_options(stage: Stage) -> None:
    fields = {field["name"]: field for field in stage.sf.Case.describe()["fields"]}
    options = [one["value"] for one in fields["Status"]["picklistValues"]]
    assert options == ["New", "Working", "Escalated", "Closed"]
    assert fields["Syncline_Key__c"]["externalId"] is True
    assert fields["CaseNumber"]["updateable"] is False


def test_the_client_is_told_what_is_wrong(stage: Stage) -> None:
    with pytest.raises(SalesforceMalformedRequest, match="INVALID_FIELD"):
        stage.sf.query("SELECT Nothing__c FROM Case")
    with pytest.raises(SalesforceMalformedRequest, match="REQUIRED_FIELD_MISSING"):
        stage.sf.Contact.create({"FirstName": "Ann"})


def test_the_clients_collections_are_told_item_by_item(stage: Stage) -> None:
    body = {
        "allOrNone": False,
        "records": [
            {"attributes": {"type": "Case"}, "Subject": "x" * 300},
            {"attributes": {"type": "Case"}, "Subject": "short"},
        ],
    }
    told = stage.sf.restful("composite/sobjects", method="POST", json=body)
    assert [one["success"] for one in told] == [False, True]
    assert told[0]["errors"][0]["statusCode"] == "STRING_TOO_LONG"


def test_the_client_reads_the_usage_of_the_day(stage: Stage) -> None:
    stage.sf.query("SELECT Id FROM Case")
    usage = stage.sf.api_usage["api-usage"]
    assert (usage.used, usage.total) == (1, 100_000)
    assert stage.sf.limits()["DailyApiRequests"] == {"Max": 100_000, "Remaining": 99_998}


def test_a_wrong_secret_is_refused_and_a_session_ends_when_it_is_not_used(stage: Stage) -> None:
    with pytest.raises(SalesforceAuthenticationFailed, match="invalid client credentials"):
        SalesforceLogin(
            consumer_key=CLIENT_ID,
            consumer_secret="another",  # noqa: S106 (a wrong one)
            domain="acme.my",
            session=stage.session,
        )
    stage.advance(stage.settings.session_seconds + 1)
    ended = stage.query("SELECT Id FROM Case")
    assert (ended.status_code, ended.json()[0]["errorCode"]) == (401, "INVALID_SESSION_ID")
    before = stage.sf.session_id
    assert stage.sf.query("SELECT Id FROM Case")["totalSize"] == 30
    assert stage.sf.session_id != before


def test_the_seeded_org_shows_the_company_and_remembers_it(tmp_path: object) -> None:
    state = f"{tmp_path}/org.db"
    with staged(state) as stage:
        id = stage.sf.Case.create({"Subject": "kept"})["id"]
        contacts = stage.sf.query("SELECT Name, Email, AccountId FROM Contact")["records"]
        assert contacts and all(one["AccountId"] and "@" in one["Email"] for one in contacts)
        assert stage.sf.query("SELECT Id FROM CaseComment")["totalSize"] > 0
    with staged(state) as stage:
        assert stage.sf.Case.get(id)["Subject"] == "kept"
        assert stage.sf.query("SELECT Id FROM Case")["totalSize"] == 31


def test_a_file_is_made_in_steps_that_name_each_other_and_read_byte_for_byte(stage: Stage) -> None:
    case = stage.sf.Case.create({"Subject": "with a file"})["id"]
    at = "/services/data/v67.0/sobjects"
    version = {"Title": "log", "PathOnClient": "log.txt", "VersionData": "d29yZHM="}
    link = {"ContentDocumentId": "@{d.ContentDocumentId}", "LinkedEntityId": case, "ShareType": "V"}

    def made(target: str) -> list[int]:
        steps = [
            {"method": "POST", "url": f"{at}/ContentVersion", "referenceId": "v", "body": version},
            {"method": "GET", "referenceId": "d",
             "url": f"{at}/ContentVersion/@{{v.id}}?fields=ContentDocumentId"},
            {"method": "POST", "url": f"{at}/ContentDocumentLink", "referenceId": "l",
             "body": {**link, "LinkedEntityId": target}},
        ]  # fmt: skip
        asked = {"allOrNone": True, "compositeRequest": steps}
        told = stage.sf.restful("composite", method="POST", json=asked)["compositeResponse"]
        return [one["httpStatusCode"] for one in told]

    assert made(case) == [201, 200, 201]
    assert made("500000000000999AAA") == [400, 400, 400]
    found = stage.sf.query("SELECT Id, FileExtension, ContentSize FROM ContentVersion")["records"]
    assert [(one["FileExtension"], one["ContentSize"]) for one in found] == [("txt", 5)]
    path = f"/sobjects/ContentVersion/{found[0]['Id']}/VersionData"
    assert stage.api.get(path).content == b"words"
    with pytest.raises(SalesforceMalformedRequest, match="Implementation restriction"):
        stage.sf.query("SELECT Id FROM ContentDocumentLink")
    links = stage.sf.query(
        f"SELECT Visibility FROM ContentDocumentLink WHERE LinkedEntityId = '{case}'"
    )
    assert [one["Visibility"] for one in links["records"]] == ["AllUsers"]
