"""The configuration file: every mistake at its line, and the values that come out."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offkey.app import config, crosschecks, kinds, schema, yamlfile
from offkey.app.commands.config import plain
from offkey.core.calendars import Calendar, Recurrence
from offkey.core.durations import DAY, HOUR, WEEK, format_duration
from offkey.core.errors import ConfigError
from offkey.core.signals import Alert, Signal, Traffic, Zone

GOLDEN = Path(__file__).parents[2] / "golden" / "config"
HEAD = "sources: {default: {url: http://localhost:9090}}\n"


def read(text, **options):
    """Return the configuration of a text."""
    return config.parse(HEAD + text, "offkey.yml", **options)


def mistakes(text) -> list[str]:
    """Return the lines of the error of a text, after `offkey.yml:`."""
    with pytest.raises(ConfigError) as caught:
        read(text)
    return [line.removeprefix("offkey.yml:") for line in str(caught.value).splitlines()]


def one(keys="") -> str:
    """Return a file of one signal with further keys."""
    return f"signals:\n- name: a\n  query: up\n{keys}"


def test_golden_every_mistake_is_told_at_once(golden):
    """One run names each mistake with line, column, key, what was found and what is allowed."""
    document = yamlfile.parse((GOLDEN / "mistakes.yml").read_text(), "mistakes.yml")
    with pytest.raises(ConfigError) as caught:
        config.settings(document)
    assert "hunter2" not in str(caught.value)
    golden("config/mistakes.txt", f"{caught.value}\n")


def test_golden_the_effective_settings_of_a_complete_file(golden):
    """`config show --effective` names every key, hides header values, and keeps the order of the file."""
    settings = config.settings(yamlfile.parse((GOLDEN / "complete.yml").read_text(), "complete.yml"))
    golden("config/effective.yml", yamlfile.dump(plain(settings, effective=True)))


def test_golden_the_json_schema(golden):
    """The schema that editors use changes only on purpose."""
    golden("config/schema.json", json.dumps(schema.json_schema(), indent=2) + "\n")


def test_a_complete_file_becomes_the_signal_it_describes():
    """Every key reaches the value the engine runs on."""
    found = config.load(GOLDEN / "complete.yml")
    assert found.storage == GOLDEN / "state"
    assert found.signals[0] == Signal(
        name="checkout_errors",
        query="sum by (region) (rate(errors_total[5m])) / sum by (region) (rate(requests_total[5m]))",
        unit="ratio",
        description="Share of checkouts that fail.",
        kind="ratio",
        direction="above",
        least_absolute=0.005,
        valid=(0.0, 1.0),
        scale=(0.0, 1.0),
        traffic=Traffic("sum by (region) (rate(requests_total[5m]))", 0.2, 300.0),
        scrapes='max by (region) (count_over_time({__name__="requests_total"}[5m]))',
        season="daily",
        zone=Zone("Europe/Berlin", "region", {"NO": "Europe/Oslo", "us-east": "America/New_York"}),
        step=30,
        offset=15,
        history=3 * WEEK,
        history_step=180,
        horizons=(1800, 7200),
        limit=0.05,
        expose="score",
        detector="seasonal",
        detector_options={"season": "none"},
        alert=Alert(
            name="CheckoutErrors",
            budget_per_week=7.0,
            severity="critical",
            team="shop",
            runbook_url="https://runbooks.example/shop",
            hold=90,
            keep_firing=600,
            dead_band=0.1,
            form="threshold",
        ),
        calendars=(
            Calendar(
                "maintenance",
                recurrences=(Recurrence((5, 6), 22 * HOUR, 30 * HOUR), Recurrence((1,), 0, 4 * HOUR, 2)),
                zone="Europe/Berlin",
                mute=True,
            ),
        ),
    )
    orders = found.signals[1]
    assert (orders.alert, orders.events_per_unit, orders.source) == (None, 600.0, "west")
    assert (orders.max_series, orders.keep_absent, orders.adopt_after) == (5, 2 * HOUR, 3 * HOUR)
    assert (orders.step, orders.history_step) == (30, 300)


def test_sources_carry_prometheus_own_names():
    """Files are relative to the configuration's folder; nothing secret is in the file."""
    endpoint = config.load(GOLDEN / "complete.yml").sources["default"].options["endpoint"]
    assert endpoint.url == "https://prometheus.example:9090/prometheus"
    assert endpoint.authorization.credentials_file == GOLDEN / "secrets/token"
    assert endpoint.tls_config.ca_file == Path("/etc/ssl/ca.pem")
    assert (endpoint.tls_config.server_name, endpoint.tls_config.min_version) == ("prometheus", "TLS13")
    assert endpoint.headers == {"X-Scope-OrgID": "shop"}
    assert endpoint.header_files == {"X-Api-Key": GOLDEN / "secrets/key"}
    assert (endpoint.timeout, endpoint.max_body) == (45.0, 128 << 20)


