"""Proposals: what a metric's name, labels and last hours say."""

from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from offkey.engine import metricnames as names
from offkey.engine.discovery import choose, promise, propose
from offkey.engine.proposals import Metric

JOB = {"job": ("shop",)}


def only(metric, *others):
    """Return the proposals of one metric by topic."""
    return {found.topic: found for found in propose([metric, *others]) if metric.name in found.signal.query}


def test_a_counter_with_http_codes_is_errors_and_traffic():
    """The share of 5xx is a ratio with its traffic; the whole is a count in both directions."""
    found = only(Metric("http_requests_total", "counter", 4, values={**JOB, "code": ("200", "500")}, rate=5.0))
    errors, traffic = found["errors"].signal, found["traffic"].signal
    assert errors.query == (
        '(sum by (job) (rate(http_requests_total{code=~"5.."}[5m]))\n'
        "  or 0 * sum by (job) (rate(http_requests_total[5m])))\n"
        "/ sum by (job) (rate(http_requests_total[5m]))"
    )
    assert (errors.kind, errors.direction, errors.unit, errors.valid) == ("ratio", "above", "ratio", (0.0, 1.0))
    assert errors.traffic.query == "sum by (job) (rate(http_requests_total[5m]))"
    assert (traffic.query, traffic.kind, traffic.unit) == (errors.traffic.query, "count", "requests/s")
    assert traffic.direction == "both"


def test_a_single_bad_value_is_matched_as_it_is():
    """The lint of rules calls a pattern without any a mistake."""
    found = only(Metric("orders_total", "counter", 2, values={**JOB, "result": ("error", "ok")}, rate=5.0))
    assert 'orders_total{result="error"}' in found["errors"].signal.query


@pytest.mark.parametrize(
    ("label", "values", "bad"),
    [
        ("code", ("200", "404"), "5.."),
        ("status", ("2xx", "5xx"), "5.."),
        ("grpc_code", ("OK",), names.GRPC_FAULTS),
        ("result", ("ok", "error", "timeout"), "error|timeout"),
        ("status", ("failed", "success"), "failed"),
        ("success", ("false", "true"), "false"),
        ("result", ("hit", "miss"), ""),
        ("result", ("error",), ""),
        ("code", ("A", "B"), ""),
        ("region", ("error", "eu"), ""),
    ],
)
def test_labels_that_tell_errors_apart_are_known(label, values, bad):
    """Codes by their label's name, outcomes by their values; a label that is never good tells nothing apart."""
    assert names.bad_values(label, values) == bad


@pytest.mark.parametrize(
    ("failed", "whole"),
    [
        ("mails_failed_total", "mails_total"),
        ("mail_errors_total", "mails_total"),
        ("http_request_errors_total", "http_requests_total"),
        ("login_failures_total", "login_attempts_total"),
    ],
)
def test_a_counter_of_errors_finds_the_counter_of_tries(failed, whole):
    """Their quotient is the share; without tries the errors are watched as they are."""
    tries = Metric(whole, "counter", 1, values=JOB, rate=3.0)
    errors = Metric(failed, "counter", 1, values=JOB)
    assert f"rate({whole}[5m])" in only(errors, tries)["errors"].signal.query
    assert only(errors)["failures"].signal.query == f"sum by (job) (rate({failed}[5m]))"


def test_a_histogram_of_seconds_is_a_high_quantile_of_busy_series():
    """p99 where five minutes hold enough samples for it, else p95; split by one part of the work."""
    values = {"job": ("shop",), "route": ("/", "/buy"), "instance": ("a", "b")}
    busy = only(Metric("request_duration_seconds", "histogram", 4, values=values, rate=20.0))["latency"].signal
    assert busy.query == (
        "histogram_quantile(0.99,\n  sum by (job, route, le) (rate(request_duration_seconds_bucket[5m])))"
    )
    assert busy.traffic.query == "sum by (job, route) (rate(request_duration_seconds_count[5m]))"
    assert (busy.name, busy.direction, busy.unit) == ("request_duration_p99", "above", "seconds")
    calm = only(Metric("request_duration_seconds", "histogram", 4, values=values, rate=19.9))["latency"].signal
    assert calm.name == "request_duration_p95"


def test_a_histogram_is_traffic_only_where_no_counter_counts_the_same():
    """One thing is proposed once."""
    metric = Metric("http_request_duration_seconds", "histogram", 1, values=JOB, rate=1.0)
    assert set(only(metric)) == {"latency", "traffic"}
    assert set(only(metric, Metric("http_requests_total", "counter", 1, values=JOB, rate=1.0))) == {"latency"}


