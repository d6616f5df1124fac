"""Signals and evidence that rules are made from in tests: representative ones, and hostile ones drawn by hypothesis."""

from dataclasses import replace

from hypothesis import strategies as st

from offkey.core.labels import Labels
from offkey.core.rules import Evidence, ReviewedBound
from offkey.core.signals import Alert, Signal, Traffic

DAY = 86_400
UNTIL = 1_763_510_400  # 2025-11-19 00:00 UTC


def evidence(*series, typical=10.0, lower=None, upper=None, **more) -> Evidence:
    """Return evidence of 30 days of minutes; bounds are (constant, lowest, highest)."""
    facts = {
        "series": tuple(sorted(series)) or (Labels(),),
        "start": UNTIL - 30 * DAY,
        "end": UNTIL,
        "samples": 42_725,
        "present": 0.989,
        "expected_alerts_per_week": 1.6,
        "typical": typical,
        "lower": ReviewedBound(*lower) if lower else None,
        "upper": ReviewedBound(*upper) if upper else None,
        "why": "the seasonal band at its widest over the last 30d",
    }
    return Evidence(**facts | more)


LINKS = {
    "runbook_url": "https://runbooks.example.com/pay#card",
    "dashboard_url": "https://grafana.example.com/d/offkey",
}

PAYMENT = (
    Signal(
        "payment-success",
        "sum(rate(music_payment_attempts_total{result='ok'}[15m]))\n/ sum(rate(music_payment_attempts_total[15m]))",
        unit="ratio",
        direction="below",
        traffic=Traffic("sum(rate(music_payment_attempts_total[15m]))", 0.05),
        alert=Alert(severity="critical", team="payments", service="checkout", **LINKS),
        description="Share of payment attempts that succeed.",
    ),
    evidence(typical=0.96632, lower=(0.91318, 0.8521, 0.9504)),
)
LATENCY = (
    Signal(
        "api-latency-p99",
        "histogram_quantile(0.99, sum by (route, le) (rate(http_request_duration_seconds_bucket[5m])))",
        unit="seconds",
        direction="above",
        alert=Alert(team="api", **LINKS),
    ),
    evidence(Labels.of(route="/v1/search"), Labels.of(route="/v1/play"), typical=0.2143, upper=(0.98765, 0.4, 1.5)),
)
PLAYS = (
    Signal("plays", "sum(rate(music_plays_total[5m]))", unit="plays", kind="count", alert=Alert(budget_per_week=0.5)),
    evidence(typical=812.3, lower=(203.4, 100.0, 600.0), upper=(1834.0, 1000.0, 2600.0)),
)
HIDDEN_LABELS = (
    Signal(
        "errors",
        "sum by (service, team, signal, alertname) (rate(errors_total[5m]))",
        direction="above",
        alert=Alert(service="edge", team="sre"),
    ),
    evidence(
        Labels.of(service="a", team="b", signal="c", alertname="d"),
        Labels.of(service="a", team="b", signal="c", alertname="e"),
        typical=1.0,
        upper=(7.0, 5.0, 9.0),
    ),
)
NO_BAND = (
    Signal(
        "tracks-played", "sum by (region) (rate(tracks_total[5m]))", expose="anomalous", alert=Alert(severity="info")
    ),
    evidence(Labels.of(region="eu"), Labels.of(region="us")),
)
DEMO = (
    Signal(
        "rebuffering",
        "region_cdn:music_rebuffer_per_listening:ratio_rate5m",
        unit="ratio",
        direction="above",
        step=15,
        alert=Alert(severity="critical", team="video", hold=30, keep_firing=60, dead_band=0.25),
    ),
    evidence(
        Labels.of(region="eu-west", cdn="cdn_b", __name__="x"), typical=0.0035, upper=(0.0084, 0.006, 0.0101), step=300
    ),
)
ANSWERS_ALONE = (
    Signal(
        "failed-logins",
        "sum(rate(logins_total{result='bad'}[5m])) or vector(0)",
        direction="above",
        alert=Alert(form="threshold"),
    ),
    evidence(typical=0.0, upper=(3.3333, 1.0, 5.0)),
)
SLOW = (
    Signal(
        "catalogue-size",
        "catalogue_bytes # of every copy",
        unit="bytes",
        step=900,
        offset=300,
        alert=Alert(form="threshold", hold=3600, keep_firing=0, dead_band=0.0),
        traffic=Traffic("sum by (region) (catalogue_readers)", 100.0),
    ),
    evidence(
        Labels.of(region="eu", copy="1"),
        Labels.of(region="us", copy="1"),
        typical=3.2e9,
        lower=(2.9e9, 2.5e9, 3.0e9),
        upper=(3.5e9, 3.4e9, 4.0e9),
        traffic_labels=("region",),
    ),
)
MISSED = (
    Signal(
        "carts",
        "sum by (shop) (rate(carts_total[5m]))",
        scrapes="max by (shop) (count_over_time(carts_total[5m]))",
        alert=Alert(team="shop", missing_for=1800),
    ),
    evidence(Labels.of(shop="a"), Labels.of(shop="b"), typical=12.5, lower=(4.0, 3.0, 6.0), upper=(40.0, 30.0, 60.0)),
)

