"""What offkey exposes is read back into what people are shown."""

import math

from offkey.app.demo.screen import off_table, watched_table
from offkey.app.demo.watch import Alert, Off, View, Watched, view
from offkey.core.labels import Labels

TEXT = """\
# TYPE offkey_anomaly_score gauge
offkey_anomaly_score{signal="payment_success",provider="card",region="eu-west"} 2.5
offkey_anomaly_score{signal="payment_success",provider="card",region="us-east"} 0.25
# TYPE offkey_anomaly gauge
offkey_anomaly{signal="payment_success",provider="card",region="eu-west"} 2.5
# TYPE offkey_anomaly_observed gauge
offkey_anomaly_observed{signal="payment_success",provider="card",region="eu-west"} 0.75
# TYPE offkey_anomaly_expected gauge
offkey_anomaly_expected{signal="payment_success",provider="card",region="eu-west"} 0.5
# TYPE offkey_series gauge
offkey_series{signal="payment_success"} 3
offkey_series{signal="plays"} 12
"""
CARD = Labels.of(provider="card", region="eu-west")


def test_an_exposition_becomes_a_view():
    """Scores are counted by signal, and an anomaly comes with what was seen and what is usual."""
    found = view(TEXT)
    assert found.signals[0] == Watched("payment_success", 3, 2, 2.5)
    assert found.signals[1].name == "plays"
    assert found.signals[1].scored == 0
    assert math.isnan(found.signals[1].worst)
    assert found.off == (Off("payment_success", CARD, 2.5, 0.75, 0.5),)


def test_an_empty_exposition_is_an_empty_view():
    """Before the first cycle there is nothing to show, and nothing to fail on."""
    assert view("") == View()
    assert off_table(View()).row_count == 1


def test_the_table_knows_which_alerts_belong_to_a_signal():
    """Firing wins over pending, by the label that generated rules carry."""
    signals = view(TEXT).signals
    alerts = (
        Alert("A", "pending", Labels.of(offkey_rule="payment_success")),
        Alert("A", "firing", Labels.of(offkey_rule="payment_success", region="eu-west")),
        Alert("B", "pending", Labels.of(offkey_rule="plays")),
    )
    table = watched_table(View(signals, (), alerts))
    assert list(table.columns[-1].cells) == ["firing (1)", "pending (1)"]
    assert list(table.columns[3].cells) == ["2.50", "unknown"]
