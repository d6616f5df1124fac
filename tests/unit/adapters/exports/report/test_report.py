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


def test_the_time_axis_is_marked_at_round_instants():
    """A week is marked by its midnights, an hour and a half by its quarters, and marks never touch."""
    week = Plot("week", 1_000_000 + np.arange(7 * 24) * 3_600, np.zeros(7 * 24))
    assert [words for _, words in drawing(week).marks] == [f"{day} Jan" for day in range(13, 20)]
    quarters = [f"01 Jan 0{minute // 60}:{minute % 60:02d}" for minute in range(0, 90, 15)]
    assert [words for _, words in drawing(plot(np.zeros(90))).marks] == quarters
    for size in (2, 40, 700, 9_000, 40_000):
        assert len(drawing(plot(np.zeros(size))).marks) <= 9


def test_both_edges_of_a_near_band_are_seen_and_a_far_one_does_not_flatten_the_series():
    """The axis follows the band for as much again as the series needs, on either side."""
    near = drawing(plot([1, 2, 3], lower=np.full(3, 0.5), upper=np.full(3, 4.0)))
    assert [words for _, words in near.labels] == ["1", "2", "3", "4"]
    far = drawing(plot([1, 2, 3], lower=np.full(3, -np.inf), upper=np.full(3, 1e9)))
    assert [words for _, words in far.labels] == ["1", "2", "3", "4", "5"]


def test_the_legend_names_what_is_drawn():
    """A band, a threshold and what was before are explained only where there is one."""
    page = html("A", "b", [("ALERT",)], [plot([1, 2])])
    assert not any(f"</i>{word}<" in page for word in ("band", "threshold", "before"))
    page = html("A", "b", [("ALERT",)], [plot([1, 2], lower=np.zeros(2), upper=np.ones(2))])
    assert "</i>band<" in page
