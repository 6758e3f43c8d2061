"""`syncline webhooks`: the addresses that tools call, and the receiver that waits there.

What comes in is kept as hints. Nothing acts on them yet: changes are found by asking.
"""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from syncline.cli.options import DONE, ConfigPath, Json, hub, run
from syncline.cli.output import Failed, Output, ago, count

if TYPE_CHECKING:
    from syncline.hub import Hub

webhooks = typer.Typer(
    help="Let tools tell of changes: what they call, and the receiver.", no_args_is_help=True
)


@webhooks.command("list")
def list_webhooks(config: ConfigPath = None, as_json: Json = False) -> None:
    """List the address to put into each tool, whether it has a secret, and what came in."""
    run(_list(config, Output(as_json)))


async def _list(path: Path | None, out: Output) -> int:
    async with hub(path) as one:
        rows = await _rows(one)
        now = one.clock.now()
    out.result({"webhooks": rows})
    if not rows:
        out.say("No connection's tool has webhooks.")
        return DONE
    out.table(
        ("connection", "address to put into the tool", "secret", "waiting", "last"),
        [
            (
                row["connection"],
                row["url"],
                ("missing", "set", "two: being rotated")[row["secrets"]],
                count(row["hints"], "record"),
                ago(row["last"], now),
            )
            for row in rows
        ],
    )
    return DONE


async def _rows(hub: Hub) -> list[dict[str, Any]]:
    from syncline import endpoints
    from syncline.store import inbox

    key = await hub.secret()
    waiting = await hub.store.read(inbox.waiting)
    return [
        {
            "connection": name,
            "url": endpoints.address(hub.config, endpoints.token(key, name)),
            "secrets": endpoints.named(hub.config, name),
            "hints": waiting[name].records if name in waiting else 0,
            "last": waiting[name].last if name in waiting else None,
        }
        for name, kind in endpoints.told(hub.config, hub.registry).items()
        if kind is not None
    ]


@webhooks.command()
def serve(
    host: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Where to listen; else loopback alone.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Instead of the configuration's.")
    ] = None,
    config: ConfigPath = None,
) -> None:
    """Receive webhooks until told to end, and keep what they hint at."""
    run(_serve(config, host, port, Output()))


async def _serve(path: Path | None, host: str | None, port: int | None, out: Output) -> int:
    from syncline import receiving

    told = asyncio.Event()
    async with hub(path) as one:
        endpoints = await one.endpoints()
        receiver = receiving.Receiver(endpoints, one.store, one.clock, await one.secret())
        assert one.config.webhooks is not None
        host = receiving.HOST if host is None else host
        port = one.config.webhooks.port if port is None else port
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, told.set)
        try:
            async with receiving.serving(receiver, host, port) as address:
                names = ", ".join(endpoint.connection for endpoint in endpoints)
                out.say(f"Receiving webhooks of {names} at {address}. Ctrl-C ends it.")
                await told.wait()
        except OSError as error:
            raise Failed(
                f"The receiver cannot listen at {host} port {port}: {error.strerror}. Name "
                "another port, under `webhooks` or with --port."
            ) from None
    return DONE
