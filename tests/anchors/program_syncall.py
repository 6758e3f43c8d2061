"""One run of syncall between two shelves, as its own scripts run it: the Aggregator, exceptions
caught and logged, the newer record wins. It is given the ids of each shelf and every field."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import bubop.common_dir
from item_synchronizer.resolution_strategy import MostRecentRS
from loguru import logger
from syncall.aggregator import Aggregator
from syncall.sync_side import SyncSide

from tests.anchors.shelf import Troubled


class ShelfSide(SyncSide):
    """A shelf, through syncall's interface."""

    def __init__(self, shelf: Troubled) -> None:
        super().__init__(shelf.side, shelf.side)
        self.shelf = shelf

    def get_all_items(self, **_: Any) -> Sequence[dict[str, Any]]:
        return list(self.shelf.listing().values())

    def get_item(self, item_id: str, use_cached: bool = False) -> dict[str, Any] | None:
        return self.shelf.records().get(item_id)

    def delete_single_item(self, item_id: str) -> None:
        self.shelf.remove(item_id)

    def update_item(self, item_id: str, **changes: Any) -> None:
        self.shelf.change(item_id, changes)

    def add_item(self, item: dict[str, Any]) -> dict[str, Any]:
        made = self.shelf.add(item)
        return self.shelf.records()[made]

    @classmethod
    def id_key(cls) -> str:
        return "id"

    @classmethod
    def summary_key(cls) -> str:
        return "title"

    @classmethod
    def last_modification_key(cls) -> str:
        return "changed"

    @classmethod
    def items_are_identical(
        cls, item1: dict[str, Any], item2: dict[str, Any], ignore_keys: Sequence[str] = ()
    ) -> bool:
        return _edited(item1) == _edited(item2)


def _edited(item: dict[str, Any]) -> dict[str, Any]:
    """What people edit: without what the shelf adds by itself."""
    return {key: value for key, value in item.items() if key not in ("id", "revision")}


def _changed(item: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(item["changed"])


def main(folder: Path) -> None:
    logger.remove()
    config = folder / "config"
    config.mkdir(exist_ok=True)
    bubop.common_dir.CommonDir.config = staticmethod(lambda: config)
    with Aggregator(
        side_A=ShelfSide(Troubled(folder, "a")),
        side_B=ShelfSide(Troubled(folder, "b")),
        converter_B_to_A=_edited,
        converter_A_to_B=_edited,
        resolution_strategy=MostRecentRS(date_getter_A=_changed, date_getter_B=_changed),
        config_fname="anchors",
    ) as aggregator:
        aggregator.sync()
