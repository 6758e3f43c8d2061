"""The configuration as files: one or many, plain, bounded, and inside their folder."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from syncline.config import Config, ConfigError, load

SMALLEST = """\
connections:
  a: {connector: redmine, base_url: "https://a.example"}
  b: {connector: redmine, base_url: "https://b.example"}
syncs:
  main: {entity: ticket}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "syncline.yaml"
    path.write_text(text)
    return path


def problems(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load(path)
    return str(caught.value)


def test_two_connections_and_a_sync_with_an_entity_are_enough(tmp_path: Path) -> None:
    config = load(written(tmp_path, SMALLEST))
    assert config.side_names("main") == ["a", "b"]
    assert config.side("main", "a").create == "never"


def test_what_is_left_out_has_the_defaults_of_the_documentation(tmp_path: Path) -> None:
    config = load(written(tmp_path, SMALLEST))
    sync = config.syncs["main"]
    assert config.store == "sqlite:///.syncline/state.db"
    assert sync.match == ("reference", "marker")
    assert (sync.fields, sync.comments, sync.links) == (None, None, "show")
    deletes = sync.deletes
    assert (deletes.propagate, deletes.on_edit, deletes.max, deletes.max_percent) == (
        "unlink",
        "keep",
        5,
        10,
    )
    assert (sync.guards.max_changed_percent, sync.guards.max_shrink_percent) == (50, 30)
    assert (sync.schedule.every, sync.schedule.reconcile, sync.schedule.webhooks) == (
        timedelta(minutes=5),
        timedelta(hours=24),
        False,
    )


def test_named_comments_are_public_ones_copied_as_internal(tmp_path: Path) -> None:
    text = SMALLEST.replace("entity: ticket", "entity: ticket, comments: ")
    comments = load(written(tmp_path, text)).syncs["main"].comments
    assert comments is not None
    assert (comments.visibility, comments.as_) == (("public",), "internal")


def test_a_folder_is_its_main_file_and_a_file_for_each_part(tmp_path: Path) -> None:
    written(tmp_path, "workspace: acme\n")
    for part, name, text in (
        ("connections", "jira", "{connector: redmine, base_url: 'https://a.example'}"),
        ("connections", "desk", "{connector: redmine, base_url: 'https://b.example'}"),
        ("syncs", "bugs", "{entity: ticket, sides: [jira, desk]}"),
    ):
        (tmp_path / part).mkdir(exist_ok=True)
        (tmp_path / part / f"{name}.yaml").write_text(text)
    config = load(tmp_path)
    assert set(config.connections) == {"jira", "desk"}
    assert config.side_names("bugs") == ["jira", "desk"]


def test_a_part_that_is_said_twice_is_refused(tmp_path: Path) -> None:
    written(tmp_path, SMALLEST)
    (tmp_path / "syncs").mkdir()
    (tmp_path / "syncs" / "main.yaml").write_text("{entity: ticket}")
    assert "syncs/main.yaml: syncs has a `main` already" in problems(tmp_path)


def test_a_file_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    outside = tmp_path / "outside.yaml"
    outside.write_text("{entity: ticket}")
    folder = tmp_path / "inside"
    (folder / "syncs").mkdir(parents=True)
    written(folder, SMALLEST)
    (folder / "syncs" / "other.yaml").symlink_to(outside)
    assert "syncs/other.yaml: leads out of the configuration's folder" in problems(folder)


def test_every_error_is_told_at_once_with_file_line_key_and_the_nearest_word(
    tmp_path: Path,
) -> None:
    told = problems(
        written(
            tmp_path,
            "workspac: acme\n"
            "syncs:\n"
            "  main:\n"
            "    entity: ticket\n"
            "    sides:\n"
            "      a: {creat: never}\n"
            "      b: {create: nver}\n"
            "    schedule: {every: 5x}\n",
        )
    )
    assert "syncline.yaml:1 workspac: unknown key `workspac`; did you mean `workspace`?" in told
    assert "syncline.yaml:6 syncs.main.sides.a.creat: unknown key `creat`" in told
    assert "did you mean `create`?" in told
    assert "syncline.yaml:7 syncs.main.sides.b.create: `create` can be 'never'" in told
    assert "syncline.yaml:8 syncs.main.schedule.every: '5x' is no length of time" in told


@pytest.mark.parametrize("key", ["relations", "rollups", "loop", "budgets", "runner"])
def test_keys_of_later_stages_are_not_accepted_in_silence(tmp_path: Path, key: str) -> None:
    assert f"unknown key `{key}`" in problems(written(tmp_path, f"{key}: {{}}\n"))


def test_a_person_of_an_unknown_connection_is_refused(tmp_path: Path) -> None:
    text = SMALLEST + "people: [{name: Ann, handles: {bb: ann}}]\n"
    assert "no connection is called `bb`" in problems(written(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: &x [1]\nb: *x\n", "anchors and aliases are not allowed"),
        ("a: !!python/object/apply:os.system [id]\n", "is not plain YAML"),
        ("a: 1\na: 2\n", "`a` is there twice"),
        ("[" * 40 + "]" * 40, "nested too deeply"),
        ("a: " + "x" * 300_000, "is larger than 256 KiB"),
        ("- a\n", "must have keys"),
        ("a: [\n", "is not plain YAML"),
    ],
)
def test_files_that_could_do_harm_or_mean_nothing_are_refused(
    tmp_path: Path, text: str, told: str
) -> None:
    assert told in problems(written(tmp_path, text))


def test_a_billion_laughs_are_refused_before_they_are_told(tmp_path: Path) -> None:
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    assert "anchors and aliases are not allowed" in problems(written(tmp_path, "\n".join(lines)))


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    assert "syncline init" in problems(tmp_path / "none.yaml")


@pytest.mark.parametrize("name", ["Jira", "a b", "../x", ""])
def test_a_name_that_could_not_be_typed_on_a_command_line_is_refused(
    tmp_path: Path, name: str
) -> None:
    text = f"connections: {{'{name}': {{connector: redmine}}}}\n"
    assert "is no name" in problems(written(tmp_path, text))


def test_a_configuration_is_never_printed_with_what_stands_under_auth(tmp_path: Path) -> None:
    text = SMALLEST.replace('base_url: "https://a.example"', "auth: {api_key: witness-4711}")
    config = load(written(tmp_path, text))
    assert isinstance(config, Config)
    assert "witness-4711" not in repr(config)
