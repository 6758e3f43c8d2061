"""What may be said about a field in a mapping file, and the lens that makes of it.

Every kind takes its own options beside the common ones; `OPTIONS` is the whole list, and anything
else is an error with a suggestion.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from syncline.mapping import codecs, many, paths
from syncline.mapping.lens import Codec, FieldLens
from syncline.mapping.source import MappingError, Source, suggestion
from syncline.schema import kinds
from syncline.schema.entities import FieldSpec
from syncline.schema.kinds import KINDS, Kind

TEXT_FORMATS = ("markdown", "html", "textile", "wiki_markup", "adf", "plain")

COMMON = ("path", "read_only", "create_only", "lossy", "group", "write")

OPTIONS: Mapping[str, tuple[str, ...]] = {
    "text": ("max_length", "overflow", "enum", "nearest"),
    "url": ("max_length", "overflow"),
    "reference": ("max_length",),
    "rich_text": ("text", "max_length", "overflow"),
    "enum": ("enum", "nearest"),
    "person": ("person",),
    "people": ("people", "person"),
    "set": ("set", "enum", "spaces", "case"),
    "number": ("number",),
    "money": ("money", "number"),
    "date": ("date", "zone"),
    "datetime": ("datetime", "zone"),
    "bool": ("bool",),
}
"""The options of each kind beside COMMON; `kind` is for fields the entity does not have, and
`python` names a lens of the operator's own, which may take `paths` instead of `path`."""


@dataclass(frozen=True)
class Given:
    """One field of a mapping file: what was said of it, and where."""

    source: Source
    name: str
    said: Mapping[str, Any]

    def error(self, what: str, *option: str) -> MappingError:
        return self.source.error(f"{self.name}: {what}", "fields", self.name, *option)

    def choice(self, option: str, words: tuple[str, ...], default: str) -> Any:
        """One of `words`."""
        word = self.said.get(option, default)
        if word not in words:
            raise self.error(f"`{option}` cannot be {word!r}{suggestion(word, words)}", option)
        return word

    def flag(self, option: str) -> bool:
        value = self.said.get(option, False)
        if not isinstance(value, bool):
            raise self.error(f"`{option}` must be true or false, not {value!r}", option)
        return value

    def length(self) -> int | None:
        value = self.said.get("max_length")
        if value is not None and (type(value) is not int or value < 1):
            raise self.error(f"`max_length` must be a whole number, not {value!r}", "max_length")
        return value


def field_lens(
    given: Given, spec: FieldSpec | None, text_format: str, python: Mapping[str, Codec]
) -> FieldLens:
    """The lens of one field. `spec` None: the field is not the entity's, and says its own kind.

    MappingError names the option that is wrong.
    """
    kind, base = _kind(given, spec)
    own = given.said.get("python")
    known = (*COMMON, *OPTIONS[base.name], *(("kind",) if spec is None else ()), "python")
    if own is not None:
        known = (*COMMON, "kind", "python", "paths")
    for option in given.said:
        if option not in known:
            hint = suggestion(option, known)
            raise given.error(f"unknown option `{option}`{hint}", option)
    if own is not None:
        codec = _python(given, python)
    else:
        codec = _CODECS[base.name](given, base, text_format)
    given.choice("write", ("patch", "transition"), "patch")
    return FieldLens(
        given.name,
        kind,
        _paths(given),
        codec,
        origin=given.source.origin,
        read_only=given.flag("read_only"),
        create_only=given.flag("create_only"),
        transition=given.said.get("write") == "transition",
        lossy=given.flag("lossy"),
    )


def _kind(given: Given, spec: FieldSpec | None) -> tuple[Kind, Kind]:
    """The field's kind, and without the wrapping of an extension."""
    if spec is not None:
        if given.said.get("kind", spec.kind.name) != spec.kind.name:
            raise given.error(f"is a field of kind {spec.kind.name}; leave `kind` out", "kind")
        return spec.kind, spec.kind
    name = given.said.get("kind")
    if not isinstance(name, str) or name not in KINDS:
        raise given.error(f"`kind` cannot be {name!r}{suggestion(name, tuple(KINDS))}", "kind")
    inner = KINDS[name]
    if isinstance(inner, kinds.Enum):
        nearest = given.said.get("nearest", {})
        words = [*_table(given, None), *(nearest if isinstance(nearest, dict) else ())]
        inner = kinds.Enum(word for word in words if isinstance(word, str) and word)
    return kinds.Extension(inner), inner


def _paths(given: Given) -> tuple[str, ...]:
    said = given.said.get("paths")
    if said is not None:
        if "path" in given.said or not isinstance(said, list) or not said:
            raise given.error("takes either `path` or `paths`, a list", "paths")
        return tuple(_path(given, one, "paths") for one in said)
    if "path" not in given.said:
        raise given.error("has no `path`: say where it is in the record")
    return (_path(given, given.said["path"], "path"),)


def _path(given: Given, said: Any, option: str) -> str:
    if isinstance(said, str) and said and all(paths.keys(said)):
        return said
    if isinstance(said, list) and said and all(isinstance(key, str) and key for key in said):
        return paths.spelt(said)
    raise given.error(f"`{option}` must be like `fields.summary` or [fields, summary]", option)


def _python(given: Given, registry: Mapping[str, Codec]) -> Codec:
    name = given.said["python"]
    if name not in registry:
        raise given.error(f"no Python lens is called {name!r}{suggestion(name, [*registry])}")
    return registry[name]


