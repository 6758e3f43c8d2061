"""One declaration gives both the checked model and what mappings are built from."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from syncline.schema.entities import ENTITIES, Account, CustomerRequest, Ticket, fields


def test_every_entity_is_known_by_its_name() -> None:
    assert set(ENTITIES) == {
        "ticket",
        "roadmap_item",
        "customer_request",
        "account",
        "person",
        "comment",
        "attachment",
        "metric",
        "release",
    }
    assert all(model.entity == name for name, model in ENTITIES.items())


def test_a_field_declares_its_kind_and_options_once() -> None:
    ticket = fields("ticket")
    assert ticket["body"].kind.name == "rich_text"
    assert ticket["labels"].kind.merges
    assert ticket["priority"].options == ("urgent", "high", "medium", "low", "none")
    assert fields("roadmap_item")["revenue_at_stake"].kind.name == "money"


def test_what_has_no_kind_is_not_mapped() -> None:
    assert "handles" not in fields("person")
    assert "usage" not in fields("account")
    assert Account(name="Acme", usage={"active_users": 3}).usage == {"active_users": 3}


def test_an_entity_brings_its_values_to_normal_form() -> None:
    ticket = Ticket.model_validate(
        {
            "title": " Login fails ",
            "labels": ["vip", "refund", "vip"],
            "assignee": "Ana@Acme.example",
        }
    )
    assert ticket.title == "Login fails"
    assert ticket.labels == ["refund", "vip"]
    assert ticket.assignee == "ana@acme.example"


def test_an_entity_cannot_be_changed() -> None:
    ticket = Ticket(title="Login fails")
    with pytest.raises(ValidationError, match="frozen"):
        ticket.title = "other"


def test_a_value_that_is_none_of_its_kind_is_refused() -> None:
    with pytest.raises(ValidationError, match="'doing' is not one of new, open"):
        CustomerRequest.model_validate({"status": "doing"})


def test_a_field_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValidationError, match="titel"):
        Ticket.model_validate({"titel": "x"})


def test_an_unknown_entity_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        fields("invoice")
