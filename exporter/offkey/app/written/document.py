"""Read rule files, plain or as PrometheusRule manifests, and remember where everything stands."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from offkey.app.yamlfile import Place
from offkey.core.errors import ConfigError

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MANIFEST = "PrometheusRule"
MAX_BYTES = 16 << 20
_TOP_KEYS = {"groups"}
_TEXT_MAPS = ("labels", "annotations")


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value as it stands in the file: `start` and `end` are offsets into the text, `style` YAML's (`|`, `'`, ...)."""

    value: str
    place: Place
    start: int
    end: int
    style: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why Prometheus would refuse the file."""

    place: Place
    message: str


@dataclass(frozen=True, slots=True)
class WrittenRule:
    """A rule of a file.

    Attributes:
        keys: every key with a plain value, by name: `alert`, `record`, `expr`, `for` and whatever else is written.
        labels: the rule's own labels, values as written.
        annotations: likewise.
        names: where the key of each label and annotation stands.
        place: where the rule begins.
        lines: first line of the comments above it, and its last line.
        others: keys whose value is not plain, and where they stand.
    """

    keys: Mapping[str, Scalar]
    labels: Mapping[str, Scalar]
    annotations: Mapping[str, Scalar]
    names: Mapping[str, Place]
    place: Place
    lines: tuple[int, int]
    others: Mapping[str, Place] = field(default_factory=dict)

    @property
    def is_alert(self) -> bool:
        """Whether people are told."""
        return "alert" in self.keys

    @property
    def name(self) -> str:
        """The alert's or the series' name; empty when neither is written."""
        found = self.keys.get("alert") or self.keys.get("record")
        return found.value if found else ""

    @property
    def expr(self) -> str:
        """The query; empty when there is none."""
        return self.keys["expr"].value if "expr" in self.keys else ""


@dataclass(frozen=True, slots=True)
class WrittenGroup:
    """A group of a file; `keys` are those with a plain value, `others` the rest."""

    keys: Mapping[str, Scalar]
    rules: tuple[WrittenRule, ...]
    place: Place
    others: Mapping[str, Place] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The group's name; empty when it has none."""
        return self.keys["name"].value if "name" in self.keys else ""


@dataclass(frozen=True, slots=True)
class RuleDocument:
    """A rule file.

    Attributes:
        name: the file, as messages name it.
        text: all of it.
        groups: in the order of the file; empty when it cannot be read.
        faults: why Prometheus would refuse its shape.
        is_manifest: whether it is a PrometheusRule, not a plain file.
    """

    name: str
    text: str
    groups: tuple[WrittenGroup, ...]
    faults: tuple[Fault, ...] = ()
    is_manifest: bool = False

    @property
    def rules(self) -> Iterator[tuple[WrittenGroup, WrittenRule]]:
        """Every rule with its group."""
        return ((group, rule) for group in self.groups for rule in group.rules)


def load(path: Path) -> RuleDocument:
    """Read a rule file.

    Raises:
        ConfigError: it cannot be read, or is no UTF-8 text.
    """
    try:
        raw = path.read_bytes()
        if len(raw) > MAX_BYTES:
            msg = f"{path}: larger than {MAX_BYTES:,} bytes; split the file"
            raise ConfigError(msg)
        return parse(raw.decode("utf-8"), str(path))
    except OSError as error:
        msg = f"{path}: {(error.strerror or str(error)).lower()}"
        raise ConfigError(msg) from error
    except UnicodeDecodeError as error:
        msg = f"{path}: not UTF-8 text; a rule file is"
        raise ConfigError(msg) from error


