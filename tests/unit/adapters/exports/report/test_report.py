"""A report is one safe file, and its plots show what is there."""

import re

import numpy as np

from offkey.adapters.exports.report.page import html
from offkey.adapters.exports.report.plot import COLUMNS, Plot, drawing


def plot(values, **more):
    """Return a plot of minutes."""
    values = np.array(values, float)
    return Plot("Shop <b>", np.arange(values.size) * 60, values, **more)


def test_a_page_needs_nothing_else_and_escapes_everything():
    """No scripts, no addresses, and a label cannot become markup."""
    page = html("A & B", "from <i>", [("ALERT",), ('"><script>alert(1)</script>',)], [plot([1, 2, 3])])
    assert "<script" not in page
    assert "Shop &lt;b&gt;" in page
    assert not re.search(r"https?://|src=|@import|url\(", page)


def test_gaps_stay_open_and_extremes_are_kept():
    """A month of minutes keeps its one spike, and nothing is drawn where nothing was seen."""
    values = np.zeros(43_200)
    values[20_000:30_000] = np.nan
    values[40_000] = 7
    shapes = drawing(plot(values))
    (kind, path), *_ = shapes.paths
    assert kind == "series"
    assert path.count("M") == 2
    assert [words for _, words in shapes.labels] == ["0", "2", "4", "6"]
    assert path.count("L") <= 2 * COLUMNS


def test_episodes_and_thresholds_are_drawn_in_their_kind():
    """Before and after can be told apart; the shortest episode is visible."""
    lines = (("before", np.full(4, 2.0)), ("after", np.full(4, 3.0)))
    shapes = drawing(plot([1, 2, 3, 4], thresholds=lines, episodes=(("after", 60, 60),)))
    assert [kind for kind, _ in shapes.paths] == ["series", "before", "after"]
    assert shapes.bars[0][2] >= 1.5


def test_a_series_that_never_was_gives_an_empty_plot():
    """Episodes alone are still shown."""
    shapes = drawing(plot([np.nan, np.nan], episodes=(("after", 0, 60),)))
    assert shapes.paths == []
    assert len(shapes.bars) == 1
