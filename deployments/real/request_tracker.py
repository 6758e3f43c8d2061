"""A private Request Tracker 5 from Debian's packages, on SQLite.

`RT_SITE_CONFIG` and `RT_SITE_CONFIG_DIR` point RT's programs at our own configuration, so the
system's RT (if there is one) is neither read nor changed. All mail RT would send is appended
to one mbox file: a test that must prove that nobody was mailed reads that file.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from deployments.real.server import HOST, JSON, SEEDS, Server

SETUP = "/usr/sbin/rt-setup-database-5"
SERVER = "/usr/share/request-tracker5/libexec/rt-server"
WORKERS = 2

CONFIG = """\
Set($rtname, 'localhost');
Set($Organization, 'localhost');
Set($WebDomain, '{host}');
Set($WebPort, {port});
Set($WebBaseURL, 'http://{host}:{port}');
Set($WebPath, '');
Set($Timezone, 'UTC');
Set($DatabaseType, 'SQLite');
Set($DatabaseName, '{folder}/live.sqlite');
Set($WebSessionClass, 'Apache::Session::File');
Set($LogToSTDERR, 'warning');
Set($LogToSyslog, '');
# Password and token checks cost a bcrypt each; 12, the default, allows 8 requests a second.
Set($BcryptCost, 4);
Set($MailCommand, sub {{
    my $entity = shift;
    my $text = $entity->stringify;
    $text =~ s/^(>*From )/>$1/mg;
    open my $box, '>>', '{folder}/mail.mbox' or return 0;
    print $box "From rt\\@localhost " . gmtime() . "\\n$text\\n";
    close $box;
    return 1;
}});
$MasonDataDir = '{folder}/mason';
$MasonSessionDir = '{folder}/sessions';
1;
"""


class RequestTracker(Server):
    """Queue `Support` with three custom fields; users `syncline` (all rights), `ann`, `bob`."""

    name = "request_tracker"
    packages = ("request-tracker5", "rt5-standalone", "rt5-db-sqlite")
    seed_file = "request_tracker.pl"

    def configure(self, port: int) -> None:
        """Write RT_SiteConfig.pm and the folders it names."""
        for name in ("conf.d", "mason", "sessions"):
            (self.folder / name).mkdir(mode=0o700, exist_ok=True)
        text = CONFIG.format(host=HOST, port=port, folder=self.folder)
        (self.folder / "RT_SiteConfig.pm").write_text(text, encoding="utf-8")

    def build(self, seed_output: Path) -> None:
        """Create RT's schema and its own initial data, then ours."""
        password = self.folder / "root-password"
        password.write_text("root-password", encoding="ascii")
        no_admin = ["--skip-create", "--dba", "", "--dba-password", ""]
        self.run([SETUP, "--action", "init", "--root-password-file", str(password), *no_admin])
        seed = ["--action", "insert", "--datafile", str(SEEDS / self.seed_file)]
        self.run([SETUP, *seed, *no_admin], SYNCLINE_SEED_OUTPUT=str(seed_output))

    def command(self, port: int) -> list[str]:
        """RT's own launcher with the pre-forking Starlet server."""
        listen = ["--host", HOST, "--port", str(port), "--max-workers", str(WORKERS)]
        return ["/usr/bin/perl", SERVER, "--server", "Starlet", *listen]

    def environment(self) -> dict[str, str]:
        """Where RT finds its configuration."""
        return {
            "RT_SITE_CONFIG": str(self.folder / "RT_SiteConfig.pm"),
            "RT_SITE_CONFIG_DIR": str(self.folder / "conf.d"),
        }

    def probe(self, seed: JSON) -> tuple[str, dict[str, str]]:
        """The version page of the REST interface."""
        return "/REST/2.0/rt", {"Authorization": f"token {seed['tokens']['syncline']}"}

    def describe(self, seed: JSON) -> JSON:
        """The token of the sync user, those of the two people, and where the mail goes."""
        return {
            "auth": {"token": seed["tokens"]["syncline"]},
            "scope": {"queue": "Support"},
            "people": {
                name: {"email": f"{name}@example.test", "auth": {"token": seed["tokens"][name]}}
                for name in ("ann", "bob")
            },
            "custom_fields": seed["custom_fields"],
            "mail": str(self.folder / "mail.mbox"),
        }

    def forget(self) -> None:
        """Empty the mbox and the web sessions; attachments are in the database."""
        (self.folder / "mail.mbox").write_bytes(b"")
        shutil.rmtree(self.folder / "sessions", ignore_errors=True)
        (self.folder / "sessions").mkdir(mode=0o700)
