"""The tests of one planted bug: a program for `tests.anchors.warm`, which begins with what many
tests import and with nothing of ours.

It reads which tests from `wanted` in a folder, runs them there, and writes `report.xml`.
"""

from __future__ import annotations

import gc
import importlib
import os
import signal
import sys
from pathlib import Path

import pytest

PATIENCE = 120
"""Seconds after which a run with a planted bug is given up: it does not end."""

NEEDED = (
    "alembic.command",
    "httpx",
    "hypothesis.stateful",
    "lxml.html",
    "markdown_it",
    "nh3",
    "orjson",
    "psycopg",
    "pydantic",
    "sqlalchemy.dialects.postgresql",
    "sqlalchemy.dialects.sqlite",
    "tenacity",
    "yaml",
)
UNUSED = ("cacheprovider", "xdist", "pytest_cov", "anyio", "unraisableexception")

for _module in NEEDED:
    importlib.import_module(_module)


def main(folder: Path) -> None:
    signal.alarm(PATIENCE)
    gc.disable()  # it ends soon
    os.chdir(folder)
    sys.path[0] = str(folder)
    for name in [name for name in sys.modules if name.partition(".")[0] == "tests"]:
        del sys.modules[name]
    tests = (folder / "wanted").read_text("utf-8").splitlines()
    plugins = [f"-pno:{plugin}" for plugin in UNUSED]
    warm = "-Wignore:Module already imported:pytest.PytestAssertRewriteWarning"
    sys.exit(pytest.main(["--tb=short", "--junitxml=report.xml", warm, *plugins, *tests]))
