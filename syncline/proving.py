"""Whether what is at a loopback address is what the configuration says: a sandbox, or real (S24).

A sandbox says so itself at `/_sandbox`, to whoever asks; no credential is sent. Only addresses of
this machine are asked, because a sandbox is nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from syncline.config import Config, ConfigError, Problem
from syncline.config.sandboxes import is_sandbox
from syncline.sdk.addresses import is_loopback
from syncline.sdk.clock import Clock
from syncline.sdk.connector import ConnectionConfig
from syncline.sdk.errors import ConnectorError, Misconfigured
from syncline.sdk.http import Limits, Transport

CALL = "/_sandbox"
ANY_STATUS = range(100, 600)
LIMITS = Limits(requests_per_minute=None, max_response_bytes=64 * 1024, timeout_seconds=5.0)


async def prove(config: Config, name: str, said: ConnectionConfig, clock: Clock) -> bool:
    """ConfigError where a sandbox is called real, or the other way round.

    False where nothing answered, which proves nothing: whoever asks it next will say so.
    """
    if not is_loopback(said.base_url):
        return True
    found = await _answers_as_sandbox(name, said, clock)
    if found is None:
        return False
    if found != is_sandbox(config, name, type(said)):
        where = config.places.of(("connections", name, "base_url"))
        if found:
            what = "leads to a sandbox, but the secret is a real one; nothing was sent"
            do = "take all of the connection from what `syncline sandbox up` prints"
        else:
            what = "has a sandbox's secret, but no sandbox answers there; nothing was sent"
            do = "run `syncline sandbox up` and write the base_url it prints"
        raise ConfigError([Problem(where, what, do)])
    return True


async def _answers_as_sandbox(name: str, said: ConnectionConfig, clock: Clock) -> bool | None:
    url = urlsplit(said.base_url)
    try:
        async with Transport(
            connection=name,
            base_url=f"{url.scheme}://{url.netloc}",
            limits=LIMITS,
            clock=clock,
            private_network=said.private_network,
            ca_file=said.ca_file,
            retry_reads=0,
        ) as transport:
            answered = await transport.request("GET", CALL, ok=ANY_STATUS, expect_json=False)
            told = answered.json()
    except Misconfigured:
        raise
    except ConnectorError:
        return None
    except ValueError:
        return False
    return answered.status == 200 and isinstance(told, Mapping) and told.get("sandbox") is True
