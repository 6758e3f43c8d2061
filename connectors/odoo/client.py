"""Odoo's JSON-2 interface as calls: one POST a method, named arguments as its body.

An answer of 500 is not always an outage: Odoo gives it, with a traceback, for a field or a value
that it does not know. Such a refusal is told in Odoo's own sentence and never with the traceback;
every other 500 leaves open what became of a write.
(addons/rpc/controllers/json2.py and http.py of 19.0; measured, docs/vendors/odoo.md.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from syncline.sdk.errors import Ambiguous, Misconfigured, Rejected, Retriable
from syncline.sdk.http import Response, Transport, safe_error

Row = Mapping[str, Any]
Domain = Sequence[Any]
Specification = Mapping[str, Any]

PAGE = 200

# Labels in one language, archived records too, nobody made a follower by our writing, and whom we
# assign not told so by mail (mail/models/mail_thread.py; tracking goes on: `history` reads it).
CONTEXT = {
    "lang": "en_US",
    "tz": "UTC",
    "active_test": False,
    "mail_create_nosubscribe": True,
    "mail_post_autofollow": False,
    "mail_auto_subscribe_no_notify": True,
}

# What the ORM says before anything reaches the database (orm/models.py, orm/fields_selection.py).
_NOT_APPLIED = ("Invalid field ", "Wrong value for ")


def stamp(moment: datetime) -> str:
    """A moment as Odoo takes and gives it: UTC in whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def moment(text: str) -> datetime:
    """A time as Odoo writes it."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)


class Client:
    """The calls. They raise what `Transport` raises, and Misconfigured for a field that a read
    names and Odoo has not."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    async def read(self, model: str, method: str, **arguments: object) -> Any:
        """What a method that changes nothing answers."""
        response = await self._call(model, method, arguments, mutating=False)
        if response.status == 200:
            return response.json()
        said = safe_error(response)
        if _message(response).startswith(_NOT_APPLIED):
            raise Misconfigured(
                f"Odoo cannot answer {model}.{method} ({said}). Nothing was read; check key_field"
                " and the modules that are installed.",
                status=500,
            )
        raise Retriable(
            f"{model}.{method} failed inside Odoo ({said}). Syncline tries again later."
        )

    async def write(
        self,
        model: str,
        method: str,
        *,
        items: int = 1,
        context: Mapping[str, object] = MappingProxyType({}),
        **arguments: object,
    ) -> Any:
        """What a method that changes something answers; Rejected says that nothing was changed.

        `context` is what Odoo is told besides what it always is.
        """
        response = await self._call(
            model, method, arguments, {**CONTEXT, **context}, mutating=True, items=items
        )
        if response.status == 200:
            return response.json()
        said = safe_error(response)
        if _message(response).startswith(_NOT_APPLIED):
            raise Rejected(f"Odoo refused {model}.{method} ({said}). Nothing was applied.")
        raise Ambiguous(
            f"{model}.{method} failed inside Odoo ({said}). It may have been applied; Syncline"
            " looks for evidence and does not send it again.",
            status=500,
        )

    async def _call(
        self,
        model: str,
        method: str,
        arguments: Mapping[str, object],
        context: Mapping[str, object] = CONTEXT,
        *,
        mutating: bool,
        items: int = 1,
    ) -> Response:
        return await self.transport.request(
            "POST",
            f"/json/2/{model}/{method}",
            json={**arguments, "context": context},
            mutating=mutating,
            items=items,
            ok=(200, 500),
        )

    async def search(
        self,
        model: str,
        domain: Domain,
        specification: Specification,
        *,
        order: str = "id",
        limit: int = PAGE,
    ) -> list[Row]:
        """At most `limit` records with what their links lead to, in one request."""
        answer = await self.read(
            model,
            "web_search_read",
            domain=list(domain),
            specification=specification,
            order=order,
            limit=limit,
            count_limit=1,  # else Odoo counts the whole table behind a full page
        )
        rows: list[Row] = answer["records"]
        return rows

    async def all(self, model: str, domain: Domain, specification: Specification) -> list[Row]:
        """All that match, page by page in the order of their ids."""
        rows: list[Row] = []
        while True:
            after = rows[-1]["id"] if rows else 0
            page = await self.search(model, [*domain, ["id", ">", after]], specification)
            rows += page
            if len(page) < PAGE:
                return rows

    async def exists(self, model: str, id: str) -> bool:
        """Whether there is such a record; raises NotFound, hidden, where rights forbid to say."""
        # Asked for the id alone Odoo says what it was given, also of what is gone.
        return bool(await self.read(model, "read", ids=[int(id)], fields=["write_date"]))


def _message(response: Response) -> str:
    try:
        return str(response.json()["message"])
    except (ValueError, KeyError, TypeError):
        return ""