def test_the_least_file_is_core_defaults():
    """A name and a query are enough; every default is the core's own."""
    assert read(one()).signals == (Signal("a", "up", history_step=120),)


def test_the_flag_gives_or_overrules_the_default_source():
    """`--prometheus.url` needs no sources, and keeps the other settings of the source it overrules."""
    found = config.parse("signals: [{name: a, query: up}]", "f.yml", "http://flag:9090")
    assert found.sources["default"].options["endpoint"].url == "http://flag:9090"
    found = config.parse(
        "sources: {default: {url: http://file:9090, timeout: 7s}}\nsignals: [{name: a, query: up}]",
        "f.yml",
        "http://flag:9090",
    )
    assert found.sources["default"].options["endpoint"].url == "http://flag:9090"
    assert found.sources["default"].options["endpoint"].timeout == 7.0


def test_without_any_source_the_message_says_how_to_name_one():
    """No sources and no flag is one clear mistake, not one per signal."""
    with pytest.raises(ConfigError, match=re.escape("sources: missing; write sources: {default: {url:")) as caught:
        config.parse("signals: [{name: a, query: up}, {name: b, query: up}]", "f.yml")
    assert len(str(caught.value).splitlines()) == 1


def test_defaults_are_merged_key_by_key():
    """A signal's own key wins, mappings are merged, and `alert: none` drops the alert."""
    text = "defaults: {step: 30s, alert: {team: shop, budget: 1/day}}\nsignals:\n"
    found = read(
        text + "- {name: a, query: up, alert: {budget: 3/week}}\n- {name: b, query: up, step: 15s, alert: none}"
    )
    assert (found.signals[0].alert.team, found.signals[0].alert.budget_per_week) == ("shop", 3.0)
    assert (found.signals[0].step, found.signals[1].step) == (30, 15)
    assert found.signals[1].alert is None


def test_options_of_two_kinds_are_not_mixed():
    """A signal that chooses another detector does not inherit the default detector's options."""
    text = "defaults: {detector: {kind: seasonal, season: daily}}\nsignals:\n"
    found = read(
        text
        + "- {name: a, query: up}\n- {name: b, query: up, detector: {kind: mad}}\n- {name: c, query: up, detector: mad}"
    )
    assert [signal.detector for signal in found.signals] == ["seasonal", "mad", "mad"]
    assert [dict(signal.detector_options) for signal in found.signals] == [{"season": "daily"}, {}, {}]


def test_a_mistake_in_defaults_is_told_once_where_it_stands():
    """Ten signals that inherit a mistake show one line, in `defaults`."""
    text = "defaults: {step: 5x}\nsignals:\n" + "".join(f"- {{name: a{k}, query: up}}\n" for k in range(10))
    assert mistakes(text) == ['2:18: defaults.step: "5x" is not a duration; write for example 30s, 5m, 1h30m, 14d']


def test_defaults_may_hold_half_of_a_mapping():
    """A floor for all and a query for each is complete; a signal without its query is told what misses."""
    text = "defaults: {traffic: {floor: 3}}\nsignals:\n- {name: a, query: up, traffic: {query: up}}\n"
    assert read(text).signals[0].traffic == Traffic("up", 3.0, 1.0)
    assert mistakes(text + "- {name: b, query: up}") == ["2:21: defaults.traffic.query: missing"]


