import math
import platform

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from snapshots import snapshot

from offkey import REVISION, __version__
from offkey.app.telemetry import EVENTS, REASONED_EVENTS, Telemetry


class Heard:
    """A log that remembers."""

    def __init__(self):
        self.events = []

    def log(self, level, event, **fields):
        """Remember an event."""
        self.events.append((level, event, fields))


@pytest.fixture
def telemetry():
    """Return a telemetry whose log nobody reads."""
    return Telemetry(Heard())


def values(telemetry, name):
    """Return the samples of a name, by label values."""
    return {
        tuple(sample.labels.values()): sample.value
        for family in text_string_to_metric_families(generate_latest(telemetry).decode())
        for sample in family.samples
        if sample.name == name
    }


def test_the_build_is_named(telemetry):
    """Versions of Python and offkey with what it was built from, and a constant 1."""
    assert values(telemetry, "offkey_build_info") == {(platform.python_version(), REVISION, __version__): 1.0}


@pytest.mark.parametrize("event", [*EVENTS])
def test_an_event_has_its_counter(telemetry, event):
    """Each starts at 0, so that the first increase is seen, and counts amounts."""
    assert values(telemetry, f"offkey_{event}_total") == {(): 0.0}
    telemetry.count(event, "ignored", 3)
    assert values(telemetry, f"offkey_{event}_total") == {(): 3.0}


@pytest.mark.parametrize("event", [*REASONED_EVENTS])
def test_an_event_with_a_reason_is_counted_by_it(telemetry, event):
    """The reason is a label."""
    telemetry.count(event, "because")
    telemetry.count(event, "because", 2)
    assert values(telemetry, f"offkey_{event}_total")[("because",)] == 3.0


def test_failures_of_a_source_carry_its_name(telemetry):
    """Source and reason are labels, and every usual reason is there at 0 once the source is known."""
    telemetry.observe(snapshot(source_up={"prom": False}))
    telemetry.count("source_failures:prom", "down")
    assert values(telemetry, "offkey_source_failures_total") == {
        ("bad_response", "prom"): 0.0,
        ("down", "prom"): 1.0,
        ("rejected", "prom"): 0.0,
    }


def test_an_event_nobody_foresaw_is_counted_all_the_same(telemetry):
    """A plug-in's events are not lost."""
    telemetry.count("surprise")
    assert values(telemetry, "offkey_events_total") == {("surprise",): 1.0}


def test_what_the_engine_says_goes_to_the_log():
    """Level, message and fields arrive as they were given."""
    heard = Heard()
    Telemetry(heard).tell("warning", "source warns", {"signal": "checkout"})
    Telemetry(heard).tell("info", "learned")
    assert heard.events == [(30, "source warns", {"signal": "checkout"}), (20, "learned", {})]


def test_a_cycle_is_counted_once(telemetry):
    """The engine publishes early while it learns; only the snapshot that ends a cycle counts."""
    for cycle, duration in ((0, 9.0), (0, 9.0), (1, 0.2), (1, 9.0), (2, 0.3)):
        telemetry.observe(snapshot(cycle=cycle, duration=duration))
    assert values(telemetry, "offkey_cycles_total") == {(): 2.0}
    assert values(telemetry, "offkey_cycle_duration_seconds_sum") == {(): 0.5}


def test_a_new_engine_counts_from_one_again(telemetry):
    """After a reload the cycles go on being counted."""
    for cycle in (1, 2, 0, 1, 2, 1):
        telemetry.observe(snapshot(cycle=cycle))
    assert values(telemetry, "offkey_cycles_total") == {(): 5.0}


def test_sources_are_those_of_the_latest_snapshot(telemetry):
    """A source that was renamed leaves nothing behind."""
    assert not values(telemetry, "offkey_source_up")
    telemetry.observe(snapshot(source_up={"old": True}))
    telemetry.observe(snapshot(source_up={"new": False, "other": True}))
    assert values(telemetry, "offkey_source_up") == {("new",): 0.0, ("other",): 1.0}


def test_an_unknown_lag_is_absent(telemetry):
    """Without a verdict there is no newest sample."""
    telemetry.observe(snapshot(lag=2.5))
    assert values(telemetry, "offkey_cycle_lag_seconds") == {(): 2.5}
    telemetry.observe(snapshot(lag=math.nan))
    assert not values(telemetry, "offkey_cycle_lag_seconds")


def test_a_refused_configuration_keeps_the_time_of_the_good_one(telemetry):
    """Success is 0 or 1; the timestamp is that of the configuration in force."""
    telemetry.reloaded(100.0)
    assert values(telemetry, "offkey_config_last_reload_successful") == {(): 1.0}
    telemetry.reloaded(None)
    assert values(telemetry, "offkey_config_last_reload_successful") == {(): 0.0}
    assert values(telemetry, "offkey_config_last_reload_success_timestamp_seconds") == {(): 100.0}


def test_the_process_is_described(telemetry):
    """The usual process and Python metrics are there, creation times of counters are not."""
    text = generate_latest(telemetry).decode()
    assert "process_resident_memory_bytes" in text
    assert "python_info" in text
    assert "python_gc_collections_total" in text
    assert "_created" not in text
