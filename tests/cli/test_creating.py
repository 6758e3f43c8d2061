"""`syncline new connector` writes a connector that works, or nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.cli.desk import Desk

ROOT = Path(__file__).parents[2]
NAME = "bug_tracker"
LONG = "a_rather_long_tool_name_"[:24].rstrip("_")


@pytest.fixture
def checkout(desk: Desk) -> Path:
    """A checkout as far as the command and a connector's own tests look at one."""
    shutil.copy(ROOT / "pyproject.toml", desk.folder)
    for place in ("connectors/_template", "mappings/_template"):
        shutil.copytree(ROOT / place, desk.folder / place)
    (desk.folder / "tests/connectors").mkdir(parents=True)
    for path in (
        "connectors/__init__.py",
        "tests/__init__.py",
        "tests/connectors/__init__.py",
        "tests/connectors/test_template.py",
        "tests/connectors/template_world.py",
    ):
        shutil.copy(ROOT / path, desk.folder / path)
    return desk.folder


def run(folder: Path, *module: str) -> str:
    """What a Python module says in a folder whose packages win over ours."""
    path = os.pathsep.join((str(folder), str(ROOT)))
    argv = [sys.executable, "-m", *module]
    done = subprocess.run(
        argv, cwd=folder, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def sandbox(folder: Path, tool: str, *more: str) -> dict[str, Any]:
    """What `syncline sandbox up` tells of a tool whose code is in this folder."""
    command = ("syncline.cli.main", "sandbox")
    try:
        said = run(folder, *command, "up", tool, *more, "--records", "3", "--detach", "--json")
    finally:
        run(folder, *command, "down")
    found: dict[str, Any] = orjson.loads(said.splitlines()[-1])["tools"][tool]
    return found


def everything(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


def test_a_connector_in_a_checkout_passes_the_suite_at_once(desk: Desk, checkout: Path) -> None:
    told = desk.json("new", "connector", NAME)
    assert told["connector"] == NAME
    assert {"connectors/bug_tracker/fake.py", "mappings/bug_tracker/ticket.yaml"} <= {
        *told["files"]
    }
    assert all((checkout / path).is_file() for path in told["files"])
    test = f"tests/connectors/test_{NAME}.py"
    assert len((checkout / test).read_text("utf-8").splitlines()) <= 15
    assert "51 passed, 1 skipped" in run(checkout, "pytest", test, "-p", "no:cacheprovider")


def test_its_fake_is_a_sandbox_at_once(desk: Desk, checkout: Path) -> None:
    desk.json("new", "connector", NAME)
    assert sandbox(checkout, NAME)["auth"] == {"token": f"sandbox-{NAME}-token"}


def test_a_connector_outside_passes_the_suite_and_is_a_plugin(desk: Desk) -> None:
    told = desk.json("new", "connector", NAME, "--out", "own")
    own = desk.folder / "own"
    assert all((own / path).is_file() for path in told["files"])
    suite = ("pytest", "-p", "no:cacheprovider")
    assert "52 tests collected" in run(own, *suite, "--collect-only")
    # The whole suite has been through them in a checkout; they are the same files.
    assert "4 passed" in run(own, *suite, "-k", "create or marker")
    package = f"syncline_connector_{NAME}"
    about = sandbox(own, NAME, "--plugin", package)
    assert about["scope"] == {"project": "main"}
    assert f"plugins: [{package}]" in (own / "README.md").read_text("utf-8")


def test_what_is_written_keeps_the_house_style_whatever_the_name(
    desk: Desk, checkout: Path
) -> None:
    for name in ("x", LONG):
        desk.json("new", "connector", name)
    ours = 'lint.isort.known-first-party=["syncline"]'  # which is not in this copy
    run(checkout, "ruff", "check", "--no-cache", "--config", ours, "connectors", "tests")


def test_nothing_of_the_template_is_left_in_what_is_written(desk: Desk, checkout: Path) -> None:
    for path in desk.json("new", "connector", NAME)["files"]:
        assert "template" not in path
        assert "template" not in (checkout / path).read_text("utf-8").lower()


@pytest.mark.parametrize("name", ["Jira", "my-tool", "class", "_x", "a__b", "../x", "x" * 25, "9x"])
def test_a_name_that_is_none_is_refused(desk: Desk, checkout: Path, name: str) -> None:
    before = everything(checkout)
    answer = desk.run("new", "connector", "--json", "--", name)
    assert answer.code == 2
    assert "is no name for a connector" in answer.json["error"]
    assert everything(checkout) == before


def test_a_name_that_is_taken_is_refused(desk: Desk, checkout: Path) -> None:
    answer = desk.run("new", "connector", "redmine", "--json")
    assert answer.code == 2
    assert "There is a connector `redmine` already" in answer.json["error"]


def test_outside_a_checkout_nothing_is_written(desk: Desk) -> None:
    before = everything(desk.folder)
    answer = desk.run("new", "connector", NAME, "--json")
    assert answer.code == 2
    assert "is no checkout of Syncline" in answer.json["error"]
    assert everything(desk.folder) == before


def test_one_file_that_exists_stops_all(desk: Desk, checkout: Path) -> None:
    theirs = checkout / f"mappings/{NAME}/ticket.yaml"
    theirs.parent.mkdir()
    theirs.write_text("theirs", "utf-8")
    before = everything(checkout)
    answer = desk.run("new", "connector", NAME, "--json")
    assert answer.code == 2
    assert f"mappings/{NAME}/ticket.yaml exists" in answer.json["error"]
    assert everything(checkout) == before
    assert theirs.read_text("utf-8") == "theirs"


def test_what_was_written_before_an_error_is_taken_back(desk: Desk, checkout: Path) -> None:
    (checkout / "mappings" / NAME).write_text("a file where a folder is to be", "utf-8")
    before = everything(checkout)
    answer = desk.run("new", "connector", NAME, "--json")
    assert answer.code == 1
    assert "Nothing was left behind" in answer.json["error"]
    assert everything(checkout) == before


def test_an_incomplete_template_is_told(desk: Desk, checkout: Path) -> None:
    shutil.rmtree(checkout / "mappings/_template")
    answer = desk.run("new", "connector", NAME, "--json")
    assert answer.code == 1
    assert "does not hold the whole template" in answer.json["error"]
