"""What `offkey rules review` prints."""

from offkey.app import cli
from offkey.app.alertreviews import review


def test_without_any_alert_there_is_no_table_but_a_word(monkeypatch, capsys):
    """A head without rows would leave people to guess; nothing proposed is code 0."""
    monkeypatch.setattr(review, "reviewed", lambda *_: review.Outcome((), ""))
    assert cli.run(["rules", "review"]) == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("no alert of these signals and files is known to Prometheus")
