"""Odoo 19 Community where Debian has it: in sid, read through an apt of our own and only unpacked.

Nothing is installed into the system: apt keeps its lists and its downloads in our folder, the
package is unpacked there, and what Odoo imports goes into an environment of its own from the
index that this machine's pip uses. About 600 MB; throw it away by deleting the folder.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from deployments.real.server import ServerError

PACKAGE = "odoo-19"
SUITE = "sid"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
REQUIREMENTS = Path(__file__).with_name("odoo-requirements.txt")

# Country packages, translations and themes: most of the package, and nothing that a test needs.
LEFT_OUT = ("*/addons/l10n_*", "*/addons/theme_*", "*/i18n/*.po", "*/static/description/*")


class OdooPackage:
    """The program under `folder`; `python` and `program` are there once `is_there`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.python = self.folder / "venv" / "bin" / "python"
        self.program = self.folder / "root" / "usr" / "bin" / "odoo"
        self.modules = self.folder / "root" / "usr" / "lib" / "python3" / "dist-packages"
        self._done = self.folder / "installed"

    @property
    def is_there(self) -> bool:
        """Whether it was fetched, whole, with the packages that are wanted now."""
        return self._done.exists() and self._done.read_bytes() == REQUIREMENTS.read_bytes()

    def fetch(self) -> None:
        """Download and unpack; raises ServerError with the reason where it cannot be had."""
        if self.is_there:
            return
        for tool in ("apt-get", "dpkg-deb", "tar"):
            if shutil.which(tool) is None:
                raise ServerError(f"Odoo comes as a Debian package, and there is no {tool} here.")
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.program.exists():
            self._unpack(self._download())
        if not self.python.exists():
            _run([sys.executable, "-m", "venv", str(self.folder / "venv")])
        pip = [str(self.python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([*pip, "--no-deps", "-r", str(REQUIREMENTS)])
        # Last: its presence means that every step before it is done.
        shutil.copyfile(REQUIREMENTS, self._done)

    def _download(self) -> Path:
        apt = self.folder / "apt"
        for name in ("lists/partial", "cache/archives/partial"):
            (apt / name).mkdir(parents=True, exist_ok=True)
        source = f"deb [signed-by={KEYRING}] {_mirror()} {SUITE} main\n"
        (apt / "sources.list").write_text(source, "utf-8")
        settings = {
            "Dir::Etc::sourcelist": apt / "sources.list",
            "Dir::Etc::sourceparts": os.devnull,
            "Dir::State::lists": apt / "lists",
            "Dir::Cache": apt / "cache",
            # apt's own user cannot enter this folder.
            "APT::Sandbox::User": "root",
        }
        options = [text for name, value in settings.items() for text in ("-o", f"{name}={value}")]
        _run(["apt-get", *options, "--quiet=2", "update"])
        _run(["apt-get", *options, "--quiet=2", "download", PACKAGE], cwd=apt)
        return max(apt.glob(f"{PACKAGE}_*.deb"), key=lambda file: file.stat().st_mtime)

    def _unpack(self, package: Path) -> None:
        part = self.folder / "root.part"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        excluded = [f"--exclude={pattern}" for pattern in LEFT_OUT]
        with subprocess.Popen(
            ["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE
        ) as opened:
            subprocess.run(["tar", "-x", "-C", str(part), *excluded], stdin=opened.stdout)
        if opened.returncode != 0 or not (part / "usr" / "bin" / "odoo").exists():
            raise ServerError(f"{package.name} could not be unpacked; it was not installed.")
        part.rename(self.folder / "root")
        package.unlink()


def _mirror() -> str:
    """The mirror that this machine's own apt uses."""
    asked = ["apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages"]
    sites = subprocess.run(
        [*asked, "Origin: Debian", "Label: Debian"], capture_output=True, text=True, check=False
    ).stdout.split()
    if not sites:
        raise ServerError(
            "Odoo was not installed: this machine's apt knows no Debian mirror. It runs on Debian"
            " only; run `apt-get update` there first."
        )
    return sites[0]


def _run(argv: Sequence[str], cwd: Path | None = None) -> None:
    done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ServerError(
            f"Odoo was not installed: `{' '.join(argv)}` ended with {done.returncode}. The system"
            f" is unchanged. It said:\n{(done.stdout + done.stderr)[-2000:]}"
        )
