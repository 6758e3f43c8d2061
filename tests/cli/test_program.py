"""The program itself, before any command."""

from __future__ import annotations

from importlib.metadata import version

from tests.cli.desk import Desk


def test_it_says_its_version_and_with_nothing_to_do_its_commands(desk: Desk) -> None:
    told = desk.run("--version")
    assert (told.code, told.out.strip()) == (0, f"syncline {version('syncline')}")
    told = desk.run()
    assert told.code == 2
    assert "webhooks" in told.err
