"""`syncline up` as a process of its own: CONFIGURATION PORT HOME."""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from pathlib import Path

from deployments.up import up

if __name__ == "__main__":
    configuration, port, home = sys.argv[1:]
    say = partial(print, flush=True)
    asyncio.run(up(Path(configuration), port=int(port), home=Path(home), at_once=2, say=say))
