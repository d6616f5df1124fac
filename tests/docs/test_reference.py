"""The reference pages are what the program is."""

from pathlib import Path

import pytest

from offkey.app import config, reference

FOLDER = Path(__file__).parents[2] / "docs" / "reference"


@pytest.mark.parametrize("page", reference.PAGES)
def test_golden_reference_pages_are_fresh(page, request):
    """Every key, command and option is on its page; `python -m offkey.app.reference` writes them anew."""
    text = reference.PAGES[page]()
    if request.config.getoption("--golden"):
        (FOLDER / page).write_text(text)
    assert (FOLDER / page).read_text() == text, "stale; run python -m offkey.app.reference"


def test_the_example_of_the_page_is_a_good_configuration():
    """What a reader copies passes the checks."""
    (signal,) = config.parse(reference.EXAMPLE, "offkey.yml").signals
    assert (signal.name, signal.traffic.events_per_unit) == ("checkout_errors", 300.0)
