import naive
import numpy as np
from snapshots import NOW, Twin, pods, snapshot, verdict

from offkey.adapters.sinks import remote_write
from offkey.adapters.sinks.remote_write import Sink
from offkey.core.labels import NAME, Labels
from offkey.core.signals import Signal
from offkey.engine.preview import Preview

NOT_SENT = ("offkey_data_fault", "offkey_last_sample", "offkey_alert_budget", "offkey_expected_alerts")


def sent(*snapshots):
    """Return the lines of what is sent, and the samples of each message."""
    texts, sizes = [], []

    def send(message, samples, _turn):
        texts.append(naive.write_request(message))
        sizes.append(samples)

    sink = Sink(send)
    for one in snapshots:
        sink.publish(one)
    return "".join(texts).splitlines(), sizes


def test_what_is_sent_is_what_is_exposed():
    """Every sample about a series or signal, with its labels in order and the time it was judged for."""
    series = (*pods(4), Labels.of({NAME: "x", "signal": "theirs", "Zone": "a", "horizon": "b", "ab": "c"}))
    for expose in ("full", "score", "anomalous"):
        shown = snapshot(verdict(series, Signal("checkout", "up", expose=expose, horizons=(3600, 7200))))
        lines, _ = sent(shown)
        expected = []
        for family in Twin(shown).collect():
            for sample in family.samples:
                if not sample.name.startswith(NOT_SENT):
                    labels = ",".join(f'{k}="{v}"' for k, v in sorted({NAME: sample.name, **sample.labels}.items()))
                    expected.append(f"{{{labels}}} {NOW * 1000} {float(sample.value)!r}")
        assert sorted(lines) == sorted(expected)


def test_the_series_may_change_between_snapshots():
    """Labels are written anew then, and only then."""
    first, second = snapshot(verdict(pods(2))), snapshot(verdict(pods(3)[1:], time=NOW + 60))
    lines, _ = sent(first, first, second)
    assert sum("pod-0" in line for line in lines) == 2 * sum("pod-0" in line for line in sent(first)[0])
    assert any("pod-2" in line and f" {(NOW + 60) * 1000} " in line for line in lines)


def test_samples_of_one_publication_share_a_turn(monkeypatch):
    """They are of different series; what hurries goes in smaller messages, which a server takes at once."""
    monkeypatch.setattr(remote_write, "EARLY_A_CALL", 2)
    signal, turns = Signal("checkout", "up", expose="score"), []
    sink = Sink(lambda _message, samples, turn: turns.append((turn, samples)))
    early = Preview(signal, pods(5), np.ones(5), np.zeros(5, bool))
    for _ in range(2):
        sink.publish_early(early, np.full(5, 1_000))
    assert turns == [(0, 2), (0, 2), (0, 1), (1, 2), (1, 2), (1, 1)]


def test_no_message_is_larger_than_servers_like(monkeypatch):
    """Ten thousand samples each, as Prometheus itself would send."""
    assert remote_write.SAMPLES_A_CALL == 10_000
    monkeypatch.setattr(remote_write, "SAMPLES_A_CALL", 7)
    found = verdict(pods(9), Signal("checkout", "up", expose="score"), score=np.ones(9), anomalous=np.zeros(9, bool))
    lines, sizes = sent(snapshot(found))
    assert set(sizes[:-1]) == {7}
    assert sum(sizes) == len(lines)
