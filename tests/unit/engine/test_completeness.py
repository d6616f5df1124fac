"""Ranges with too few samples."""

import numpy as np

from offkey.engine.completeness import Scraped, incomplete

UNKNOWN = Scraped(np.full(1, np.nan), np.zeros(1, np.int64))


def few(counts, known=UNKNOWN, step=60):
    """Return where one series' ranges lack samples, and what is known afterwards."""
    found, after = incomplete(np.array([counts], float), known, step)
    return found[0].tolist(), after


def test_a_range_may_lack_one_sample_and_no_more():
    """Five scrapes a range: four will do, three will not; no sample at all is no doubtful value."""
    found, after = few([5, 5, 4, 3, 1, np.nan, 2, 4, 5])
    assert found == [False, False, False, True, True, False, True, False, False]
    assert after.full[0] == 5


def test_many_samples_may_lack_a_tenth():
    """Sixty scrapes a range: 54 will do."""
    assert few([60, 54, 53])[0] == [False, False, True]


def test_a_start_is_no_gap():
    """The first ranges grow; a full one is what was seen so far."""
    assert few([1, 2, 3, 4, 5])[0] == [False] * 5


def test_a_slower_scrape_is_accepted_after_an_hour():
    """Also when every column comes by itself."""
    found, after = few([5, *[2] * 60, 2])
    assert found == [False] + [True] * 59 + [False, False]
    known, one_by_one = UNKNOWN, []
    for count in [5, *[2] * 60, 2]:
        doubtful, known = few([count], known)
        one_by_one += doubtful
    assert one_by_one == found
    assert known.full[0] == after.full[0] == 2
