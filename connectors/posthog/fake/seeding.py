"""Bramble's PostHog: what it is building is in early access, and what its people asked for."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from connectors.posthog.fake.project import HUB
from syncline.sandbox import Case, Company

if TYPE_CHECKING:
    from connectors.posthog.fake.app import PostHogFake

STAGE_OF = {
    "todo": "concept",
    "in_progress": "beta",
    "blocked": "alpha",
    "done": "general-availability",
    "cancelled": "archived",
}


SURVEY = {"$survey_id": "0190a0de-0000-7000-8000-0000000000f1", "$survey_name": "What is missing?"}
QUESTION = "0190a0de-0000-7000-8000-0000000000f2"


def seed(fake: PostHogFake, company: Company) -> None:
    """Members, and a feature for each case that asks for something; the accounts as groups, whose
    people used the product in the last weeks, and said in a survey what they asked."""
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
    _use(fake, company)


def _use(fake: PostHogFake, company: Company) -> None:
    for account in company.accounts:
        fake.analytics.group(
            "company", account.domain, {"name": account.name, "domain": account.domain}
        )
    for one in company.people:
        if one.role == "customer":
            fake.analytics.person(one.email, {"email": one.email, "name": one.name})
    for case in company.cases:
        groups = {"$groups": {"company": case.account.domain}}
        for hours in range(1 + case.number % 5):
            at = fake.clock.now() - timedelta(days=2 + case.number % 26, hours=hours)
            fake.analytics.happen("report opened", case.reporter.email, groups, at)
        if case.type == "question":
            said = {**groups, **_said(case)}
            fake.analytics.happen("survey sent", case.reporter.email, said, case.created_at)


def _said(case: Case) -> dict[str, object]:
    return {
        **SURVEY,
        "$survey_questions": [{"id": QUESTION, "question": "What do you miss?"}],
        f"$survey_response_{QUESTION}": "\n\n".join([case.title, *case.paragraphs]),
        "$survey_completed": True,
        "$survey_submission_id": f"0190a0de-0000-7000-8000-{case.number:012x}",
    }
