"""What an automation rule of Odoo posts, believed by a secret that the action's name is.

Odoo signs nothing and sends no header of one's own. What it always sends is the name of the action
that posts, and only administrators can read that one; so a secret is made and the action is named
by it. Whoever reads one call can therefore make others, and nothing is taken from a call but ids to
read. One edit often posts several times, each flush of the ORM being a write: all of one
transaction show the same `write_date`, which the action has to send, and count once.
(odoo/addons/base/models/ir_actions.py, `_run_action_webhook`; measured on 19.0.)
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from connectors.odoo.records import RECORDS
from syncline.sdk.secrets import Secret
from syncline.sdk.webhook import Headers, Hint, Refused, Webhook

_NAMED = re.compile(r"(.*)\(#[0-9]+\)", re.DOTALL)
_GENUINE, _OTHER = b"named by the secret", b"named otherwise"


class OdooWebhook(Webhook):
    """The rules of one database; their actions are named by the secret."""

    def signature(self, headers: Headers) -> bytes:
        """No header proves anything; what `_digest` makes of a genuine name is this."""
        return _GENUINE

    def signed(self, headers: Headers, body: bytes) -> bytes:
        """The action's name, as it stands in the body."""
        try:
            named = _NAMED.fullmatch(orjson.loads(body)["_action"])
        except (LookupError, TypeError, ValueError) as error:
            raise Refused("the body names no action") from error
        if named is None:
            raise Refused("the body names no action")
        return named[1].encode()

    def event(self, payload: Any) -> str | None:
        """The record and when it was written: the same for all calls of one transaction."""
        return f"{payload['_model']} {payload['_id']} {payload['write_date']}"

    def hints(self, payload: Any) -> Iterable[Hint]:
        """The record; of a contact, both what it may be; none for a model that is not synced."""
        model, id = payload["_model"], payload["_id"]
        if type(id) is not int or id < 1:
            raise ValueError("no record's number")
        return tuple(Hint(record, str(id)) for record in _RECORDS.get(model, ()))

    @classmethod
    def _digest(cls, secret: Secret, signed: bytes) -> bytes:
        return _GENUINE if hmac.compare_digest(signed, secret.reveal().encode()) else _OTHER


_RECORDS: Mapping[str, tuple[str, ...]] = {
    kind.model: tuple(name for name, one in RECORDS.items() if one.model == kind.model)
    for kind in RECORDS.values()
}