def parse(text: str, name: str) -> RuleDocument:
    """Return a rule file from its text; what cannot be read is a fault, never an error."""
    try:
        node = yaml.compose(text, Loader=LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = ", ".join(part for part in (error.context, error.problem) if part)
        fault = Fault(_place(mark) if mark else Place(1, 1), f"not YAML: {said}")
        return RuleDocument(name, text, (), (fault,))
    except (yaml.YAMLError, RecursionError) as error:
        return RuleDocument(name, text, (), (Fault(Place(1, 1), f"not YAML: {str(error).partition(chr(10))[0]}"),))
    return _Reading(name, text).document(node)


class _Reading:
    """One pass over the nodes of one file."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self.lines = text.split("\n")
        self.shift = int(text.startswith("\ufeff"))  # the parser does not count a byte order mark
        self.faults: list[Fault] = []

    def document(self, node: yaml.Node | None) -> RuleDocument:
        if node is None:
            return RuleDocument(self.name, self.text, ())
        top = self.mapping(node, "a rule file")
        kind = top.get("kind")
        is_manifest = isinstance(kind, yaml.ScalarNode) and kind.value == MANIFEST
        if is_manifest:
            top = self.mapping(top["spec"], "spec") if "spec" in top else {}
        for key in sorted(set(top) - _TOP_KEYS):
            self.faults.append(Fault(_place(top[key].start_mark), f'unknown key "{key}"; a rule file holds groups'))
        groups = tuple(self.group(item) for item in self.sequence(top.get("groups")))
        return RuleDocument(self.name, self.text, groups, tuple(self.faults), is_manifest)

    def group(self, node: yaml.Node) -> WrittenGroup:
        found = self.mapping(node, "a group")
        plain = {key: self.scalar(value) for key, value in found.items() if isinstance(value, yaml.ScalarNode)}
        rules = tuple(self.rule(item) for item in self.sequence(found.get("rules")))
        others = {key: _place(value.start_mark) for key, value in found.items() if key not in {*plain, "rules"}}
        return WrittenGroup(plain, rules, _place(node.start_mark), others)

    def rule(self, node: yaml.Node) -> WrittenRule:
        found = self.mapping(node, "a rule")
        plain = {key: self.scalar(value) for key, value in found.items() if isinstance(value, yaml.ScalarNode)}
        texts: dict[str, dict[str, Scalar]] = {}
        names: dict[str, Place] = {}
        for key in _TEXT_MAPS:
            texts[key] = {}
            if key in found and key not in plain:
                texts[key] = self.texts(found[key], key, names)
            elif key in plain and plain.pop(key).value:
                self.faults.append(Fault(_place(found[key].start_mark), f"{key} is not a mapping of names to texts"))
        first = node.start_mark.line + 1
        while first > 1 and self.lines[first - 2].lstrip().startswith("#"):
            first -= 1
        last = self.last_line(node)
        others = {key: _place(value.start_mark) for key, value in found.items() if key not in {*plain, *_TEXT_MAPS}}
        return WrittenRule(
            plain, texts["labels"], texts["annotations"], names, _place(node.start_mark), (first, last), others
        )

    def last_line(self, node: yaml.Node) -> int:
        """Return the last line that belongs to a node: a block ends where the next one begins."""
        last = node.end_mark.line + (1 if node.end_mark.column else 0)
        first = node.start_mark.line + 1
        while last > first and self.lines[last - 1].strip()[:1] in ("", "#", "-"):
            last -= 1
        return max(first, last)

    def texts(self, node: yaml.Node, what: str, names: dict[str, Place]) -> dict[str, Scalar]:
        found: dict[str, Scalar] = {}
        for key, value in self.mapping(node, what, names).items():
            if isinstance(value, yaml.ScalarNode):
                found[key] = self.scalar(value)
            else:
                self.faults.append(Fault(_place(value.start_mark), f'{what} "{key}" is not a text'))
        return found

    def scalar(self, node: yaml.ScalarNode) -> Scalar:
        start, end = node.start_mark.index + self.shift, node.end_mark.index + self.shift
        return Scalar(str(node.value), _place(node.start_mark), start, end, node.style or "")

    def sequence(self, node: yaml.Node | None) -> list[yaml.Node]:
        if node is None or (isinstance(node, yaml.ScalarNode) and node.value in ("", "null", "~")):
            return []
        if isinstance(node, yaml.SequenceNode):
            return list(node.value)
        self.faults.append(Fault(_place(node.start_mark), "not a list"))
        return []

    def mapping(self, node: yaml.Node, what: str, names: dict[str, Place] | None = None) -> dict[str, yaml.Node]:
        """Return the entries of a mapping, merged ones (`<<`) too."""
        if not isinstance(node, yaml.MappingNode):
            self.faults.append(Fault(_place(node.start_mark), f"{what} is not a mapping of keys"))
            return {}
        found: dict[str, yaml.Node] = {}
        merged: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = str(key.value)
            if name == "<<" and key.tag.endswith(":merge"):
                parts = value.value if isinstance(value, yaml.SequenceNode) else [value]
                for part in parts:
                    merged = {**self.mapping(part, "a merged value", names), **merged}
                continue
            if name in found:
                self.faults.append(Fault(_place(key.start_mark), f'"{name}" is written twice'))
            if names is not None:
                names[name] = _place(key.start_mark)
            found[name] = value
        return {**merged, **found}


def _place(mark: Any) -> Place:  # noqa: ANN401 (the C parser's mark has no type of its own)
    return Place(mark.line + 1, mark.column + 1)
