"""Filling an empty site from the company all sandboxes share: accounts, issues, comments."""

from __future__ import annotations

from uuid import NAMESPACE_DNS, uuid5

from connectors.jira.fake import workflow
from connectors.jira.fake.auth import Auth
from connectors.jira.fake.editing import item
from connectors.jira.fake.fields import words
from connectors.jira.fake.site import Doc, Site, milliseconds
from connectors.jira.fake.vocabulary import (
    BUG,
    FIELDS,
    IMPACT,
    PLATFORM,
    PLATFORMS,
    PROJECTS,
    STORY,
    TASK,
    TEAM,
    TEAMS,
    ProjectDef,
)
from syncline.sandbox import Case, CaseRemark, Company, Employee

BOT_EMAIL, BOT_TOKEN = "syncline@bramble.example", "sandbox-jira-token"  # noqa: S105
BOT_ZONE = "Asia/Kolkata"
LEAVER_EMAIL = "kim.leaver@bramble.example"
OTHERS_EVERY = 10  # one case in ten also has an issue in the project that is nobody's business

STATUS = {
    "todo": workflow.TODO,
    "in_progress": workflow.DOING,
    "blocked": workflow.BLOCKED,
    "done": workflow.DONE,
    "cancelled": workflow.REFUSED,
}
RESOLUTION = {"done": workflow.RESOLVED, "cancelled": workflow.WONT_DO}
PRIORITY = {"urgent": "1", "high": "2", "medium": "3", "low": "4", "none": "5"}
TYPE = {"bug": BUG, "incident": BUG, "story": STORY}


def account_id(email: str) -> str:
    """The account id of an address: the same on every sandbox."""
    return f"712020:{uuid5(NAMESPACE_DNS, email)}"


class Seeding:
    """Fills a site."""

    def __init__(self, site: Site, auth: Auth) -> None:
        self._site = site
        self._auth = auth

    def fill(self, company: Company) -> None:
        """People, issues of both projects, comments."""
        self._people(company)
        ours, others = PROJECTS[:2]
        for case in company.cases:
            self._issue(case, ours)
            if case.number % OTHERS_EVERY == 0:
                self._issue(case, others)
        self._site.reload()

    def _people(self, company: Company) -> None:
        staff = [p for p in company.people if p.role != "customer"]
        for number, person in enumerate(staff):
            # Every fifth keeps the address to themselves, as people may.
            self._person(person.email, person.name, hidden=number % 5 == 4)
        self._person(LEAVER_EMAIL, "Kim Leaver", active=False)
        self._person(BOT_EMAIL, "Syncline", zone=BOT_ZONE)
        self._auth.admit(account_id(BOT_EMAIL), BOT_TOKEN)
        self._auth.admit_app(account_id(BOT_EMAIL))

    def _person(
        self,
        email: str,
        name: str,
        *,
        active: bool = True,
        hidden: bool = False,
        zone: str = "Europe/Berlin",
    ) -> None:
        id = account_id(email)
        user = {"id": id, "email": email, "name": name, "active": active, "zone": zone}
        # What Data Center names people by: a name that can change, and a key that stays.
        user |= {
            "login": email.partition("@")[0],
            "key": f"JIRAUSER{10100 + len(self._site.users)}",
        }
        hidden = hidden and self._site.face.cloud
        self._site.users.put(id, {**user, "email_hidden": hidden, "assignable": active})

    def _account(self, person: Employee | None) -> str | None:
        if person is None or person.role == "customer":
            return None
        return account_id(person.email)

    def _issue(self, case: Case, project: ProjectDef) -> None:
        created = milliseconds(case.created_at)
        id = str(self._site.state.next("issue", 20000))
        reporter = self._account(case.reporter) or account_id(BOT_EMAIL)
        updated = created + 60_000 * (1 + len(case.remarks))
        self._site.seed(
            {
                "id": id,
                "key": self._site.next_key(project),
                "project": project.id,
                "creator": reporter,
                "created": created,
                "updated": updated,
                "archived": False,
                "hidden": False,
                "properties": {},
                "histories": self._histories(case, updated),
                "links": [],
                "fields": self._fields(case, project, reporter, updated),
            }
        )
        for number, remark in enumerate(case.remarks, start=1):
            self._remark(id, remark, created + 60_000 * number)

    def _fields(self, case: Case, project: ProjectDef, reporter: str, updated: int) -> Doc:
        type = TYPE.get(case.type, TASK)
        resolution = RESOLUTION.get(case.status)
        return {
            "issuetype": type if type in project.types else TASK,
            "status": STATUS[case.status],
            "summary": case.title[:255],
            "description": self._site.face.made(case.paragraphs),
            "priority": PRIORITY[case.priority],
            "labels": sorted({label.replace(" ", "-") for label in case.labels}),
            "assignee": self._account(case.assignee),
            "reporter": reporter,
            "resolution": resolution,
            "resolutiondate": updated if resolution else None,
            "duedate": case.due_on.isoformat() if case.due_on else None,
            TEAM: TEAMS[case.number % len(TEAMS)].id if case.assignee else None,
            PLATFORM: [PLATFORMS[case.number % len(PLATFORMS)].id] if type == BUG else [],
            IMPACT: self._site.face.made([f"{case.account.name} is waiting for this."])
            if case.priority == "urgent"
            else None,
        }

    def _histories(self, case: Case, at: int) -> list[Doc]:
        """How the issue got where it is: one change, by whoever works on it."""
        status = FIELDS["status"]
        author = self._account(case.assignee) or account_id(BOT_EMAIL)
        if case.status == "todo":
            return []
        first = words(self._site, status, workflow.TODO)
        items = [item(status, first, words(self._site, status, STATUS[case.status]))]
        if resolution := RESOLUTION.get(case.status):
            field = FIELDS["resolution"]
            items.append(item(field, (None, None), words(self._site, field, resolution)))
        id = str(self._site.state.next("history", 30000))
        return [{"id": id, "author": author, "created": at, "items": items}]

    def _remark(self, issue: str, remark: CaseRemark, at: int) -> None:
        """What a developer or a product manager said; the rest was said in other tools."""
        author = self._account(remark.author)
        if author is None or remark.author.role == "support":
            return
        id = str(self._site.state.next("comment", 40000))
        told = {} if remark.public else {"sd.public.comment": {"internal": True}}
        self._site.comments.put(
            id,
            {
                "id": id,
                "issue": issue,
                "author": author,
                "editor": author,
                "body": self._site.face.made([remark.text]),
                "created": at,
                "updated": at,
                "visibility": None,
                "properties": told,
            },
        )
