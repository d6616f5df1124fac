"""Options of plug-ins, checked against the class that takes them."""

from pathlib import Path

import pytest

from offkey.app import kinds

MODEL = """
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

@dataclass(frozen=True)
class Model:
    width: float = 1.0
    season: Literal["none", "daily"] = "daily"
    sizes: tuple[int, ...] = (1, 2)
    file: Path | None = None
    context: int = 3

class Source:
    def __init__(self, path: Path, limit: int = 5) -> None:
        pass
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Return a package with one kind, `wide`."""
    folder = tmp_path / "optional_kinds"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "wide.py").write_text(MODEL)
    monkeypatch.syspath_prepend(str(tmp_path))
    return "optional_kinds"


def said(package, given):
    """Return the problems of options, by name."""
    return {".".join(found.route): found.words for found in kinds.problems(package, "wide", given)}


def test_options_are_the_parameters_but_not_the_promises(package):
    """`context` belongs to the port, so it is no option."""
    assert list(kinds.options(package, "wide")) == ["width", "season", "sizes", "file"]


def test_good_options_are_converted(package):
    """Lists become tuples, and files are relative to the configuration's folder."""
    given = {"width": 2, "season": "none", "sizes": [3], "file": "a"}
    assert said(package, given) == {}
    converted = kinds.converted(package, "wide", given, Path("/etc"))
    assert converted == {"width": 2.0, "season": "none", "sizes": (3,), "file": Path("/etc/a")}


def test_every_wrong_option_is_named(package):
    """A wrong type, a wrong choice and an unknown name each give one line."""
    assert said(package, {"width": "2", "season": "weekly", "widht": 1}) == {
        "width": '"2" should be a valid number',
        "season": "\"weekly\" should be 'none' or 'daily'",
        "widht": 'wide has no option "widht"; did you mean "width"?',
    }


def test_what_a_source_needs_is_missed(package, monkeypatch):
    """A required option that is not given is a mistake."""
    monkeypatch.setattr(kinds, "SOURCES", package)
    assert said(package, {"limit": 2}) == {"path": "missing; wide needs it"}


def test_an_unknown_kind_names_the_nearest(package):
    """The message lists what there is."""
    ((route, words, _),) = kinds.problems(package, "wode", {})
    assert route == ()
    assert words.endswith("called 'wode'; did you mean 'wide'? (have: wide)")
