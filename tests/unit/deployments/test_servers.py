"""The command line of the real servers, as far as it needs none of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployments.real import servers
from deployments.real.server import Server


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without the packages, and without apt: PATH is an empty folder."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("SYNCLINE_ODOO", str(tmp_path / "odoo"))
    return tmp_path / "state"


def test_installing_is_refused_unless_it_is_allowed(
    bare_machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert servers.main(["install", "--root", str(bare_machine)]) == 1
    assert "--allow-system-install" in capsys.readouterr().err


def test_a_machine_without_the_packages_says_so(
    bare_machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not servers.available()
    assert servers.main(["start", "redmine", "--root", str(bare_machine)]) == 1
    assert "redmine-sqlite" in capsys.readouterr().err


def test_odoo_says_how_it_is_fetched_and_why_it_cannot_be(
    bare_machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not servers.available("odoo")
    assert servers.main(["start", "odoo", "--root", str(bare_machine)]) == 1
    assert "install odoo" in capsys.readouterr().err
    assert servers.main(["install", "odoo", "--root", str(bare_machine)]) == 1
    assert "there is no apt-get here" in capsys.readouterr().err


def test_odoo_is_left_alone_unless_it_is_named(
    bare_machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert servers.main(["status", "--root", str(bare_machine)]) == 0
    told = capsys.readouterr().out
    assert "redmine: not installed" in told
    assert "odoo" not in told


def test_connections_of_an_unseeded_server_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert servers.main(["connections", "redmine", "--root", str(tmp_path)]) == 1
    assert "not seeded" in capsys.readouterr().err


def test_an_unknown_tool_is_a_wrong_command_line(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        servers.main(["start", "postit", "--root", str(tmp_path)])
    assert ended.value.code == 2


def test_state_is_kept_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNCLINE_SERVERS", "/somewhere")
    assert servers.default_root() == Path("/somewhere")
    monkeypatch.delenv("SYNCLINE_SERVERS")
    assert servers.default_root() == Path(".servers")


def test_every_tool_has_a_seed() -> None:
    from deployments.real.server import SEEDS

    tools: list[type[Server]] = [*servers.TOOLS.values(), *servers.NAMED.values()]
    assert {tool.seed_file for tool in tools} == {path.name for path in SEEDS.iterdir()}