def test_a_duration_that_ought_to_last_is_no_latency():
    """Longer sessions are not slow work: both sides are watched, and nobody is told."""
    found = only(Metric("session_duration_seconds", "histogram", 1, values=JOB, rate=1.0))
    assert found["level"].signal.direction == "both"
    assert found["level"].signal.alert is None


@pytest.mark.parametrize(
    ("name", "counted"),
    [
        ("http_requests_total", "requests"),
        ("mails_sent_total", "mails"),
        ("tsdb_head_series_created_total", "series"),
        ("grpc_server_handled_total", "events"),
        ("cache_access_total", "events"),
    ],
)
def test_a_rate_is_named_after_what_is_counted(name, counted):
    """The last plural is the thing; participles say what became of it."""
    assert names.noun(name) == counted


def test_a_summary_gives_its_highest_quantile_of_the_worst():
    """Quantiles cannot be averaged, so the greatest is taken; 1 is a maximum, not a quantile."""
    values = {**JOB, "quantile": ("0.5", "0.99", "1")}
    signal = only(Metric("rpc_seconds", "summary", 3, values=values, rate=1.0))["latency"].signal
    assert signal.query == 'max by (job) (rpc_seconds{quantile="0.99"})'


@pytest.mark.parametrize(
    ("name", "topic", "direction", "severity"),
    [
        ("jobs_pending", "saturation", "above", "info"),
        ("disk_free_bytes", "saturation", "below", "info"),
        ("node_memory_MemAvailable_bytes", "saturation", "below", "info"),
        ("job:orders:rate5m", "record", "both", "warning"),
        ("cart_items", "level", "both", None),
    ],
)
def test_a_gauge_that_moves_is_watched_on_the_side_that_hurts(name, topic, direction, severity):
    """What fills up hurts above, what runs out below; where nothing tells, nobody is told."""
    type_ = "record" if ":" in name else "gauge"
    (found,) = propose([Metric(name, type_, 2, values=JOB, moving=2, lowest=3.0, highest=90.0)])
    assert (found.topic, found.signal.query, found.signal.direction) == (topic, name, direction)
    assert (found.signal.alert.severity if found.signal.alert else None) == severity


@pytest.mark.parametrize(
    "metric",
    [
        Metric("cart_items", "gauge", 1, values=JOB, moving=0, lowest=3, highest=3),
        Metric("feature_enabled", "gauge", 1, values=JOB, moving=1, lowest=0, highest=1),
        Metric("db_connections_max", "gauge", 1, values=JOB, moving=1, lowest=3, highest=9),
        Metric("build_info", "gauge", 1, values=JOB, moving=1, lowest=3, highest=9),
        Metric("backup_timestamp_seconds", "gauge", 1, values=JOB, moving=1, lowest=3, highest=9),
        Metric("go_goroutines", "gauge", 1, values=JOB, moving=1, lowest=3, highest=9),
        Metric("process_cpu_seconds_total", "counter", 1, values=JOB, rate=1.0),
        Metric("offkey_anomaly_score", "gauge", 1, values=JOB, moving=1, lowest=3, highest=9),
        Metric("offkey:threshold", "record", 1, values=JOB, moving=1, lowest=3, highest=9),
        Metric("idle_requests_total", "counter", 1, values=JOB, rate=0.0),
        Metric("idle_seconds", "histogram", 1, values=JOB, rate=0.0),
        Metric("prometheus_sd_failures_total", "counter", 1, values=JOB),
    ],
    ids=lambda metric: metric.name,
)
def test_constants_switches_settings_and_noise_are_left_out(metric):
    """What never moves, means yes or no, is set by hand, or describes the process itself is not proposed."""
    assert propose([metric]) == []


def test_many_series_are_summed_and_few_are_left_as_they_are():
    """A gauge of up to fifty series is watched as it is."""
    values = {**JOB, "topic": ("a", "b")}
    few = Metric("consumer_lag", "gauge", 50, values=values, moving=9, highest=9.0)
    many = Metric("consumer_lag", "gauge", 51, values=values, moving=9, highest=9.0)
    assert only(few)["saturation"].signal.query == "consumer_lag"
    assert only(many)["saturation"].signal.query == "sum by (job, topic) (consumer_lag)"


