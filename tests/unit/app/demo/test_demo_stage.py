"""The live platform: counters that only grow, and a past that nothing changes."""

import math

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from offkey.app.demo.history import scraped
from offkey.app.demo.scenario import outage_at
from offkey.app.demo.stage import AHEAD, Stage
from offkey.core.labels import NAME, Labels
from offkey.packs.music.platform import Platform

START = 1_763_769_600


@pytest.fixture
def stage():
    """A platform that begins at START."""
    return Stage(Platform(seed=7, scale=10.0), START)


def read(stage, now):
    """Return what a scrape reads: samples by label set."""
    return {
        Labels.of(sample.labels, **{NAME: sample.name}): sample.value
        for family in text_string_to_metric_families(stage.exposition(now))
        for sample in family.samples
    }


def paid(samples, **labels):
    """Return the payment attempts of some series, summed."""
    return sum(
        value
        for series, value in samples.items()
        if series[NAME] == "music_payment_attempts_total" and labels.items() <= dict(series).items()
    )


def same(first, second):
    """Whether two scrapes agree; sums of seconds may differ in their last digits by the order of adding."""
    return first.keys() == second.keys() and all(math.isclose(first[key], second[key], rel_tol=1e-12) for key in first)


def test_scrapes_read_counters_that_only_grow(stage):
    """From one scrape to the next, and over the end of what was simulated ahead, no counter falls."""
    kinds = {family.name: family.type for family in text_string_to_metric_families(stage.exposition(START))}
    before = read(stage, START)
    assert len(before) == len(stage.series) == 1_339
    for now in (START + 5.2, START + 70, START + AHEAD - 1, START + AHEAD + 1, START + 3 * AHEAD):
        after = read(stage, now)
        assert after.keys() == before.keys()
        assert all(after[series] >= before[series] for series in after if series[NAME] != "kafka_consumergroup_lag")
        assert paid(after) > paid(before)
        before = after
    assert kinds["music_payment_attempts"] == "counter"
    assert kinds["music_play_duration_seconds"] == "histogram"
    assert kinds["kafka_consumergroup_lag"] == "gauge"


def test_the_past_and_the_scrapes_are_one(stage):
    """What was played before the first scrape ends where the scrapes go on, column by column."""
    axis, values = stage.until(START + 400)
    assert (axis.start, axis.step, axis.end) == (START + 1, 1, START + 400)
    other = Stage(Platform(seed=7, scale=10.0), START)
    for now in (START + 100, START + 399, START + 400):
        samples = read(other, now)
        np.testing.assert_array_equal(values[:, now - axis.start], [samples[series] for series in stage.series])
    assert same(read(stage, START + 401.5), read(other, START + 401.5))


def test_the_past_is_scraped_every_few_seconds(stage):
    """Of every five columns the last is kept, and the labels of the scrape are set."""
    axis, values = stage.until(START + 60)
    frame = scraped(stage.series, axis, values, 5)
    assert (frame.axis.start, frame.axis.step, frame.axis.size) == (START + 5, 5, 12)
    np.testing.assert_array_equal(frame.values, values[:, 4::5])
    assert {(series["job"], series["instance"]) for series in frame.series} == {("music", "platform")}


def test_an_outage_changes_only_what_comes_and_only_its_series(stage):
    """Until it is injected everything is as without it; then card payments in Europe fail and no others."""
    quiet = Stage(Platform(seed=7, scale=10.0), START)
    assert same(read(stage, START + 50.5), read(quiet, START + 50.5))
    stage.inject(outage_at(START + 60), START + 50.5)
    for now in (START + 51, START + 60):
        assert same(read(stage, now), read(quiet, now))
    begun, played, plain = (
        read(which, now) for which, now in ((stage, START + 60), (stage, START + 180), (quiet, START + 180))
    )
    changed = {series for series in played if not same({0: played[series]}, {0: plain[series]})}
    assert {series[NAME] for series in changed} == {"music_payment_attempts_total"}
    assert {(series["provider"], series["region"][:3]) for series in changed} == {("card", "eu-")}
    card = {"provider": "card", "region": "eu-north"}
    attempts = paid(played, **card) - paid(begun, **card)
    succeeded = paid(played, result="ok", **card) - paid(begun, result="ok", **card)
    assert succeeded / attempts == pytest.approx(0.3, abs=0.05)
    assert attempts / (paid(plain, **card) - paid(begun, **card)) == pytest.approx(3, rel=0.15)


def test_the_truth_is_told_apart(stage):
    """What really happens is on a page of its own: 1 while it lasts."""
    stage.inject(outage_at(START + 60), START)
    told = 'demo_incident_active{class="incident",id="I01",kind="payment_outage"}'
    assert f"{told} 0" in stage.truth(START + 59.0).splitlines()
    assert f"{told} 1" in stage.truth(START + 60.0).splitlines()
    assert "demo_incident_active" not in stage.exposition(START + 61.0)