REMEDIES = {
    "forecast: {horizons: [90s]}": "5:25: signals[0].forecast.horizons[0]: 1m30s is not a multiple of the step, 1m",
    "forecast: {horizons: [2h, 1h]}": "5:29: signals[0].forecast.horizons[1]: 1h does not come after the one before it",
    "history_step: 90s": "5:17: signals[0].history_step: 1m30s is not a multiple of the step, 1m; write for example 2m",
    "history: 30s": "5:12: signals[0].history: 30s holds fewer than two samples",
    "valid_range: [0, 0]": "5:16: signals[0].valid_range: 0 is not below 0; write the lowest value first",
    "valid_range: [0, null]\n  forecast: {limit: -1}": "6:21: signals[0].forecast.limit: -1 lies outside valid_range",
    "scale: [1, 0]": "5:10: signals[0].scale: 1 is not below 0; write the lowest value first",
    "scale: [0, 1]\n  forecast: {limit: 2}": "6:21: signals[0].forecast.limit: 2 lies outside scale",
    "scale: [0, 1]\n  valid_range: [0, 0.9]": "5:10: signals[0].scale: 1 lies outside valid_range, so no sample can be",
    "step: 0": "5:9: signals[0].step: 0s is too short; write for example 30s, 5m, 1h30m, 14d",
    "step: 60": "5:9: signals[0].step: 60 is not a duration; write for example 30s, 5m, 1h30m, 14d",
    "step: 500ms": '5:9: signals[0].step: "500ms" is not a duration; write for example 30s',
    "max_series: 1.5": "5:15: signals[0].max_series: 1.5 is not a whole number",
    "time_zone: EU/Berlin": (
        '5:14: signals[0].time_zone: "EU/Berlin" is not an IANA time zone; did you mean "Europe/Berlin"?'
    ),
    "unit: 5": "5:9: signals[0].unit: 5 is not text; put it in quotes",
    'unit: "a\\nb"': '5:9: signals[0].unit: "a\\nb" is not one line of text',
    "stepp: 5m": '5:3: signals[0].stepp: unknown key "stepp"; did you mean "step"?',
    "severity: info": '5:3: signals[0].severity: unknown key "severity"; it belongs into "alert"',
    "detector: seasonl": "5:13: signals[0].detector: no detector called 'seasonl'; did you mean 'seasonal'?",
    "detector: {kind: seasonal, sesson: daily}": (
        '5:30: signals[0].detector.sesson: seasonal has no option "sesson"; did you mean "season"?'
    ),
    "alert: {budget: 0/week}": (
        '5:19: signals[0].alert.budget: "0/week" is not an alert budget; '
        "write for example 2/week, 1/day (periods: hour, day, week, month)"
    ),
    "query: up": "5:3: signals[0].query: written twice; first on line 4",
}


@pytest.mark.parametrize(("keys", "said"), REMEDIES.items())
def test_a_mistake_is_named_with_its_remedy(keys, said):
    """One mistake gives one line: place, key, what was found, what to write."""
    (line,) = mistakes(one(f"  {keys}"))
    assert line.startswith(said)


@pytest.mark.parametrize(
    "query", ["offkey_expected", "sum(rate(x[5m])) / offkey:threshold", '{__name__=~"offkey_.*"}', '{job="offkey"}']
)
def test_a_signal_cannot_watch_what_offkey_makes(query):
    """A query that reads derived series, by name or by a selector that catches them, is refused."""
    (line,) = mistakes(f"signals:\n- name: a\n  query: '{query}'")
    assert "what offkey itself makes" in line


def test_an_empty_or_shapeless_file_is_refused():
    """Nothing, a list and a text are no configuration."""
    for text, said in (("", "is empty"), ("- a", "is not a mapping"), ("word", "is not a mapping")):
        with pytest.raises(ConfigError, match=f"^f.yml:1:1: {said}"):
            config.parse(text, "f.yml")
    assert mistakes("storage: {}") == ["1:1: signals: missing"]
    assert mistakes("signals: []") == ["2:10: signals: holds no signal; offkey discover proposes some"]
    assert mistakes("signals: 5") == ["2:10: signals: 5 is not a list"]


@pytest.mark.parametrize(
    ("step", "history", "expected"),
    [(60, 2 * WEEK, 120), (15, 2 * WEEK, 120), (60, DAY, 60), (15, DAY, 60), (90, 2 * WEEK, 180), (300, 2 * WEEK, 300)],
)
def test_the_history_step_reads_no_more_than_servers_answer_at_once(step, history, expected):
    """The shortest multiple of the step, at least a minute, with at most 11,000 samples."""
    assert crosschecks.history_step(step, history) == expected


@given(step=st.integers(1, 7200), history=st.integers(60, 90 * DAY))
def test_the_history_step_always_fits(step, history):
    """It is a multiple of the step, at least a minute, and a shorter multiple would break a bound."""
    found = crosschecks.history_step(step, history)
    assert found % step == 0
    assert found >= 60
    assert history / found <= crosschecks.MOST_POINTS
    assert found == step or found - step < 60 or history / (found - step) > crosschecks.MOST_POINTS


