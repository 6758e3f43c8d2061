"""Whether what is gone goes by another name now. It is proposed and never assumed.

Two things count: the tool's own id, which stays when a label is changed; and, where ids do not
tell, a name that is new and spelt alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

ALIKE = 0.6
"""How much of two names must be the same for one to be proposed for the other."""


@dataclass(frozen=True, slots=True)
class Renamed:
    """Names that may be the new one. `id`: the tool's id proves it; `clear`: there is only one."""

    names: tuple[str, ...]
    id: str = ""
    clear: bool = False

    def told(self) -> str:
        """The evidence, in words that follow the old name."""
        if self.id:
            return f"it is called {self.names[0]!r} now (the tool's id {self.id} is the same)"
        many = " or ".join(map(repr, self.names))
        verb = "is" if len(self.names) == 1 else "are"
        return f"{many} {verb} new and spelt alike"


def renamed(
    gone: str,
    before: Iterable[str],
    now: Iterable[str],
    ids_before: Mapping[str, str],
    ids_now: Mapping[str, str],
) -> Renamed | None:
    """What a name that is gone may be called now; None: nothing suggests any."""
    id_ = ids_before.get(gone)
    same = [name for name, one in ids_now.items() if id_ is not None and one == id_]
    if len(same) == 1:
        return Renamed((same[0],), id_ or "", clear=True)
    before, now = list(before), list(now)
    lost = [name for name in before if name not in now]
    # What has the id of something that was there before is that, however it is spelt.
    new = [n for n in now if n not in before and ids_now.get(n) not in ids_before.values()]
    close = [name for name in new if alike(gone, name)]
    if not close:
        return None
    close.sort(key=lambda name: -_ratio(gone, name))
    rivals = [name for name in lost if name != gone and alike(name, close[0])]
    return Renamed(tuple(close), clear=len(close) == 1 and not rivals)


def alike(one: str, other: str) -> bool:
    """Whether two names are spelt alike."""
    return _ratio(one, other) >= ALIKE


def _ratio(one: str, other: str) -> float:
    return SequenceMatcher(None, one.casefold(), other.casefold()).ratio()