def test_grouping_keeps_places_within_the_bound():
    """Labels with one value or very many tell nothing apart; instances come and go."""
    values = {
        "job": ("a", "b"),
        "region": ("x", "y", "z"),
        "cluster": ("only",),
        "tenant": tuple(str(number) for number in range(12)),
        "instance": ("1", "2"),
        "route": ("/", "/a"),
    }
    assert names.grouping(values, 50) == ("job", "region")
    assert names.grouping(values, 100) == ("job", "region", "tenant")
    assert names.grouping(values, 50, by_part=True) == ("job", "region", "route")
    assert names.grouping({"instance": ("1", "2")}, 50) == ()


def test_rates_span_the_window_that_is_asked_for():
    """A server that scrapes every two minutes needs longer ranges."""
    metric = Metric("http_requests_total", "counter", 1, values=JOB, rate=1.0)
    assert propose([metric], window=480)[0].signal.query == "sum by (job) (rate(http_requests_total[8m]))"


def test_types_and_families_follow_the_suffix_where_metadata_are_silent():
    """Some servers keep no metadata."""
    there = frozenset({"a_total", "b_bucket", "b_count", "b_sum", "c", "c_count", "c_sum", "d", "x:y:z"})
    assert names.families(there) == ["a_total", "b", "c", "d", "x:y:z"]
    types = [names.type_of(name, there, {"c": "summary"}) for name in names.families(there)]
    assert types == ["counter", "histogram", "summary", "gauge", "record"]
    assert names.type_of("a_total", there, {"a": "counter"}) == "counter"


def test_broken_work_comes_before_slow_work_before_missing_work():
    """The order is the order in which a person would look."""
    requests = Metric("http_requests_total", "counter", 4, values={**JOB, "code": ("200", "500")}, rate=5.0)
    duration = Metric("http_request_duration_seconds", "histogram", 1, values=JOB, rate=5.0)
    lag = Metric("consumer_lag", "gauge", 1, values=JOB, moving=1, highest=9.0)
    assert [found.topic for found in propose([lag, duration, requests])] == [
        "errors",
        "latency",
        "traffic",
        "saturation",
    ]


def test_no_topic_takes_more_than_two_in_five():
    """Twenty counters do not crowd out the one histogram."""
    counters = [Metric(f"m{number}_total", "counter", 1, values=JOB, rate=1.0) for number in range(20)]
    lag = Metric("consumer_lag", "gauge", 1, values=JOB, moving=1, highest=9.0)
    chosen = choose(propose([*counters, lag]), 10)
    assert [found.topic for found in chosen] == ["traffic"] * 4 + ["saturation"]


def test_no_more_is_drawn_than_chosen():
    """Each look at a proposal may cost a query."""
    drawn = []
    proposals = propose(
        [Metric(f"m{number}_lag", "gauge", 1, values=JOB, moving=1, highest=9.0) for number in range(9)]
    )
    choose((drawn.append(found) or found for found in proposals), 1)
    assert len(drawn) == 2


def test_metrics_whose_names_give_nothing_are_not_even_asked_about():
    """The promise of a name decides what is probed, and in which order."""
    assert promise("go_goroutines", "gauge") == 0
    assert promise("prometheus_engine_queries", "gauge") == 0
    assert promise("http_request_errors_total", "counter") > promise("http_request_duration_seconds", "histogram")


NAMES = st.from_regex("[a-zA-Z_:][a-zA-Z0-9_:]{0,12}(_total|_seconds|_bytes|_ratio|_errors_total)?", fullmatch=True)
METRICS = st.builds(
    Metric,
    name=NAMES,
    type=st.sampled_from(["counter", "histogram", "summary", "record", "gauge"]),
    series=st.integers(1, 200),
    help=st.text(max_size=20),
    values=st.dictionaries(
        st.sampled_from(["job", "region", "code", "result", "quantile", "route"]),
        st.lists(st.text(max_size=4), min_size=1, max_size=4, unique=True).map(lambda found: tuple(sorted(found))),
    ),
    rate=st.floats(0, 100),
    moving=st.integers(0, 5),
    lowest=st.floats(-5, 5),
    highest=st.floats(5, 10),
)


@example([Metric("_", "gauge", 1, moving=1, highest=9.0), Metric("__", "gauge", 1, moving=1, highest=9.0)], Random(1))  # noqa: S311 (an order, not a secret)
@given(st.lists(METRICS, max_size=6, unique_by=lambda metric: metric.name), st.randoms(use_true_random=False))
def test_proposals_do_not_depend_on_the_order_of_the_metrics(metrics, random):
    """The same server gives the same signals, each with a name of its own."""
    found = propose(metrics)
    shuffled = random.sample(metrics, len(metrics))
    assert sorted(propose(shuffled), key=repr) == sorted(found, key=repr)
    assert len({proposal.signal.name for proposal in found}) == len(found)
