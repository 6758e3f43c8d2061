"""`python -m deployments.real.servers`: install, seed, start, stop and reset the real servers.

State is kept under `--root`, the environment variable SYNCLINE_SERVERS or `.servers`, in this
order. Every command may be repeated and none asks questions. Packages are installed only by
`install`, and only when it is allowed to change the machine.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from deployments.real.odoo import Odoo
from deployments.real.redmine import TEXT_FORMATTINGS, Redmine
from deployments.real.request_tracker import RequestTracker
from deployments.real.server import Server, ServerError

TOOLS: dict[str, type[Server]] = {"request_tracker": RequestTracker, "redmine": Redmine}
# Only where a command names them: half a gigabyte is fetched for it.
NAMED: dict[str, type[Server]] = {"odoo": Odoo}
COMMANDS = ("install", "init", "start", "stop", "restart", "reset", "status", "connections")

# Helpers of the packages that keep them from bringing a database server and a mail server.
HELPERS = ("dbconfig-no-thanks", "msmtp-mta")
PRESEED = """\
request-tracker5 request-tracker5/organization string localhost
request-tracker5 request-tracker5/rtname string localhost
request-tracker5 request-tracker5/handle-siteconfig-permissions boolean false
request-tracker5 request-tracker5/dbconfig-install boolean false
redmine redmine/instances/default/dbconfig-install boolean false
"""


def default_root() -> Path:
    """Where state is kept when nobody says otherwise."""
    return Path(os.environ.get("SYNCLINE_SERVERS") or ".servers")


def available(*tools: str) -> bool:
    """True when the packages of these tools (Request Tracker and Redmine, by default) are there."""
    known = TOOLS | NAMED
    return not any(known[tool](default_root()).missing_packages() for tool in tools or TOOLS)


def install(servers: Sequence[Server], *, allowed: bool) -> list[str]:
    """Install what is missing with apt and return the packages' names.

    Raises ServerError, with nothing changed, unless it is allowed and runs as root.
    """
    own = [server for server in servers if isinstance(server, Odoo) and server.missing_packages()]
    for server in own:
        server.install()
    fetched = [package for server in own for package in server.packages]
    missing = [package for server in servers for package in server.missing_packages()]
    if not missing:
        return fetched
    if not allowed:
        raise ServerError(
            f"The packages {', '.join(missing)} are missing and nothing was installed: this"
            " changes the whole machine. Give --allow-system-install (or set CI=true) to allow it."
        )
    if os.geteuid() != 0:
        raise ServerError("Packages can be installed only as root; nothing was changed.")
    env = {
        **os.environ,
        "DEBIAN_FRONTEND": "noninteractive",
        # Redmine's set-up runs bundler; see deployments.real.redmine.bundler_version.
        "BUNDLER_VERSION": "2.3.15",
    }
    options = ["--yes", "--no-install-recommends", "-o", "Dpkg::Use-Pty=0"]
    steps: list[tuple[list[str], str]] = [
        (["apt-get", "update"], ""),
        (["apt-get", "install", *options, "debconf"], ""),
        (["debconf-set-selections"], PRESEED),
        (["apt-get", "install", *options, *missing, *HELPERS], ""),
    ]
    for argv, text in steps:
        done = subprocess.run(argv, env=env, input=text, text=True, stdout=sys.stderr, check=False)
        if done.returncode != 0:
            raise ServerError(
                f"`{' '.join(argv)}` ended with {done.returncode}; its output is above."
                " Repeat the command once the cause is gone."
            )
    return [*fetched, *missing]


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Let one command at a time work on `root`; others wait."""
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (root / "lock").open("w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def status(server: Server) -> str:
    """One line for people."""
    if process := server.process():
        return f"{server.name}: running, pid {process.pid}, port {server.port}"
    if missing := server.missing_packages():
        return f"{server.name}: not installed ({', '.join(missing)})"
    return f"{server.name}: stopped" if server.seeded.exists() else f"{server.name}: not seeded"


def connections(servers: Sequence[Server]) -> str:
    """One line of JSON with what a connection to each server takes."""
    for server in servers:
        if not server.seeded.exists():
            raise ServerError(f"{server.name}: not seeded yet. Start it first.")
    return json.dumps({server.name: server.connection() for server in servers})


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(prog="deployments.real.servers", description=__doc__)
    result.add_argument("command", choices=COMMANDS)
    result.add_argument(
        "tools", nargs="*", help=f"of {', '.join(TOOLS | NAMED)}; {' and '.join(TOOLS)} by default"
    )
    result.add_argument("--root", type=Path, default=default_root())
    result.add_argument("--request-tracker-port", type=int, default=0, metavar="PORT")
    result.add_argument("--redmine-port", type=int, default=0, metavar="PORT")
    result.add_argument("--odoo-port", type=int, default=0, metavar="PORT")
    result.add_argument("--text-formatting", choices=TEXT_FORMATTINGS, default="")
    result.add_argument("--allow-system-install", action="store_true")
    return result


def run(args: argparse.Namespace) -> None:
    """Do one command for the servers it names."""
    made: dict[str, Server] = {
        "request_tracker": RequestTracker(args.root),
        "redmine": Redmine(args.root, args.text_formatting),
        "odoo": Odoo(args.root),
    }
    servers = [made[tool] for tool in args.tools or TOOLS]
    ports = {
        "request_tracker": args.request_tracker_port,
        "redmine": args.redmine_port,
        "odoo": args.odoo_port,
    }
    if args.command == "install":
        allowed = args.allow_system_install or os.environ.get("CI") == "true"
        print("installed:", ", ".join(install(servers, allowed=allowed)) or "nothing was missing")
        return
    if args.command == "connections":
        print(connections(servers))
        return

    def done(server: Server) -> str:
        if args.command == "init":
            server.init()
        elif args.command == "reset":
            server.reset()
        if args.command in ("stop", "restart"):
            server.stop()
        if args.command in ("start", "restart"):
            server.start(ports[server.name])
        return status(server)

    # They have nothing in common, and seeding one takes half a minute.
    with ThreadPoolExecutor() as at_once:
        for told in at_once.map(done, servers):
            print(told)


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0, or 1 with the reason on standard error, or 2 for a wrong command line."""
    arguments = parser()
    args = arguments.parse_args(argv)
    if unknown := [tool for tool in args.tools if tool not in TOOLS | NAMED]:
        arguments.error(f"unknown tool: {', '.join(unknown)}")
    try:
        with locked(args.root):
            run(args)
    except ServerError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
