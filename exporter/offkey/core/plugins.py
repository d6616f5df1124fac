"""The folder is the registry: a kind is a file, its name is the kind's name everywhere."""

import difflib
import importlib
import pkgutil
from functools import cache
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any

from offkey.core.errors import UnknownPlugin

# What people call the kinds of a folder.
SAID = {"detect": "detector", "forecast": "forecaster", "tune": "tuner", "sources": "source", "stores": "store"}


def names(package: str) -> list[str]:
    """Return the kinds of a package (`offkey.models.detect`), own files and other people's entry points, sorted."""
    own = [found.name for found in pkgutil.iter_modules(importlib.import_module(package).__path__)]
    return sorted({*(name for name in own if not name.startswith("_")), *_foreign(package)})


def load(package: str, name: str) -> ModuleType:
    """Import one kind; nothing else of the package is imported.

    Raises:
        UnknownPlugin: no file and no entry point of that name.
    """
    return importlib.import_module(place(package, name))


def place(package: str, name: str) -> str:
    """Return the module of one kind, without importing it.

    Raises:
        UnknownPlugin: no file and no entry point of that name.
    """
    if name not in names(package):
        kind = package.rpartition(".")[2]
        called = SAID.get(kind, f"{kind} plug-in")
        near = difflib.get_close_matches(name, names(package), n=1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        msg = f"no {called} called '{name}'{hint} (have: {', '.join(names(package))})"
        raise UnknownPlugin(msg)
    return _foreign(package).get(name, f"{package}.{name}")


def model(package: str, name: str, **options: Any) -> Any:  # noqa: ANN401 (the kind decides the type)
    """Build the `Model` of one kind.

    Raises:
        UnknownPlugin: no such kind.
        TypeError: an option the model does not have.
    """
    return load(package, name).Model(**options)


@cache
def _foreign(package: str) -> dict[str, str]:
    """Return entry points of other distributions: group = the package's name, value = a module; found once, slowly."""
    return {point.name: point.value for point in entry_points(group=package)}
