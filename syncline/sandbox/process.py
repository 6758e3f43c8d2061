"""A fake's own process, as `syncline.sandbox.running` starts it.

It prints one line of JSON when it answers, or when it cannot: `{"error": …}`. While it lives it
holds the lock file of its tool, which says how to reach and to end it. It ends on SIGTERM and
SIGINT, and where it was given a parent, when that is gone.
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import json
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from importlib import import_module
from pathlib import Path
from typing import Any, TextIO

from syncline.sandbox.clock import ToolClock
from syncline.sandbox.company import Company
from syncline.sandbox.fake import Fake
from syncline.sandbox.hooks import Hooks
from syncline.sandbox.memory import State
from syncline.sandbox.serving import HOST, serving

WATCH_SECONDS = 0.25
OWN = "sandbox.process"


def main(argv: list[str]) -> int:
    """Serve the fake of a module until told to end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("module")
    parser.add_argument("tool")
    parser.add_argument("folder", type=Path)
    for number in ("--seed", "--records", "--port", "--parent"):
        parser.add_argument(number, type=int, default=0)
    asked = parser.parse_args(argv)
    with (asked.folder / f"{asked.tool}.lock").open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return _cannot(
                f"The sandbox of {asked.tool} is up already in {asked.folder}. Use it, or end it "
                "with `syncline sandbox down`."
            )
        _write(lock, {"pid": os.getpid()})
        return asyncio.run(_serve(asked, lock))


async def _serve(asked: argparse.Namespace, lock: TextIO) -> int:
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    state = State(str(asked.folder / f"{asked.tool}-{asked.seed}-{asked.records}.db"))
    fake: Fake = import_module(asked.module).fake(state, ToolClock(), Hooks())
    own = state.table(OWN)
    if "seeded" not in own:
        fake.seed(Company.made(asked.seed, asked.records))
        own.put("seeded", {})
        state.commit()
    before = (own.get("port") or {"port": 0})["port"]
    async with AsyncExitStack() as stack:
        try:
            url = await _served(stack, fake, (asked.port,) if asked.port else (before, 0))
        except OSError as error:
            reason = f"cannot have port {asked.port} of {HOST}: {error.strerror}"
            return _cannot(f"The sandbox of {asked.tool} {reason}. Name another with --port-base.")
        own.put("port", {"port": int(url.rpartition(":")[2])})
        state.commit()
        _say(_write(lock, {**_connection(fake, url), "pid": os.getpid()}))
        await _until(told, asked.parent)
    state.close()
    return 0


async def _served(stack: AsyncExitStack, fake: Fake, ports: tuple[int, ...]) -> str:
    """Serve on the first of these ports that is free; OSError where none is."""
    *wished, last = ports
    for port in wished:
        with suppress(OSError):
            return await stack.enter_async_context(serving(fake, port))
    return await stack.enter_async_context(serving(fake, last))


async def _until(told: asyncio.Event, parent: int) -> None:
    """Wait until told to end, or until the parent is gone: then somebody else has adopted us."""
    while not told.is_set() and parent in (0, os.getppid()):
        try:
            await asyncio.wait_for(told.wait(), WATCH_SECONDS)
        except TimeoutError:
            continue


def _connection(fake: Fake, url: str) -> dict[str, Any]:
    """What a connection of the configuration takes."""
    return {"base_url": url, **fake.connection(), "private_network": True}


def _write(lock: TextIO, about: Mapping[str, Any]) -> Mapping[str, Any]:
    lock.seek(0)
    lock.truncate(0)
    lock.write(json.dumps(about))
    lock.flush()
    return about


def _say(about: Mapping[str, Any]) -> None:
    print(json.dumps(about), flush=True)  # noqa: T201


def _cannot(why: str) -> int:
    _say({"error": why})
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
