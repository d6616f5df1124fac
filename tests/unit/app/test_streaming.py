import struct
from dataclasses import replace

import numpy as np
import pytest
from asgi import ask
from paper import SIGNAL, A, B, Fixed, Flat, Rig, Script, Steady

from offkey.adapters.decode.messages import field, varint, write_labels
from offkey.adapters.decode.snappy import snapped
from offkey.adapters.decode.writes import written
from offkey.adapters.sinks.exposition import Sink as Exposition
from offkey.app import receiving, streaming
from offkey.app.streaming import Stream
from offkey.app.web import Handles, application
from offkey.core.labels import Labels
from offkey.core.signals import Traffic
from offkey.engine.cycle import Engine
from offkey.engine.plan import Plan

NOW = 1_000_020  # the first instant that a rig judges
QUERY = '{name=~".+"}'
ENDED = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]
SNAPPY = [("Content-Encoding", "snappy"), ("Content-Type", "application/x-protobuf")]


def message(*entries):
    """Return a WriteRequest: labels, and pairs of milliseconds and value."""
    return b"".join(
        field(
            1,
            write_labels(labels.pairs)
            + b"".join(field(2, b"\x09" + struct.pack("<d", v) + b"\x10" + varint(t)) for t, v in samples),
        )
        for labels, samples in entries
    )


class Early:
    """Keeps what is sent before its tick."""

    def __init__(self):
        self.found = []

    def publish_early(self, found, times):
        """Keep it."""
        self.found.append((found, times.copy()))


def level(times):
    """Return a constant answer."""
    return np.full(times.shape, 5.0)


def rigged(answer=level, query=QUERY, **changes):
    """Return a rig after its first tick, a stream before its engine, and what is sent."""
    plans = [Plan(replace(SIGNAL, query=query, **changes), Steady(), Flat(), Fixed(10.0))]
    rig, early = Rig(plans, Script({query: {A: answer, B: answer}, "traffic": {A: answer}})), Early()
    rig.tick()
    return rig, Stream(lambda: rig.engine, lambda: plans, lambda: [early]), early


def test_what_comes_before_anything_was_learned_is_not_read(monkeypatch):
    """Its labels are read once, when there is somebody they may belong to."""
    rig, stream, early = rigged()
    learned, rig.engine = rig.engine, Engine([], rig.ports)
    monkeypatch.setattr(streaming, "read_labels", lambda _text: pytest.fail("read for nothing"))
    stream.take(written(message((A, [(NOW * 1000 + 7_000, 5.3)]))))
    monkeypatch.undo()
    rig.engine = learned
    stream.take(written(message((A, [(NOW * 1000 + 8_000, 5.3)]))))
    stream.judge()
    assert len(early.found) == 1


def test_a_sample_is_scored_as_its_tick_will_score_it():
    """The same number, the time of the sample itself, and nothing is learned from it."""
    rig, stream, early = rigged(lambda times: np.where(times > NOW, 5.3, 5.0))
    for _ in range(2):  # judging twice changes nothing
        stream.take(written(message((A, [(NOW * 1000 + 7_000, 5.3)]))))
        stream.judge()
    [(found, times)] = early.found
    assert found.series == (A, B)
    assert times.tolist() == [NOW * 1000 + 7_000, 0]
    assert np.isnan(found.score[1])
    later = rig.tick().verdicts[0]
    assert later.score[0] == found.score[0] > 0
    assert later.anomalous[0] == found.anomalous[0]


def test_equal_series_are_met_once(monkeypatch):
    """A tick that brings the same series as other objects leaves what the stream knows of them."""
    rig, stream, early = rigged()
    stream.take(written(message((A, [(NOW * 1000 + 7_000, 5.3)]))))
    before = rig.engine.known(rig.engine._plans[0].key)
    rig.tick()
    assert rig.engine.known(rig.engine._plans[0].key) is not before
    monkeypatch.setattr(streaming, "read_labels", lambda _text: pytest.fail("read again"))
    stream.take(written(message((A, [(NOW * 1000 + 67_000, 5.3)]))))
    stream.judge()
    assert len(early.found) == 1


