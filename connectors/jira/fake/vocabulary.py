"""What a Jira site is set up with: projects, issue types, statuses, priorities, fields, screens.

Ids are fixed, as an administrator would find them on a site that was set up once.
"""

from __future__ import annotations

from dataclasses import dataclass

CUSTOM = "com.atlassian.jira.plugin.system.customfieldtypes:"


@dataclass(frozen=True, slots=True)
class Named:
    """A thing with an id and a name that people choose from."""

    id: str
    name: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class StatusDef(Named):
    """A status; `category` is the key of its status category."""

    category: str = "new"


@dataclass(frozen=True, slots=True)
class TypeDef(Named):
    """An issue type; a parent's `level` is one above its children's."""

    level: int = 0


@dataclass(frozen=True, slots=True)
class ProjectDef(Named):
    """A project; `types` are the issue types it takes."""

    key: str = ""
    types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldDef:
    """A field: what kind of value it takes and how its schema is told."""

    id: str
    name: str
    kind: str
    type: str
    items: str | None = None
    custom: str | None = None
    options: tuple[Named, ...] = ()
    navigable: bool = True


CATEGORIES = {
    "new": (2, "blue-gray", "To Do"),
    "indeterminate": (4, "yellow", "In Progress"),
    "done": (3, "green", "Done"),
}
STATUSES = (
    StatusDef("10000", "To Do", "", "new"),
    StatusDef("3", "In Progress", "Work is being done.", "indeterminate"),
    StatusDef("10001", "In Review", "", "indeterminate"),
    StatusDef("10002", "Done", "", "done"),
    StatusDef("10003", "Blocked", "Waits for something else.", "indeterminate"),
    StatusDef("10004", "Won't Do", "", "done"),
    StatusDef("10310", "Parking lot", "", "new"),
    StatusDef("10311", "Discovery", "", "indeterminate"),
    StatusDef("10312", "Ready for delivery", "", "indeterminate"),
    StatusDef("10313", "Delivery", "", "indeterminate"),
    StatusDef("10314", "Impact", "", "done"),
)
PRIORITIES = (
    Named("1", "Highest", "This problem will block progress."),
    Named("2", "High", "Serious problem that could block progress."),
    Named("3", "Medium", "Has the potential to affect progress."),
    Named("4", "Low", "Minor problem or easily worked around."),
    Named("5", "Lowest", "Trivial problem with little or no impact on progress."),
)
DEFAULT_PRIORITY = "3"
RESOLUTIONS = (
    Named("10000", "Done", "Work has been completed on this issue."),
    Named("10001", "Won't Do", "This issue won't be actioned."),
    Named("10002", "Duplicate", "The problem is a duplicate of an existing issue."),
    Named("10003", "Cannot Reproduce", "All attempts at reproducing this issue failed."),
)
EPIC, STORY, TASK, BUG, SUBTASK = "10010", "10011", "10012", "10013", "10014"
IDEA = "10315"
TYPES = (
    TypeDef(EPIC, "Epic", "A big piece of work that holds others.", 1),
    TypeDef(STORY, "Story", "Something a user can do."),
    TypeDef(TASK, "Task", "A piece of work."),
    TypeDef(BUG, "Bug", "A problem or error."),
    TypeDef(SUBTASK, "Sub-task", "A part of another issue.", -1),
    TypeDef(IDEA, "Idea", "Something that could be built."),
)
APP, OPS, DISCOVERY = "10100", "10101", "10316"
PROJECTS = (
    ProjectDef(APP, "Application", "", "APP", (EPIC, STORY, TASK, BUG, SUBTASK)),
    ProjectDef(OPS, "Operations", "", "OPS", (TASK, BUG, SUBTASK)),
    ProjectDef(DISCOVERY, "Discovery", "", "IDEA", (IDEA,)),
)
"""The last one is of Product Discovery, an app of Cloud alone: ideas are issues, and their own
fields custom ones. Statuses and fields are those of a fresh project (from memory)."""
TEAMS = (Named("10201", "Payments"), Named("10202", "Platform"), Named("10203", "Mobile"))
PLATFORMS = (Named("10211", "Web"), Named("10212", "iOS"), Named("10213", "Android"))

