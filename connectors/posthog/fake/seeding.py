"""Bramble's PostHog: what it is building is in early access, and what its people asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.posthog.fake.project import HUB
from syncline.sandbox import Company

if TYPE_CHECKING:
    from connectors.posthog.fake.app import PostHogFake

STAGE_OF = {
    "todo": "concept",
    "in_progress": "beta",
    "blocked": "alpha",
    "done": "general-availability",
    "cancelled": "archived",
}


def seed(fake: PostHogFake, company: Company) -> None:
    """Members, and a feature for each case that asks for something."""
    members = fake.state.table("member")
    members.put(HUB, {"email": HUB, "first_name": "Syncline"})
    for one in company.people:
        if one.role != "customer":
            members.put(one.email, {"email": one.email, "first_name": one.name})
    for case in company.cases:
        if case.type != "story":
            continue
        flag = fake.flags.create({"key": f"case-{case.number}", "name": case.title}, HUB)
        feature = {
            "name": case.title,
            "description": "\n\n".join(case.paragraphs),
            "stage": STAGE_OF[case.status],
            "feature_flag_id": flag["id"],
        }
        fake.features.create(feature, HUB)
