"""Moments as JQL writes them: to the minute in an account's time zone; or without a zone, as a
period back from now or as milliseconds since 1970."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.jira.fake.jql import BadJql, Value
from connectors.jira.fake.site import milliseconds

MINUTE = timedelta(minutes=1)
UNITS = {"w": 10080 * MINUTE, "d": 1440 * MINUTE, "h": 60 * MINUTE, "m": MINUTE}
PERIOD = re.compile(r"^[+-]?(\s*\d+[wdhm])+$")
FORMATS = ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d")


def moment(field: str, value: Value, now: datetime, zone: ZoneInfo) -> int:
    """The moment a value stands for, in milliseconds; BadJql where it is none."""
    if value.kind == "function":
        return _function(value.text, now, zone)
    if value.kind == "word" and re.fullmatch(r"-?\d+", value.text):
        return int(value.text)
    if PERIOD.match(value.text):
        sign = -1 if value.text.startswith("-") else 1
        parts = re.findall(r"(\d+)([wdhm])", value.text)
        length = sum((int(count) * UNITS[unit] for count, unit in parts), timedelta(0))
        return milliseconds(now + sign * length)
    for form in FORMATS:
        try:
            local = datetime.strptime(value.text, form).replace(tzinfo=zone)
        except ValueError:
            continue
        return milliseconds(local)
    raise BadJql(
        f"Date value '{value.text}' for field '{field}' is invalid. Valid formats include: "
        "'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format "
        "e.g. '-5d', '4w 2d'."
    )


def _function(name: str, now: datetime, zone: ZoneInfo) -> int:
    if name == "now":
        return milliseconds(now)
    if name == "startofday":
        start = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
        return milliseconds(start)
    raise BadJql(f"Unable to find JQL function '{name}()'.")


def day(field: str, value: Value, now: datetime, zone: ZoneInfo) -> str:
    """The day a value stands for where the account lives."""
    at = datetime.fromtimestamp(moment(field, value, now, zone) / 1000, UTC)
    return at.astimezone(zone).date().isoformat()
