import gzip
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from snapshots import NOW, Twin, parsed, pods, snapshot, verdict

from offkey.adapters.sinks import exposition
from offkey.adapters.sinks.exposition import Sink
from offkey.core.findings import Band, Fault, Forecast
from offkey.core.labels import NAME, Labels
from offkey.core.signals import Alert, Signal

LABEL_NAMES = st.from_regex(r"[a-zA-Z][a-zA-Z0-9_]{0,8}", fullmatch=True) | st.sampled_from(["signal", "rank", "le"])
LABELS = st.dictionaries(LABEL_NAMES, st.text(max_size=20), max_size=4).map(Labels.of)


class Clock:
    """Seconds that pass when told to."""

    now = 0.0

    def __call__(self):
        """Return the time."""
        return self.now


def shown(*verdicts, **changes):
    """Return a sink to which a snapshot was published."""
    sink = Sink()
    sink.publish(snapshot(*verdicts, **changes))
    return sink


def text_of(sink, **headers):
    """Return the exposition as text."""
    return sink.render(**headers).body.decode()


def values_of(sink, name):
    """Return the samples of one metric, by their sorted label pairs."""
    return {tuple(sorted(labels)): value for _, labels, value, _ in parsed(text_of(sink)).get(name, ("", "", []))[2]}


@pytest.mark.parametrize("expose", ["full", "score", "anomalous"])
@pytest.mark.parametrize("direction", ["above", "below", "both"])
def test_the_exposition_is_what_a_collector_of_the_client_library_gives(expose, direction):
    """Every family, help, label and number is the same as when each sample is added by hand."""
    signal = Signal("checkout", "up", expose=expose, direction=direction)
    faults = (Fault("checkout", "gap", pods(3)[1]), Fault("checkout", "gap", pods(3)[1]), Fault("", "source_down"))
    whole = snapshot(
        verdict(pods(40, region="eu", rank="first"), signal, faults=faults),
        verdict(pods(3), Signal("latency", "up", alert=None, horizons=()), seed=2, expected_alerts_per_week=math.nan),
        faults=(Fault("refused", "source_rejected"),),
    )
    sink = Sink()
    sink.publish(whole)
    assert parsed(text_of(sink)) == parsed(generate_latest(Twin(whole)).decode())


@settings(max_examples=60, deadline=None)
@given(st.lists(LABELS, max_size=6, unique=True), st.text(min_size=1, max_size=10), st.text(min_size=1, max_size=9))
def test_hostile_labels_come_back_as_they_were(series, name, kind):
    """Quotes, newlines, backslashes and any other characters survive the way through a Prometheus parser."""
    found = verdict(series, Signal(name, "up"), faults=(Fault(name, kind),))
    assert parsed(text_of(shown(found))) == parsed(generate_latest(Twin(snapshot(found))).decode())


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=5))
def test_numbers_come_back_as_they_were(numbers):
    """The digits read back as the same float, however large, small or infinite."""
    series = pods(len(numbers))
    sink = shown(verdict(series, observed=np.array(numbers)))
    assert [values_of(sink, "offkey_observed")[(("pod", s["pod"]), ("signal", "checkout"))] for s in series] == numbers


def test_a_missing_sample_is_absent():
    """NaN is never written; a family without any sample is not there at all."""
    sink = shown(verdict(pods(2), observed=np.array([np.nan, 1.0]), score=np.full(2, np.nan)))
    assert list(values_of(sink, "offkey_observed").values()) == [1.0]
    assert "NaN" not in text_of(sink)
    assert "offkey_anomaly_score" not in text_of(sink)


def test_a_side_without_a_bound_has_no_edge():
    """An infinite edge of the band is not drawn and is no threshold."""
    band = Band(np.ones(1), np.full(1, -np.inf), np.full(1, 2.0))
    sink = shown(verdict(pods(1), band=band))
    assert "offkey_lower" not in text_of(sink)
    assert [dict(labels)["bound"] for labels in values_of(sink, "offkey_threshold")] == ["upper"]


