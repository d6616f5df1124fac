"""The folder is the registry."""

import sys

import pytest

from offkey.core import plugins
from offkey.core.errors import UnknownPlugin


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Return an importable package with two kinds and a private file."""
    folder = tmp_path / "kinds"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "seasonal.py").write_text("class Model:\n    def __init__(self, width=1.0): self.width = width\n")
    (folder / "broken.py").write_text("raise RuntimeError('imported')\n")
    (folder / "_kernel.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "kinds"
    for name in [name for name in sys.modules if name.partition(".")[0] == "kinds"]:
        del sys.modules[name]


def test_every_public_file_is_a_kind(package):
    """Private files are not."""
    assert plugins.names(package) == ["broken", "seasonal"]


def test_only_the_asked_kind_is_imported(package):
    """A neighbour that cannot be imported does no harm."""
    assert plugins.model(package, "seasonal", width=2.0).width == 2.0


def test_an_unknown_kind_names_the_nearest(package):
    """And lists what there is."""
    with pytest.raises(UnknownPlugin, match=r"no kinds plug-in called 'seasonl'; did you mean 'seasonal'\? \(have:"):
        plugins.load(package, "seasonl")
