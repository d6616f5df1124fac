"""One evaluation as a table."""

from dataclasses import replace

from paper import Script
from snapshots import pods, snapshot, verdict

from offkey.app import once
from offkey.app.config import Config
from offkey.core.findings import Fault
from offkey.core.labels import Labels
from offkey.core.signals import Signal


def test_the_table_says_why_a_series_has_no_score(capsys):
    """Faults of single series stand on stderr, each with its labels, beside those of whole signals."""
    (first, *_) = series = pods(2)
    whole = snapshot(verdict(series, faults=(Fault("checkout", "gap", first, "found 0.02"),)))
    once.PRINTERS["text"](whole, None)
    printed = capsys.readouterr()
    assert f"checkout{first.without('__name__')}: gap: found 0.02" in printed.err
    assert "gap" not in printed.out


def test_a_series_stands_on_one_line_however_long_its_labels(capsys):
    """A table that is piped into grep has whole names."""
    series = (Labels.of(__name__="x", pod="p" * 300),)
    once.PRINTERS["text"](snapshot(verdict(series)), None)
    head, row = capsys.readouterr().out.splitlines()
    assert head.split() == list(once.HEAD)
    assert "p" * 300 in row


def test_a_source_that_is_down_is_told_once(monkeypatch, capsys):
    """By the table, in words; as JSON, where there is no table, by the log."""
    monkeypatch.setattr(once.wire, "sources", lambda _: {"default": Script({}, down=True)})
    config = Config({}, None, (Signal("load", "load"),))
    for output in ("text", "json"):
        assert not once.evaluate(config, output)
        assert capsys.readouterr().err.count("refused") == 1


def test_nothing_read_is_no_table(capsys):
    """A head without rows says nothing; the fault does."""
    whole = replace(snapshot(), faults=(Fault("checkout", "source_down", Labels(()), "refused"),))
    once.PRINTERS["text"](whole, None)
    assert capsys.readouterr() == ("", "checkout: source_down: refused\n")
