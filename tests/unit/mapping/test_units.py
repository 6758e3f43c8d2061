"""What several sides' mappings have in common, and which mappings cannot be used together."""

from __future__ import annotations

import pytest

from syncline.mapping.load import ToolMapping, load_mapping
from syncline.mapping.source import MappingError
from syncline.mapping.units import fingerprint, units


def mapping(fields: str, entity: str = "ticket") -> ToolMapping:
    return load_mapping(f"entity: {entity}\nrecord: issue\nfields:\n{fields}")


TITLE = "  title: {path: subject}\n"


def test_a_field_is_synced_when_two_of_the_sides_map_it() -> None:
    found = units(
        {
            "a": mapping(TITLE + "  labels: {path: tags}\n  due_on: {path: due}\n"),
            "b": mapping("  labels: {path: labels}\n" + TITLE),
            "c": mapping("  due_on: {path: deadline}\n"),
        }
    )
    assert [(unit.name, sorted(unit.lenses)) for unit in found] == [
        ("title", ["a", "b"]),
        ("labels", ["a", "b"]),
        ("due_on", ["a", "c"]),
    ]
    assert [unit.kind.merges for unit in found] == [False, True, False]


def test_a_group_of_which_one_field_is_synced_is_that_field() -> None:
    grouped = mapping(
        "  status: {path: s, group: progress, enum: {done: Closed}}\n"
        "  resolution: {path: r, group: progress}\n"
    )
    (unit,) = units({"a": grouped, "b": mapping("  status: {path: s, enum: {done: Done}}\n")})
    assert (unit.name, unit.fields, unit.kind.name) == ("status", ("status",), "enum")


def test_fields_written_at_one_path_must_be_a_group() -> None:
    both = mapping("  title: {path: subject}\n  resolution: {path: subject}\n")
    with pytest.raises(MappingError, match="title and resolution are both written at subject"):
        units({"a": both, "b": both})


def test_a_field_that_is_only_read_may_share_a_path() -> None:
    both = mapping("  title: {path: subject}\n  resolution: {path: subject, read_only: true}\n")
    assert [unit.name for unit in units({"a": both, "b": both})] == ["title", "resolution"]


@pytest.mark.parametrize(
    "fields",
    [
        "  title: {path: a, group: g}\n  resolution: {path: a, group: g}\n",
        "  status: {path: a, group: g, enum: {done: D}}\n"
        "  priority: {path: a.b, group: g, enum: {high: H}}\n",
    ],
)
def test_only_tables_at_exactly_one_path_can_share_it(fields: str) -> None:
    with pytest.raises(MappingError, match="cannot share a: only fields with an `enum`"):
        units({"a": mapping(fields), "b": mapping(fields)})


def test_sides_must_agree_on_groups() -> None:
    one = mapping("  title: {path: a, group: g}\n  resolution: {path: b, group: g}\n")
    other = mapping("  title: {path: a, group: h}\n  resolution: {path: b}\n")
    with pytest.raises(MappingError, match="title is in group h here and in g on another side"):
        units({"a": one, "b": other})


def test_a_group_is_read_only_whole_or_not_at_all() -> None:
    both = mapping(
        "  title: {path: a, group: g, read_only: true}\n  resolution: {path: b, group: g}\n"
    )
    with pytest.raises(MappingError, match="all or none"):
        units({"a": both, "b": both})


def test_sides_must_agree_on_the_kind_of_a_field_of_the_operators_own() -> None:
    with pytest.raises(MappingError, match="severity is of kind number and text"):
        units(
            {
                "a": mapping("  severity: {path: s, kind: text}\n"),
                "b": mapping("  severity: {path: s, kind: number}\n"),
            }
        )


def test_an_enum_of_the_operators_own_has_the_values_of_every_side() -> None:
    (unit,) = units(
        {
            "a": mapping("  severity: {path: s, kind: enum, enum: {high: S1, low: S3}}\n"),
            "b": mapping(
                "  severity: {path: s, kind: enum, enum: {high: H}, nearest: {mid: high}}\n"
            ),
        }
    )
    assert all(unit.kind.normal(value) == value for value in ("high", "low", "mid"))
    with pytest.raises(ValueError, match="'S1' is not one of high, low, mid"):
        unit.kind.normal("S1")


def test_the_fingerprint_changes_with_what_the_mapping_says_and_only_then() -> None:
    base = fingerprint(mapping("  status: {path: s, enum: {todo: [New, Open], done: Closed}}\n"))
    assert base == fingerprint(
        mapping("  status: # a comment\n    enum: {done: Closed, todo: [New, Open]}\n    path: s\n")
    )
    for other in (
        "  status: {path: t, enum: {todo: [New, Open], done: Closed}}\n",
        "  status: {path: s, enum: {todo: [Open, New], done: Closed}}\n",
        "  status: {path: s, enum: {todo: [New, Open], done: Closed}, read_only: true}\n",
    ):
        assert fingerprint(mapping(other)) != base


def test_a_number_and_its_text_are_different_wire_values_to_the_fingerprint() -> None:
    number, text = (
        mapping(f"  status: {{path: s, enum: {{done: {wire}}}}}\n") for wire in ("1", "'1'")
    )
    assert fingerprint(number) != fingerprint(text)


def test_a_fingerprint_takes_a_table_whose_keys_are_no_text() -> None:
    yes = mapping("  vip: {path: v, kind: bool, bool: {true: Yes, false: No}}\n")
    no = mapping("  vip: {path: v, kind: bool, bool: {true: No, false: Yes}}\n")
    assert fingerprint(yes) != fingerprint(no)
