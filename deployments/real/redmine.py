"""A private Redmine 5 from Debian's packages, on SQLite and puma.

Redmine reads its instance folder from `REDMINE_INSTANCE`, which it joins to a fixed path: a
relative path leads it to ours, so no instance is made under /etc or /var. Bundler reads a
Gemfile of ours that adds the SQLite driver and puma to Redmine's, for the same reason.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from pathlib import Path

from deployments.real.server import HOST, JSON, SEEDS, Server

APP = Path("/usr/share/redmine")
BUNDLE = "/usr/bin/bundle"
# While one thread waits for SQLite's lock, Debian's driver lets no other thread run, the one that
# holds the lock included: after ten seconds the request fails.
THREADS = 1
TEXT_FORMATTINGS = ("textile", "markdown", "common_mark")

GEMFILE = f"""\
eval_gemfile '{APP}/Gemfile'
gem 'sqlite3', '~> 1.4'
gem 'puma'
"""

DATABASE = """\
production:
  adapter: sqlite3
  database: {folder}/live.sqlite
  encoding: utf8
  timeout: 10000
"""


class Redmine(Server):
    """Project `app` with three custom fields; users `syncline` (admin), `ann`, `bob`."""

    name = "redmine"
    packages = ("redmine", "redmine-sqlite", "puma")
    seed_file = "redmine.rb"

    def __init__(self, root: Path, text_formatting: str = "") -> None:
        super().__init__(root)
        self.instance = self.folder / "instance"
        self._wanted_formatting = text_formatting

    @property
    def text_formatting(self) -> str:
        """The format of every text field: as asked for, else as seeded, else Debian's default."""
        return self._wanted_formatting or self._seed().get("text_formatting", "textile")

    def configure(self, port: int) -> None:
        """Write the instance's configuration; the port is on the command line alone."""
        for name in ("config", "files", "log", "tmp", "public/plugin_assets"):
            (self.instance / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        config = self.instance / "config"
        database = DATABASE.format(folder=self.folder)
        (config / "database.yml").write_text(database, encoding="utf-8")
        key = config / "secret_key.txt"
        if not key.exists():
            key.write_text(secrets.token_hex(32), encoding="ascii")
        (self.folder / "Gemfile").write_text(GEMFILE, encoding="utf-8")

    def build(self, seed_output: Path) -> None:
        """Lock the bundle, create the schema, then Redmine's default data and ours."""
        self.run([BUNDLE, "install", "--local", "--quiet"])
        rake = [BUNDLE, "exec", "rake", "-f", str(APP / "Rakefile")]
        self.run([*rake, "db:migrate"])
        runner = [BUNDLE, "exec", str(APP / "bin/rails"), "runner", str(SEEDS / self.seed_file)]
        self.run(
            runner,
            SYNCLINE_SEED_OUTPUT=str(seed_output),
            SYNCLINE_TEXT_FORMATTING=self.text_formatting,
        )

    def command(self, port: int) -> list[str]:
        """One puma process that serves one request after the other."""
        listen = ["-b", f"tcp://{HOST}:{port}", "-t", f"{THREADS}:{THREADS}", "-w", "0"]
        rackup = ["--dir", str(APP), str(APP / "config.ru")]
        return [BUNDLE, "exec", "puma", "-e", "production", *listen, *rackup]

    def environment(self) -> dict[str, str]:
        """Where Rails, Redmine and Bundler find this instance."""
        return {
            "RAILS_ENV": "production",
            "REDMINE_INSTANCE": os.path.relpath(self.instance, APP / "instances"),
            "BUNDLE_GEMFILE": str(self.folder / "Gemfile"),
            "BUNDLE_APP_CONFIG": str(self.folder / "bundle"),
            "BUNDLE_USER_HOME": str(self.folder / "bundle"),
            "BUNDLER_VERSION": bundler_version(),
            # Keeps `db:migrate` from writing schema.rb into the package's folder.
            "SCHEMA": os.devnull,
        }

    def probe(self, seed: JSON) -> tuple[str, dict[str, str]]:
        """The account behind the key."""
        return "/users/current.json", {"X-Redmine-API-Key": seed["api_keys"]["syncline"]}

    def describe(self, seed: JSON) -> JSON:
        """The key of the sync user, those of the two people, and the text format."""
        return {
            "auth": {"api_key": seed["api_keys"]["syncline"]},
            "scope": {"project": "app"},
            "people": {
                name: {"email": f"{name}@example.test", "auth": {"api_key": seed["api_keys"][name]}}
                for name in ("ann", "bob")
            },
            "custom_fields": seed["custom_fields"],
            "text_formatting": seed["text_formatting"],
        }

    def forget(self) -> None:
        """Remove uploaded files and Rails' cache, which holds nothing a seed needs."""
        for name in ("files", "tmp"):
            shutil.rmtree(self.instance / name, ignore_errors=True)
            (self.instance / name).mkdir(mode=0o700, parents=True)

    def _recipe(self) -> str:
        return f"{super()._recipe()}-{self.text_formatting}"


def bundler_version() -> str:
    """The version of Debian's own bundler, without the packaging suffix.

    Debian 12's libruby3.1 also brings a newer bundler that lacks Debian's patch and cannot see
    Debian's gems; Bundler takes the older one when `BUNDLER_VERSION` names it.
    """
    query = ["dpkg-query", "--show", "--showformat=${Version}", "ruby-bundler"]
    version = subprocess.run(query, capture_output=True, text=True, check=False).stdout
    return version.split("-")[0]
