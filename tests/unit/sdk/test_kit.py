"""What the suite for connectors tells its author, where the author forgot something."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[3]

UNFINISHED = """
import pytest
from syncline.sdk.testing import ConnectorTests, Shape

class TestNothing(ConnectorTests):
    shape = Shape("ticket", "title", {}, {})

class TestConnectorAlone(TestNothing):
    @pytest.fixture
    def connector(self):
        return object()
"""

EXEMPT = """
from tests.connectors.test_memory_side import TestMemorySide

class TestSaid(TestMemorySide):
    exempt = {"test_fetch_tells_hidden_from_gone": "nothing can be hidden here"}
"""


def run(folder: Path, text: str, *options: str) -> list[ElementTree.Element]:
    """The suite's tests of a file as they went."""
    file = folder / "test_it.py"
    file.write_text(text)
    command = [sys.executable, "-m", "pytest", f"--rootdir={ROOT}", f"-c{ROOT}/pyproject.toml"]
    told = folder / "told.xml"
    chosen = [str(file), "-p", "no:cacheprovider", f"--junitxml={told}", *options]
    subprocess.run([*command, *chosen], cwd=ROOT, capture_output=True, check=False)
    return list(ElementTree.parse(told).iter("testcase"))  # noqa: S314


def test_a_class_that_gives_no_fixtures_is_told_which(tmp_path: Path) -> None:
    cases = run(tmp_path, UNFINISHED, "-k", "costs_one_request or credentials")
    told = "".join(error.attrib["message"] for case in cases for error in case.iter("error"))
    for name in ("world", "connector", "stranger"):
        assert f"a connector's test class gives the fixture `{name}`" in told


def test_an_exemption_holds_as_well_where_nobody_reads_the_terminal(tmp_path: Path) -> None:
    silent = ("-o", "addopts=", "-p", "no:terminal")
    cases = run(tmp_path, EXEMPT, *silent, "-k", "fetch_tells_hidden or costs_one_request")
    results = {case.attrib["name"]: [one.attrib["message"] for one in case] for case in cases}
    assert results == {
        "test_fetch_tells_hidden_from_gone": ["exempt: nothing can be hidden here"],
        "test_an_unchanged_tool_costs_one_request": [],
    }
