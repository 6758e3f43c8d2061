"""`make real`: a real Request Tracker, Redmine and Odoo, kept the same, and what there is to see.

It installs, seeds and starts what is missing, tells the story, and ends with exit code 1 where
something is not as promised. `--once` stops what was started when the story is told; without it
everything keeps running, with Prefect and its page, until Ctrl-C. `--short`, for the gate, leaves
out Odoo, and what the gate's other tests try.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

from deployments.real import servers
from deployments.real.story import NotAsPromised, Story, tell
from deployments.stage import NotAsShown

WITHOUT_ODOO = """
================================================================================
WITHOUT ODOO: the story is told of four tools instead of five.
Why: {why}.
To take it along: `make real`. Its connector was tested with recorded exchanges.
================================================================================
"""


def tools(state: list[str], *, short: bool) -> list[str]:
    """The servers of the story, their packages installed; empty where they cannot be had."""
    if servers.main(["install", "--allow-system-install", *state]):
        return []
    why = "it takes minutes to fetch and to seed, and this is the short story of the gate"
    if not short:
        if servers.main(["install", "odoo", *state]) == 0:
            return [*servers.TOOLS, "odoo"]
        # Debian may drop it from sid any day, and the others are worth telling of alone.
        why = "it could not be installed; the reason is above"
    print(WITHOUT_ODOO.format(why=why), flush=True)
    return [*servers.TOOLS]


def told(root: Path, names: list[str], *, short: bool) -> Story | None:
    """The story once it is told; None, with the reason said, where it broke off."""
    known = servers.TOOLS | servers.NAMED
    found = json.loads(servers.connections([known[name](root) for name in names]))
    story = Story(root / "show", found)
    story.configure()
    try:
        tell(story, root, short=short)
    except (NotAsPromised, NotAsShown) as error:
        print(f"\nNot as promised: {error}", file=sys.stderr)
        return None
    return story


def keep_running(story: Story) -> None:
    """Prefect runs the operator's sync until Ctrl-C."""
    odoo = story.connections.get("odoo")
    print(
        "\nEverything keeps running. Look at"
        f"\n  the desk     {story.desk.web}  (root, password)"
        f"\n  the tracker  {story.tracker.web}  (admin, admin-password)"
        + (f"\n  the CRM      {odoo['base_url']}  (admin, admin)" if odoo else "")
        + "\nand edit something; Prefect runs the sync every minute. Ctrl-C ends it all.\n"
    )
    program = [str(Path(sys.executable).with_name("syncline")), "up"]
    subprocess.run(program, cwd=story.folder, env=story.environment)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make real", description=__doc__)
    parser.add_argument("--once", action="store_true", help="end and stop everything afterwards")
    parser.add_argument("--short", action="store_true", help="the gate's part of the story")
    parser.add_argument("--root", type=Path, default=servers.default_root())
    arguments = parser.parse_args()
    state = ["--root", str(arguments.root)]
    # Who runs this asks for the servers, and so for their packages.
    names = tools(state, short=arguments.short)
    if not names:
        return 1
    try:
        for command in ("start", "reset"):
            if servers.main([command, *names, *state]):
                return 1
        story = told(arguments.root, names, short=arguments.short)
        if story is not None and not arguments.once:
            keep_running(story)
        return 0 if story is not None else 1
    except KeyboardInterrupt:
        return 0
    finally:
        servers.main(["stop", *names, *state])


if __name__ == "__main__":
    sys.exit(main())
