"""`syncline new connector`: a small connector that works, for its author to replace part by part.

It is a copy of `connectors/_template`, its mapping and its tests, under the new name. The template
is a connector of an imaginary tool that is linted and tested in place like every other.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from syncline.cli.options import Json
from syncline.cli.output import Failed, Output, Wrong

new = typer.Typer(help="Begin something of your own.", no_args_is_help=True)

LONGEST = 24  # a longer name makes lines longer than the linter allows
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_PROJECT = re.compile(r'^name = "syncline"$', re.MULTILINE)
_CODE, _MAPPING = Path("connectors/_template"), Path("mappings/_template")
_TESTS = Path("tests/connectors")

PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "syncline-connector-{dashed}"
version = "0.1.0"
description = "A connector of Syncline."
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["syncline"]

[tool.hatch.build.targets.wheel]
packages = ["{package}"]

[tool.pytest.ini_options]
testpaths = ["tests"]
pythonpath = [".", "tests"]
asyncio_mode = "auto"
asyncio_default_fixture_loop_scope = "function"
"""


@new.callback()
def _group() -> None:
    """Keeps `connector` a command of its own: a group of one would swallow its name."""


@new.command("connector")
def connector(
    name: Annotated[str, typer.Argument(help="The tool's name, like `bug_tracker`.")],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write a distribution of its own there instead."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a small connector that works, with its fake, mapping and tests."""
    _check_name(name)
    folder = out or Path()
    files = _outside(name) if out else _inside(name, folder)
    _write(folder, files)
    told = Output(as_json)
    test = next(path for path in files if path.name == f"test_{name}.py")
    told.result({"connector": name, "folder": str(folder), "files": sorted(map(str, files))})
    told.say(*(f"wrote  {folder / path}" for path in sorted(files)))
    told.say(
        f"Install it with `pip install -e {folder}`, and run `pytest` there."
        if out
        else f"Try `pytest {test}` and `syncline sandbox up {name}`."
    )
    told.say("docs/writing-a-connector.md says what to replace, and why.")


def _check_name(name: str) -> None:
    from syncline.registry import Registry

    if not _NAME.fullmatch(name) or keyword.iskeyword(name) or len(name) > LONGEST:
        raise Wrong(
            f"{name!r} is no name for a connector: lower-case letters, digits and single `_`, a "
            f"letter first, at most {LONGEST}, and no word of Python's. Nothing was written."
        )
    if name in Registry().names():
        raise Wrong(f"There is a connector `{name}` already. Nothing was written; take another.")


def _inside(name: str, folder: Path) -> dict[Path, str]:
    """The files of a connector in a checkout of Syncline, by their place in it."""
    project = folder / "pyproject.toml"
    if not (project.is_file() and _PROJECT.search(project.read_text("utf-8"))):
        raise Wrong(
            f"{folder.absolute()} is no checkout of Syncline. Nothing was written; go to one, or "
            "say `--out FOLDER` for a distribution of its own."
        )
    places = {
        _CODE: Path("connectors") / name,
        _MAPPING: Path("mappings") / name,
        _TESTS: _TESTS,
    }
    words = {"connectors._template": f"connectors.{name}", **_words(name)}
    return {
        places[path.parent] / path.name.replace("template", name): _replaced(text, words)
        for path, text in _template(folder)
    }


def _outside(name: str) -> dict[Path, str]:
    """The files of a distribution of its own, by their place in its folder."""
    package = f"syncline_connector_{name}"
    words = {
        "connectors._template": package,
        "tests.connectors.": "",
        "connections:\n": f"plugins: [{package}]\nconnections:\n",
        **_words(name),
    }
    places = {_CODE: Path(package), _MAPPING: Path("mappings") / name, _TESTS: Path("tests")}
    files = {
        Path("pyproject.toml"): PYPROJECT.format(package=package, dashed=name.replace("_", "-"))
    }
    for path, text in _template(Path(str(resources.files("connectors"))).parent):
        place = Path() if path.name == "README.md" else places[path.parent]
        files[place / path.name.replace("template", name)] = _replaced(text, words)
    return files


def _words(name: str) -> dict[str, str]:
    title = "".join(part.capitalize() for part in name.split("_"))
    return {"TEMPLATE": name.upper(), "Template": title, "template": name}


def _replaced(text: str, words: Mapping[str, str]) -> str:
    for word, other in words.items():
        text = text.replace(word, other)
    return text


def _template(root: Path) -> Iterator[tuple[Path, str]]:
    """The template's files below a checkout."""
    found = [
        *(path for path in (root / _CODE).glob("*.*") if path.is_file()),
        *(root / _MAPPING).glob("*.yaml"),
        *(root / _TESTS).glob("*template*.py"),
    ]
    if {path.parent for path in found} != {root / place for place in (_CODE, _MAPPING, _TESTS)}:
        raise Failed(
            f"{root} does not hold the whole template, which only a checkout of Syncline does. "
            "Nothing was written; install Syncline from one with `make install`."
        )
    for path in found:
        yield path.relative_to(root), path.read_text("utf-8")


def _write(folder: Path, files: Mapping[Path, str]) -> None:
    """All of the files or none; nothing that is there is touched."""
    if taken := sorted(str(path) for path in files if (folder / path).exists()):
        raise Wrong(
            f"{', '.join(taken)} exists in {folder.absolute()}. Nothing was written; move it away, "
            "or take another name."
        )
    made: list[Path] = []
    try:
        for path, text in files.items():
            missing = [one for one in (folder / path).parents if not one.exists()]
            made += reversed(missing)
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            with (folder / path).open("x", encoding="utf-8") as file:
                made.append(folder / path)
                file.write(text)
    except OSError as error:
        for one in reversed(made):
            with suppress(OSError):
                one.rmdir() if one.is_dir() else one.unlink()
        raise Failed(
            f"{error.filename} cannot be written: {error.strerror}. Nothing was left behind."
        ) from None