def test_what_comes_late_or_twice_is_left_out():
    """Of a series' samples only those newer than all before are judged, and none whose tick has been."""
    _, stream, early = rigged()
    first = NOW * 1000 + 10_000
    for samples in ([(first, 5.0), (first - 3_000, 9.0)], [(first, 8.0)], [(first - 1_000, 7.0)], [(first + 1, 6.0)]):
        stream.take(written(message((A, samples))))
    stream.judge()
    [(found, times)] = early.found
    assert times[0] == first + 1
    assert found.score[0] > 0
    stream.take(written(message((B, [(NOW * 1000 - 1, 5.0)]))))
    stream.judge()
    assert len(early.found) == 1


def test_only_series_of_the_signal_are_followed():
    """Others, our own scores coming back, unknown and ended ones give no score."""
    _, stream, early = rigged()
    own = Labels.of({**A, "__name__": "offkey_anomaly_score"})
    at = NOW * 1000 + 1_000
    stream.take(written(message((own, [(at, 5.0)]), (Labels.of(name="z"), [(at, 5.0)]), (A, []))))
    stream.judge()
    assert early.found == []
    stream.take(written(message((A, [(at, ENDED)]))))
    stream.judge()
    assert np.isnan(early.found[0][0].score).all()


@pytest.mark.parametrize("changes", [{"query": f"{QUERY} + 1"}, {"traffic": Traffic("traffic", 1.0)}])
def test_signals_that_need_more_than_their_samples_wait_for_the_tick(changes):
    """An expression, and a signal judged by a companion query."""
    _, stream, early = rigged(**changes)
    stream.take(written(message((A, [(NOW * 1000 + 1_000, 5.0)]))))
    stream.judge()
    assert early.found == []


@pytest.mark.parametrize("body", [b"\x0a", b"\x0a\x05abc", b"\x0a\x03\x12\x01\x09", b"\xff" * 12])
def test_what_is_no_write_request_is_refused(body):
    """Before anything of it is used."""
    with pytest.raises(ValueError, match=r"malformed|WriteRequest"):
        written(body)


def test_messages_are_judged_in_a_thread_of_their_own():
    """Received, judged, sent; then it ends."""
    _, stream, early = rigged()
    thread = stream.start()
    stream.receive(snapped(message((A, [(NOW * 1000 + 1_000, 5.0)]))))
    stream.stop()
    thread.join(10.0)
    assert not thread.is_alive()
    assert len(early.found) == 1


def app(receive):
    """Return the pages with a receiver."""
    sink = Exposition()
    return application(Handles(sink.render, lambda: True, lambda: None, lambda: None, receive))


def test_receiving_is_off_unless_asked_for():
    """The answer says how to enable it."""
    answer = ask(app(None), "/api/v1/write", "POST", SNAPPY)
    assert answer.status == 404
    assert "--web.enable-remote-write-receiver" in answer.text


def test_senders_are_told_what_became_of_a_message(monkeypatch):
    """Taken, malformed, too large as sent and unpacked, another protocol, come again: as remote write has them."""
    _, stream, _ = rigged()
    pages, whole = app(stream.receive), snapped(message((A, [(1, 5.0)])))

    def status(body, headers=SNAPPY):
        return ask(pages, "/api/v1/write", "POST", headers, body).status

    assert status(whole) == 204
    assert status(b"nonsense") == 400
    assert status(snapped(b"\x0a\x05nonsense")) == 400
    assert status(whole, [("Content-Encoding", "zstd")]) == 415
    assert (
        status(whole, [*SNAPPY[:1], ("Content-Type", "application/x-protobuf;proto=io.prometheus.write.v2.Request")])
        == 415
    )
    assert [status(whole) for _ in range(streaming.ROOM)][-1] == 503
    monkeypatch.setattr(streaming, "MOST_BYTES", 5)
    assert status(whole) == 413
    monkeypatch.setattr(receiving, "MOST_SENT", 5)
    assert status(whole) == 413
