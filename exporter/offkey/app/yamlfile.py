"""A safe subset of YAML that remembers where everything stands.

No aliases, no anchors, no tags, no duplicate keys, bounded size, depth and count; plain values are read by the core
schema of YAML 1.2 (`no` and `on` are words, not booleans), keys are always text.
Source: YAML 1.2.2, section 10.3.2 (tag resolution of the core schema).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from offkey.core.errors import ConfigError

MAX_BYTES = 1 << 20
MAX_DEPTH = 32
MAX_EVENTS = 60_000  # about 30,000 values
MAX_PROBLEMS = 20  # refusals of a file that is not meant to be read at all

Route = tuple[str | int, ...]  # keys and positions from the top of a document to a value

_INTEGER = re.compile(r"[-+]?[0-9]+")
_OCTAL_OR_HEX = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **{sign + word: float(sign + "inf") for sign in ("", "-", "+") for word in (".inf", ".Inf", ".INF")},
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position in a text, counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a file; `route` is written as `signals[0].step`."""

    file: str
    place: Place
    route: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.place.line}:{self.place.column}"
        return f"{where}: {self.route}: {self.message}" if self.route else f"{where}: {self.message}"


class Finding(NamedTuple):
    """Words about the value at a route, or about its key."""

    route: Route
    words: str
    at_key: bool = False


class InvalidFile(ConfigError):
    """A file is not acceptable; the message has one line per problem, in the order of the file."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.place))
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file.

    Attributes:
        name: the file, as messages name it.
        value: dicts, lists, text, numbers, booleans and None.
        values: where each value begins.
        keys: where the key of each entry of a mapping begins.
    """

    name: str
    value: Any
    values: dict[Route, Place] = field(default_factory=dict)
    keys: dict[Route, Place] = field(default_factory=dict)

    def problem(self, route: Route, message: str, *, at_key: bool = False) -> Problem:
        """Return a problem with the value, or the key, at a route; what is not in the file stands at its parent."""
        known = route
        while known and known not in self.values:
            known = known[:-1]
        places = self.keys if at_key and known in self.keys else self.values
        return Problem(self.name, places.get(known, Place(1, 1)), _one_line(route_text(route)), _one_line(message))


def route_text(route: Route) -> str:
    """Return a route as people write it: `signals[0].step`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in route)
    return text.removeprefix(".")


def _one_line(text: str) -> str:
    """Return a text with control characters, which a file may hold anywhere, as escapes."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def load(path: Path) -> Document:
    """Read and parse a file.

    Raises:
        ConfigError: it cannot be read.
        InvalidFile: it is not acceptable YAML.
    """
    try:
        if not path.is_file() and path.exists():
            msg = f"{path}: not a regular file"
            raise ConfigError(msg)
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        msg = f"{path}: {error.strerror or error}".lower() if error.strerror else f"{path}: {error}"
        raise ConfigError(msg) from error
    return parse(content, str(path))


def parse(content: bytes | str, name: str) -> Document:
    """Parse a YAML text of one document.

    Raises:
        InvalidFile: it is not YAML, or uses what is refused here.
    """
    first = Place(1, 1)
    try:
        raw = content.encode() if isinstance(content, str) else content
        if len(raw) > MAX_BYTES:
            raise InvalidFile([Problem(name, first, "", f"larger than {MAX_BYTES:,} bytes, which is the limit")])
        return _Builder(name, yaml.parse(raw.decode("utf-8-sig"), Loader=yaml.CSafeLoader)).document()
    except UnicodeError as error:
        raise InvalidFile([Problem(name, first, "", "not UTF-8 text")]) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = _place(mark) if mark else first
        said = ", ".join(part for part in (error.context, error.problem) if part)
        raise InvalidFile([Problem(name, place, "", f"not YAML: {said}")]) from error
    except yaml.YAMLError as error:
        said = str(error).partition("\n")[0]
        raise InvalidFile([Problem(name, first, "", f"not YAML: {said}")]) from error


