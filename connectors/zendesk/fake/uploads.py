"""Files: uploaded first, attached by their token with a comment.

developer.zendesk.com, "Attachments". A token is good for three days and for one comment.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from urllib.parse import quote

from connectors.zendesk.fake.account import Account, Row, stamp
from connectors.zendesk.fake.errors import Refused, invalid, not_found

_GOOD_FOR = 3 * 24 * 3600


class Uploads:
    """Files of an account, waiting for a comment or attached to one."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self.waiting = account.state.table("uploads")
        self.files = account.state.table("files")

    def take(self, name: str, content_type: str, content: bytes, token: str | None) -> Row:
        """Keep a file and answer with the token; raises Refused when it is too large."""
        if len(content) > self._account.settings.upload_bytes:
            megabytes = self._account.settings.upload_bytes // (1024 * 1024)
            words = f"The file {name} is larger than {megabytes} MB"
            raise Refused(413, "AttachmentTooLarge", words)
        known = self.waiting.get(token) if token else None
        if token and known is None:
            raise not_found()
        id = self._account.new_id()
        secret = hashlib.sha256(f"file {id}".encode()).hexdigest()[:24]
        self.files.put(
            secret, {"type": content_type, "content": base64.b64encode(content).decode()}
        )
        attachment: Row = {
            "id": id,
            "file_name": name,
            "content_url": f"/attachments/token/{secret}/?name={quote(name)}",
            "content_type": content_type,
            "size": len(content),
            "inline": False,
            "deleted": False,
            "malware_access_override": False,
            "malware_scan_result": "malware_not_found",
            "thumbnails": [],
        }
        token = token or hashlib.sha256(f"upload {id}".encode()).hexdigest()[:24]
        expires = (known or {}).get("expires") or self._account.seconds() + _GOOD_FOR
        attachments = [*(known or {}).get("attachments", ()), attachment]
        upload = {"token": token, "expires": expires, "attachments": attachments}
        self.waiting.put(token, upload)
        return {
            "token": token,
            "expires_at": stamp(expires),
            "attachment": self.shown(attachment),
            "attachments": [self.shown(one) for one in attachments],
        }

    def attach(self, tokens: Iterable[str]) -> list[Row]:
        """The files of some tokens, which are spent with this; raises Refused."""
        found: list[Row] = []
        tokens = [tokens] if isinstance(tokens, str) else list(tokens)
        for token in tokens:
            upload = self.waiting.get(str(token))
            if upload is None or upload["expires"] < self._account.seconds():
                raise invalid("base", "Uploads: token is invalid or has expired")
            found += upload["attachments"]
        for token in tokens:
            self.waiting.delete(str(token))
        return found

    def discard(self, token: str) -> None:
        """Forget a file that no comment has."""
        if token not in self.waiting:
            raise not_found()
        self.waiting.delete(token)

    def content(self, secret: str) -> tuple[str, bytes]:
        """A file's type and content by the secret in its address."""
        file = self.files.get(secret)
        if file is None:
            raise not_found()
        return file["type"], base64.b64decode(file["content"])

    def shown(self, attachment: Row) -> Row:
        """An attachment with whole addresses."""
        content = f"{self._account.base_url}{attachment['content_url']}"
        return attachment | {
            "url": self._account.url(f"attachments/{attachment['id']}"),
            "content_url": content,
            "mapped_content_url": content,
        }
