"""`syncline simulate`: the promises, tried on made-up worlds that are as bad as can be."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from syncline.cli.options import Json
from syncline.cli.output import Failed, Output, Wrong, count

if TYPE_CHECKING:
    from syncline.simulation.campaign import Tally

DEATHS = ("death: before", "death: after", "death: torn")
SHORTENED = 5
"""Failing stories that are made short and written down, at most."""


def simulate(
    seeds: Annotated[int, typer.Option(min=1, help="How many stories to play.")] = 200,
    first: Annotated[int, typer.Option(min=0, help="The seed of the first story.")] = 0,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Play the story of this seed alone, and tell it.")
    ] = None,
    story: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Play the story in a file, and tell it.")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Processes; as many as there are cores by default.")
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Keep the sum here and go on from it the next time."),
    ] = None,
    stories: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Where failing stories are written to.")
    ] = Path("stories"),
    as_json: Json = False,
) -> None:
    """Play made-up stories of people, tools and troubles, and check every promise.

    Needs no configuration and touches no tool. Each story has a seed and is the same every time.
    """
    from syncline.simulation import campaign

    out = Output(as_json)
    if seed is not None or story is not None:
        _one(out, seed, story)
        return
    tally, seconds = _many(out, seeds, first, jobs or os.cpu_count() or 1, state)
    written = _written(tally, stories)
    out.result(
        {
            "seeds": tally.end - tally.first,
            "violations": [
                {"seed": s, "check": check, "story": written.get((s, check), words)}
                for s, check, words in tally.broken
            ],
            "delivered": round(tally.delivered, 6),
            "edits": tally.counts["edits"],
            "crashes": tally.counts["passes that died"],
            "faults": tally.faults(),
            "counts": dict(sorted(tally.counts.items())),
            "rare": {name: least for name, (_, least) in tally.rare().items()},
            "code": campaign.code(),
            "seconds": round(seconds, 1),
        }
    )
    _tell(out, tally, seconds, written)
    if tally.broken or tally.rare():
        raise typer.Exit(1)


def _one(out: Output, seed: int | None, path: Path | None) -> None:
    """Play one story and tell what happened in it."""
    from syncline.simulation import story as stories
    from syncline.simulation.draw import draw
    from syncline.simulation.runner import play

    try:
        told = draw(seed or 0) if path is None else stories.load(path)
    except stories.NoStory as error:
        raise Wrong(str(error)) from None
    outcome = play(told)
    broken = [{"seed": told.seed, "check": c, "story": w} for c, w in outcome.wrong]
    counts = outcome.counts
    out.result(
        {
            "seeds": 1,
            "violations": broken,
            "edits": counts["edits"],
            "crashes": counts["passes that died"],
            "trace": outcome.fingerprint,
        }
    )
    out.say(stories.dump(told), *outcome.trace, f"trace {outcome.fingerprint}")
    if outcome.wrong:
        out.say(f"{count(len(outcome.wrong), 'promise')} broken, see WRONG above.")
        raise typer.Exit(1)
    out.say("No promise was broken.")


def _many(
    out: Output, number: int, first: int, jobs: int, state: Path | None
) -> tuple[Tally, float]:
    from syncline.simulation import campaign

    tally = campaign.Tally(first, first)
    if state is not None and state.exists():
        try:
            tally = campaign.Tally.load(state)
        except (ValueError, OSError) as error:
            raise Failed(f"{error}. Nothing was played; name another file, or remove it.") from None
    end = tally.first + number
    started = time.monotonic()
    with _progress(out, end - tally.end) as moved:
        for part in campaign.seeds(tally.end, end, jobs):
            tally.add(part)
            moved(part.end - part.first, len(tally.broken))
            if state is not None:
                tally.save(state)
    return tally, time.monotonic() - started


@contextmanager
def _progress(out: Output, total: int) -> Iterator[Callable[[int, int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    console = Console(stderr=True)
    shown = console.is_terminal and not out.as_json
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), "{task.description}")
    with Progress(*columns, console=console, disable=not shown, transient=True) as progress:
        task = progress.add_task("", total=total)
        yield lambda played, broken: progress.update(
            task, advance=played, description=f"{broken} broken" if broken else "none broken"
        )


def _written(tally: Tally, folder: Path) -> dict[tuple[int, str], str]:
    """The first failing stories, made short, as files."""
    from syncline.simulation import story as stories
    from syncline.simulation.campaign import shortest

    written: dict[tuple[int, str], str] = {}
    for seed, check, _ in tally.broken[:SHORTENED]:
        if check == "trace":
            continue
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"seed-{seed}-{check.replace(' ', '-')}.yaml"
        path.write_text(stories.dump(shortest(seed, check)), "utf-8")
        written[seed, check] = str(path)
    return written


def _tell(out: Output, tally: Tally, seconds: float, written: dict[tuple[int, str], str]) -> None:
    counts, number = tally.counts, tally.end - tally.first
    found = count(len(tally.broken), "broken promise") if tally.broken else "no promise was broken"
    out.say(f"{count(number, 'story', 'stories')} in {seconds:.0f} s: {found}.", "")
    out.table(
        ("what", "times"),
        [
            ("edits by people", f"{counts['edits']:,}"),
            ("  arrived, or were decided against", f"{tally.delivered:.2%}"),
            ("passes", f"{counts['passes']:,}"),
            ("  that died or were overtaken", f"{counts['passes that died']:,}"),
            *((name.replace("death: ", "  died "), f"{counts[name]:,}") for name in DEATHS),
            ("conflicts answered", f"{counts['answers']:,}"),
            *((f"fault: {name}", f"{times:,}") for name, times in tally.faults().items()),
        ],
    )
    for name, (times, least) in tally.rare().items():
        out.say(f"{name}: {times:,} times; below {least:,} these stories prove too little")
    for seed, check, words in tally.broken[:20]:
        story = written.get((seed, check))
        again = f"--story {story}" if story else f"--seed {seed}"
        out.say("", f"seed {seed} broke “{check}”: {words}", f"  syncline simulate {again}")
