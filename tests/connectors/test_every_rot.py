"""What an administrator changes in a tool is told before a record fails: of every connector.

Four troubles each: an option that a mapping uses goes, a field goes, a field becomes required, a
right is lost. `syncline check` looks, as the flow `maintenance` does; its patch is applied, and
then nothing is told any more. What each tool can do, or why not, stands in `rot_tools`.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from syncline.mapping.load import builtin
from syncline.sandbox import Refusal, serving
from tests.connectors.rot_tools import TOOLS, TROUBLES, Tool, Trouble
from tests.support.commands import main
from tests.support.connections import DATA_CENTER, FAKED, connector_of, fake_of
from tests.support.twins import title_of

SYNC, NOWHERE = "twins", "nowhere"


class Office:
    """Two of the same tool and a sync between them; only `tool` is administered."""

    def __init__(self, folder: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.about: Tool = TOOLS[name]
        self.connector = connector_of(name).name
        self.fakes = {side: fake_of(name, records=4) for side in ("tool", "twin")}
        self._capsys = capsys

    def write(self, urls: dict[str, str], about: Trouble | None = None) -> None:
        """The configuration, in which each field of the operator's own mappings is synced; once a
        patch is applied, with what its trouble asks for beside it."""
        tool = self.about
        shipped = builtin(self.connector, tool.entity)
        connections = {
            side: {
                "connector": self.connector,
                "base_url": url,
                "private_network": True,
                **self.fakes[side].connection(),
            }
            for side, url in urls.items()
        }
        fields = dict.fromkeys([title_of(tool.entity), *tool.fields])
        if "status" in shipped.fields:
            fields["status"] = None
        if about is not None:
            fields.pop(about.without, None)
        sync = {
            "entity": tool.entity,
            "sides": {side: {"create": "when_missing"} for side in urls},
            "match": ["marker"],
            "fields": {name: {} for name in fields},
            "links": "off",
        }
        if about is not None and about.default is not None:
            sync["sides"]["tool"]["defaults"] = dict([about.default])
        body = {"connections": connections, "syncs": {SYNC: sync}}
        (self.folder / "syncline.yaml").write_text(yaml.safe_dump(body), "utf-8")

    def own_mappings(self) -> None:
        """What the mappings have beside the shipped one, in files of the operator's own."""
        own = {"extends": "builtin", "entity": self.about.entity, "fields": dict(self.about.fields)}
        own |= {"text": self.about.text} if self.about.text else {}
        for side in self.fakes if self.about.fields else ():
            file = self.folder / "mappings" / side / f"{self.about.entity}.yaml"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(yaml.safe_dump(own, sort_keys=False), "utf-8")

    async def check(self, *arguments: str) -> tuple[int, Any]:
        """What `syncline check` exits with and says."""
        self._capsys.readouterr()
        command = ["check", "--json", "--config", str(self.folder), *arguments]
        code = await asyncio.to_thread(main, command)
        return code, json.loads(self._capsys.readouterr().out.splitlines()[-1])

    def patch(self, checked: Any) -> None:
        """Apply every diff that was printed, as an operator does."""
        for one in checked["patches"]:
            subprocess.run(
                ["patch", "-p1"], input=one["diff"], text=True, cwd=self.folder, check=True,
                capture_output=True,
            )  # fmt: skip


@asynccontextmanager
async def office(
    folder: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> AsyncIterator[tuple[Office, dict[str, str]]]:
    """The tools at work, with a snapshot of each."""
    one = Office(folder, name, capsys)
    async with AsyncExitStack() as stack:
        urls = {}
        for side, fake in one.fakes.items():
            one.about.prepare(fake)
            urls[side] = await stack.enter_async_context(serving(fake))
        one.write(urls)
        one.own_mappings()
        code, checked = await one.check()
        assert (code, checked["problems"]) == (0, []), checked["problems"]
        assert set(checked["snapshots"]["taken"]) == {"tool", "twin"}
        yield one, urls


CASES = [(name, trouble) for name in TOOLS for trouble in TROUBLES]


def test_every_fake_has_all_four_troubles_or_says_why_not() -> None:
    assert set(TOOLS) == {*FAKED, DATA_CENTER}
    assert {name: set(tool.troubles) for name, tool in TOOLS.items()} == {
        name: set(TROUBLES) for name in TOOLS
    }


@pytest.mark.parametrize(
    ("name", "trouble"),
    CASES,
    ids=[f"{name}-{trouble}".replace(" ", "-") for name, trouble in CASES],
)
async def test_what_an_administrator_changes_is_told_with_its_patch(
    name: str, trouble: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    about = TOOLS[name].troubles[trouble]
    if isinstance(about, str):
        with capsys.disabled():
            print(f"\n{name}: {trouble}: none: {about}")
        pytest.skip(f"exempt: {about}")
    async with office(tmp_path, name, capsys) as (one, urls):
        one.fakes["tool"].administer(about.verb, about.given)
        code, checked = await one.check()
        assert code != 0
        if about.kind == "problem":
            assert [one for one in checked["problems"] if about.says in one["what"]], checked
            return
        (told,) = [f for f in checked["changes"] if f["kind"] == about.kind]
        assert about.says in told["what"]
        assert (told["connection"], told["syncs"]) == ("tool", [SYNC])
        await mended(one, urls, about, checked)


async def mended(one: Office, urls: dict[str, str], about: Trouble, checked: Any) -> None:
    """The patch is what was expected, and after it nothing is told any more."""
    added = [
        line[1:] for diff in checked["patches"] for line in diff["diff"].splitlines()
        if line.startswith("+")
    ]  # fmt: skip
    if not about.patch:
        assert added == []
        return
    assert any(about.patch in line for line in added), added
    one.patch(checked)
    one.write(urls, about)
    code, checked = await one.check()
    assert (checked["problems"], checked["changes"], code) == ([], [], 0)


LABELLED = [name for name, tool in TOOLS.items() if tool.labels]


@pytest.mark.parametrize("name", LABELLED)
async def test_another_label_of_what_is_known_by_its_internal_name_is_no_change(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with office(tmp_path, name, capsys) as (one, _):
        for verb, given in one.about.labels:
            one.fakes["tool"].administer(verb, given)
        code, checked = await one.check()
        assert (checked["problems"], checked["changes"], code) == ([], [], 0)


@pytest.mark.parametrize("name", TOOLS)
def test_an_administrator_is_told_what_there_is(name: str) -> None:
    fake = fake_of(name, records=4)
    TOOLS[name].prepare(fake)
    with pytest.raises(Refusal, match=r"No administrator can 'paint' here; there (is|are) \w+"):
        fake.administer("paint", {})
    for answer in TOOLS[name].troubles.values():
        for key in () if isinstance(answer, str) else answer.given:
            given = {k: v for k, v in answer.given.items() if k != key}
            if key != "option":  # without one it is the field that is meant
                with pytest.raises(Refusal, match=f"{answer.verb} needs '"):
                    fake.administer(answer.verb, given)
            wrong = [NOWHERE] if isinstance(answer.given[key], list) else NOWHERE
            if key != "to":
                with pytest.raises(Refusal, match="here|no|has"):
                    fake.administer(answer.verb, {**answer.given, key: wrong})
