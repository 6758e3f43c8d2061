"""What each kind of field says of a wire value it cannot read and of a value it cannot write."""

from __future__ import annotations

import json
from typing import Any

import pytest

from syncline.mapping.lens import FieldLens, People, Unmappable, Unwritable
from syncline.mapping.load import load_mapping
from tests.unit.mapping.strategies import PEOPLE

STATUS = {"enum": {"todo": ["New", "Reopened"], "done": "Closed", "": "Unknown"}, "kind": "enum"}


def lens(**options: Any) -> FieldLens:
    said = json.dumps({"path": "fields.it", **options})
    text = f"{{entity: ticket, record: issue, fields: {{it: {said}}}}}"
    return load_mapping(text).fields["it"]


def get(one: FieldLens, wire: Any) -> Any:
    return one.get({"fields.it": wire}, PEOPLE)


def put(one: FieldLens, value: Any, before: Any = None) -> Any:
    slice_ = None if before is None else {"fields.it": before}
    return one.put(slice_, value, PEOPLE)["fields.it"]


READ: list[tuple[dict[str, Any], Any, Any]] = [
    (STATUS, "Reopened", "todo"),
    (STATUS, None, None),
    (STATUS, "", None),
    (STATUS, "Unknown", None),
    ({"kind": "enum", "enum": {"none": [None, "Keine"]}}, None, "none"),
    ({"kind": "enum", "enum": {"none": [None, "Keine"]}}, "", "none"),
    ({"kind": "enum", "enum": ["S1", "S2"]}, "S2", "S2"),
    ({"kind": "number"}, "12.50", 12.5),
    ({"kind": "money", "money": {"currency": "eur"}}, 12.3, {"amount": "12.30", "currency": "EUR"}),
    (
        {"kind": "date", "date": "iso", "zone": "Europe/Berlin"},
        "2026-11-22T23:00:00Z",
        "2026-11-23",
    ),
    ({"kind": "date", "date": "milliseconds"}, "1795392000000", "2026-11-23"),
    ({"kind": "datetime", "zone": "Europe/Berlin"}, "2026-11-23 11:00", "2026-11-23T10:00:00Z"),
    ({"kind": "datetime", "datetime": "seconds"}, 1795428000, "2026-11-23T10:00:00Z"),
    ({"kind": "person"}, "ana.old", "ana@acme.example"),
    ({"kind": "person", "person": "email"}, "ZOE@other.example", "zoe@other.example"),
    ({"kind": "people", "people": "comma"}, "ben, ana", ["ana@acme.example", "ben@acme.example"]),
    ({"kind": "set", "set": "space"}, "vip  refund", ["refund", "vip"]),
    ({"kind": "set", "enum": {"vip": ["VIP", "gold"]}, "lossy": True}, ["gold", "x"], ["vip"]),
    ({"kind": "rich_text", "text": "html"}, "<p> </p>", None),
]

UNREADABLE: list[tuple[dict[str, Any], Any, str]] = [
    (STATUS, "Waiting", "it 'Waiting' has no counterpart; add it to the field's `enum` (mapping)"),
    (STATUS, ["New"], "it ['New'] has no counterpart"),
    ({"kind": "text"}, 5, "it 5 is not text"),
    ({"kind": "number"}, "a dozen", "it 'a dozen' is not a number"),
    ({"kind": "number"}, True, "it True is not a number"),
    ({"kind": "number"}, "nan", "it 'nan' is not a number"),
    ({"kind": "money", "money": {"currency": "EUR"}}, "12,30", "it '12,30' is not an amount"),
    ({"kind": "date"}, "23/11/2026", "it '23/11/2026' is not a day"),
    ({"kind": "date"}, 20261123, "it 20261123 is not a day"),
    ({"kind": "datetime"}, "yesterday", "it 'yesterday' is not a moment"),
    ({"kind": "datetime", "datetime": "seconds"}, 1e20, "is not a moment"),
    ({"kind": "bool"}, "yes", "it 'yes' is neither True nor False"),
    ({"kind": "bool"}, 1, "it 1 is neither True nor False"),
    ({"kind": "person"}, "zoe", "it 'zoe' is nobody Syncline knows; add them to `people`"),
    ({"kind": "person", "person": "email"}, "Zoe", "it 'Zoe' is nobody Syncline knows"),
    ({"kind": "people"}, ["ana", "zoe"], "it 'zoe' is nobody Syncline knows"),
    ({"kind": "people"}, [7], "it 7 is not a handle"),
    ({"kind": "set"}, "vip", "it 'vip' is not a list"),
    ({"kind": "set", "set": "comma"}, ["vip"], "it ['vip'] is not a text"),
    ({"kind": "set"}, [7], "it 7 is not text"),
    ({"kind": "set", "enum": {"vip": "VIP"}}, ["gold"], "it 'gold' has no counterpart"),
    ({"kind": "rich_text", "text": "plain"}, "x" * 1_000_001, "longer than the 262,144"),
]

