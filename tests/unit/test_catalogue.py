"""What `syncline connectors` says of each connector is so: held against the code and the tests."""

from __future__ import annotations

import zlib
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from syncline.catalogue import GROUNDS, Offer, catalogue, page
from syncline.mapping.load import builtin
from syncline.mapping.source import MappingError
from syncline.registry import Registry
from tests.support.connections import opened, said
from tests.support.suites import suites

ROOT = Path(__file__).parents[2]
OFFERS = {offer.name: offer for offer in catalogue(Registry())}
every = pytest.mark.parametrize("offer", OFFERS.values(), ids=list(OFFERS))


def test_the_page_is_what_the_code_says_today() -> None:
    written = (ROOT / "docs/connectors.md").read_text("utf-8")
    assert written == page(list(OFFERS.values())), "run `make connectors`"


@every
def test_record_types_are_mapped_to_what_the_manifest_says(offer: Offer) -> None:
    shipped = {(builtin(offer.name, entity).record, entity) for entity in offer.entities}
    stated = {(record, entity) for record, of in offer.records.items() for entity in of}
    assert shipped == stated


@every
def test_the_suite_passes_whole_where_the_manifest_says_so(offer: Offer) -> None:
    done = {suite.told for suite in suites()}
    tested = {
        ground
        for ground in GROUNDS
        if {(offer.name, ground, one) for one in offer.records if one not in offer.missing} <= done
    }
    assert set(offer.proved) == tested


@every
def test_a_residual_window_that_is_claimed_is_put_into_words(offer: Offer) -> None:
    assert offer.capabilities is not None
    assert offer.residual_windows or not offer.capabilities.residual_window


@every
async def test_a_connection_can_what_its_class_says_but_for_what_needs_a_key(
    offer: Offer, tmp_path: Path
) -> None:
    given = said(offer.name)
    left_out = {key: None for key in offer.needs.values() if key in given}
    async with opened(tmp_path, offer.name, "http://127.0.0.1:9", **left_out) as without:
        lacking = _unlike(offer, without)
    assert lacking == set(offer.needs)
    for key in offer.needs.values():
        more = {key: given.get(key, _SOME.get(key, "x_a_field"))}
        async with opened(
            tmp_path, offer.name, "http://127.0.0.1:9", **{**left_out, **more}
        ) as one:
            assert _unlike(offer, one) == {what for what, k in offer.needs.items() if k != key}


_SOME = {"service_desk": True}


def _unlike(offer: Offer, connector: Any) -> set[str]:
    """What a connection can otherwise than its class says; how long it waits is the operator's."""
    return {
        field.name
        for field in fields(connector.capabilities)
        if field.name != "search_lag"
        and getattr(connector.capabilities, field.name) != getattr(offer.capabilities, field.name)
    }


def test_a_plugin_without_a_manifest_is_listed_and_claims_nothing() -> None:
    (memory,) = (o for o in catalogue(Registry(["tests.cli.plugin"])) if o.name == "memory")
    assert (memory.capabilities, memory.level, memory.residual_windows) == (None, "", ())
    assert memory.to_json()["quality"] == {"level": "", "on": [], "not": {}}


@pytest.mark.parametrize(
    ("manifest", "told"),
    [
        ("quality: {fake: perhaps}", "quality.fake"),
        ("residual_windows: [{window: an edit}]", r"residual_windows.0.then: Field required"),
        ("title: !!python/object:os.system {}", "cannot be read|could not determine"),
    ],
)
def test_a_broken_manifest_names_its_file_and_key(
    manifest: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"broken_{zlib.crc32(manifest.encode())}"  # a module is imported once
    package = tmp_path / name
    package.mkdir()
    (package / "manifest.yaml").write_text(manifest)
    (package / "__init__.py").write_text(f"from {name}.tool import Tool as connector\n")
    (package / "tool.py").write_text(
        "from syncline.simulation.connector import MemoryConnector\n"
        "class Tool(MemoryConnector):\n    name = 'broken'\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MappingError, match=told) as caught:
        catalogue(Registry([name]))
    assert f"{name}/manifest.yaml" in str(caught.value)