def test_labels_of_the_source_that_offkey_uses_itself_are_kept_as_exported():
    """No source can pretend to be another signal, and nothing it says is lost."""
    labels = Labels.of(signal="a", exported_signal="b", kind="c", __name__="x", __meta="d")
    sink = shown(verdict([labels], observed=np.ones(1)))
    assert [dict(found) for found in values_of(sink, "offkey_observed")] == [
        {
            "signal": "checkout",
            "exported_exported_signal": "a",
            "exported_signal": "b",
            "exported_kind": "c",
            "exported___meta": "d",
        }
    ]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_of_series_that_differ_in_the_metric_name_only_the_first_stays(order):
    """Which one stays does not depend on their order; how many are hidden is counted as a fault."""
    series = [Labels.of({NAME: name, "pod": "a"}) for name in ("alpha", "beta", "gamma")]
    sink = shown(verdict([series[k] for k in order], observed=np.array([1.0, 2.0, 3.0])[list(order)]))
    assert list(values_of(sink, "offkey_observed").values()) == [1.0]
    assert values_of(sink, "offkey_data_fault") == {(("kind", "duplicate_series"), ("signal", "checkout")): 2.0}


def test_label_names_of_any_alphabet_reach_whoever_understands_them():
    """A dotted name is quoted for scrapers that take UTF-8 and underscored, without a clash, for others."""
    sink = shown(verdict([Labels.of({"my.pod": "a", "my_pod": "b"})], observed=np.ones(1)))
    both = text_of(sink, accept="application/openmetrics-text;version=1.0.0;escaping=allow-utf-8")
    assert 'offkey_observed{"my.pod"="a",my_pod="b",signal="checkout"} 1.0' in both
    assert 'offkey_observed{my_pod="a",exported_my_pod="b",signal="checkout"} 1.0' in text_of(sink)


def test_half_a_character_is_replaced():
    """A lone surrogate, which no encoding can carry, does not take the exposition down."""
    sink = shown(verdict([Labels.of(pod="\ud800")], observed=np.ones(1)))
    assert 'pod="?"' in text_of(sink)


def test_derived_series_vanish_after_two_intervals_and_self_knowledge_stays():
    """A frozen value would be stamped as new by every scrape; the time of the last sample remains true."""
    clock = Clock()
    sink = Sink(clock=clock)
    quick, slow = Signal("quick", "up", step=15, keep_absent=600), Signal("slow", "up", step=60)
    sink.publish(snapshot(verdict(pods(2), quick), verdict(pods(2), slow)))
    clock.now = 30.0
    assert set(values_of(sink, "offkey_series")) == {(("signal", "quick"),), (("signal", "slow"),)}
    clock.now = 31.0
    assert set(values_of(sink, "offkey_series")) == {(("signal", "slow"),)}
    assert values_of(sink, "offkey_last_sample_timestamp_seconds")[(("signal", "quick"),)] == NOW
    clock.now = 601.0
    sink.publish(snapshot(verdict(pods(2), slow, time=NOW + 60)))
    assert set(values_of(sink, "offkey_last_sample_timestamp_seconds")) == {(("signal", "slow"),)}


def test_a_verdict_carried_along_by_later_snapshots_grows_old_all_the_same():
    """What counts is when a sample was judged, not how often it was published."""
    clock = Clock()
    sink = Sink(clock=clock)
    for clock.now in (0.0, 60.0, 120.0):
        sink.publish(snapshot(verdict(pods(1))))
        assert values_of(sink, "offkey_series")
    clock.now = 121.0
    sink.publish(snapshot(verdict(pods(1))))
    assert not values_of(sink, "offkey_series")
    sink.publish(snapshot(verdict(pods(1), time=NOW + 60)))
    assert values_of(sink, "offkey_series")


def test_only_the_five_worst_are_named_and_equals_by_their_labels():
    """Ranks do not depend on the order of the series; scores of 0 and unknown ones have no rank."""
    score = np.array([3.0, 9.0, np.nan, 0.0, 3.0, 3.0, 3.0, 8.0, 3.0])
    sink = shown(verdict(pods(9), score=score))
    ranks = {dict(k)["rank"]: dict(k)["pod"] for k in values_of(sink, "offkey_top_anomaly_score")}
    assert ranks == {"1": "pod-1", "2": "pod-7", "3": "pod-0", "4": "pod-4", "5": "pod-5"}
    assert not values_of(shown(verdict(pods(2), score=np.array([0.0, np.nan]))), "offkey_top_anomaly_score")


