"""A seed's story: tools, people and troubles drawn by lot, the same for the same seed.

A swarm: each seed leaves most kinds of trouble out and has much of the others, since a little of
everything hides what only much of one thing brings to light.
"""

from __future__ import annotations

import random
from typing import get_args

from syncline.simulation.story import (
    SIDES,
    Answer,
    Bind,
    Change,
    Create,
    Doom,
    Edit,
    Fate,
    How,
    Merge,
    Mode,
    Outage,
    Pass,
    Retry,
    Step,
    Story,
    Tie,
    Tool,
    Trouble,
    Wait,
    What,
)

EPISODES = 7
"""Episodes of a story, give or take: something happens, and the hub works through it."""

CUT = 8
"""Characters of a title that a tool keeps, if it does not take all: the token, and not all more."""

RECORDS = 4
"""Records that people make, at most."""

WRITES = ("create", "update", "comment")
READS = ("changes", "fetch", "census", "find", "comments", "history")
TROUBLES = ("drop_before", "drop_after_apply", "retry", "partial:1", "torn:1")
OUTAGES: tuple[What, ...] = ("down", "down", "up", "up", "locked", "unlocked")
MISFORTUNES = ("trouble", "trouble", "outage", "fate", "merge", "bind", "change")
MODED = ("body", "labels", "status", "priority")
"""Units that a record may be made without."""

BACK: dict[Doom, Doom] = {"archive": "restore", "leave": "return", "hide": "show"}
FATES: tuple[Doom, ...] = (*get_args(Doom), "return", "show")
WORDS: tuple[How, ...] = get_args(How)


def draw(seed: int) -> Story:
    """The story of a seed."""
    return _Drawing(seed).story()


