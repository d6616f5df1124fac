"""The options of a plug-in, read from the signature of its class."""

import difflib
import inspect
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from offkey.app.yamlfile import Finding
from offkey.core import plugins
from offkey.core.errors import UnknownPlugin

DETECTORS = "offkey.models.detect"
FORECASTERS = "offkey.models.forecast"
TUNERS = "offkey.models.tune"
SOURCES = "offkey.adapters.sources"

_NOT_AN_OPTION = ("context",)  # a promise of the port, not a choice


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a kind; `annotation` is its type, `default` is `inspect.Parameter.empty` when it is required."""

    name: str
    annotation: Any
    default: Any

    @property
    def is_required(self) -> bool:
        """Whether it must be given."""
        return self.default is inspect.Parameter.empty

    @property
    def is_path(self) -> bool:
        """Whether it names a file."""
        return Path in (self.annotation, *get_args(self.annotation))


def options(package: str, kind: str) -> dict[str, Option]:
    """Return the options of a kind, in their order.

    Raises:
        UnknownPlugin: no such kind.
    """
    made = getattr(plugins.load(package, kind), "Source" if package == SOURCES else "Model")
    return {
        name: Option(name, parameter.annotation, parameter.default)
        for name, parameter in inspect.signature(made, eval_str=True).parameters.items()
        if name not in _NOT_AN_OPTION
    }


def problems(package: str, kind: str, given: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield where and why a choice of a kind and its options is not acceptable.

    The kind is imported only when it has options to check.
    """
    if kind not in plugins.names(package):
        try:
            plugins.load(package, kind)
        except UnknownPlugin as error:
            yield Finding((), str(error))
        return
    if not given and package != SOURCES:
        return
    known = options(package, kind)
    for name, value in given.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f'; did you mean "{near[0]}"?' if near else f" (known: {', '.join(known) or 'none'})"
            yield Finding((name,), f'{kind} has no option "{name}"{hint}', at_key=True)
        elif said := _refused(known[name], value):
            yield Finding((name,), said)
    for option in known.values():
        if option.is_required and option.name not in given:
            yield Finding((option.name,), f"missing; {kind} needs it")


def converted(package: str, kind: str, given: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return checked options as the kind takes them; files are relative to a folder."""
    known = options(package, kind) if given else {}
    values = {name: _adapter(known[name]).validate_json(json.dumps(value)) for name, value in given.items()}
    return {name: folder / value if known[name].is_path and value else value for name, value in values.items()}


def _refused(option: Option, value: object) -> str:
    try:
        _adapter(option).validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        said = error.errors()[0]["msg"].removeprefix("Input ").removeprefix("Value error, ")
        return f"{json.dumps(value)} {said}"
    return ""


def _adapter(option: Option) -> TypeAdapter[Any]:
    return TypeAdapter(Any if option.annotation is inspect.Parameter.empty else option.annotation)
