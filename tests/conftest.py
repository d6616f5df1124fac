"""What every test may use: golden files and the real programs."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine is not a defect, and a failure must come again when it is looked for.
settings.register_profile("offkey", deadline=None, derandomize=True)
settings.load_profile("offkey")

ROOT = Path(__file__).parents[1]


def pytest_addoption(parser):
    """Add --golden: write the golden files instead of comparing with them."""
    parser.addoption("--golden", action="store_true", help="write golden files anew")


@pytest.fixture
def golden(request):
    """Return a function that compares a text with tests/golden/NAME, or writes it with --golden."""

    def compare(name: str, text: str) -> None:
        path = ROOT / "tests" / "golden" / name
        if request.config.getoption("--golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        assert path.exists(), f"no golden file {name}; make golden writes it"
        assert text == path.read_text()

    return compare


@pytest.fixture(scope="session")
def program():
    """Return a function that finds a real program in .tools/bin or on the PATH; a missing one fails the test."""

    def find(name: str) -> str:
        path = shutil.which(name, path=f"{ROOT / '.tools' / 'bin'}{os.pathsep}{os.environ['PATH']}")
        assert path, f"{name} is missing; make test fetches it"
        return path

    return find
