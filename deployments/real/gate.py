"""The part of `make test` that needs real servers: run where it may be, else said loudly.

Installing Debian packages changes the whole machine, so it is done only where CI=true says that
the machine is there for tests, and only as root. Where the packages are installed already, it runs
too. Anywhere else nothing is installed, and the connectors have been tested by then with exchanges
recorded from the real servers. It is the short story of `make real`, without Odoo, which takes
minutes to fetch and to seed; it says so. The longer tests with the servers are `make real-tests`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile

from deployments.real import servers

SKIPPED = """
================================================================================
SKIPPED: the tests against a real Request Tracker and a real Redmine.
Why: {why}.
Both connectors were tested with exchanges recorded from the real servers.
To run this part: as root on Debian 12, `CI=true make test`, or `make real`.
================================================================================
"""


def why_not() -> str:
    """Why this part cannot run here; empty where it can."""
    if servers.available():
        return ""
    if os.environ.get("CI") != "true":
        return "the Debian packages are not installed, and only CI=true allows to install them"
    if shutil.which("apt-get") is None:
        return "this system has no Debian packages"
    if os.geteuid() != 0:
        return "only root can install the Debian packages"
    if servers.main(["install"]) != 0:
        return "the Debian packages could not be installed; the reason is above"
    return ""


def main() -> int:
    if reason := why_not():
        print(SKIPPED.format(why=reason), flush=True)
        return 0
    with tempfile.TemporaryDirectory(prefix="syncline-real-") as root:
        environment = {**os.environ, "SYNCLINE_SERVERS": root}
        story = [sys.executable, "-m", "deployments.real.show", "--once", "--short"]
        return subprocess.run(story, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