def _table(given: Given, options: tuple[str, ...] | None) -> dict[str, tuple[Any, ...]]:
    """The `enum` table: each shared value's wire states, no state under two values."""
    said = given.said.get("enum")
    if isinstance(said, list):
        said = {value: value for value in said}
    if not isinstance(said, dict) or not said:
        raise given.error("needs `enum`: each value with the tool's states", "enum")
    table: dict[str, tuple[Any, ...]] = {}
    owner: dict[Any, str] = {}
    for value, states in said.items():
        if not isinstance(value, str):
            raise given.error(f"{value!r} in `enum` is no text; put it in quotes", "enum")
        if options is not None and value and value not in options:
            hint = suggestion(value, options)
            raise given.error(f"has no value {value!r}{hint}", "enum", value)
        if states is None:
            raise given.error(
                f"{value!r} has nothing after it: write [] for no state, [null] for the state null",
                "enum",
                value,
            )
        table[value] = tuple(states) if isinstance(states, list) else (states,)
        for state in table[value]:
            if isinstance(state, list | dict):
                raise given.error(f"{state!r} in `enum` is no single value", "enum", value)
            if state in owner:
                raise given.error(
                    f"{state!r} stands for both {owner[state]} and {value}", "enum", value
                )
            owner[state] = value
    return table


def _enum(given: Given, kind: Kind, text_format: str) -> Codec:
    options = kind.options if isinstance(kind, kinds.Enum) else None
    table = _table(given, options)
    nearest = given.said.get("nearest", {})
    if not isinstance(nearest, dict):
        raise given.error("`nearest` must name a value for each value it replaces", "nearest")
    for value, other in nearest.items():
        if options is not None and value not in options:
            hint = suggestion(value, options)
            raise given.error(f"has no value {value!r}{hint}", "nearest", str(value))
        if table.get(value) or not table.get(other):
            raise given.error(
                f"`nearest` needs a value without states and one with, not {value}: {other}",
                "nearest",
                str(value),
            )
    return codecs.EnumCodec(table, nearest)


def _text(given: Given, kind: Kind, text_format: str) -> Codec:
    if "enum" in given.said or "nearest" in given.said:
        return _enum(given, kind, text_format)
    overflow = given.choice("overflow", ("refuse", "truncate"), "refuse")
    return codecs.TextCodec(given.length(), overflow == "truncate")


def _rich_text(given: Given, kind: Kind, text_format: str) -> Codec:
    given.choice("overflow", ("refuse",), "refuse")
    return codecs.RichTextCodec(given.choice("text", TEXT_FORMATS, text_format), given.length())


def _number_form(given: Given, default: str) -> Any:
    return given.choice("number", ("int", "float", "string"), default)


def _money(given: Given, kind: Kind, text_format: str) -> Codec:
    said = given.said.get("money")
    currency = said.get("currency") if isinstance(said, dict) and len(said) == 1 else None
    if not isinstance(currency, str) or not currency.strip():
        raise given.error("needs `money: {currency: EUR}`", "money")
    return codecs.MoneyCodec(currency.strip().upper(), _number_form(given, "string"))


def _bool(given: Given, kind: Kind, text_format: str) -> Codec:
    said = given.said.get("bool", {True: True, False: False})
    if not isinstance(said, dict) or set(said) != {True, False} or said[True] == said[False]:
        raise given.error("`bool` must be like {true: Yes, false: No}", "bool")
    return codecs.BoolCodec(said[True], said[False])


def _zone(given: Given) -> ZoneInfo:
    name = given.said.get("zone", "UTC")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        raise given.error(f"{name!r} is no time zone like Europe/Berlin", "zone") from None


def _date(given: Given, kind: Kind, text_format: str) -> Codec:
    form = given.choice("date", ("day", "iso", "seconds", "milliseconds"), "day")
    return codecs.DateCodec(form, _zone(given))


def _datetime(given: Given, kind: Kind, text_format: str) -> Codec:
    form = given.choice("datetime", ("iso", "seconds", "milliseconds"), "iso")
    return codecs.DateTimeCodec(form, _zone(given))


def _list_form(given: Given, option: str) -> Any:
    return given.choice(option, ("list", "comma", "space"), "list")


def _set(given: Given, kind: Kind, text_format: str) -> Codec:
    return many.SetCodec(
        _list_form(given, "set"),
        {v: w for v, w in _table(given, None).items() if v} if "enum" in given.said else None,
        given.choice("spaces", ("allow", "refuse", "underscore"), "allow"),
        given.choice("case", ("keep", "lower"), "keep"),
        given.flag("lossy"),
    )


def _person_form(given: Given) -> Any:
    return given.choice("person", ("handle", "email"), "handle")


_CODECS: Mapping[str, Callable[[Given, Kind, str], Codec]] = {
    "text": _text,
    "url": _text,
    "reference": _text,
    "rich_text": _rich_text,
    "enum": _enum,
    "person": lambda given, _, __: codecs.PersonCodec(_person_form(given)),
    "people": lambda given, _, __: many.PeopleCodec(
        _list_form(given, "people"), _person_form(given), given.flag("lossy")
    ),
    "set": _set,
    "number": lambda given, _, __: codecs.NumberCodec(_number_form(given, "float")),
    "money": _money,
    "date": _date,
    "datetime": _datetime,
    "bool": _bool,
}
