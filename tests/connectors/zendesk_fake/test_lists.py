"""Lists in pages, and searches."""

from __future__ import annotations

import pytest

from tests.connectors.zendesk_fake.stage import API, Stage


def test_the_client_reads_a_list_by_page_numbers_and_by_cursor(stage: Stage) -> None:
    assert len(list(stage.zen.tickets(cursor_pagination=False, per_page=7))) == 30
    assert [one.id for one in stage.zen.tickets(cursor_pagination=7)] == list(range(1, 31))


def test_a_page_by_cursor_says_where_the_next_one_is(stage: Stage) -> None:
    first = stage.get("/tickets", **{"page[size]": 20})
    assert first["meta"]["has_more"]
    second = stage.api.get(first["links"]["next"]).json()
    assert (second["meta"]["has_more"], second["links"]["next"]) == (False, None)
    assert [one["id"] for one in second["tickets"]] == list(range(21, 31))
    wrong = stage.api.get(f"{API}/tickets", params={"page[size]": 10, "page[after]": "bm9uZQ=="})
    assert wrong.status_code == 400


def test_no_page_is_larger_than_a_hundred(stage: Stage) -> None:
    for number in range(80):
        stage.made(subject=str(number))
    assert len(stage.get("/tickets", **{"page[size]": 1000})["tickets"]) == 100
    assert len(stage.get("/tickets", per_page=1000)["tickets"]) == 100
    assert stage.get("/tickets/count")["count"]["value"] == 110


def test_page_numbers_end_at_row_ten_thousand(stage: Stage) -> None:
    assert stage.api.get(f"{API}/tickets", params={"page": 100}).status_code == 200
    response = stage.api.get(f"{API}/tickets", params={"page": 101})
    assert (response.status_code, response.json()["error"]) == (400, "InvalidPaginationDepth")


def test_a_row_that_goes_makes_pages_by_number_skip_another(stage: Stage) -> None:
    first = stage.get("/tickets", page=1, per_page=10)["tickets"]
    stage.send("DELETE", f"/tickets/{first[0]['id']}")
    second = stage.get("/tickets", page=2, per_page=10)["tickets"]
    assert second[0]["id"] == 12
    by_cursor = stage.get("/tickets", **{"page[size]": 9})
    assert by_cursor["tickets"][-1]["id"] == 10
    stage.send("DELETE", "/tickets/2")
    assert stage.api.get(by_cursor["links"]["next"]).json()["tickets"][0]["id"] == 11


@pytest.mark.parametrize("order", ["-id", "updated_at", "-updated_at"])
def test_a_list_is_sorted_and_read_on_in_that_order(stage: Stage, order: str) -> None:
    stage.changed(7, subject="changed last")
    first = stage.get("/tickets", sort=order, **{"page[size]": 20})
    rest = stage.api.get(first["links"]["next"]).json()
    rows = first["tickets"] + rest["tickets"]
    name, down = order.lstrip("-"), order.startswith("-")
    assert [row[name] for row in rows] == sorted((row[name] for row in rows), reverse=down)
    assert len({row["id"] for row in rows}) == 30
    assert stage.api.get(f"{API}/tickets", params={"sort": "colour"}).status_code == 400


def test_tickets_closed_long_ago_are_not_listed_but_still_there(stage: Stage) -> None:
    stage.changed(3, status="closed")
    stage.advance(120 * 24 * 3600 + 1)
    listed = stage.get("/tickets", **{"page[size]": 100})["tickets"]
    assert 3 not in [one["id"] for one in listed]
    assert stage.get("/tickets/3")["ticket"]["status"] == "closed"
    assert len(stage.get("/tickets/show_many", ids="3")["tickets"]) == 1


def test_the_client_finds_tickets(stage: Stage) -> None:
    found = list(stage.zen.search(type="ticket", status="pending"))
    assert found
    assert {one.status for one in found} == {"pending"}
    assert stage.zen.search.count(type="ticket", status="pending") == len(found)
    exported = list(stage.zen.search_export(type="ticket", status="pending"))
    assert sorted(one.id for one in exported) == sorted(one.id for one in found)


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ("status<pending", lambda t: t["status"] in ("new", "open")),
        ("-status:solved", lambda t: t["status"] != "solved"),
        ("priority>=high", lambda t: t["priority"] in ("high", "urgent")),
        ("tags:escalated", lambda t: "escalated" in t["tags"]),
        ("created<2025-06-01", lambda t: t["created_at"] < "2025-06-01"),
        ("created>=2025-06-01 tags:escalated", lambda t: t["created_at"] >= "2025-06"
         and "escalated" in t["tags"]),
        ("external_id:e-1", lambda t: t["external_id"] == "E-1"),
    ],
)  # fmt: skip
def test_a_query_finds_what_fits(stage: Stage, query: str, fits: object) -> None:
    stage.changed(4, external_id="E-1")
    stage.advance(60)
    assert callable(fits)
    everything = stage.get("/tickets", **{"page[size]": 100})["tickets"]
    wanted = {one["id"] for one in everything if fits(one)}
    assert wanted
    found = stage.get("/search", query=f"type:ticket {query}", per_page=100)["results"]
    assert {one["id"] for one in found} == wanted


def test_people_and_fields_are_found_as_well(stage: Stage) -> None:
    field = stage.field("Customer reference")["id"]
    stage.changed(2, custom_fields=[{"id": field, "value": "C-77"}])
    stage.advance(60)
    requester = stage.zen.tickets(id=2).requester
    for query in (f"custom_field_{field}:C-77", "fieldvalue:C-77"):
        assert [one["id"] for one in stage.get("/search", query=query)["results"]] == [2]
    by_person = stage.get("/search", query=f"requester:{requester.email}", per_page=100)
    assert 2 in [one["id"] for one in by_person["results"]]
    users = stage.get("/search", query=f"type:user {requester.email}")["results"]
    assert [(one["id"], one["result_type"]) for one in users] == [(requester.id, "user")]


def test_the_index_lags_behind_by_a_minute(stage: Stage) -> None:
    ticket = stage.made(subject="Unheard of")
    assert stage.get("/search", query='"Unheard of"')["count"] == 0
    stage.advance(60)
    assert stage.get("/search", query='"Unheard of"')["count"] == 1
    stage.changed(ticket["id"], subject="Well known")
    old = stage.get("/search", query='"Unheard of"')["results"]
    assert [one["subject"] for one in old] == ["Unheard of"]
    stage.send("DELETE", f"/tickets/{ticket['id']}")
    stage.advance(60)
    assert stage.get("/search", query='"Well known"')["count"] == 0


def test_a_search_shows_no_more_than_a_thousand(stage: Stage) -> None:
    response = stage.api.get(f"{API}/search", params={"query": "type:ticket", "page": 11})
    assert response.status_code == 422
    assert "Search Response Limits" in response.json()["description"]
    for wrong in ({}, {"query": "created>soon"}):
        assert stage.api.get(f"{API}/search", params=wrong).status_code == 422
    bare = stage.api.get(f"{API}/search/export", params={"query": "x"})
    assert bare.status_code == 400


def test_a_listing_loses_rows_while_a_fault_says_so(stage: Stage) -> None:
    fault = {"method": "GET", "path": f"{API}/tickets", "action": "truncate_listing:50", "times": 1}
    stage.api.post("/_sandbox/faults", json=fault)
    assert len(stage.get("/tickets", **{"page[size]": 100})["tickets"]) == 15
    assert len(stage.get("/tickets", **{"page[size]": 100})["tickets"]) == 30
