"""What ADR-0001 and the house rules say of the repository's shape, checked."""

from __future__ import annotations

import ast
import importlib
import re
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = ("syncline", "connectors", "mappings", "flows", "deployments")
CODE = [p for name in OURS for p in (ROOT / name).rglob("*.py")]
MAY_TELL_TIME = {
    ROOT / "syncline" / "observability.py",
    ROOT / "syncline" / "sandbox" / "clock.py",
}
FORBIDDEN = {("datetime", "now"), ("datetime", "utcnow"), ("time", "time"), ("uuid", "uuid4")}


@pytest.mark.parametrize("name", OURS)
def test_top_level_packages_resolve_inside_this_repository(name: str) -> None:
    module = importlib.import_module(name)
    assert [Path(p).resolve() for p in module.__path__] == [ROOT / name]


@pytest.mark.parametrize("name", OURS)
def test_no_other_distribution_provides_our_packages(name: str) -> None:
    providers = set(metadata.packages_distributions().get(name, ()))
    assert providers <= {"syncline"}


def test_every_connector_has_mappings_and_every_mapping_a_connector() -> None:
    connectors = {p.parent.name for p in (ROOT / "connectors").glob("*/__init__.py")}
    mappings = {p.parent.name for p in (ROOT / "mappings").glob("*/*.yaml")}
    assert connectors == mappings


def test_every_connector_has_a_manifest_and_a_readme() -> None:
    for init in (ROOT / "connectors").glob("*/__init__.py"):
        assert (init.parent / "manifest.yaml").is_file()
        assert (init.parent / "README.md").is_file()


def test_only_observability_tells_time_or_makes_ids() -> None:
    guilty = []
    for path in CODE:
        if path in MAY_TELL_TIME or path.parts[len(ROOT.parts)] in ("flows", "deployments"):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and (node.func.value.id, node.func.attr) in FORBIDDEN
            ):
                guilty.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert not guilty


def test_flows_are_never_deployed_by_file_path() -> None:
    for path in (ROOT / "deployments").rglob("*"):
        if path.suffix in (".py", ".yaml"):
            assert not re.search(r"flows/\w+\.py:", path.read_text("utf-8")), path


GPL = re.compile(r"(?<![A-Za-z])A?GPL|GNU (Affero )?General Public", re.IGNORECASE)
DUAL = {"text-unidecode": "Artistic License or GPL: used under the Artistic License"}


def test_no_run_time_dependency_is_under_the_gpl() -> None:
    guilty = []
    for name in _runtime("syncline"):
        about = metadata.metadata(name)
        said = [about.get("License-Expression") or "", (about.get("License") or "")[:200]]
        said += [c for c in about.get_all("Classifier") or [] if c.startswith("License")]
        if any(GPL.search(re.sub(r"LGPL\S*|Lesser[^,;]*", "", s)) for s in said):
            guilty.append(name)
    assert set(guilty) <= set(DUAL)


def _runtime(root: str) -> set[str]:
    """Names of all distributions that running needs, without the extras for tests."""
    seen: set[str] = set()
    waiting = [root]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        try:
            needs = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        seen.add(name)
        for need in needs:
            if "extra ==" not in need:
                waiting.append(re.split(r"[\s;<>=!~\[(]", need, maxsplit=1)[0].lower())
    return seen - {root}


@pytest.mark.parametrize("name", ["constraints.txt", "constraints-run.txt"])
def test_constraints_pin_hashes_and_name_no_address(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    pins = re.findall(r"^[a-z0-9_.-]+(?:\[[a-z0-9,_-]+\])?==\S+ ?\\?$", text, re.MULTILINE)
    assert len(pins) > 50
    assert text.count("--hash=sha256:") >= len(pins)
    assert "://" not in text


def test_what_runs_is_pinned_as_it_is_tested() -> None:
    pins = {
        name: set(re.findall(r"^[a-z0-9._-]+==\S+", (ROOT / name).read_text("utf-8"), re.MULTILINE))
        for name in ("constraints.txt", "constraints-run.txt")
    }
    assert pins["constraints-run.txt"] and pins["constraints-run.txt"] < pins["constraints.txt"]
