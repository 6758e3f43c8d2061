"""Bodies of HTML forms and of uploads, read without a further library.

`multipart/form-data` is RFC 7578: parts between boundaries, each with headers. Contents are taken
byte by byte as they are.
"""

from __future__ import annotations

from email.message import Message
from email.parser import HeaderParser
from io import BytesIO
from urllib.parse import parse_qsl

from starlette.datastructures import FormData, Headers, UploadFile


class BadForm(ValueError):
    """The body is not what its content type says."""


def read(content_type: str, body: bytes) -> FormData:
    """The fields of a form; a part with a file name is an UploadFile. Raises BadForm."""
    about = Message()
    about["Content-Type"] = content_type
    if about.get_content_type() == "application/x-www-form-urlencoded":
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
        return FormData([*pairs])
    boundary = about.get_boundary()
    if about.get_content_type() != "multipart/form-data" or not boundary:
        raise BadForm("The body is neither multipart/form-data nor a form.")
    head, *parts = (b"\r\n" + body).split(b"\r\n--" + boundary.encode("latin-1", "replace"))
    if not parts or not parts[-1].startswith(b"--"):
        raise BadForm("The multipart body does not end with its boundary.")
    return FormData([_part(part) for part in parts[:-1]])


def _part(raw: bytes) -> tuple[str, str | UploadFile]:
    head, found, content = raw.partition(b"\r\n\r\n")
    headers = HeaderParser().parsestr(head.decode("utf-8", "replace").lstrip("\r\n"))
    name = headers.get_param("name", header="content-disposition")
    if not found or not isinstance(name, str):
        raise BadForm("A part of the multipart body has no name.")
    filename = headers.get_filename()
    if filename is None:
        return name, content.decode("utf-8", "replace")
    kept = Headers({key: str(value) for key, value in headers.items()})
    return name, UploadFile(BytesIO(content), size=len(content), filename=filename, headers=kept)
