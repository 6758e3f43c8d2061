"""Bramble's Mixpanel: the companies that use it, their people, and what was released."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.mixpanel.fake.office import GROUP_KEY, HUB
from syncline.sandbox import Company

if TYPE_CHECKING:
    from connectors.mixpanel.fake.app import MixpanelFake


def seed(fake: MixpanelFake, company: Company) -> None:
    """A group for each account under its domain, its customers, and what was finished."""
    domains = {account.name: account.domain for account in company.accounts}
    for account in company.accounts:
        fake.profiles.edit("group", account.domain, {"$name": account.name})
    for one in company.people:
        if one.role == "customer":
            has = {"$name": one.name, "$email": one.email}
            has[GROUP_KEY] = domains.get(one.account or "", "")
            fake.profiles.edit("user", one.email, has)
    for case in company.cases:
        if case.type == "story" and case.status == "done":
            date = f"{case.created_at:%Y-%m-%d} 00:00:00"
            fake.annotations.create({"description": case.title, "date": date}, HUB)
