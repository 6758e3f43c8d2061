"""Files: `addAttachment`, `getAttachment`, `getAttachmentContent`, `removeAttachment`,
`getAttachmentMeta`. Content is elsewhere: the answer is a redirect to an address that is open to
whoever knows it, for ten minutes."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from starlette.datastructures import UploadFile
from starlette.responses import Response

from connectors.jira.fake.api import account, showing
from connectors.jira.fake.errors import refuse
from connectors.jira.fake.limits import Limits
from connectors.jira.fake.site import Doc, Event, Site, changed
from syncline.sandbox import Answered, Call, Endpoint, answer

LARGEST = 10 * 1024 * 1024
MOST_FILES = 60
OPEN_MS = 600_000


class Attachments:
    """The endpoints of files."""

    def __init__(self, site: Site, limits: Limits) -> None:
        self._site = site
        self._limits = limits
        self._opened: dict[str, tuple[str, int]] = {}

    def endpoints(self) -> Sequence[Endpoint]:
        """The routes."""
        root = "/rest/api/3/attachment"
        add = "/rest/api/3/issue/{id}/attachments"
        return [
            Endpoint("POST", add, self._add, mutating=True),
            Endpoint("GET", f"{root}/meta", self._meta),
            Endpoint("GET", f"{root}/content/{{attachment}}", self._content),
            Endpoint("GET", f"{root}/{{attachment}}", self._get),
            Endpoint("DELETE", f"{root}/{{attachment}}", self._delete, mutating=True),
            Endpoint("GET", "/media/file/{token}/binary", self._binary, open=True),
            *self._secure(),
        ]

    def _secure(self) -> Sequence[Endpoint]:
        """Data Center's own address for content."""
        path = "/secure/attachment/{attachment}/{name}"
        return [] if self._site.face.cloud else [Endpoint("GET", path, self._straight)]

    def _straight(self, call: Call) -> Response:
        return self._bytes(self._one(call))

    def _meta(self, call: Call) -> Response:
        return answer({"enabled": True, "uploadLimit": LARGEST})

    async def _add(self, call: Call) -> Response:
        if call.headers.get("x-atlassian-token") not in ("no-check", "nocheck"):
            raise Answered(Response("XSRF check failed", 403, media_type="text/plain"))
        doc = self._site.visible(call.path_params["id"])
        self._limits.written(doc["id"])
        files = await self._files(call)
        if not files:
            raise refuse(400, "No file was given in a part named 'file'.")
        if len(files) > MOST_FILES:
            raise refuse(413, f"No more than {MOST_FILES} files can be attached at once.")
        contents = [await f.read() for f in files]
        for file, content in zip(files, contents, strict=True):
            if len(content) > LARGEST:
                raise refuse(
                    413, f"The file '{file.filename}' exceeds the attachment limit of 10 MB."
                )
        out = showing(self._site, call)
        shown = []
        for file, content in zip(files, contents, strict=True):
            kept = self._keep(doc, account(call), file, content)
            shown.append(out.attachment(kept))
            call.applied(kept["id"])
        doc = changed(doc, updated=self._site.now())
        self._site.save(doc, call.lag)
        call.applied(doc["id"])
        self._site.tell(Event("jira:issue_updated", doc, account(call), kind="issue_updated"))
        return answer(shown)

    @staticmethod
    async def _files(call: Call) -> list[UploadFile]:
        try:
            form = await call.form()
        except ValueError as bad:
            raise refuse(400, str(bad)) from None
        return [f for f in form.getlist("file") if isinstance(f, UploadFile)]

    def _keep(self, doc: Doc, actor: str, file: UploadFile, content: bytes) -> Doc:
        kept: Doc = {
            "id": str(self._site.state.next("attachment", 60000)),
            "issue": doc["id"],
            "author": actor,
            "filename": file.filename or "file",
            "mime": file.content_type or "application/octet-stream",
            "size": len(content),
            "created": self._site.now(),
        }
        self._site.save_attachment(kept, base64.b64encode(content).decode())
        return kept

    def _one(self, call: Call) -> Doc:
        id = call.path_params["attachment"]
        kept = self._site.attachments.get(id)
        doc = self._site.issues.get(kept["issue"]) if kept else None
        if kept is None or doc is None or doc["hidden"]:
            raise refuse(404, f"The attachment with id '{id}' does not exist")
        return kept

    def _get(self, call: Call) -> Response:
        kept = self._one(call)
        return answer({**showing(self._site, call).attachment(kept), "id": int(kept["id"])})

    def _content(self, call: Call) -> Response:
        kept = self._one(call)
        if call.query.get("redirect") == "false":
            return self._bytes(kept)
        token = f"{self._site.state.next('media', 1)}-{kept['id']}"
        self._opened[token] = (kept["id"], self._site.now() + OPEN_MS)
        location = f"{self._site.base}/media/file/{token}/binary"
        return answer(status=303, headers={"Location": location})

    def _binary(self, call: Call) -> Response:
        id, until = self._opened.get(call.path_params["token"], ("", 0))
        kept = self._site.attachments.get(id)
        if kept is None or self._site.now() > until:
            return answer({"error": {"code": "JwtAuthoriser:TokenExpiredError"}}, 403)
        return self._bytes(kept)

    def _bytes(self, kept: Doc) -> Response:
        stored = self._site.contents.get(kept["id"]) or {"base64": ""}
        return Response(base64.b64decode(stored["base64"]), media_type=kept["mime"])

    def _delete(self, call: Call) -> Response:
        kept = self._one(call)
        doc = self._site.visible(kept["issue"])
        self._limits.written(doc["id"])
        self._site.remove_attachment(kept)
        self._site.save(changed(doc, updated=self._site.now()), call.lag)
        call.applied(doc["id"], kept["id"])
        return answer(status=204)
