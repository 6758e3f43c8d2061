"""S1, S17, S18, S23 over every connector's source: no way out but the SDK's, no code from data.

Import-linter keeps the HTTP libraries to the SDK; here is what else could open a socket, run a
program or make code of text. Fakes are programs of their own and run in the sandbox only.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncline.registry import Registry

ROOT = Path(__file__).parents[2]
SOURCES = [
    path
    for path in sorted((ROOT / "connectors").rglob("*.py"))
    if "fake" not in path.relative_to(ROOT).parts and path.name != "fake.py"
]
WAYS_OUT = {
    "aiohttp", "asyncio.streams", "ftplib", "http", "httpcore", "httpx", "imaplib",
    "multiprocessing", "os", "requests", "smtplib", "socket", "ssl", "subprocess",
    "urllib.request", "urllib3",
    "websockets", "xmlrpc",
}  # fmt: skip
CODE_FROM_DATA = {
    "code", "ctypes", "importlib", "jinja2", "marshal", "mako", "pickle", "runpy", "shelve", "yaml",
}  # fmt: skip
SPREADSHEET = re.compile(r"^\s*(import|from) (csv|odf|openpyxl|pandas|xlsxwriter|xlwt)\b", re.M)
CALLS = {"eval", "exec", "compile", "__import__", "open", "breakpoint"}
ALLOWED = {("connectors/jira/package.py", "requests")}
"""The `jira` package speaks through requests, and that through our transport."""


def names(tree: ast.AST) -> Iterator[str]:
    """Every module that is imported, with those above it."""
    for node in ast.walk(tree):
        found = []
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in found:
            parts = name.split(".")
            yield from (".".join(parts[:end]) for end in range(1, len(parts) + 1))


def test_nothing_writes_a_spreadsheet_in_which_a_value_could_be_a_formula() -> None:
    """Whoever adds an export writes its guard against values that begin with = + - or @, too."""
    tops = [ROOT / top for top in ("syncline", "connectors", "flows")]
    texts = {path: path.read_text("utf-8") for top in tops for path in top.rglob("*.py")}
    assert len(texts) > 100
    assert not [path for path, text in texts.items() if SPREADSHEET.search(text)]


@pytest.mark.parametrize("name", Registry().names())
def test_a_connector_has_no_way_out_of_its_own_and_makes_no_code(name: str) -> None:
    paths = [path for path in SOURCES if path.relative_to(ROOT / "connectors").parts[0] == name]
    assert paths
    for path in paths:
        tree, where = ast.parse(path.read_text("utf-8")), str(path.relative_to(ROOT))
        used = {one for one in names(tree) if one in WAYS_OUT | CODE_FROM_DATA}
        assert not {one for one in used if (where, one) not in ALLOWED}, where
        called = {
            node.func.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not called & CALLS, where


@pytest.mark.parametrize("name", Registry().names())
def test_a_connector_tells_its_transport_whether_it_may_write(name: str) -> None:
    calls = [
        call
        for path in SOURCES
        if path.relative_to(ROOT / "connectors").parts[0] == name
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "Transport"
    ]
    assert calls
    for call in calls:
        said = {word.arg: ast.unparse(word.value) for word in call.keywords}
        assert said.get("read_only") == said["private_network"].replace(
            "private_network", "read_only"
        )


def test_a_distribution_that_offers_a_connector_by_itself_is_not_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rogue_tool.py").write_text(
        "from pathlib import Path\nPath(__file__).with_suffix('.ran').touch()\n"
        "from syncline.simulation.connector import MemoryConnector as connector\n"
    )
    about = tmp_path / "rogue_tool-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: rogue-tool\nVersion: 1.0\n")
    groups = ("syncline", "syncline.connectors", "syncline.plugins", "connectors")
    (about / "entry_points.txt").write_text(
        "".join(f"[{group}]\nrogue = rogue_tool\n" for group in groups)
    )
    monkeypatch.syspath_prepend(tmp_path)
    registry = Registry()
    for name in registry.names():
        registry.get(name)
    assert "rogue" not in registry.names()
    assert not (tmp_path / "rogue_tool.ran").exists()
    Registry(["rogue_tool"]).names()  # what an operator names is loaded
    assert (tmp_path / "rogue_tool.ran").exists()