ALL = (PAYMENT, LATENCY, PLAYS, HIDDEN_LABELS, NO_BAND, DEMO, ANSWERS_ALONE, SLOW, MISSED)

# Text that tries to leave its place: PromQL, YAML, Go templates, comments, control characters.
HOSTILE = st.one_of(
    st.sampled_from(
        [
            '"} or vector(1) #',
            "{{ query `up` }}",
            "{{",
            "{",
            "}}",
            "a\nb: c",
            "# x",
            "- a",
            "'",
            "`",
            "\\",
            "%q%s",
            "$labels",
            "null",
            "1e3",
            "../../etc/passwd",
            "\x85\u2028\x00\x1b",
            "a\x85b",
            "\u2028",
            "é𝄞",
            " x ",
            "|",
            "*a &b !c",
        ]
    ),
    st.text(st.characters(codec="utf-8"), max_size=12),
).filter(lambda text: text != "")

LABEL_NAMES = st.one_of(
    st.sampled_from(["region", "le", "job", "instance", "quantile", "été", "a.b"]),
    st.sampled_from(["service", "team", "severity", "exported_service", "alertname", "alertstate", "offkey_rule"]),
    st.sampled_from(["signal", "exported_signal", "bound", "kind"]),
)
QUERIES = st.sampled_from(
    [
        "up",
        'up{a="\\"}{{x"} # ) comment',
        "sum by (region) (rate(x_total[5m])) / sum by (region) (rate(y_total[5m]) > 0)",
        "a or b or `c{d}` and\n\n  e",
        "vector(1)",
        "absent(x)",
        "1 + sum(x) > bool 3",
        "label_replace(x, 'signal', '$1', 'y', '(.*)')",
        "min_over_time((x - y)[1h:1m])",
        "{__name__=~'x.+'}",
        "\tx\r\n+ y  ",
    ]
).filter(lambda query: "`" not in query)
NUMBERS = st.floats(-1e9, 1e9, allow_subnormal=False).map(lambda value: 0.0 if abs(value) < 1e-9 else value)


@st.composite
def reviewed_bounds(draw, typical, side):
    """Draw a bound on one side (1 above, -1 below) of a typical value."""
    room = draw(st.floats(1e-4, 10.0)) * max(abs(typical), 1e-3)
    constant = typical + side * room
    inner, outer = draw(st.floats(0, 0.9)) * room, draw(st.floats(0, 3.0)) * room
    low, high = sorted((constant - side * inner, constant + side * outer))
    return ReviewedBound(constant, min(low, constant), max(high, constant))


@st.composite
def hostile_cases(draw):
    """Draw a signal and evidence whose every text is hostile."""
    label_sets = draw(st.lists(st.dictionaries(LABEL_NAMES, HOSTILE, max_size=4), min_size=1, max_size=3))
    typical = draw(NUMBERS)
    direction = draw(st.sampled_from(["above", "below", "both"]))
    query = draw(QUERIES)
    found = replace(
        evidence(*map(Labels.of, label_sets), typical=typical),
        lower=draw(reviewed_bounds(typical, -1)) if direction != "above" and draw(st.booleans()) else None,
        upper=draw(reviewed_bounds(typical, 1)) if direction != "below" and draw(st.booleans()) else None,
        traffic_labels=draw(st.sampled_from([(), ("region",), ("signal", "region")])),
        why=draw(HOSTILE),
    )
    alert = Alert(
        name=draw(st.sampled_from(["", "Hostile", "a b{{"])),
        severity=draw(st.sampled_from(["critical", "warning", "info"])),
        team=draw(st.just("") | HOSTILE),
        service=draw(st.just("") | HOSTILE),
        runbook_url=draw(st.just("") | HOSTILE),
        dashboard_url=draw(st.just("") | HOSTILE),
        hold=draw(st.sampled_from([0, 30, 100, 600])),
        keep_firing=draw(st.sampled_from([0, 45, 300])),
        dead_band=draw(st.sampled_from([0.0, 0.1, 0.3, 0.9])),
        form="anomaly" if found.lower is found.upper else draw(st.sampled_from(["auto", "threshold", "anomaly"])),
        missing_for=draw(st.sampled_from([0, 600, 5000])),
    )
    signal = Signal(
        draw(HOSTILE),
        query,
        unit=draw(st.sampled_from(["ratio", "seconds", "bytes"]) | HOSTILE),
        description=draw(st.just("") | HOSTILE),
        direction=direction,
        traffic=draw(st.none() | st.builds(Traffic, st.just("sum(z)"), NUMBERS)),
        scrapes=draw(st.sampled_from(["", "count_over_time(x[5m])"])),
        step=draw(st.sampled_from([15, 60, 300])),
        offset=draw(st.sampled_from([0, 60])),
        alert=alert,
    )
    return signal, found