def test_a_signal_without_an_alert_has_no_budget():
    """Nothing is said about alerts where none are raised."""
    assert "offkey_alert_budget" not in text_of(shown(verdict(pods(1), Signal("quiet", "up", alert=None))))
    spent = shown(verdict(pods(1), Signal("loud", "up", alert=Alert(budget_per_week=0.0))))
    assert values_of(spent, "offkey_alert_budget_per_week") == {(("signal", "loud"),): 0.0}


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", "text/plain; version=0.0.4; charset=utf-8"),
        ("text/html,*/*;q=0.8", "text/plain; version=0.0.4; charset=utf-8"),
        (
            "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5",
            "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores",
        ),
        (
            "text/plain;version=1.0.0;escaping=allow-utf-8",
            "text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8",
        ),
        ("text/plain;version=latest", "text/plain; version=0.0.4; charset=utf-8"),
    ],
)
def test_the_format_is_the_one_asked_for(accept, content_type):
    """Prometheus 2 and 3, browsers, and headers that make no sense all get a type they can read."""
    assert shown(verdict(pods(1))).render(accept).content_type == content_type


def test_openmetrics_is_whole_and_ends_once():
    """The derived series and the process's own metrics form one valid OpenMetrics document."""
    registry = CollectorRegistry()
    Counter("own", "An own metric.", registry=registry).inc()
    whole = snapshot(verdict(pods(5)))
    sink = Sink(registry)
    sink.publish(whole)
    text = text_of(sink, accept="application/openmetrics-text; version=1.0.0")
    expected = (
        generate_openmetrics(Twin(whole)).decode().replace("# EOF\n", "") + generate_openmetrics(registry).decode()
    )

    def read(text):
        return {
            family.name: (
                family.type,
                family.documentation,
                sorted((s.name, str(s.labels), s.value) for s in family.samples),
            )
            for family in parse_openmetrics(text)
        }

    assert read(text).keys() == read(expected).keys()
    assert text.count("# EOF") == 1
    assert sum(len(samples) for _, _, samples in read(text).values()) == sum(
        len(samples) for _, _, samples in read(expected).values()
    )


def test_gzip_holds_the_same_text():
    """The compressed answer, whose start is kept between scrapes, is one member with the current own metrics."""
    registry = CollectorRegistry()
    own = Counter("own", "An own metric.", registry=registry)
    sink = Sink(registry)
    sink.publish(snapshot(verdict(pods(50))))
    for _ in range(2):
        own.inc()
        page = sink.render("", "deflate, gzip;q=0.5")
        assert page.encoding == "gzip"
        assert gzip.decompress(page.body) == sink.render().body


def test_a_changed_set_of_series_is_written_anew():
    """Labels that are kept between snapshots never end up on other series."""
    sink = shown(verdict(pods(3), observed=np.array([0.0, 1.0, 2.0])))
    before = text_of(sink)
    sink.publish(snapshot(verdict(pods(4)[1:], observed=np.array([1.0, 2.0, 3.0]))))
    found = {dict(labels)["pod"]: value for labels, value in values_of(sink, "offkey_observed").items()}
    assert found == {"pod-1": 1.0, "pod-2": 2.0, "pod-3": 3.0}
    sink.publish(snapshot(verdict(pods(3), observed=np.array([0.0, 1.0, 2.0]))))
    assert text_of(sink) == before


def test_a_snapshot_is_rendered_once(monkeypatch):
    """However many scrapes come, and in whatever format with the same label names, the work is done once."""
    calls = []
    monkeypatch.setattr(exposition, "page", lambda parts: calls.append(parts) or memoryview(b""))
    sink = shown(verdict(pods(1)))
    sink.render()
    once = len(calls)
    sink.render("application/openmetrics-text; version=1.0.0")
    sink.render("", "gzip")
    assert once > 0
    assert len(calls) == once


def test_golden_exposition(golden):
    """What is exposed for one plain series, byte for byte."""
    one = verdict(
        pods(1),
        Signal("checkout", "up"),
        observed=np.array([12.5]),
        score=np.array([1.25]),
        band=Band(np.array([10.0]), np.array([8.0]), np.array([12.0])),
        anomalous=np.ones(1, bool),
        ready=np.ones(1),
        coverage=np.array([0.95]),
        forecast=Forecast(*(np.array([[value, value + 0.5]]) for value in (11.0, 9.0, 13.0))),
        time_to_limit=np.array([5400.0]),
        limit_window=np.array([[3600.0], [7200.0]]),
    )
    golden("exposition.txt", text_of(shown(one, faults=(Fault("latency", "source_rejected"),))))


def test_a_text_nobody_reads_is_not_kept():
    """Where all ask for gzip only that stays in memory; who asks for the text gets it all the same."""
    sink = shown(verdict(pods(3)))
    zipped = sink.render("", "gzip").body
    (body,) = sink._shown.bodies.values()
    assert body.text is None
    assert sink.render().body == gzip.decompress(zipped)
