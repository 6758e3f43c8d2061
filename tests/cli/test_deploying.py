"""What `syncline deploy` says before any server is there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.cli.desk import Desk

ROOT = Path(__file__).parents[2]


def test_deploying_without_a_server_is_refused_and_starts_none(desk: Desk, tmp_path: Path) -> None:
    home = tmp_path / "prefect"
    env = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    env |= {"HOME": str(tmp_path), "PREFECT_HOME": str(home), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "syncline", "deploy", "--config", str(desk.folder)]
    # Its own process: Prefect reads its settings once.
    answer = subprocess.run(
        command, env=env, cwd=desk.folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert answer.returncode == 2, answer.stdout + answer.stderr
    assert "PREFECT_API_URL" in answer.stderr
    assert "`syncline up`" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert not (home / "prefect.db").exists()
