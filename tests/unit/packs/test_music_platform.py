"""The platform as a whole: what it exposes, and that it is the same platform however it is asked."""

from datetime import UTC, datetime

import numpy as np
import pytest

from offkey.core.frame import Axis
from offkey.core.labels import NAME
from offkey.packs.music.calendar import START, calendar
from offkey.packs.music.catalogue import ZONES
from offkey.packs.music.platform import DOMAINS, Platform, totals
from offkey.packs.music.scene import local_shape

DAY, HOUR = 86_400, 3_600
NOON = START + 29 * DAY + 12 * HOUR
# Series of each metric, counted in the reference run of the specification: 2,771 in all.
COUNTED = {
    "music_play_duration_seconds": 528,
    "music_streams": 768,
    "music_interactions": 192,
    "music_artist_streams": 60,
    "music_playback_start_seconds": 264,
    "music_rebuffer_seconds": 24,
    "music_listening_seconds": 24,
    "kafka_consumergroup_lag": 1,
    "http_requests": 240,
    "http_request_duration_seconds": 168,
    "music_payment_attempts": 66,
    "music_subscription_events": 66,
    "music_subscriptions": 11,
    "music_mrr_usd": 11,
    "music_ad_requests": 8,
    "music_ad_impressions": 8,
    "music_ad_revenue_usd": 8,
    "music_rights_usage": 150,
    "music_rights_reported_usage": 150,
    "ml_feature_drift_psi": 16,
    "ml_recommendation_impressions": 4,
    "ml_recommendation_plays": 4,
}


@pytest.fixture(scope="module")
def day():
    """Two hours of everything at a 5-minute step, with all incidents."""
    axis = Axis(NOON, 300, 24)
    return axis, Platform(incidents=calendar()).families(axis)


def by_name(families):
    """Return the rows of each family under its metric's name."""
    return {family.metric: family for family in families}


def test_every_metric_has_its_series(day):
    """The platform exposes 2,771 series, each once."""
    _, families = day
    assert {family.metric: len(family.series) for family in families} == COUNTED
    every = [labels for family in families for labels in family.series]
    assert len(set(every)) == len(every) == 2_771


def test_values_are_finite_and_counters_never_fall(day):
    """No NaN, nothing negative, and a total grows or stands."""
    axis, families = day
    for family in families:
        assert np.isfinite(family.values).all()
        assert family.values.min() >= 0
        if family.kind != "gauge":
            assert (np.diff(totals(family, axis)) >= 0).all()


def test_histograms_are_cumulative_and_end_in_their_count(day):
    """A higher bound never holds less, and +Inf holds what `_count` says."""
    _, families = day
    for family in families:
        if family.kind != "histogram":
            continue
        rows = {labels: values for labels, values in zip(family.series, family.values, strict=True)}
        groups = {labels.without("le") for labels in rows if "le" in labels}
        for group in groups:
            buckets = sorted((float(k["le"]), k) for k in rows if "le" in k and k.without("le") == group)
            steps = np.array([rows[labels] for _, labels in buckets])
            assert (np.diff(steps, axis=0) >= 0).all()
            np.testing.assert_array_equal(steps[-1], rows[group.but({NAME: f"{family.metric}_count"})])


def test_genres_add_up_to_the_streams_of_the_histogram():
    """Plays of 30 seconds and longer are the same in both metrics, farmed ones included."""
    axis = Axis(NOON, 300, 6)
    families = by_name(Platform(incidents=calendar()).families(axis, ("durations", "genres")))
    lengths, genres = families["music_play_duration_seconds"], families["music_streams"]
    count = sum(v for k, v in zip(lengths.series, lengths.values, strict=True) if k[NAME].endswith("_count"))
    skips = sum(v for k, v in zip(lengths.series, lengths.values, strict=True) if k.get("le") == "30")
    np.testing.assert_array_equal(genres.values.sum(axis=0), count - skips)


def test_the_same_seed_is_the_same_platform_and_another_is_not(day):
    """Two runs agree in every bit; another seed agrees in hardly any count."""
    axis, families = day
    again = Platform(incidents=calendar()).families(axis)
    other = Platform(seed=1, incidents=calendar()).families(axis)
    for first, second in zip(families, again, strict=True):
        np.testing.assert_array_equal(first.values, second.values)
    busy = next(k for k, family in enumerate(families) if family.metric == "http_requests")
    rows = families[busy].values.min(axis=1) > 1_000
    assert (families[busy].values[rows] == other[busy].values[rows]).mean() < 0.05


@pytest.mark.parametrize("domain", DOMAINS)
def test_any_stretch_of_time_can_be_asked_for_alone(domain):
    """Columns do not depend on what else is asked for."""
    whole, part = Axis(NOON, 300, 30), Axis(NOON + 20 * 300, 300, 5)
    platform = Platform(incidents=calendar())
    for first, second in zip(platform.families(whole, (domain,)), platform.families(part, (domain,)), strict=True):
        np.testing.assert_allclose(first.values[:, 20:25], second.values, rtol=1e-9)