WRITTEN: list[tuple[dict[str, Any], Any, Any]] = [
    (STATUS, "todo", "New"),
    (STATUS, None, "Unknown"),
    ({**STATUS, "nearest": {"blocked": "todo"}}, "blocked", "New"),
    ({"kind": "text", "max_length": 6, "overflow": "truncate"}, "Login fails", "Login"),
    ({"kind": "number", "number": "string"}, 12.5, "12.5"),
    (
        {"kind": "money", "money": {"currency": "EUR"}, "number": "float"},
        {"amount": "12.30", "currency": "EUR"},
        12.3,
    ),
    (
        {"kind": "date", "date": "iso", "zone": "Europe/Berlin"},
        "2026-11-23",
        "2026-11-22T23:00:00Z",
    ),
    ({"kind": "datetime", "datetime": "milliseconds"}, "2026-11-23T10:00:00.5Z", 1795428000500),
    ({"kind": "person"}, "release-robot", "bot"),
    ({"kind": "person", "person": "email"}, "zoe@other.example", "zoe@other.example"),
    (
        {"kind": "set", "set": "space", "spaces": "underscore"},
        ["needs info", "vip"],
        "needs_info vip",
    ),
    ({"kind": "set", "case": "lower"}, ["VIP"], ["vip"]),
    ({"kind": "set", "set": "comma"}, None, ""),
    ({"kind": "people", "lossy": True}, ["ana@acme.example", "nobody@acme.example"], ["ana"]),
    (
        {"kind": "rich_text", "text": "html"},
        {"format": "plain", "source": "a & b"},
        "<p>a &amp; b</p>",
    ),
]

REFUSED: list[tuple[dict[str, Any], Any, str]] = [
    (STATUS, "blocked", "it 'blocked' has no counterpart; add it to the field's `enum`, or name"),
    ({"kind": "text", "max_length": 5}, "Login fails", "it of 11 characters is longer than the 5"),
    ({"kind": "number", "number": "int"}, 12.5, "it 12.5 is not a whole number"),
    (
        {"kind": "money", "money": {"currency": "EUR"}},
        {"amount": "1.00", "currency": "USD"},
        "it in USD does not fit here, only EUR does",
    ),
    (
        {"kind": "money", "money": {"currency": "EUR"}, "number": "int"},
        {"amount": "1.50", "currency": "EUR"},
        "it 1.50 cannot be written exactly here",
    ),
    ({"kind": "person"}, "zoe@other.example", "it 'zoe@other.example' has no account here"),
    ({"kind": "person", "person": "email"}, "unknown-robot", "'unknown-robot' has no account here"),
    ({"kind": "people"}, ["ana@acme.example", "zoe@x.y"], "it 'zoe@x.y' has no account here"),
    ({"kind": "set", "set": "comma"}, ["a,b"], "it 'a,b' holds what separates the elements"),
    ({"kind": "set", "spaces": "refuse"}, ["needs info"], "it 'needs info' holds a space"),
    ({"kind": "set", "enum": {"vip": "VIP"}}, ["gold"], "it 'gold' has no counterpart"),
    (
        {"kind": "rich_text", "text": "plain", "max_length": 3},
        {"format": "plain", "source": "long"},
        "it of 4 characters is longer than the 3 allowed here",
    ),
    ({"kind": "text", "read_only": True}, "x", "it is read-only"),
]


@pytest.mark.parametrize(("options", "wire", "value"), READ)
def test_a_wire_value_is_read(options: dict[str, Any], wire: Any, value: Any) -> None:
    assert get(lens(**options), wire) == value


@pytest.mark.parametrize(("options", "wire", "why"), UNREADABLE)
def test_a_wire_value_without_a_counterpart_is_named(
    options: dict[str, Any], wire: Any, why: str
) -> None:
    with pytest.raises(Unmappable) as caught:
        get(lens(**options), wire)
    assert why in caught.value.reason


@pytest.mark.parametrize(("options", "value", "wire"), WRITTEN)
def test_a_value_is_written(options: dict[str, Any], value: Any, wire: Any) -> None:
    assert put(lens(**options), value) == wire


@pytest.mark.parametrize(("options", "value", "why"), REFUSED)
def test_a_value_this_side_cannot_take_is_refused_with_the_reason(
    options: dict[str, Any], value: Any, why: str
) -> None:
    with pytest.raises(Unwritable) as caught:
        put(lens(**options), value)
    assert why in caught.value.reason


def test_a_state_is_not_rewritten_into_its_synonym() -> None:
    assert put(lens(**STATUS), "todo", before="Reopened") == "Reopened"
    assert put(lens(**STATUS), "done", before="Reopened") == "Closed"


