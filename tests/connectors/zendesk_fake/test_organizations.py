"""Organizations of the fake, as Zendesk's documentation and `zenpy` know them."""

from __future__ import annotations

from typing import Any

import pytest
from zenpy.lib.api_objects import Organization
from zenpy.lib.exception import APIException

from connectors.zendesk.fake.entry_fields import new_entry_field
from tests.connectors.zendesk_fake.stage import Stage, problems


@pytest.fixture
def tier(stage: Stage) -> None:
    """Organizations have a drop-down."""
    stage.inside(
        lambda fake: new_entry_field(
            fake.account, fake.account.organization_fields, "dropdown", "tier", "Tier", ("Gold",)
        )
    )


def exported(stage: Stage, start: int = 0) -> Any:
    return stage.get("/incremental/organizations", start_time=start)


def test_the_client_makes_changes_and_deletes_an_organization(stage: Stage) -> None:
    made = stage.zen.organizations.create(Organization(name="Acme", domain_names=["acme.test"]))
    made.name, made.details = "Acme Ltd", "London"
    changed = stage.zen.organizations.update(made)
    assert (changed.name, changed.domain_names) == ("Acme Ltd", ["acme.test"])
    stage.zen.organizations.delete(made)
    assert stage.send("GET", f"/organizations/{made.id}").status_code == 404


def test_the_client_s_jobs_tell_of_each_organization(stage: Stage) -> None:
    firms = [Organization(name=name) for name in ("Acme", "Bolt", "ACME")]
    job = stage.finished(stage.zen.organizations.create(firms).to_dict())
    told = [(one["index"], one.get("id") is not None) for one in job["results"]]
    assert told == [(0, True), (1, True), (2, False)]
    assert "already been taken" in job["results"][2]["details"]
    rows = list(stage.zen.organizations(ids=[one["id"] for one in job["results"][:2]]))
    for row in rows:
        row.notes = "seen"
    job = stage.finished(stage.zen.organizations.update(rows).to_dict())
    assert [one["status"] for one in job["results"]] == ["Updated", "Updated"]


@pytest.mark.parametrize(
    "taken", [{"name": "ACME"}, {"domain_names": ["Acme.test"]}, {"external_id": "o-1"}]
)
def test_names_domains_and_external_ids_belong_to_one_organization(
    stage: Stage, taken: dict[str, Any]
) -> None:
    wanted = Organization(name="Acme", domain_names=["acme.test"], external_id="O-1")
    first = stage.zen.organizations.create(wanted)
    with pytest.raises(APIException, match="already been taken"):
        stage.zen.organizations.create(Organization(**{"name": "Other", **taken}))
    stage.zen.organizations.delete(first)
    stage.zen.organizations.create(Organization(**{"name": "Other", **taken}))


def test_one_is_made_or_changed_by_external_id_and_never_by_name(stage: Stage) -> None:
    def sent(**fields: Any) -> Any:
        return stage.send("POST", "/organizations/create_or_update", {"organization": fields})

    first, second = sent(name="Acme", external_id="o-1"), sent(name="Bolt", external_id="O-1")
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json()["organization"]["id"] == first.json()["organization"]["id"]
    assert "already been taken" in problems(sent(name="Bolt"))


def test_a_key_that_no_field_has_is_dropped_and_a_wrong_option_refused(
    stage: Stage, tier: None
) -> None:
    def sent(**fields: Any) -> Any:
        body = {"organization": {"name": "Acme", "organization_fields": fields}}
        return stage.send("POST", "/organizations", body)

    assert "Tier: is invalid" in problems(sent(tier="tin"))
    made = sent(tier="gold", health="good")
    assert made.status_code == 201
    assert made.json()["organization"]["organization_fields"] == {"tier": "gold"}
    (field,) = stage.get("/organization_fields")["organization_fields"]
    assert (field["key"], field["custom_field_options"][0]["value"]) == ("tier", "gold")


def test_the_export_begins_with_the_second_that_it_ended_with(stage: Stage) -> None:
    stage.zen.organizations.create(Organization(name="first"))
    stage.advance(10)
    stage.zen.organizations.create(Organization(name="second"))
    stage.advance(61)
    one = exported(stage)
    assert [row["name"] for row in one["organizations"][-2:]] == ["first", "second"]
    again = exported(stage, one["end_time"])
    assert [row["name"] for row in again["organizations"]] == ["second"]
    assert again["end_time"] == one["end_time"] and again["end_of_stream"]
    assert [o.name for o in stage.zen.organizations.incremental(start_time=one["end_time"])] == [
        "second"
    ]


def test_a_full_second_is_told_for_ever(stage: Stage) -> None:
    for n in range(3):
        stage.zen.organizations.create(Organization(name=f"together {n}"))
    stage.advance(61)
    start = exported(stage)["end_time"]
    page = stage.get("/incremental/organizations", start_time=start, per_page=2)
    assert (page["end_time"], page["end_of_stream"]) == (start, False)
    assert f"start_time={start}" in page["next_page"]


def test_the_export_leaves_out_the_last_minute_and_tells_of_deletions(stage: Stage) -> None:
    made = stage.zen.organizations.create(Organization(name="Acme"))
    assert "Acme" not in [row["name"] for row in exported(stage)["organizations"]]
    stage.advance(61)
    assert exported(stage)["organizations"][-1].get("deleted_at") is None
    stage.zen.organizations.delete(made)
    stage.advance(61)
    last = exported(stage)["organizations"][-1]
    assert last["name"] == "Acme" and last["deleted_at"]
    assert "Acme" not in [row.name for row in stage.zen.organizations()]
    recent = stage.send("GET", f"/incremental/organizations?start_time={4_000_000_000}")
    assert recent.status_code == 422


def test_a_merge_is_done_later_and_moves_users_and_domains_alone(stage: Stage) -> None:
    customer = stage.person("end-user")
    loser = customer["organization_id"]
    domains = stage.get(f"/organizations/{loser}")["organization"]["domain_names"]
    winner = stage.zen.organizations.create(Organization(name="Winner", domain_names=["w.test"]))
    body = {"organization_merge": {"winner_id": winner.id}}
    started = stage.send("POST", f"/organizations/{loser}/merge", body).json()
    assert started["organization_merge"]["status"] == "new"
    assert stage.send("GET", f"/organizations/{loser}").status_code == 200
    stage.advance(10)
    (merge,) = stage.get(f"/organizations/{loser}/merges")["organization_merges"]
    assert (merge["status"], merge["winner_id"]) == ("complete", winner.id)
    assert stage.send("GET", f"/organizations/{loser}").status_code == 404
    assert stage.get(f"/users/{customer['id']}")["user"]["organization_id"] == winner.id
    assert stage.zen.organizations(id=winner.id).domain_names == ["w.test", *domains]
    refused = stage.send("POST", f"/organizations/{winner.id}/merge", body)
    assert refused.status_code == 422