@pytest.mark.parametrize("domain", DOMAINS)
def test_five_second_steps_are_the_same_platform_as_five_minute_steps(domain):
    """Sums over an hour agree within what counting allows; the hour of royalty reports agrees too."""
    platform = Platform(scale=40.0)
    coarse = platform.families(Axis(NOON + 300, 300, 12), (domain,))
    fine = platform.families(Axis(NOON + 5, 5, 720), (domain,))
    for first, second in zip(coarse, fine, strict=True):
        if first.kind == "gauge":
            np.testing.assert_allclose(first.values.mean(axis=1), second.values.mean(axis=1), rtol=0.05)
            continue
        seen, expected = second.values.sum(axis=1), first.values.sum(axis=1)
        in_seconds = ("_seconds_sum", "_seconds_total")
        unit = np.array([300.0 if labels[NAME].endswith(in_seconds) else 1.0 for labels in first.series])
        allowed = 6 * np.sqrt(unit * np.maximum(expected, 9)) + 0.002 * expected
        assert (np.abs(seen - expected) <= allowed).all()


@pytest.mark.parametrize("entry", calendar(), ids=lambda entry: entry.id)
def test_an_incident_changes_nothing_before_it_starts(entry):
    """Up to its start every count of every series is what it would have been."""
    axis = Axis(entry.start - 600, 300, 3)
    quiet, played = Platform().families(axis), Platform(incidents=(entry,)).families(axis)
    for first, second in zip(quiet, played, strict=True):
        np.testing.assert_array_equal(first.values, second.values)


def test_a_payment_outage_touches_only_card_payments_in_europe():
    """Every other series of the whole platform is bit for bit the same while it lasts."""
    outage = calendar()[0]
    axis = Axis(outage.start + 300, 300, 6)
    quiet, played = Platform().families(axis), Platform(incidents=(outage,)).families(axis)
    for first, second in zip(quiet, played, strict=True):
        changed = {first.series[k] for k in np.flatnonzero((first.values != second.values).any(axis=1))}
        assert all(outage.touches(labels) for labels in changed)
        assert (len(changed) > 0) == (first.metric == "music_payment_attempts")


@pytest.mark.parametrize("zone", ZONES.values())
def test_a_clock_change_does_not_move_the_day(zone):
    """At the same local hour and weekday a region is as busy after the change as before it."""
    week = Axis(START + 150, 300, 7 * 288)
    moved = {}
    for axis in (week, Axis(week.start + 28 * DAY, 300, week.size)):
        clock = axis.week_seconds(zone) // 300
        moved[axis.start] = dict(zip(clock.tolist(), local_shape(axis, zone).tolist(), strict=True))
    before, after = moved.values()
    shared = before.keys() & after.keys()
    assert len(shared) > 2_000
    assert max(abs(before[k] - after[k]) for k in shared) < 0.02


def test_the_day_peaks_in_the_evening_of_each_zone():
    """A workday peaks at 19 h on the local clock at 4.8 times the trough; a Sunday later, at 3.8 times."""
    for zone in ZONES.values():
        week = Axis(START + 7 * DAY, 300, 7 * 288)
        shape, clock = local_shape(week, zone), week.week_seconds(zone) - 150
        wednesday, sunday = clock // DAY == 2, clock // DAY == 6
        assert clock[wednesday][np.argmax(shape[wednesday])] / HOUR % 24 == pytest.approx(19, abs=0.2)
        assert shape[wednesday].max() / shape[wednesday].min() == pytest.approx(4.84, abs=0.01)
        assert clock[sunday][np.argmax(shape[sunday])] / HOUR % 24 == pytest.approx(20.2, abs=0.2)
        assert shape[sunday].max() / shape[sunday].min() == pytest.approx(3.82, abs=0.01)


@pytest.mark.parametrize(
    ("date", "weeks", "factor"),
    [((2024, 12, 24), 2, 1.7), ((2024, 12, 25), 2, 1.45), ((2025, 1, 1), 2, 0.87), ((2025, 1, 2), 2, 1.0)],
)
def test_holidays_are_busier_or_quieter(date, weeks, factor):
    """Christmas is played more and New Year less than the same hour of the same weekday before."""
    noon = int(datetime(*date, 12, tzinfo=UTC).timestamp())
    now, before = (local_shape(Axis(noon - k * 7 * DAY, 60, 1), "Europe/London")[0] for k in (0, weeks))
    assert now / before == pytest.approx(factor)


def test_a_counter_reset_starts_again_at_zero():
    """The tenant's counters fall to what was added since; all others go on."""
    reset = next(entry for entry in calendar() if entry.kind == "counter_reset")
    axis = Axis(reset.start - 600, 300, 6)
    for family in Platform(incidents=(reset,)).families(axis, ("payments", "artists")):
        summed, plain = totals(family, axis, (reset,)), totals(family, axis)
        kora = np.array([labels.get("tenant") == "kora" for labels in family.series])
        np.testing.assert_array_equal(summed[~kora], plain[~kora])
        np.testing.assert_array_equal(summed[kora][:, 3:], np.cumsum(family.values[kora][:, 3:], axis=1))
        np.testing.assert_array_equal(summed[:, :3], plain[:, :3])


def test_nothing_is_scraped_in_a_gap():
    """The columns of the gap are marked, and no others."""
    gap = next(entry for entry in calendar() if entry.kind == "scrape_gap")
    axis = Axis(gap.start - 600, 300, 10)
    assert Platform(incidents=(gap,)).unseen(axis).tolist() == [False] * 3 + [True] * 5 + [False] * 2
    assert not Platform().unseen(axis).any()
