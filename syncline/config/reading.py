"""From files to a configuration: one file, or a folder of them.

    syncline.yaml         everything, or what is left after the folders below
    connections/NAME.yaml what stands under `connections: NAME:`
    syncs/NAME.yaml       what stands under `syncs: NAME:`
    mappings/TOOL/ENTITY.yaml   mappings of your own (read by `syncline.hub`)

Files are plain YAML (`syncline.mapping.source`): no code, no anchors, no duplicate keys, at most
256 KiB each. A file that leads out of the folder, by a symbolic link, is refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from syncline.config.models import Config
from syncline.config.problems import ConfigError, Places, Problem, did_you_mean, problems_of
from syncline.mapping.source import MAX_BYTES, MappingError, Source, read

FILE = "syncline.yaml"
PARTS = ("connections", "syncs")
MOST_FILES = 500
VARIABLE = "SYNCLINE_CONFIG"


def find() -> Path:
    """The configuration meant where none is named: $SYNCLINE_CONFIG, else the current folder."""
    return Path(os.environ.get(VARIABLE) or ".")


def load(path: Path | None = None) -> Config:
    """The configuration of a file or a folder. ConfigError with everything that is wrong.

    Nothing but these files is read: no secret, no connector, no mapping.
    """
    path = path or find()
    problems: list[Problem] = []
    data, places = _read(path, problems)
    folder = path if path.is_dir() else path.parent
    if problems:
        raise ConfigError(problems)
    return parse(data, folder.absolute(), places)


def parse(data: Any, folder: Path, places: Places) -> Config:
    """The configuration of what was read. ConfigError with everything that is wrong."""
    try:
        config = Config.model_validate(data)
    except ValidationError as error:
        raise ConfigError([*problems_of(error, Config, data, places)]) from None
    config._folder = folder
    config._places = places
    problems = [*_strangers(config)]
    if problems:
        raise ConfigError(problems)
    return config


def _strangers(config: Config) -> Iterator[Problem]:
    for number, person in enumerate(config.people):
        for connection in person.handles:
            if connection not in config.connections:
                yield Problem(
                    config.places.of(("people", number, "handles", connection)),
                    f"no connection is called `{connection}`",
                    did_you_mean(connection, config.connections),
                )


def _read(path: Path, problems: list[Problem]) -> tuple[Any, Places]:
    lines: dict[tuple[str, ...], str] = {}
    if not path.is_dir():
        data = _file(path, path.name, (), lines, problems)
        return data, Places(path.name, lines)
    root = path.resolve()
    data = _file(path / FILE, FILE, (), lines, problems)
    for part in PARTS:
        for file in _files(root / part, problems):
            name = f"{part}/{file.name}"
            if not file.resolve().is_relative_to(root):
                problems.append(Problem(name, "leads out of the configuration's folder", "copy it"))
            elif isinstance(data, dict):
                said = _file(file, name, (part, file.stem), lines, problems)
                _put(data, part, file.stem, said, name, problems)
    return data, Places(FILE, lines)


def _files(folder: Path, problems: list[Problem]) -> list[Path]:
    if not folder.is_dir():
        return []
    found = sorted(f for f in folder.iterdir() if f.suffix in (".yaml", ".yml"))
    if len(found) > MOST_FILES:
        problems.append(Problem(folder.name, f"has {len(found)} files, {MOST_FILES} at most", ""))
    return found[:MOST_FILES]


def _put(
    data: dict[str, Any], part: str, name: str, said: Any, origin: str, problems: list[Problem]
) -> None:
    whole = data.get(part)
    whole = {} if whole is None else whole
    if not isinstance(whole, dict):
        return
    if name in whole:
        problems.append(
            Problem(origin, f"{part} has a `{name}` already", "take one of the two out")
        )
    data[part] = {**whole, name: said}


def _file(
    path: Path,
    origin: str,
    prefix: tuple[str, ...],
    lines: dict[tuple[str, ...], str],
    problems: list[Problem],
) -> Any:
    """A file's data; what is wrong with it becomes a problem."""
    try:
        source = _source(path, origin)
    except MappingError as error:
        where = origin if error.line is None else f"{origin}:{error.line}"
        problems.append(Problem(where, error.what))
        return {}
    lines[prefix] = origin
    lines.update(_placed(source.lines, prefix, origin))
    return {} if source.data is None else source.data


def _source(path: Path, origin: str) -> Source:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise MappingError(
            "there is no such file; run `syncline init` to write one, or name another with "
            "--config",
            origin,
        ) from None
    except OSError as error:
        raise MappingError(f"cannot be read: {error.strerror}", origin) from None
    if len(raw) > MAX_BYTES:
        raise MappingError(f"is larger than {MAX_BYTES // 1024} KiB", origin)
    try:
        return read(raw.decode("utf-8"), origin)
    except UnicodeDecodeError:
        raise MappingError("is not UTF-8 text", origin) from None


def _placed(
    lines: Mapping[tuple[str, ...], int], prefix: tuple[str, ...], origin: str
) -> Iterator[tuple[tuple[str, ...], str]]:
    for path, line in lines.items():
        yield (*prefix, *path), f"{origin}:{line}"
