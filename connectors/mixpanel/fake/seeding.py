"""Bramble's Mixpanel: who uses its product, how often it was opened, and what was released."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from connectors.mixpanel.fake.office import GROUP_KEY, HUB
from syncline.sandbox import Company

if TYPE_CHECKING:
    from connectors.mixpanel.fake.app import MixpanelFake


def seed(fake: MixpanelFake, company: Company) -> None:
    """A group for each account under its domain, its users with events, and what was finished."""
    domains = {account.name: account.domain for account in company.accounts}
    for account in company.accounts:
        fake.profiles.edit("group", account.domain, {"$name": account.name})
    customers = [one for one in company.people if one.role == "customer"]
    for number, one in enumerate(customers):
        domain = domains.get(one.account or "", "")
        has = {"$name": one.name, "$email": one.email, GROUP_KEY: domain}
        fake.profiles.edit("user", one.email, has)
        for day in range(1, 2 + number % 5):
            moment = int((fake.clock.now() - timedelta(days=day)).timestamp())
            about = {"time": moment, "distinct_id": one.email, "$insert_id": f"{number}-{day}"}
            event = {"event": "Opened", "properties": {**about, GROUP_KEY: domain}}
            fake.events.take(event, imported=True)
    for case in company.cases:
        if case.type == "story" and case.status == "done":
            date = f"{case.created_at:%Y-%m-%d} 00:00:00"
            fake.annotations.create({"description": case.title, "date": date}, HUB)