SIGNALS = st.fixed_dictionaries(
    {"query": st.sampled_from(["up", "rate(x[5m])", 'sum by (a) (x{b="c"}) / y'])},
    optional={
        "unit": st.sampled_from(["seconds", "no", "1e3", "it's"]),
        "direction": st.sampled_from(["above", "below", "both"]),
        "min_deviation": st.fixed_dictionaries(
            {}, optional={"absolute": st.floats(0, 1e9), "relative": st.floats(0, 1)}
        ),
        "valid_range": st.sampled_from([[0, 1], [None, 5.5], [None, None]]),
        "scale": st.sampled_from([[0, None], [None, None]]),
        "traffic": st.fixed_dictionaries({"query": st.just("y"), "floor": st.floats(0, 100)}),
        "time_zone": st.sampled_from(["Asia/Tokyo", {"label": "r", "zones": {"NO": "Europe/Oslo"}}]),
        "step": st.sampled_from(["15s", "1m", "5m"]),
        "history": st.integers(3600, 40 * DAY).map(format_duration),
        "detector": st.sampled_from(["mad", {"kind": "seasonal", "season": "daily"}]),
        "alert": st.one_of(
            st.just("none"),
            st.fixed_dictionaries(
                {}, optional={"budget": st.sampled_from(["1/month", "7/day", "0.3/hour"]), "for": st.just("0s")}
            ),
        ),
    },
)


@settings(deadline=None, max_examples=50)
@given(st.lists(SIGNALS, min_size=1, max_size=3), SIGNALS)
def test_the_effective_settings_mean_the_same(signals, defaults):
    """What `config show --effective` prints is a configuration equal to the one it was made from."""
    defaults.pop("query")
    value = {
        "sources": {"default": {"url": "http://localhost:9090"}},
        "defaults": defaults,
        "signals": [{"name": f"s{place}", **signal} for place, signal in enumerate(signals)],
    }
    settings = config.settings(yamlfile.parse(yamlfile.dump(value), "f.yml"))
    for effective in (True, False):
        shown = yamlfile.dump(plain(settings, effective=effective))
        assert config.parse(shown, "f.yml") == config.from_settings(settings, Path())


def test_every_default_plugin_exists():
    """The kinds that a signal uses when it names none are files of this package."""
    signal = Signal("a", "up")
    assert not list(kinds.problems(kinds.DETECTORS, signal.detector, {}))
    assert not list(kinds.problems(kinds.FORECASTERS, signal.forecaster, {}))


def test_every_field_of_a_signal_can_be_written():
    """The file reaches every field of the core's Signal and Alert: changing each changes the result."""
    written = config.load(GOLDEN / "complete.yml").signals
    plain_signal = Signal("", "", events_per_unit=-1)
    reached = {
        name for signal in written for name in Signal.__slots__ if getattr(signal, name) != getattr(plain_signal, name)
    }
    assert reached | {"forecaster_options"} == set(Signal.__slots__)


def routes(value, top=()):
    """Yield the route to every value of a document."""
    yield top
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from routes(item, (*top, key))


def changed(value, route, new):
    """Return a document with one value replaced."""
    if not route:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[route[0]] = changed(value[route[0]], route[1:], new)
    return copy


COMPLETE = yamlfile.load(GOLDEN / "complete.yml").value
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**6), 10**6),
    st.floats(),
    st.sampled_from(["", "none", "5m", "0s", "999999999y", "rate(", "../../etc/passwd", "/", "\0", "a\nb", "é" * 300]),
    st.lists(st.sampled_from(["1h", 5, None, "x"]), max_size=3),
    st.dictionaries(st.sampled_from(["kind", "url", "query", "x", ""]), st.sampled_from(["seasonal", 1, None])),
)


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(list(routes(COMPLETE))), ODD)
def test_whatever_a_file_holds_it_is_read_or_refused(route, new):
    """A good file with any one value replaced gives a configuration, or mistakes with places; never another error."""
    text = yamlfile.dump(changed(COMPLETE, route, new))
    try:
        config.parse(text, "f.yml")
    except yamlfile.InvalidFile as error:
        assert error.problems
        lines = text.splitlines()
        assert all(problem.place.line <= max(1, len(lines)) for problem in error.problems)
        assert "\n" not in "".join(problem.message for problem in error.problems)
