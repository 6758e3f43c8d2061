"""Everything that one account is made of, put together."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.zendesk.fake.account import Account, Actor, Row, source
from connectors.zendesk.fake.bin import Bin
from connectors.zendesk.fake.desk import Desk
from connectors.zendesk.fake.jobs import Jobs
from connectors.zendesk.fake.limits import Limits
from connectors.zendesk.fake.organizations import claims, finish_merges
from connectors.zendesk.fake.signing_in import SigningIn
from connectors.zendesk.fake.store import Store
from connectors.zendesk.fake.uploads import Uploads
from connectors.zendesk.fake.webhooks import Webhooks
from syncline.sandbox import Call

_HOUR = 3600
_SYSTEM: Row = {"id": -1, "name": "System", "role": "admin"}


class Office:
    """The parts of an account, and what goes on in it by itself."""

    def __init__(self, account: Account) -> None:
        self.account = account
        account.organization_claims = claims(account)
        self.store = Store(account)
        self.uploads = Uploads(account)
        self.desk = Desk(account, self.store, self.uploads)
        self.bin = Bin(account, self.store, self.desk)
        self.jobs = Jobs(account, self.hide)
        self.limits = Limits(account)
        self.signing_in = SigningIn(account)
        self.webhooks = Webhooks(account)
        self.solved = account.state.table("solved")
        self.desk.listeners += [self.note_solved, self.webhooks.tell]
        self._hour: int | None = None

    def hide(self, call: Call, ids: Sequence[str]) -> None:
        """Hide what a request changed, if a fault says so."""
        if call.lag:
            for id in ids:
                self.store.hold(int(id), call.lag.total_seconds())

    def tick(self) -> None:
        """What is due by the clock: jobs, merges, and once an hour the automations."""
        self.jobs.work()
        finish_merges(self.account)
        hour = self.account.seconds() // _HOUR
        if self._hour is not None and hour > self._hour:
            self._close_solved()
            self.bin.empty()
        self._hour = hour

    def _close_solved(self) -> None:
        """Zendesk's own automation: what has been solved for days is closed for good."""
        hours = self.account.settings.close_after_hours
        oldest = self.account.seconds() - hours * _HOUR
        told = {"title": f"Close ticket {hours} hours after status is set to solved"}
        via = {"channel": "rule", "source": source(told, rel="automation")}
        actor = Actor(_SYSTEM, via=via)
        for ticket in list(self.store.live()):
            since = self.solved.get(str(ticket["id"]))
            if ticket["status"] == "solved" and since and since["at"] <= oldest:
                self.desk.update(actor, ticket, {"status": "closed"})

    def note_solved(self, actor: Actor, before: Row | None, after: Row, audit: Row) -> None:
        """Remember since when a ticket is solved."""
        if after["status"] == "solved" and (before is None or before["status"] != "solved"):
            self.solved.put(str(after["id"]), {"at": self.account.seconds()})
