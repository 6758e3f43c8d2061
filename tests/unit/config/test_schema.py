"""The JSON Schema accepts what the loader accepts, and secrets only as references."""

from __future__ import annotations

import re
from datetime import timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from syncline.config.durations import PATTERN, duration, written
from syncline.config.schema import json_schema
from syncline.simulation.connector import MemoryConfig


def test_every_top_level_key_is_there_and_no_other_is_allowed() -> None:
    schema = json_schema({"memory": MemoryConfig})
    assert set(schema["properties"]) == {
        "workspace", "store", "connections", "syncs", "people", "webhooks", "plugins",
    }  # fmt: skip
    assert schema["additionalProperties"] is False


def test_a_connections_secret_must_be_a_reference() -> None:
    schema = json_schema({"memory": MemoryConfig})
    token = schema["$defs"]["memory.TokenAuth"]["properties"]["token"]
    assert re.search(token["pattern"], "${env:TOKEN}")
    assert not re.search(token["pattern"], "hunter2")


def test_every_reference_within_the_schema_leads_somewhere() -> None:
    schema = json_schema({"memory": MemoryConfig})
    found: list[str] = re.findall(r"'\$ref': '#/\$defs/([^']+)'", str(schema))
    assert found
    assert set(found) <= set(schema["$defs"])


def test_lengths_of_time_are_written_as_people_write_them() -> None:
    schema = json_schema({})
    schedule = schema["$defs"]["ScheduleConfig"]["properties"]
    assert re.search(schedule["every"]["pattern"], "5m")
    assert not re.search(schedule["every"]["pattern"], "PT5M")
    assert schedule["every"]["default"] == "5m"
    whole = schema["$defs"]["SyncConfig"]["properties"]["schedule"]["default"]
    assert {key: schedule[key]["default"] for key in schedule} == whole


@given(st.timedeltas(timedelta(microseconds=1), timedelta(days=366)))
@example(timedelta(microseconds=1))
def test_a_length_of_time_that_is_written_is_read_as_the_same(length: timedelta) -> None:
    assert re.search(PATTERN, written(length))
    assert duration(written(length)) == length
