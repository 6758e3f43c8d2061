"""The released programs, in an environment of their own under `.anchors/`.

They come from whatever package index pip is configured for, by the pins of `rivals.txt`.
"""

from __future__ import annotations

import json
import subprocess
import venv
from pathlib import Path

PINS = Path(__file__).with_name("rivals.txt")


def installed(folder: Path) -> Path:
    """The interpreter that has them; installed once, and anew where the pins have changed."""
    python, stamp = folder / "bin" / "python", folder / "installed.txt"
    if not stamp.exists() or stamp.read_text() != PINS.read_text():
        venv.create(folder, clear=True, with_pip=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        if subprocess.run([*pip, "-r", str(PINS)], check=False).returncode:
            raise SystemExit(
                "syncall and vdirsyncer could not be installed, so there is nothing to measure "
                "beside Syncline; nothing was written. pip says above why."
            )
        stamp.write_text(PINS.read_text())
    return python


def versions(python: Path) -> dict[str, str]:
    """What is installed, by name."""
    pip = [str(python), "-m", "pip", "list", "--format=json", "--disable-pip-version-check"]
    listed = json.loads(subprocess.run(pip, capture_output=True, check=True, text=True).stdout)
    return {one["name"].lower().replace("_", "-"): one["version"] for one in listed}