class _Drawing:
    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.rnd = random.Random(seed)  # noqa: S311
        self.sides = SIDES[: self.rnd.choice((2, 2, 3, 4))]
        self.tokens = 0
        self.records: list[str] = []
        self.fates: list[Fate] = []
        self.with_ = {
            name: self.rnd.random() < 0.5
            for name in ("crash", "trouble", "outage", "fate", "stop", "twins", "change", "comment")
        }
        for name in ("merge", "bind", "undo"):
            self.with_[name] = self.rnd.random() < 0.15
        self.words = [w for w in WORDS if w == "title" or self.rnd.random() < 0.6]
        if not self.with_["comment"]:
            self.words = [w for w in self.words if w != "comment"]

    def story(self) -> Story:
        tools = {side: self._tool() for side in self.sides}
        steps: list[Step] = [self._create()]
        if self.rnd.random() < 0.8:
            steps.append(Pass())
        for _ in range(self.rnd.randint(EPISODES - 3, EPISODES + 3)):
            steps += self._episode()
        return Story(
            seed=self.seed,
            tools=tools,
            title=self.rnd.choice(("ask", "ask", "newest", self.sides[0], self.sides[-1])),
            deletes=self.rnd.choice(("unlink", "unlink", "close", "archive")),
            comments=self.with_["comment"],
            cost=self.rnd.choice((0.0, 0.05, 1.0)),
            never=self._never(),
            modes=self._modes(),
            steps=tuple(steps),
        )

    def _never(self) -> tuple[str, ...]:
        return (self.rnd.choice(self.sides),) if self.rnd.random() < 0.1 else ()

    def _modes(self) -> dict[str, dict[str, Mode]]:
        """For one story in six, a unit that a side only gives, only takes, or has nothing to do
        with."""
        if self.rnd.random() > 0.16:
            return {}
        mode: Mode = self.rnd.choice(get_args(Mode))
        return {self.rnd.choice(MODED): {self.rnd.choice(self.sides): mode}}

    def _tool(self) -> Tool:
        rnd = self.rnd
        return Tool(
            text=rnd.choice(("html", "html", "markdown", "textile", "plain")),
            conditional=rnd.random() < 0.7,
            history=rnd.random() < 0.7,
            answers=rnd.random() < 0.6,
            keyed=rnd.random() < 0.9,
            bulk=rnd.choice((1, 2, 10)),
            lag=rnd.choice((0, 0, 0, 5, 90, 300)),
            skew=rnd.choice((0, 0, -600, -7, 7, 600)),
            grain=rnd.choice((0, 0, 1, 60)),
            cut=rnd.choice((None, None, None, None, None, CUT)),
            workflow=rnd.random() < 0.3,
            automation=rnd.random() < 0.2,
            robot=rnd.random() < 0.05,
        )

    def _episode(self) -> list[Step]:
        """People are at work, perhaps something goes wrong, and the hub runs."""
        steps = [self._work() for _ in range(self.rnd.choice((1, 1, 2, 3)))]
        kinds = [name for name in MISFORTUNES if self.with_[name]]
        if kinds and self.rnd.random() < 0.8:
            at = self.rnd.randint(0, len(steps))
            steps[at:at] = self._misfortune(self.rnd.choice(kinds))
        if self.rnd.random() < 0.3:
            seconds = self.rnd.choice((1, 4, 20, 90, 400, 4000))
            steps.append(Wait(seconds=seconds))
        steps += self._passes()
        if self.rnd.random() < 0.1:
            steps.append(self.rnd.choice((Answer(pick=self.rnd.randrange(4)), Retry())))
        return steps

    def _passes(self) -> list[Step]:
        """The hub runs: to its end, or in pieces, with people at work in between, or it dies."""
        rnd = self.rnd
        if self.with_["twins"] and rnd.random() < 0.3:
            first, second = rnd.choice(((0, 1), (1, 0)))
            wait = Wait(seconds=rnd.choice((1, 6, 30)))
            begun = Pass(hub=first, steps=rnd.randint(1, 40))
            return [begun, wait, self._work(), self._pass(second), Pass(hub=first)]
        if self.with_["stop"] and rnd.random() < 0.5:
            begun = Pass(steps=rnd.randint(1, 45), full=rnd.random() < 0.15)
            return [begun, self._work(), self._pass(0)]
        if self.with_["undo"] and rnd.random() < 0.3:
            return [self._pass(0), self._undo()]
        return [self._pass(0)]

    def _undo(self) -> Step:
        rnd = self.rnd
        crash = rnd.randint(1, 15) if self.with_["crash"] and rnd.random() < 0.3 else None
        return Pass(
            undo=rnd.choice((0, 0, 0, 1, 2)),
            crash=crash,
            mode=rnd.choice(("before", "after", "torn")),
        )

    def _pass(self, hub: int) -> Step:
        rnd = self.rnd
        crash = rnd.randint(1, 45) if self.with_["crash"] and rnd.random() < 0.5 else None
        return Pass(
            hub=hub,
            full=rnd.random() < 0.15,
            plan=rnd.random() < 0.04,
            apply=rnd.random() < 0.3,
            crash=crash,
            mode=rnd.choice(("before", "after", "torn")),
        )

    def _misfortune(self, kind: str) -> list[Step]:
        rnd = self.rnd
        side = rnd.choice(self.sides)
        match kind:
            case "trouble":
                return self._trouble(side)
            case "outage":
                return [Outage(side=side, what=rnd.choice(OUTAGES))]
            case "fate":
                return [self._fate(side)]
            case "merge":
                record, into = rnd.choice(self.records), rnd.choice(self.records)
                return [Merge(record=record, into=into, side=side)]
            case "bind":
                tie: Tie = rnd.choice(("unlink", "unlink", "adopt"))
                return [Bind(record=rnd.choice(self.records), side=side, what=tie)]
            case _:
                policy = rnd.choice((None, "ask", "newest", side))
                return [Change(policy=policy, mapping=rnd.random() < 0.3)]

    def _fate(self, side: str) -> Fate:
        """Something befalls a record, or what befell one is taken back."""
        rnd = self.rnd
        back = [fate for fate in self.fates if fate.what in BACK]
        if back and rnd.random() < 0.4:
            before = rnd.choice(back)
            return before.model_copy(update={"what": BACK[before.what]})
        fate = Fate(record=rnd.choice(self.records), side=side, what=rnd.choice(FATES))
        self.fates.append(fate)
        return fate

    def _trouble(self, side: str) -> list[Step]:
        """Calls that go wrong, and work on another side that leads to such calls."""
        rnd = self.rnd
        dice = rnd.random()
        if dice < 0.15:
            action = rnd.choice(("listing_loses:20", "listing_loses:90", "listing_loses:100"))
            return [Trouble(side=side, method=rnd.choice(("changes", "census")), action=action)]
        if dice < 0.3:
            return [Trouble(side=side, method=rnd.choice(READS), action="retry")]
        method = rnd.choice(WRITES if self.with_["comment"] else WRITES[:2])
        elsewhere = rnd.choice([other for other in self.sides if other != side])
        work: Step
        if method == "create" and len(self.records) < RECORDS:
            work = self._create(elsewhere)
        elif method == "comment":
            work = self._edit(elsewhere, "comment")
        else:
            method = "update"
            work = self._edit(elsewhere)
        times = rnd.choice((1, 1, 2))
        trouble = Trouble(side=side, method=method, action=rnd.choice(TROUBLES), times=times)
        return [trouble, work]

    def _work(self) -> Step:
        """Somebody edits a record, or makes another."""
        wanted = 1 + self.tokens // 6
        if len(self.records) < min(RECORDS, wanted) and self.rnd.random() < 0.4:
            return self._create()
        return self._edit()

    def _create(self, side: str | None = None) -> Step:
        name = f"r{len(self.records) + 1}"
        self.records.append(name)
        side = side or self.rnd.choice(self.sides)
        return Create(record=name, side=side, title=self._value("t"), paragraph=self._token("p"))

    def _edit(self, side: str | None = None, how: How | None = None) -> Step:
        rnd = self.rnd
        done: How = rnd.choice(self.words) if how is None else how
        kind = {"title": "t", "label": "l", "write": "p", "rewrite": "p", "comment": "c"}.get(done)
        return Edit(
            record=rnd.choice(self.records),
            side=side or rnd.choice(self.sides),
            how=done,
            value=self._value(kind) if kind else "",
            pick=rnd.randrange(5),
        )

    def _value(self, kind: str) -> str:
        """A token, and for a title more words than every tool takes."""
        return f"{self._token(kind)} and more words" if kind == "t" else self._token(kind)

    def _token(self, kind: str) -> str:
        self.tokens += 1
        return f"{kind}{self.tokens}"
