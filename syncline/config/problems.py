"""What is wrong with a configuration, for a person who will put it right.

Problems are collected and reported together: whoever edits a file wants the whole list, not the
first line of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError


# Its twin is `syncline.mapping.check.Problem`; this one is imported by commands that read no
# mapping and must start at once.
@dataclass(frozen=True, slots=True)
class Problem:
    """Something to put right: where, what is wrong, what to do about it."""

    where: str
    what: str
    do: str = ""

    def __str__(self) -> str:
        if not self.do:
            return f"{self.where}: {self.what}"
        return f"{self.where}: {self.what.rstrip('.')}; {self.do}"

    def to_json(self) -> dict[str, str]:
        return {"where": self.where, "what": self.what, "do": self.do}


class ConfigError(Exception):
    """A configuration that cannot be used, with everything that is wrong with it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Places:
    """Which file and line said what: the nearest known one above a key's path."""

    root: str
    lines: Mapping[tuple[str, ...], str]

    def of(self, path: Sequence[str | int]) -> str:
        """`file:line key.path`, as far as they are known."""
        steps = tuple(str(step) for step in path)
        for end in range(len(steps), -1, -1):
            if steps[:end] in self.lines:
                return " ".join(filter(None, (self.lines[steps[:end]], ".".join(steps))))
        return " ".join(filter(None, (self.root, ".".join(steps))))


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """What to do about a word that is not known: the nearest one, else all of them."""
    choices = sorted(known)
    close = get_close_matches(str(word), choices, n=1)
    if close:
        return f"did you mean `{close[0]}`?"
    return f"known are {', '.join(choices)}" if choices else "there are none yet"


def problems_of(
    error: ValidationError, model: type[BaseModel], data: Any, places: Places, *prefix: str
) -> Iterator[Problem]:
    """A pydantic error in the operator's words. Never shows a value: it may be a secret."""
    seen = set()
    for one in error.errors(include_url=False, include_input=False):
        path = _real(one["loc"], data)
        if (path, one["type"]) in seen:
            continue
        seen.add((path, one["type"]))
        where = places.of((*prefix, *path))
        what, do = _words(one["type"], one["msg"], one.get("ctx") or {}, path, model)
        yield Problem(where, what, do)


def _words(
    type_: str,
    message: str,
    context: Mapping[str, Any],
    path: tuple[Any, ...],
    model: type[BaseModel],
) -> tuple[str, str]:
    last = str(path[-1]) if path else "it"
    match type_:
        case "extra_forbidden":
            return f"unknown key `{last}`", did_you_mean(last, keys_at(model, path[:-1]))
        case "missing":
            return f"`{last}` is missing", "add it"
        case "string_pattern_mismatch":
            return f"`{last}` is no name", "use lower-case letters, digits, `_` and `-`"
        case "literal_error":
            return f"`{last}` can be {context.get('expected', '')} only", ""
        case "is_instance_of" if context.get("class") == "Secret":
            return (
                f"`{last}` is a secret, and secrets are named here, never written down",
                "write ${env:NAME}, ${file:PATH} or ${prefect:BLOCK}; if this one was real, "
                "replace it in the tool",
            )
        case "model_type" | "model_attributes_type" | "dict_type" | "mapping_type":
            return f"`{last}` must have keys below it", ""
        case "value_error":
            what, _, do = message.removeprefix("Value error, ").partition("; ")
            return what, do
    return f"`{last}`: {message[:1].lower()}{message[1:]}", ""


def _real(loc: Sequence[str | int], data: Any) -> tuple[str | int, ...]:
    """The part of pydantic's location that exists in the file: names of union arms do not."""
    path: list[str | int] = []
    at = data
    for number, step in enumerate(loc):
        last = number == len(loc) - 1
        if step == "[key]":
            break
        if isinstance(at, Mapping) and (step in at or last):
            at = at.get(step)
        elif isinstance(at, list | tuple) and isinstance(step, int) and step < len(at):
            at = at[step]
        else:
            continue
        path.append(step)
    return tuple(path)


def keys_at(model: type[BaseModel], path: Sequence[str | int]) -> list[str]:
    """The keys that a model takes at a path; none where any key goes."""
    here: Any = model
    for step in path:
        found = _model(here)
        if found is not None:
            names = {(info.alias or name): info for name, info in found.model_fields.items()}
            if step not in names:
                return []
            here = names[str(step)].annotation
        else:
            here = _element(here)
    found = _model(here)
    if found is None:
        return []
    return [info.alias or name for name, info in found.model_fields.items()]


def _model(annotation: Any) -> type[BaseModel] | None:
    for one in (annotation, *get_args(annotation)):
        if isinstance(one, type) and issubclass(one, BaseModel):
            # A mapping of models is not itself a model: the next step is one of its keys.
            return one if one is annotation or not _collects(annotation) else None
    return None


def _collects(annotation: Any) -> bool:
    origin = get_origin(annotation)
    return isinstance(origin, type) and issubclass(origin, Mapping | Sequence)


def _element(annotation: Any) -> Any:
    for one in (annotation, *get_args(annotation)):
        if _collects(one):
            return get_args(one)[-1] if get_origin(one) is not tuple else get_args(one)[0]
    return None