def test_a_date_kept_as_a_moment_is_not_moved_to_midnight() -> None:
    one = lens(kind="date", date="iso")
    assert put(one, "2026-11-23", before="2026-11-23T15:30:00Z") == "2026-11-23T15:30:00Z"


def test_a_set_keeps_the_tools_order_and_spelling_of_what_stays() -> None:
    one = lens(kind="set", enum={"vip": ["VIP", "gold"], "new": "NEW"}, lossy=True)
    assert put(one, ["new", "vip"], before=["unmapped", "gold"]) == ["unmapped", "gold", "NEW"]
    assert put(one, None, before=["unmapped", "gold"]) == ["unmapped"]


def test_a_text_whose_meaning_stays_keeps_its_bytes() -> None:
    one = lens(kind="rich_text", text="html")
    same = {"format": "markdown", "source": "Down **again**"}
    assert put(one, same, before="<div>Down <b>again</b></div>") == "<div>Down <b>again</b></div>"


def test_an_edit_on_a_side_that_cannot_show_all_labels_keeps_the_others() -> None:
    one = lens(kind="set", enum={"vip": "VIP", "new": "NEW"}, lossy=True)
    lifted = one.lift(
        ["hidden", "vip"], {"fields.it": ["VIP"]}, {"fields.it": ["NEW", "own"]}, PEOPLE
    )
    assert lifted == ["hidden", "new"]


def test_removing_a_label_that_is_spelt_differently_here_removes_it() -> None:
    one = lens(kind="set", case="lower", spaces="underscore")
    seen, view = {"fields.it": ["needs_info", "vip"]}, {"fields.it": ["vip"]}
    assert one.lift(["Needs Info", "VIP"], seen, view, PEOPLE) == ["VIP"]


def test_adding_a_label_that_is_there_in_another_spelling_adds_nothing() -> None:
    one = lens(kind="set", case="lower")
    seen, view = {"fields.it": []}, {"fields.it": ["new", "vip"]}
    assert one.lift(["VIP"], seen, view, PEOPLE) == ["VIP", "new"]


def test_an_edit_to_what_a_lossy_side_shows_of_the_value_is_the_value() -> None:
    one = lens(kind="text", max_length=5, overflow="truncate")
    seen, view = {"fields.it": "old"}, {"fields.it": "Login"}
    assert one.lift("Login fails", seen, view, PEOPLE) == "Login fails"
    assert one.lift("Something else", seen, view, PEOPLE) == "Login"


def test_a_slice_that_means_nothing_any_more_counts_as_never_seen() -> None:
    one = lens(kind="set", enum={"vip": "VIP"})
    assert one.lift(None, {"fields.it": ["gone"]}, {"fields.it": ["VIP"]}, PEOPLE) == ["vip"]


def test_two_addresses_of_one_account_are_one_person_here() -> None:
    people = People({"ana": "ana@x.y"}, {"ana@x.y": "ana", "anna@x.y": "ana"})
    one = lens(kind="person")
    assert one.norm("anna@x.y", people) == "ana@x.y"
    assert one.shows({"fields.it": "ana"}, "anna@x.y", people)
    assert one.put({"fields.it": "ana"}, "anna@x.y", people) == {"fields.it": "ana"}


def test_the_people_to_look_up_are_known_beforehand() -> None:
    owner, watchers = lens(kind="person"), lens(kind="people", people="comma")
    assert owner.handles({"fields.it": "ana"}) == {"ana"}
    assert owner.handles({"fields.it": None}) == set()
    assert owner.persons("ben@acme.example") == {"ben@acme.example"}
    assert watchers.handles({"fields.it": "ana, ben,"}) == {"ana", "ben"}
    assert watchers.persons(["a@x.y", "bot"]) == {"a@x.y", "bot"}
    by_mail = lens(kind="person", person="email")
    assert by_mail.handles({"fields.it": "ana@x.y"}) == set()
    assert by_mail.persons("ana@x.y") == set()
    assert by_mail.persons("release-robot") == {"release-robot"}


def test_what_can_only_be_set_at_creation_is_refused_afterwards() -> None:
    one = lens(kind="text", create_only=True)
    assert put(one, "x") == "x"
    assert put(one, "x", before="x") == "x"
    with pytest.raises(Unwritable, match="it cannot be edited after creation"):
        put(one, "y", before="x")
    assert one.norm("y", PEOPLE) == "y"


def test_a_read_only_field_tells_what_it_would_show() -> None:
    one = lens(kind="text", read_only=True)
    assert one.norm("x", PEOPLE) == "x"
    assert one.put({"fields.it": "x"}, "x", PEOPLE) == {"fields.it": "x"}
