"""Mapping files: what is accepted, what is refused and in which words, what overrides do."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncline.mapping.lens import NOBODY, People
from syncline.mapping.load import builtin, load_mapping
from syncline.mapping.samples import PEOPLE
from syncline.mapping.source import MAX_BYTES, MappingError

HEAD = "entity: ticket\nrecord: issue\n"


def fields(text: str) -> str:
    return HEAD + "fields:\n" + text


WRONG: list[tuple[str, str]] = [
    ("just text", "is not a mapping: it must have `entity`"),
    (HEAD + "feilds: {}\n", ":3: unknown key `feilds`; did you mean `fields`?"),
    ("entity: tickets\nrecord: x\n", ":1: `entity` cannot be 'tickets'; did you mean `ticket`?"),
    ("entity: ticket\nfields: {}\n", "`record` must name"),
    (HEAD + "text: markdwon\n", ":3: `text` cannot be 'markdwon'; did you mean `markdown`?"),
    (HEAD, "`fields` must name each field"),
    (HEAD + "reference: links\nfields: {title: {path: a}}\n", "`reference` must be a list"),
    (fields("  titel: {path: a}\n"), ":4: titel: ticket has no such field; did you mean `title`?"),
    (fields("  title: summary\n"), ":4: title: must be options such as"),
    (fields("  title: {path: a, max_lenght: 3}\n"), "unknown option `max_lenght`; did you mean"),
    (fields("  title: {path: a, zone: UTC}\n"), "title: unknown option `zone`"),
    (fields("  title: {max_length: 3}\n"), "title: has no `path`"),
    (fields("  title: {path: a..b}\n"), "`path` must be like `fields.summary`"),
    (fields("  title: {path: a, max_length: ten}\n"), "`max_length` must be a whole number"),
    (fields("  title: {path: a, overflow: cut}\n"), "`overflow` cannot be 'cut'"),
    (fields("  title: {path: a, read_only: 1}\n"), "`read_only` must be true or false"),
    (fields("  title: {path: a, kind: number}\n"), "is a field of kind text; leave `kind` out"),
    (fields("  title: {path: a, write: transitoin}\n"), "did you mean `transition`?"),
    (fields("  title: {path: a, python: magic}\n"), "no Python lens is called 'magic'"),
    (fields("  title: {path: a, group: body}\n"), "`group` must be a name of its own"),
    (fields("  body: {path: a, overflow: truncate}\n"), "`overflow` cannot be 'truncate'"),
    (fields("  status: {path: a}\n"), "status: needs `enum`"),
    (fields("  status: {path: a, enum: {doing: X}}\n"), "status: has no value 'doing'"),
    (
        fields("  status:\n    path: a\n    enum:\n      todo: X\n      done: [X]\n"),
        ":8: status: 'X' stands for both todo and done",
    ),
    (fields("  status: {path: a, enum: {todo: {x: y}}}\n"), "is no single value"),
    (fields("  status: {path: a, enum: {todo: X, done: }}\n"), "'done' has nothing after it"),
    (fields("  status: {path: a, enum: {1: X}}\n"), "1 in `enum` is no text; put it in quotes"),
    (
        fields("  status: {path: a, enum: {todo: X}, nearest: {done: blocked}}\n"),
        "`nearest` needs a value without states and one with, not done: blocked",
    ),
    (
        fields("  severity: {path: a, kind: enmu}\n"),
        "`kind` cannot be 'enmu'; did you mean `enum`?",
    ),
    (fields("  cost: {path: a, kind: money}\n"), "cost: needs `money: {currency: EUR}`"),
    (fields("  vip: {path: a, kind: bool, bool: {true: Yes}}\n"), "`bool` must be like"),
    (fields("  due_on: {path: a, zone: Berlin}\n"), "'Berlin' is no time zone"),
    (fields("  due_on: {path: a, zone: ../../etc/passwd}\n"), "is no time zone"),
    (fields("  Title: {path: a}\n"), "'Title' is no field name"),
    (fields("  title: {path: a}\n  title: {path: b}\n"), ":5: `title` is there twice"),
    (fields("  title: {path: a\n"), "is not plain YAML"),
    (fields("  title: &x {path: a}\n"), ":4: anchors and aliases are not allowed here"),
    (fields("  title: !!python/object/apply:os.system ['true']\n"), "is not plain YAML"),
    (fields("  ? [a, b]\n  : {path: a}\n"), "a key must be a word"),
    ("[" * 100_000, "is nested too deeply"),
    ("#" * (MAX_BYTES + 1), "is larger than the 256 KiB"),
]


@pytest.mark.parametrize(("text", "why"), WRONG, ids=[why[:40] for _, why in WRONG])
def test_a_wrong_mapping_is_refused_with_the_place_and_a_suggestion(text: str, why: str) -> None:
    with pytest.raises(MappingError) as caught:
        load_mapping(text)
    assert why in str(caught.value)


def test_a_chain_of_aliases_is_refused_before_it_can_grow() -> None:
    laughs = "a: &a [x]\n" + "".join(
        f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n"
        for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    with pytest.raises(MappingError, match="anchors and aliases"):
        load_mapping(laughs)


def test_words_stay_words() -> None:
    one = load_mapping(
        fields("  status: {path: s, enum: {todo: [on, no], done: [2026-11-23, 010], blocked: 7}}\n")
    ).fields["status"]
    for wire, value in {"on": "todo", "no": "todo", "2026-11-23": "done", "010": "done"}.items():
        assert one.get({"s": wire}, NOBODY) == value
    assert one.get({"s": 7}, NOBODY) == "blocked"


def test_a_file_is_named_in_what_is_wrong_with_it(tmp_path: Path) -> None:
    file = tmp_path / "ticket.yaml"
    file.write_text(fields("  titel: {path: a}\n"))
    with pytest.raises(MappingError) as caught:
        load_mapping(file)
    assert str(caught.value).startswith(f"{file}:4: titel")
    assert (caught.value.origin, caught.value.line) == (str(file), 4)


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="cannot be read: No such file"):
        load_mapping(tmp_path / "none.yaml")
    (tmp_path / "bad.yaml").write_bytes(b"entity: \xff\xfe")
    with pytest.raises(MappingError, match="is not UTF-8 text"):
        load_mapping(tmp_path / "bad.yaml")


def test_a_mapping_knows_its_record_text_and_references() -> None:
    found = load_mapping(HEAD + "text: html\nreference: [links]\nfields: {body: {path: d}}\n")
    assert (found.entity, found.record, found.text, found.reference) == (
        "ticket",
        "issue",
        "html",
        ("links",),
    )
    shown = found.fields["body"].get({"d": "<p>x</p>"}, NOBODY)
    assert shown == {"format": "html", "source": "<p>x</p>"}


class Swapped:
    """Two wire values, of which the second is written first: "name, first name"."""

    lossy = False

    def read(self, wire: dict[str, str | None], people: People) -> str | None:
        parts = (wire["last"], wire["first"])
        return ", ".join(part for part in parts if part) or None

    def write(self, value: str | None, before: object, people: People) -> dict[str, str | None]:
        last, _, first = (value or "").partition(", ")
        return {"last": last or None, "first": first or None}

    def lift(self, value: object, seen: object, view: object, people: People) -> object:
        return view

    def handles(self, wire: object) -> set[str]:
        return set()

    def persons(self, value: object) -> set[str]:
        return set()


def test_a_python_lens_may_speak_of_several_paths() -> None:
    text = fields("  title: {python: swapped, paths: [last, first]}\n")
    one = load_mapping(text, python={"swapped": Swapped()}).fields["title"]
    assert one.read({"first": "Ana", "last": "Ruiz"}) == {"last": "Ruiz", "first": "Ana"}
    assert one.get({"first": "Ana", "last": "Ruiz"}, PEOPLE) == "Ruiz, Ana"
    before = {"last": "Ruiz", "first": "Ana"}
    assert one.patch(before, one.put(before, "Ruiz, Ben", PEOPLE)) == {"first": "Ben"}


def test_only_a_shipped_mapping_can_be_asked_for_by_name() -> None:
    with pytest.raises(MappingError, match="no such mapping ships with Syncline"):
        builtin("nobody", "ticket")
    for tool in ("..", "../jira", "/etc", "Jira", ""):
        with pytest.raises(MappingError, match="lower-case words"):
            builtin(tool, "ticket")


def test_an_operators_file_says_only_what_differs(tmp_path: Path) -> None:
    shipped = builtin("redmine", "ticket")
    folder = tmp_path / "redmine"
    folder.mkdir()
    file = folder / "ticket.yaml"
    file.write_text(
        "entity: ticket\nextends: builtin\nfields:\n"
        "  title: {max_length: 20}\n  labels: null\n"
        "  severity: {path: [custom_fields, Severity], kind: text}\n"
    )
    own = load_mapping(file)
    assert own.record == shipped.record
    assert own.fields["title"].paths == shipped.fields["title"].paths
    with pytest.raises(Exception, match=f"longer than the 20 allowed here \\({file}"):
        own.fields["title"].put(None, "x" * 21, NOBODY)
    expected = {*shipped.fields, "severity"} - {"labels"}
    assert set(own.fields) == expected
    assert load_mapping(file.read_text(), tool="redmine").said == own.said


def test_what_an_operators_file_may_extend_is_checked(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="can only be builtin, not 'other.yaml'"):
        load_mapping("entity: ticket\nextends: other.yaml\nfields: {}\n", tool="redmine")
    with pytest.raises(MappingError, match="needs `entity`, and a tool's folder"):
        load_mapping("entity: ticket\nextends: builtin\n")
    with pytest.raises(MappingError, match="`fields` must name each field"):
        load_mapping("entity: ticket\nextends: builtin\nfields: [title]\n", tool="redmine")
