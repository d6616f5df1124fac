"""One evaluation as a table."""

from snapshots import pods, snapshot, verdict

from offkey.app import once
from offkey.core.findings import Fault


def test_the_table_says_why_a_series_has_no_score(capsys):
    """Faults of single series stand on stderr, each with its labels, beside those of whole signals."""
    (first, *_) = series = pods(2)
    whole = snapshot(verdict(series, faults=(Fault("checkout", "gap", first, "found 0.02"),)))
    once.PRINTERS["text"](whole, None)
    printed = capsys.readouterr()
    assert f"checkout{first.without('__name__')}: gap: found 0.02" in printed.err
    assert "gap" not in printed.out
