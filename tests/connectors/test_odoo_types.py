"""The other record types of Odoo keep the interface too: the same suite, each with its own shape.

How pages are read is the same code for all of them and is tried on tasks, where a page is filled.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from syncline.sdk.testing import Shape
from tests.connectors.odoo_stage import Live, Recorded, live
from tests.connectors.test_odoo import Conformance as Tasks

MANY = "a page of two hundred is filled in the suite of tasks; the code is the same"
PAGES = {
    "test_changes_are_complete_over_ties_and_shifting_pages": MANY,
    "test_the_cursor_of_every_page_resumes_without_a_gap": MANY,
}
NO_WORKFLOW = {
    "test_a_status_is_reached_along_the_allowed_transitions": "a partner has no status",
}


class Opportunities(Tasks):
    story = "opportunity"
    shape: ClassVar[Shape] = Shape(
        record="opportunity",
        title="name",
        text="description",
        clearable="description",
        refused={"priority": "no such priority"},
        far_status=("status", "Won"),
        volatile=frozenset({"updated_at"}),
    )
    exempt: ClassVar[Mapping[str, str]] = {
        **PAGES,
        "test_the_history_names_who_changed_what": "Odoo does not track an opportunity's title",
    }


class Projects(Tasks):
    story = "project"
    shape: ClassVar[Shape] = Shape(
        record="project",
        title="name",
        text="description",
        clearable="description",
        refused={"status": "no such stage"},
        far_status=("status", "Done"),
        volatile=frozenset({"updated_at"}),
    )
    exempt: ClassVar[Mapping[str, str]] = {
        **PAGES,
        "test_a_record_out_of_scope_is_shown_as_such_and_not_listed": "every project is in scope",
    }


class Companies(Tasks):
    story = "company"
    shape: ClassVar[Shape] = Shape(
        record="company",
        title="name",
        text="description",
        clearable="description",
        refused={"owner": "nobody"},
        volatile=frozenset({"updated_at"}),
    )
    exempt: ClassVar[Mapping[str, str]] = {**PAGES, **NO_WORKFLOW}


class Persons(Tasks):
    story = "person"
    shape: ClassVar[Shape] = Shape(
        record="person",
        title="name",
        text="description",
        clearable="description",
        refused={"owner": "nobody"},
        volatile=frozenset({"updated_at"}),
    )
    exempt: ClassVar[Mapping[str, str]] = {**PAGES, **NO_WORKFLOW}


class TestOpportunities(Recorded, Opportunities):
    kind = "opportunity"


class TestOpportunitiesLive(Live, Opportunities):
    pytestmark = live
    kind = "opportunity"


class TestProjects(Recorded, Projects):
    kind = "project"


class TestProjectsLive(Live, Projects):
    pytestmark = live
    kind = "project"


class TestCompanies(Recorded, Companies):
    kind = "company"


class TestCompaniesLive(Live, Companies):
    pytestmark = live
    kind = "company"


class TestPersons(Recorded, Persons):
    kind = "person"


class TestPersonsLive(Live, Persons):
    pytestmark = live
    kind = "person"
