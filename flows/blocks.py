"""Secrets from Prefect: `${prefect:BLOCK}` in a configuration names a Secret block.

The block is read when a connection is opened, by the process that needs it. Whoever can talk to
Prefect's API can read its blocks, so they are for servers with authentication switched on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prefect.blocks.system import Secret
from prefect.exceptions import PrefectException
from prefect.utilities.asyncutils import run_coro_as_sync

from syncline.sdk.errors import Misconfigured
from syncline.sdk.secrets import Resolver


def secret_block(name: str) -> str | None:
    """The text in Prefect's Secret block `name`; None where there is no such block.

    Raises Misconfigured where the block holds no text or Prefect cannot be asked.
    """
    try:
        block: Secret[Any] = run_coro_as_sync(Secret.aload(name))
    except ValueError:
        return None
    except (PrefectException, OSError) as error:
        raise Misconfigured(
            f"Prefect's block {name!r} cannot be read ({type(error).__name__}). Nothing was sent; "
            "check PREFECT_API_URL and that the server runs."
        ) from None
    value = block.get()
    if not isinstance(value, str):
        raise Misconfigured(
            f"Prefect's block {name!r} holds {type(value).__name__}, not text. Nothing was sent; "
            "store the secret itself in the block."
        )
    return value


RESOLVERS: Mapping[str, Resolver] = {"prefect": secret_block}
"""What `open_hub` is given by flows, and by commands that may ask Prefect."""
