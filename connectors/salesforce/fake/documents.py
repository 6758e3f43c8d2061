"""Documents and their versions: one that names no document makes one, of which it is the latest.

(Object Reference, ContentVersion)
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as BadBase64

from connectors.salesforce.fake.errors import Refused
from connectors.salesforce.fake.org import Org, Row


def published(org: Org, row: Row) -> Row:
    """A new version as Salesforce keeps it, with a document; raises Refused."""
    try:
        size = len(b64decode(str(row["VersionData"] or ""), validate=True))
    except BadBase64:
        raise Refused("JSON_PARSER_ERROR", "VersionData is not base 64") from None
    document = row["ContentDocumentId"] or org.new_id("ContentDocument")
    _, dot, extension = str(row["PathOnClient"]).rpartition(".")
    for id, other in list(org.rows("ContentVersion").items()):
        if other["ContentDocumentId"] == document:
            org.rows("ContentVersion").put(id, {**other, "IsLatest": False})
    about = {name: row[name] for name in ("CreatedById", "CreatedDate", "SystemModstamp", "Title")}
    org.put("ContentDocument", {**about, "Id": document, "IsDeleted": False})
    return {
        **row,
        "ContentDocumentId": document,
        "ContentSize": size,
        "FileExtension": extension if dot else None,
        "IsLatest": True,
    }
