"""`describe`: what RT tells of its queues, custom fields, statuses and the account's rights."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from urllib.parse import urlsplit

from connectors.request_tracker.client import Client, Row, together
from connectors.request_tracker.config import RequestTrackerConfig
from connectors.request_tracker.metadata import Metadata
from connectors.request_tracker.reading import Reader
from connectors.request_tracker.wire import custom_path
from syncline.sdk.connector import FieldSchema, RecordSchema, Schema
from syncline.sdk.errors import Misconfigured, NotFound

MOST_TITLE = 200  # RT's column; longer ones are cut
# The lifecycle RT comes with (etc/RT_Config.pm, %Lifecycles); its interface tells none.
_DEFAULT_STATUSES = frozenset(("new", "open", "stalled", "resolved", "rejected", "deleted"))


class Describer:
    """Describes one connection."""

    def __init__(
        self, client: Client, metadata: Metadata, reader: Reader, config: RequestTrackerConfig
    ) -> None:
        self._client = client
        self._metadata = metadata
        self._reader = reader
        self._config = config

    async def describe(self) -> Schema:
        """The schema; raises AuthRequired or Misconfigured with what to do."""
        about = await self._about()
        me, queues = await self._metadata.me(), await self._metadata.queues()
        await self._metadata.fields()
        await together(self._reader.survey(row["Name"]) for row in queues.values())
        custom, hidden = await self._custom_fields(list(queues.values()))
        statuses, unsure = self._statuses(queues)
        warnings = [
            *_right_warnings(about, queues, self._reader.offered),
            *_hidden_fields(hidden),
            *unsure,
        ]
        fields = [*self._built_in(statuses, tuple(queues)), *custom]
        self._check_key_field(fields)
        at = urlsplit(self._config.web_url)
        return Schema(
            # The number stays when the login is changed.
            account=f"user {me['id']} at {at.netloc}{at.path}",
            version=str(about["Version"]),
            records={"ticket": RecordSchema("ticket", {field.path: field for field in fields})},
            text_format=self._config.text_format,
            warnings=tuple(warnings),
        )

    async def _about(self) -> Row:
        try:
            about: Row = await self._client.get("rt")
        except NotFound as error:
            raise Misconfigured(
                f"{self._config.base_url} is no Request Tracker, or one without REST 2.0 "
                "(RT 5 and later have it). Nothing was read; correct base_url."
            ) from error
        return about

    async def _custom_fields(self, queues: Sequence[Row]) -> tuple[list[FieldSchema], list[str]]:
        """The queues' custom fields, and the names of those whose definition is hidden."""
        known = await self._metadata.fields()
        named = {
            str(cf["id"]): cf["name"] for queue in queues for cf in queue["TicketCustomFields"]
        }
        shown = [id for id in named if id in known]
        options = await together(self._options(known[id]) for id in shown)
        schemas = [
            FieldSchema(
                path=custom_path(named[id]),
                label=named[id],
                type="text" if str(known[id]["MaxValues"]) == "1" else "list",
                options=choices,
            )
            for id, choices in zip(shown, options, strict=True)
        ]
        return schemas, sorted(name for id, name in named.items() if id not in known)

    async def _options(self, field: Row) -> tuple[str, ...] | None:
        if field["Type"] != "Select":
            return None
        definition = await self._client.get(f"customfield/{field['id']}")
        return tuple(
            value["name"] if isinstance(value, dict) else str(value)
            for value in definition.get("Values") or ()
        )

    def _statuses(self, queues: Mapping[str, Row]) -> tuple[tuple[str, ...] | None, list[str]]:
        """The statuses of all queues, None where a lifecycle of the site's own is involved."""
        learned: set[str] = set()
        for moves in self._reader.moves.values():
            learned |= moves.keys() | {to for ends in moves.values() for to in ends}
        own = {row["Lifecycle"] for row in queues.values()} - {"default"}
        if not own and learned <= _DEFAULT_STATUSES:
            return tuple(sorted(_DEFAULT_STATUSES)), []
        # What tickets show of it today is not said: a warning that changes is taken for news.
        more = ", ".join(sorted(learned - _DEFAULT_STATUSES))
        which = ", ".join(sorted(own)) or f"default, with {more},"
        return None, [
            f"lifecycle {which} is the site's own and RT does not tell its statuses: check the "
            "status table of the mapping by hand"
        ]

    def _built_in(
        self, statuses: tuple[str, ...] | None, queues: tuple[str, ...]
    ) -> list[FieldSchema]:
        priorities = tuple(self._config.priorities) or None
        return [
            FieldSchema("Subject", "Subject", "text", max_length=MOST_TITLE),
            FieldSchema("Content", "First message", "text", create_only=True),
            FieldSchema("Status", "Status", "text", statuses),
            FieldSchema("Queue", "Queue", "text", queues),
            FieldSchema("Priority", "Priority", "text" if priorities else "number", priorities),
            FieldSchema("Owner", "Owner", "person"),
            FieldSchema("Requestor", "Requestor", "person"),
            FieldSchema("Requestors", "Requestors", "people"),
            FieldSchema("Cc", "Cc", "people"),
            FieldSchema("Due", "Due", "date"),
            FieldSchema("RefersTo", "Refers to", "list"),
            FieldSchema("Created", "Created", "datetime", read_only=True),
            FieldSchema("LastUpdated", "Last Updated", "datetime", read_only=True),
            FieldSchema("Resolved", "Closed", "datetime", read_only=True),
        ]

    def _check_key_field(self, fields: Sequence[FieldSchema]) -> None:
        name = self._config.key_field
        found = next((field for field in fields if field.label == name), None)
        if name is not None and (found is None or found.type != "text"):
            raise Misconfigured(
                f"key_field: the scope's queues have no single-value custom field {name!r} that "
                "this account may see. Add it to the queues in RT, or leave key_field out."
            )


def _hidden_fields(names: Sequence[str]) -> list[str]:
    if not names:
        return []
    return [
        f"the account sees the custom fields {', '.join(names)} but not what they are: give it "
        "SeeCustomField globally, else one value and a list cannot be told apart"
    ]


def _right_warnings(about: Row, queues: Mapping[str, Row], offered: Collection[str]) -> list[str]:
    """What RT's own links say that the account may not do, or may do beyond need."""
    if "Plugins" in about:
        return ["the account is a SuperUser: rights on the scope's queues would do (README)"]
    found = [
        f"queue {name!r}: the account may not create tickets (CreateTicket)"
        for name, row in queues.items()
        if not any(link["ref"] == "create" for link in row["_hyperlinks"])
    ]
    # Without any ticket RT offers nothing, and so tells nothing of these rights.
    if offered and "comment" not in offered:
        found.append("the account may not comment (CommentOnTicket)")
    if offered and "correspond" not in offered:
        found.append("the account may not reply (ReplyToTicket)")
    return found
