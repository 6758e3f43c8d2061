"""The process that is measured: it runs passes of the floor or of the engine when told to.

    python -m tests.bench.worker floor|engine WORKDIR ADDRESSES

reads one line for each pass to run and answers with one line of JSON: processor and wall seconds of
the pass, and the peak of memory in it above what the imports and open clients take, in MB.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from tests.bench.tools import TOKEN

_STATUS = Path("/proc/self/status")


class Runner(Protocol):
    """What runs passes."""

    async def run(self) -> None:
        """One pass."""
        ...

    async def aclose(self) -> None:
        """Close everything."""
        ...


async def runner(which: str, workdir: Path, addresses: Mapping[str, str]) -> Runner:
    """The floor, or the engine with its store and connectors open."""
    if which == "floor":
        from tests.bench.floor import Floor

        return Floor(workdir, addresses, TOKEN)
    from tests.bench.engine import Engine

    return await Engine.open(workdir, addresses, TOKEN)


def memory(what: str) -> float:
    """A line of the process's own status (`VmRSS`, `VmHWM`), in MB."""
    for line in _STATUS.read_text().splitlines():
        if line.startswith(f"{what}:"):
            return int(line.split()[1]) / 1024
    raise LookupError(what)


async def measured(one: Runner, idle: float) -> dict[str, Any]:
    """Run a pass and say what it took."""
    # Starts the kernel's high-water mark anew.
    Path("/proc/self/clear_refs").write_text("5")
    wall, cpu = time.perf_counter(), time.process_time()
    await one.run()
    return {
        "cpu": time.process_time() - cpu,
        "wall": time.perf_counter() - wall,
        "memory": memory("VmHWM") - idle,
    }


async def serve(which: str, workdir: Path, addresses: Mapping[str, str]) -> None:
    """Answer each line of input with the measures of a pass."""
    one = await runner(which, workdir, addresses)
    idle = memory("VmRSS")
    loop = asyncio.get_running_loop()
    try:
        while await loop.run_in_executor(None, sys.stdin.readline):
            print(json.dumps(await measured(one, idle)), flush=True)
    finally:
        await one.aclose()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3])))