class _Builder:
    """Builds a document from parser events; events, unlike nodes, can be refused before they cost anything."""

    def __init__(self, name: str, events: Iterator[yaml.Event]) -> None:
        self.name = name
        self.events = self.bounded(events)
        self.values: dict[Route, Place] = {}
        self.keys: dict[Route, Place] = {}
        self.problems: list[Problem] = []

    def document(self) -> Document:
        value: Any = None
        documents = 0
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self.refuse(event, (), "a second document begins; a file holds one")
                    break
                value = self.value(next(self.events), ())
        if self.problems:
            raise InvalidFile(self.problems)
        return Document(self.name, value, self.values, self.keys)

    def bounded(self, events: Iterator[yaml.Event]) -> Iterator[yaml.Event]:
        for count, event in enumerate(events):
            if count >= MAX_EVENTS:
                self.refuse(event, (), f"more than about {MAX_EVENTS // 2:,} values, which is the limit")
                raise InvalidFile(self.problems)
            yield event

    def refuse(self, event: yaml.Event, route: Route, message: str) -> None:
        self.problems.append(Problem(self.name, _place(event.start_mark), route_text(route), message))
        if len(self.problems) >= MAX_PROBLEMS:
            raise InvalidFile(self.problems)

    def check(self, event: yaml.Event, route: Route) -> None:
        if isinstance(event, yaml.AliasEvent):
            self.refuse(event, route, f"aliases are refused (*{event.anchor}); write the value out")
        elif isinstance(event, yaml.NodeEvent) and event.anchor:
            self.refuse(event, route, f"anchors are refused (&{event.anchor}); remove it")
        if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag:
            self.refuse(event, route, f"tags are refused ({event.tag}); remove it")

    def value(self, event: yaml.Event, route: Route) -> Any:  # noqa: ANN401 (YAML holds any of its types)
        self.values[route] = _place(event.start_mark)
        self.check(event, route)
        if isinstance(event, yaml.AliasEvent):
            return None
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event.value) if event.implicit[0] else event.value
        if len(route) >= MAX_DEPTH:
            self.refuse(event, route[:4], f"nested deeper than {MAX_DEPTH} levels")
            raise InvalidFile(self.problems)
        return self.mapping(route) if isinstance(event, yaml.MappingStartEvent) else self.sequence(route)

    def sequence(self, route: Route) -> list[Any]:
        items: list[Any] = []
        for event in self.events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            items.append(self.value(event, (*route, len(items))))
        return items

    def mapping(self, route: Route) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        for event in self.events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            if not isinstance(event, yaml.ScalarEvent):
                self.refuse(event, route, "a key must be plain text")
                raise InvalidFile(self.problems)
            inner = (*route, event.value)
            self.check(event, inner)
            if event.value in entries:
                self.refuse(event, inner, f"written twice; first on line {self.keys[inner].line}")
            else:
                self.keys[inner] = _place(event.start_mark)
            entries[event.value] = self.value(next(self.events), inner)
        return entries


def _place(mark: Any) -> Place:  # noqa: ANN401 (the C parser's mark has no type of its own)
    return Place(mark.line + 1, mark.column + 1)


def _scalar(text: str) -> Any:  # noqa: ANN401
    """Return a plain scalar's value by the core schema."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text) and len(text) <= 18:  # longer ones become floats, which are cheap to convert
        return int(text)
    if _OCTAL_OR_HEX.fullmatch(text) and len(text) <= 18:
        return int(text, 0)
    return float(text) if _FLOAT.fullmatch(text) else text


class _Dumper(yaml.SafeDumper):
    """Writes text in quotes wherever this reader, or one of YAML 1.1, would take it for something else."""

    def ignore_aliases(self, data: object) -> bool:
        return True

    def represent_text(self, text: str) -> yaml.Node:
        """Write several lines as several lines."""
        return self.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)

    def represent_items(self, value: list[Any] | dict[str, Any]) -> yaml.Node:
        """Write a few numbers on one line."""
        items = value if isinstance(value, list) else list(value.values())
        is_short = 0 < len(items) <= 4 and all(isinstance(item, int | float | None) for item in items)
        if isinstance(value, list):
            return self.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=is_short)
        return self.represent_mapping("tag:yaml.org,2002:map", value, flow_style=is_short)


_Dumper.add_representer(str, _Dumper.represent_text)
_Dumper.add_representer(list, _Dumper.represent_items)
_Dumper.add_representer(dict, _Dumper.represent_items)
for _kind, _shape in (("float", _FLOAT), ("int", _OCTAL_OR_HEX)):
    _Dumper.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", re.compile(f"(?:{_shape.pattern})$"), None)


def dump(value: object) -> str:
    """Return a value as YAML that `parse` reads back; the keys keep their order."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=MAX_BYTES)