SUPPORT_KEY, TEAM, PLATFORM, IMPACT, PROMISED, POINTS, TARGET = (
    f"customfield_{n}" for n in range(10030, 10037)
)
SYSTEM_FIELDS = (
    FieldDef("summary", "Summary", "line", "string"),
    FieldDef("issuetype", "Issue Type", "issuetype", "issuetype"),
    FieldDef("project", "Project", "project", "project"),
    FieldDef("status", "Status", "status", "status"),
    FieldDef("priority", "Priority", "priority", "priority"),
    FieldDef("resolution", "Resolution", "resolution", "resolution"),
    FieldDef("assignee", "Assignee", "user", "user"),
    FieldDef("reporter", "Reporter", "user", "user"),
    FieldDef("creator", "Creator", "user", "user"),
    FieldDef("labels", "Labels", "labels", "array", "string"),
    FieldDef("description", "Description", "adf", "string"),
    FieldDef("duedate", "Due date", "date", "date"),
    FieldDef("parent", "Parent", "parent", "issuelink"),
    FieldDef("created", "Created", "moment", "datetime"),
    FieldDef("updated", "Updated", "moment", "datetime"),
    FieldDef("resolutiondate", "Resolved", "moment", "datetime"),
    FieldDef("subtasks", "Sub-tasks", "subtasks", "array", "issuelinks"),
    FieldDef("comment", "Comment", "comment", "comments-page", navigable=False),
    FieldDef("attachment", "Attachment", "attachment", "array", "attachment", navigable=False),
)
CUSTOM_FIELDS = (
    FieldDef(SUPPORT_KEY, "Support key", "text", "string", custom=CUSTOM + "textfield"),
    FieldDef(TEAM, "Team", "option", "option", custom=CUSTOM + "select", options=TEAMS),
    FieldDef(
        PLATFORM,
        "Platform",
        "options",
        "array",
        "option",
        CUSTOM + "multiselect",
        PLATFORMS,
    ),
    FieldDef(IMPACT, "Customer impact", "adf", "string", custom=CUSTOM + "textarea"),
    FieldDef(PROMISED, "Promised on", "date", "date", custom=CUSTOM + "datepicker"),
    FieldDef(POINTS, "Story points", "number", "number", custom=CUSTOM + "float"),
    FieldDef(TARGET, "Project target", "interval", "string", custom="jira.polaris:interval"),
)
FIELDS = {f.id: f for f in (*SYSTEM_FIELDS, *CUSTOM_FIELDS)}

# Nobody put "Story points" on a screen: the field exists, and cannot be set.
EDIT_SCREEN = (
    "summary",
    "issuetype",
    "description",
    "priority",
    "assignee",
    "reporter",
    "labels",
    "duedate",
    "parent",
    SUPPORT_KEY,
    TEAM,
    PLATFORM,
    IMPACT,
    PROMISED,
)
IDEA_SCREEN = (
    "summary",
    "issuetype",
    "description",
    "assignee",
    "reporter",
    "labels",
    TARGET,
)
CLOUD_ONLY = frozenset((IDEA, DISCOVERY, TARGET, *(f"1031{n}" for n in range(5))))
ALWAYS_REQUIRED = ("summary", "issuetype", "project")


def edit_screen(project: str) -> tuple[str, ...]:
    """The fields that can be set of an issue in this project."""
    return IDEA_SCREEN if project == DISCOVERY else EDIT_SCREEN


def create_screen(project: str) -> tuple[str, ...]:
    """The fields that can be given to a new issue in this project."""
    return ("project", *edit_screen(project))


def by_id(things: tuple[Named, ...], wanted: str) -> Named | None:
    """The thing with this id."""
    return next((t for t in things if t.id == wanted), None)


def by_name(things: tuple[Named, ...], wanted: str) -> Named | None:
    """The thing with this name, whatever the case."""
    return next((t for t in things if t.name.casefold() == wanted.casefold()), None)
