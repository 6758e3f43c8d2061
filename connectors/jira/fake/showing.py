"""Issues and what hangs on them as Jira's answers show them.

Shapes: the component schemas of Atlassian's API description of the platform REST API v3.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias
from urllib.parse import quote

from connectors.jira.fake.site import Doc, Site, shown_moment
from connectors.jira.fake.vocabulary import (
    CATEGORIES,
    FIELDS,
    PRIORITIES,
    RESOLUTIONS,
    STATUSES,
    TYPES,
    FieldDef,
    Named,
    ProjectDef,
    StatusDef,
    TypeDef,
    by_id,
)
from connectors.jira.fake.workflow import Transition, available

Shown: TypeAlias = dict[str, Any]

NEWEST = 100  # entries of the changelog that come with an issue


class Showing:
    """Answers for one reader: moments are in that account's time zone."""

    def __init__(self, site: Site, zone: str) -> None:
        self._site = site
        self._zone = zone
        self._once: dict[tuple[str, str], Any] = {}

    def moment(self, at: int) -> str:
        """A moment as this reader sees it."""
        return shown_moment(at, self._zone)

    # the words of the site

    def status(self, status: StatusDef) -> Shown:
        """`StatusDetails`."""
        number, colour, name = CATEGORIES[status.category]
        return {
            "self": self._site.url(f"status/{status.id}"),
            "description": status.description,
            "iconUrl": f"{self._site.base}/images/icons/statuses/generic.png",
            "name": self._site.called(status).name,
            "id": status.id,
            "statusCategory": {
                "self": self._site.url(f"statuscategory/{number}"),
                "id": number,
                "key": status.category,
                "colorName": colour,
                "name": name,
            },
        }

    def priority(self, priority: Named) -> Shown:
        """`Priority`, as in an issue."""
        return {
            "self": self._site.url(f"priority/{priority.id}"),
            "iconUrl": f"{self._site.base}/images/icons/priorities/{priority.name.lower()}.svg",
            "name": self._site.called(priority).name,
            "id": priority.id,
        }

    def resolution(self, resolution: Named) -> Shown:
        """`Resolution`."""
        return {
            "self": self._site.url(f"resolution/{resolution.id}"),
            "id": resolution.id,
            "description": resolution.description,
            "name": self._site.called(resolution).name,
        }

    def type(self, type: TypeDef) -> Shown:
        """`IssueTypeDetails`."""
        return {
            "self": self._site.url(f"issuetype/{type.id}"),
            "id": type.id,
            "description": type.description,
            "iconUrl": f"{self._site.base}/images/icons/issuetypes/{type.name.lower()}.svg",
            "name": self._site.called(type).name,
            "subtask": type.level < 0,
            "hierarchyLevel": type.level,
        }

    def option(self, option: Named) -> Shown:
        """An option of a select field."""
        return {
            "self": self._site.url(f"customFieldOption/{option.id}"),
            "value": self._site.called(option).name,
            "id": option.id,
        }

    def project(self, project: ProjectDef) -> Shown:
        """`Project`, as in an issue."""
        return {
            "self": self._site.url(f"project/{project.id}"),
            "id": project.id,
            "key": project.key,
            "name": project.name,
            "projectTypeKey": "software",
            "simplified": False,
            "avatarUrls": self._avatars(f"projectavatar?pid={project.id}"),
        }

    def _avatars(self, path: str) -> Shown:
        return {f"{n}x{n}": f"{self._site.base}/secure/{path}&size={n}" for n in (16, 24, 32, 48)}

    def user(self, account: str | None) -> Shown | None:
        """`UserDetails`; the address only where its owner lets others see it."""
        if account is None:
            return None
        known = self._once.get(("user", account))
        if known is None:
            known = self._once["user", account] = self._user(account)
        return dict(known)

    def _user(self, account: str) -> Shown:
        user = self._site.users.get(account)
        shown = {"self": self._site.url(f"user?accountId={account}"), "accountId": account}
        if user is not None and not self._site.face.cloud:
            shown = {"self": self._site.url(f"user?username={user['login']}")}
            shown |= self._site.face.named(user)
        if user is None:
            return {**shown, "displayName": "Former user", "active": False}
        if not user["email_hidden"]:
            shown["emailAddress"] = user["email"]
        return {
            **shown,
            "avatarUrls": self._avatars(f"useravatar?ownerId={account}"),
            "displayName": user["name"],
            "active": user["active"],
            "timeZone": user["zone"],
            **({"accountType": "atlassian"} if self._site.face.cloud else {}),
        }

    # issues

    def issue(self, doc: Doc, fields: Sequence[FieldDef]) -> Shown:
        """`IssueBean` with these fields."""
        shown = {f.id: self.value(doc, f) for f in fields}
        return {
            "expand": "renderedFields,names,schema,operations,editmeta,changelog",
            "id": doc["id"],
            "self": self._site.url(f"issue/{doc['id']}"),
            "key": doc["key"],
            "fields": shown,
        }

    def value(self, doc: Doc, field: FieldDef) -> Any:
        """One field of an issue."""
        kept = doc["fields"].get(field.id)
        match field.kind:
            case "project" | "status" | "priority" | "resolution" | "issuetype" | "option":
                return self._chosen(field, doc["project"] if field.kind == "project" else kept)
            case "options":
                return [self._chosen_option(field, k) for k in kept] if kept else None
            case "user":
                return self.user(doc["creator"] if field.id == "creator" else kept)
            case "moment":
                at = kept if field.id == "resolutiondate" else doc[field.id]
                return None if at is None else self.moment(at)
            case "parent":
                parent = self._site.issues.get(kept) if kept else None
                return self.linked(parent) if parent else None
            case "subtasks":
                children = self._site.children(doc["id"])
                subtask = {t.id for t in TYPES if t.level < 0}
                return [self.linked(c) for c in children if c["fields"]["issuetype"] in subtask]
            case "comment":
                return self.comments(doc)
            case "attachment":
                return [self.attachment(a) for a in self._site.attachments_of(doc["id"])]
            case "labels":
                return kept or []
        return kept

    def _chosen(self, field: FieldDef, kept: str | None) -> Any:
        if kept is None:
            return None
        known = self._once.get((field.id, kept))
        if known is None:
            known = self._once[field.id, kept] = self._choice(field, kept)
        return known

    def _chosen_option(self, field: FieldDef, kept: str) -> Any:
        return self._chosen(FieldDef(field.id, "", "option", "", options=field.options), kept)

    def _choice(self, field: FieldDef, kept: str) -> Any:
        if field.kind == "project":
            project = self._site.project(kept)
            return self.project(project) if project else None
        if field.kind == "status":
            return self.status(next(s for s in STATUSES if s.id == kept))
        if field.kind == "issuetype":
            return self.type(next(t for t in TYPES if t.id == kept))
        things = {"priority": PRIORITIES, "resolution": RESOLUTIONS}.get(field.id, field.options)
        found = by_id(things, kept)
        if found is None:
            return None
        shower = {"priority": self.priority, "resolution": self.resolution}
        return shower.get(field.id, self.option)(found)

    def transition(self, step: Transition) -> Shown:
        """`IssueTransition`, without the fields of its screen."""
        return {
            "id": step.id,
            "name": step.name,
            "to": self.status(next(s for s in STATUSES if s.id == step.target)),
            "hasScreen": bool(step.screen),
            "isGlobal": not step.origins,
            "isInitial": False,
            "isAvailable": True,
            "isConditional": False,
            "looped": False,
        }

    def transitions(self, doc: Doc) -> list[Shown]:
        """The steps that an issue can take now, as a search with `expand` shows them."""
        at = doc["fields"]["issuetype"], doc["fields"]["status"]
        return [self.transition(step) for step in available(*at, self._site.closed_steps)]

    def linked(self, doc: Doc) -> Shown:
        """`LinkedIssue`: a parent or a child, in short."""
        short = ("summary", "status", "priority", "issuetype")
        return {
            "id": doc["id"],
            "key": doc["key"],
            "self": self._site.url(f"issue/{doc['id']}"),
            "fields": {name: self.value(doc, FIELDS[name]) for name in short},
        }

    # what hangs on an issue

    def comments(self, doc: Doc) -> Shown:
        """The comments inside an issue: the first twenty."""
        found = [c for c in self._site.comments_of(doc["id"]) if not c.get("visibility")]
        return {
            "comments": [self.comment(c) for c in found[:20]],
            "self": self._site.url(f"issue/{doc['id']}/comment"),
            "maxResults": min(len(found), 20),
            "total": len(found),
            "startAt": 0,
        }

    def comment(self, comment: Doc, properties: bool = False) -> Shown:
        """`Comment`."""
        kept: Mapping[str, Any] = comment["properties"]
        shown = {
            "self": self._site.url(f"issue/{comment['issue']}/comment/{comment['id']}"),
            "id": comment["id"],
            "author": self.user(comment["author"]),
            "body": comment["body"],
            "updateAuthor": self.user(comment["editor"]),
            "created": self.moment(comment["created"]),
            "updated": self.moment(comment["updated"]),
        }
        if self._site.face.cloud:
            shown["jsdPublic"] = not is_internal(comment)
        if comment.get("visibility"):
            shown["visibility"] = comment["visibility"]
        if properties:
            shown["properties"] = [{"key": k, "value": v} for k, v in kept.items()]
        return shown

    def attachment(self, attachment: Doc) -> Shown:
        """`Attachment`."""
        id = attachment["id"]
        return {
            "self": self._site.url(f"attachment/{id}"),
            "id": id,
            "filename": attachment["filename"],
            "author": self.user(attachment["author"]),
            "created": self.moment(attachment["created"]),
            "size": attachment["size"],
            "mimeType": attachment["mime"],
            "content": self._site.url(f"attachment/content/{id}")
            if self._site.face.cloud
            else f"{self._site.base}/secure/attachment/{id}/{quote(attachment['filename'])}",
        }

    def history(self, history: Doc, items: Iterable[Doc]) -> Shown:
        """`Changelog`."""
        return {
            "id": history["id"],
            "author": self.user(history["author"]),
            "created": self.moment(history["created"]),
            "items": [self._site.face.entry(i, self._site.users.get) for i in items],
        }

    def changelog(self, doc: Doc) -> Shown:
        """The changelog inside an issue, newest first: what is older is only in its own listing."""
        if not self._site.face.cloud:  # whole, and oldest first
            whole = [self.history(h, h["items"]) for h in doc["histories"]]
            size = len(whole)
            return {"startAt": 0, "maxResults": size, "total": size, "histories": whole}
        latest = doc["histories"][: -1 - NEWEST : -1]
        return {
            "startAt": 0,
            "maxResults": NEWEST,
            "total": len(doc["histories"]),
            "histories": [self.history(h, h["items"]) for h in latest],
        }


def is_internal(comment: Doc) -> bool:
    """Whether customers cannot read it (developer.atlassian.com, comment property of Jira Service
    Management: `sd.public.comment` with `internal`)."""
    value = comment["properties"].get("sd.public.comment")
    return isinstance(value, dict) and bool(value.get("internal"))
