"""What the servers have in common: a state folder, a port, a seeded database, a process.

Each tool lives in `<root>/<tool>/`: `state.json` (port and process), `seed.json` (credentials
and ids written by the seed), `seeded.sqlite` (the database as freshly seeded), `live.sqlite`
(the one in use) and `logs/`. Everything can be thrown away by deleting the folder of a stopped
server.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from deployments.real.process import ServerProcess, spawn

HOST = "127.0.0.1"
START_SECONDS = 180.0
SEEDS = Path(__file__).parent / "seeds"

JSON = dict[str, Any]


ATTEMPTS = 3
"""A busy machine now and then makes Rails lock its own SQLite file while it is seeded."""


class ServerError(Exception):
    """A server could not be installed, seeded or started; the message says what to do."""


class Server(ABC):
    """One private server under `root`, reachable on loopback only."""

    name: str
    packages: tuple[str, ...]
    seed_file: str

    def __init__(self, root: Path) -> None:
        self.folder = root.absolute() / self.name
        self.live = self.folder / "live.sqlite"
        self.seeded = self.folder / "seeded.sqlite"
        self.logs = self.folder / "logs"

    # What a tool has to say for itself.

    @abstractmethod
    def configure(self, port: int) -> None:
        """Write the tool's own configuration files for this port."""

    @abstractmethod
    def build(self, seed_output: Path) -> None:
        """Create `live.sqlite` and seed it; the seed writes its JSON to `seed_output`."""

    @abstractmethod
    def command(self, port: int) -> list[str]:
        """The server's command line, the program as an absolute path."""

    @abstractmethod
    def environment(self) -> dict[str, str]:
        """The variables that point the tool at this folder."""

    @abstractmethod
    def probe(self, seed: JSON) -> tuple[str, dict[str, str]]:
        """Path and headers of a request that answers 200 when the server is ready."""

    @abstractmethod
    def describe(self, seed: JSON) -> JSON:
        """What a connection to this server takes, beside its address."""

    @abstractmethod
    def forget(self) -> None:
        """Remove what the server keeps outside its database: uploads, mail."""

    # What all of them do alike.

    @property
    def port(self) -> int:
        """The remembered port, or 0 before one was chosen."""
        return int(self._state().get("port", 0))

    def process(self) -> ServerProcess | None:
        """The running server, or None."""
        known = self._state().get("process")
        process = ServerProcess(**known) if known else None
        return process if process and process.is_running() else None

    def init(self) -> bool:
        """Seed the database unless that was done with the same seed; True when it was built."""
        self._require_packages()
        for folder in (self.folder, self.logs):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.seeded.exists() and self._seed().get("recipe") == self._recipe():
            return False
        self.stop()
        output = self.folder / "seed.new.json"
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._from_nothing(output)
                break
            except ServerError:
                if attempt == ATTEMPTS:
                    raise
        seed = json.loads(output.read_text(encoding="utf-8")) | {"recipe": self._recipe()}
        _write_json(self.folder / "seed.json", seed)
        output.unlink()
        self.keep()
        return True

    def _from_nothing(self, output: Path) -> None:
        output.unlink(missing_ok=True)
        self.discard()
        self.forget()
        self.configure(self.port)
        self.build(output)

    def start(self, port: int = 0) -> ServerProcess:
        """Start the server and wait until it answers; a running one is left alone.

        Seeds first if that was never done. Without a port the one of last time is taken, or
        another where that is no longer free. Raises ServerError when it does not answer.
        """
        if (running := self.process()) and port in (0, self.port):
            return running
        self.stop()
        port = self._choose_port(port)
        self.init()
        self._remember(port=port)
        self.prepare()
        self.configure(self.port)
        process = spawn(self.command(self.port), env=self._env(), log=self.logs / "server.log")
        self._remember(process=asdict(process))
        self._wait_until_ready(process)
        return process

    def stop(self) -> None:
        """End the server and its workers; the data stays."""
        if known := self._state().get("process"):
            ServerProcess(**known).stop()
            self._remember(process=None)

    def reset(self) -> None:
        """Put the database back as it was seeded, under a running server as well."""
        running = self.process() is not None
        if self.init():
            # The seed has changed since: the server was stopped to build the new database.
            if running:
                self.start()
            return
        self.restore()
        self.forget()

    # The database: SQLite, unless a tool says otherwise.

    def discard(self) -> None:
        """Remove what an earlier seed left."""
        for stale in (self.seeded, self.live, *self.folder.glob("live.sqlite-*")):
            stale.unlink(missing_ok=True)

    def keep(self) -> None:
        """Keep the live database as the seeded one: the last step of a seed, and atomic."""
        part = self.folder / "seeded.part"
        shutil.copyfile(self.live, part)
        part.rename(self.seeded)

    def prepare(self) -> None:
        """See that there is a live database before the server starts."""
        if not self.live.exists():
            shutil.copyfile(self.seeded, self.live)

    def restore(self) -> None:
        """Make the live database as seeded; the server sees the old one or the seeded one."""
        with (
            closing(sqlite3.connect(self.seeded)) as source,
            closing(sqlite3.connect(self.live, timeout=30)) as target,
        ):
            source.backup(target)

    def connection(self) -> JSON:
        """`base_url`, `auth`, `scope` and `pid`, with what tests need beside them."""
        process = self.process()
        return {
            "base_url": f"http://{HOST}:{self.port}",
            **self.describe(self._seed()),
            "pid": process.pid if process else None,
        }

    def run(self, argv: Sequence[str], stdin: Path | str = os.devnull, **variables: str) -> None:
        """Run one step of the set-up with its output in `logs/init.log`; raises ServerError."""
        log = self.logs / "init.log"
        with log.open("ab") as out, Path(stdin).open("rb") as given:
            done = subprocess.run(
                argv,
                env={**self._env(), **variables},
                stdin=given,
                stdout=out,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if done.returncode != 0:
            raise ServerError(
                f"{self.name}: `{' '.join(argv)}` ended with {done.returncode}; nothing was kept."
                f" The end of {log}:\n{_tail(log)}"
            )

    def missing_packages(self) -> list[str]:
        """The Debian packages this server needs and the machine has not."""
        if shutil.which("dpkg-query") is None:
            return list(self.packages)
        query = ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\\n"]
        listed = subprocess.run(
            [*query, *self.packages], capture_output=True, text=True, check=False
        ).stdout
        installed = {line.split()[0] for line in listed.splitlines() if line.endswith(" installed")}
        return [package for package in self.packages if package not in installed]

    def _require_packages(self) -> None:
        if missing := self.missing_packages():
            raise ServerError(
                f"{self.name}: the packages {', '.join(missing)} are not installed. Run"
                " `python -m deployments.real.servers install --allow-system-install` as root."
            )

    def _wait_until_ready(self, process: ServerProcess) -> None:
        path, headers = self.probe(self._seed())
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and process.is_running():
            if _answers(self.port, path, headers):
                return
            time.sleep(0.1)
        log = self.logs / "server.log"
        self.stop()
        raise ServerError(
            f"{self.name}: no answer on port {self.port} within {START_SECONDS:.0f} s; it was"
            f" stopped. The end of {log}:\n{_tail(log)}"
        )

    def _choose_port(self, wanted: int) -> int:
        for port in (wanted or self.port, 0):
            with closing(socket.socket()) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((HOST, port))
                except OSError as error:
                    if wanted:
                        raise ServerError(
                            f"{self.name}: port {wanted} cannot be used ({error.strerror}), so it"
                            " was not started. Give another port, or none to have one chosen."
                        ) from None
                else:
                    return int(probe.getsockname()[1])
        raise ServerError(f"{self.name}: there is no free port on {HOST}; it was not started.")

    def _recipe(self) -> str:
        """Changes when the seed does, so that an old database is not taken for a new one."""
        return hashlib.sha256((SEEDS / self.seed_file).read_bytes()).hexdigest()[:16]

    def _env(self) -> dict[str, str]:
        # A short list: PERL5LIB, RUBYOPT or GEM_HOME of the caller would change the server.
        kept: Mapping[str, str] = {
            key: os.environ[key] for key in ("PATH", "HOME", "USER") if key in os.environ
        }
        return {**kept, "LANG": "C.UTF-8", "TZ": "UTC", **self.environment()}

    def _state(self) -> JSON:
        return _read_json(self.folder / "state.json")

    def _seed(self) -> JSON:
        return _read_json(self.folder / "seed.json")

    def _remember(self, **changes: Any) -> None:
        _write_json(self.folder / "state.json", self._state() | changes)


def _read_json(path: Path) -> JSON:
    if not path.exists():
        return {}
    value: JSON = json.loads(path.read_text(encoding="utf-8"))
    return value


def _write_json(path: Path, value: JSON) -> None:
    part = path.with_suffix(".part")
    part.touch(mode=0o600)
    part.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
    part.rename(path)


def _answers(port: int, path: str, headers: Mapping[str, str]) -> bool:
    with closing(http.client.HTTPConnection(HOST, port, timeout=10)) as connection:
        try:
            connection.request("GET", path, headers=dict(headers))
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False


def _tail(log: Path, lines: int = 20) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
