"""What the pages for operators say of the configuration is what the code takes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from syncline.checking import lint
from syncline.config import load, models
from syncline.config.schema import json_schema
from syncline.mapping.load import load_mapping
from syncline.registry import Registry

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/configuration.md").read_text("utf-8")
BLOCK = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| `([^`]+)` \| .* \| `([^`|]+)`[^|]* \| [^|]* \|$", re.MULTILINE)

TABLES: dict[str, type[BaseModel]] = {
    "### `sides`": models.SideConfig,
    "### `comments`": models.CommentsConfig,
    "### `deletes`": models.DeletesConfig,
    "### `guards`": models.GuardsConfig,
    "### `schedule`": models.ScheduleConfig,
    "### `verify`": models.VerifyConfig,
}


def _keys(schema: Any) -> Iterator[str]:
    """Every key that stands for itself; names that operators choose are none."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for below in schema.values():
            yield from _keys(below)
    if isinstance(schema, list):
        for below in schema:
            yield from _keys(below)


def test_every_key_of_the_schema_is_named_on_the_page() -> None:
    registry = Registry()
    schema = json_schema({name: registry.get(name).config_model for name in registry.names()})
    named = " ".join([*re.findall(r"`([^`\n]+)`", PAGE), *BLOCK.findall(PAGE)])
    assert sorted(set(_keys(schema)) - set(re.findall(r"[a-z_]+", named))) == []


@pytest.mark.parametrize("heading", TABLES)
def test_the_defaults_on_the_page_are_the_codes(heading: str) -> None:
    model = TABLES[heading]
    section = PAGE.split(f"\n{heading}\n")[1].split("\n#")[0]
    said = dict(ROW.findall(section))
    assert said
    for key, default in said.items():
        given = model.model_validate({key: yaml.safe_load(default)})
        assert given == model(), f"{key}: {default}"


def _configurations() -> list[str]:
    """The whole configurations on the pages; excerpts have no `connections`."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    blocks = [block for page in pages for block in BLOCK.findall(page.read_text("utf-8"))]
    return [block for block in blocks if "\nconnections:" in f"\n{block}"]


def test_the_pages_hold_whole_configurations() -> None:
    assert len(_configurations()) >= 2


@pytest.mark.parametrize("text", _configurations())
def test_a_configuration_that_is_shown_has_nothing_wrong(text: str, tmp_path: Path) -> None:
    (tmp_path / "syncline.yaml").write_text(text, "utf-8")
    assert lint(load(tmp_path)).problems == ()


def test_a_mapping_that_is_shown_can_be_read() -> None:
    page = (ROOT / "docs/mappings.md").read_text("utf-8")
    (shown,) = BLOCK.findall(page)
    assert load_mapping(shown, tool="redmine").fields["severity"].kind.name == "extension"
