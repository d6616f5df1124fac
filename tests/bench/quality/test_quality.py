"""The measuring instrument itself: measures by hand, and nobody looks ahead."""

import argparse
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import wave

from offkey.core import plugins
from offkey.core.durations import DAY

from . import bench, measures, nab
from .__main__ import main, rows, table
from .baselines import BASELINES, rolling_mean, rolling_median
from .protocol import Series


def labelled(seed=1, days=8, step=300, fleet="shop") -> Series:
    """Return a noisy curve with three labelled spikes in its second half."""
    frame = wave(series=1, days=days, step=step, seed=seed)
    values, labels = frame.values[0], np.zeros(frame.axis.size, bool)
    for share in (0.6, 0.75, 0.9):
        at = int(share * frame.axis.size)
        values[at : at + 6] += 25
        labels[at : at + 6] = True
    size = frame.axis.size
    return Series(fleet, f"series-{seed}", frame.axis, values, labels, int(size * 0.3), size // 2, 10)


def test_average_precision_by_hand():
    """Ranks 1 and 3 of four are right: (1 + 2/3) / 2; equal scores count as one threshold."""
    labels = np.array([True, False, True, False])
    assert measures.auc_pr(np.array([4.0, 3.0, 2.0, 1.0]), labels) == pytest.approx((1 + 2 / 3) / 2)
    assert measures.auc_pr(np.ones(4), labels) == pytest.approx(0.5)


def test_volume_under_the_surface_rewards_what_is_near():
    """Scores on the incident are best, beside it less, far from it worst."""
    labels = np.zeros(2000, bool)
    labels[1000:1005] = True
    at = [1000, 1008, 300]
    volumes = []
    for place in at:
        scores = np.random.default_rng(1).random(2000)
        scores[place : place + 5] = 9.0
        volumes.append(measures.vus_pr(scores, labels))
    assert volumes[0] > 0.6 > volumes[1] > volumes[2]


def test_tally_by_hand():
    """Of two incidents one is found in time; of three episodes one is false."""
    labels, alerts = np.zeros(100, bool), np.zeros(100, bool)
    labels[20:30], labels[60:90] = True, True
    alerts[[22, 23]] = True  # found after two samples
    alerts[75] = True  # too late for the second, but no false alarm
    alerts[[5, 6]] = True  # false
    count = measures.tally(alerts, labels, prompt=10, gap=5, lead=2)
    assert (count.incidents, count.found, count.false, count.delay) == (2, 1, 1, 2)
    assert (count.recall, count.precision, count.f1) == (0.5, 0.5, 0.5)


@given(st.lists(st.booleans(), max_size=80), st.integers(1, 9))
def test_episodes_agree_with_counting_by_hand(alerts, gap):
    """Alerts at most a gap apart are one."""
    count, last = 0, -100
    for t, alert in enumerate(alerts):
        count += alert and t - last > gap
        last = t if alert else last
    assert measures.episodes(np.array(alerts, bool), gap) == count


def test_rolling_statistics_agree_with_numpy():
    """Mean, deviation and median of trailing windows, gaps skipped."""
    values = np.random.default_rng(2).normal(1e6, 1, 300)
    values[50:60] = np.nan
    mean, spread = rolling_mean(values, 40, 5)
    middle = rolling_median(values, 40, 5)
    for t in range(20, 300):
        window = values[max(0, t - 39) : t + 1]
        assert mean[t] == pytest.approx(np.nanmean(window), abs=1e-6)
        assert spread[t] == pytest.approx(np.nanstd(window), abs=1e-5)
        assert middle[t] == pytest.approx(np.nanmedian(window))


@pytest.mark.parametrize("name", [*sorted(BASELINES), *plugins.names(bench.DETECTORS)])
def test_nobody_looks_ahead(name):
    """Samples changed after a moment change no score before it."""
    series = labelled()
    at = series.known + 300
    other = Series(**{**vars(series), "values": series.values.copy(), "labels": series.labels})
    other.values[at:] = 5.0
    if name == "lstm":
        pytest.importorskip("torch", reason="needs torch, of the extra deep")
    before = bench.score(name, series).strangeness[: at - series.known]
    np.testing.assert_array_equal(bench.score(name, other).strangeness[: at - series.known], before)


def test_a_table_from_end_to_end():
    """Two halves of two series each: the default detector finds nearly all spikes with thresholds of the other half."""
    halves = {
        half: {"shop": [bench.score("seasonal", labelled(seed)) for seed in seeds]}
        for half, seeds in {"even": (1, 2), "odd": (3, 4)}.items()
    }
    options = argparse.Namespace(half=None, threshold=None, budget=1.0)
    found = rows("seasonal", halves, options)
    assert [(row["fleet"], row["series"], row["incidents"]) for row in found] == [("shop", 4, 12)]
    assert found[0]["recall"] > 0.9
    assert found[0]["false_per_week"] < 1
    assert "false_per_week" in table(found)


def test_the_guard_is_raised_by_a_restless_past():
    """Twenty episodes in a day of calibration move the threshold above all but one of them."""
    quiet = bench.score("mad", labelled())
    restless = quiet.past.copy()
    restless[:: DAY // 300 // 20] = np.linspace(50, 90, len(restless[:: DAY // 300 // 20]))
    noisy = type(quiet)(**{**vars(quiet), "past": restless})
    assert bench.guard(noisy) > 50 > bench.guard(quiet)


def test_the_score_of_nab_by_hand():
    """An alert at the begin of a window earns 1, one at its end .18, a miss costs 1, a false one at most .11."""
    labels = np.zeros(1000, bool)
    labels[500:600] = True
    alerts = np.zeros(1000, bool)
    assert nab.earned(alerts, labels) == -1.0
    alerts[500] = True
    assert nab.earned(alerts, labels) == pytest.approx(1.0)
    alerts[505] = True  # the same alert still
    assert nab.earned(alerts, labels) == pytest.approx(1.0)
    alerts[200] = True
    assert nab.earned(alerts, labels) == pytest.approx(1.0 - 0.11)
    late = np.zeros(1000, bool)
    late[599] = True
    assert nab.earned(late, labels) == pytest.approx((2 / (1 + np.exp(-0.05)) - 1) / (2 / (1 + np.exp(-5)) - 1))


def write(path, values, labels, step=300, **more):
    """Write a labelled file."""
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    columns = {"timestamp": np.arange(len(values)) * step, "value": values, "label": labels} | more
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)


def test_any_folder_of_files_is_scored(tmp_path, capsys):
    """Sub-folders at any depth; files that are empty, short, of other columns or without incidents stop nobody."""
    for k in range(4):
        one = labelled(seed=k)
        write(tmp_path / "half" / "shop" / f"{k}.parquet", one.values, one.labels.astype(int))
        write(tmp_path / "half" / "windows" / f"{k}.parquet", one.values, one.labels.astype(int), point=one.labels)
    for name, size in (("empty", 0), ("single", 1), ("short", 40)):
        write(tmp_path / "half" / "shop" / f"{name}.parquet", np.ones(size), np.zeros(size, int))
    write(tmp_path / "half" / "shop" / "odd.parquet", np.ones(9), np.zeros(9, int), value=np.array([None] * 9, float))
    write(tmp_path / "quiet" / "calm.parquet", wave(series=1).values[0], np.zeros(1152, int))
    assert main(["--data", str(tmp_path), "--detector", "seasonal,3-sigma-1d", "--output", "json"]) == 0
    found = {(row["detector"], row["fleet"]): row for row in json.loads(capsys.readouterr().out)}
    assert found["seasonal", "shop"]["series"] == found["seasonal", "windows"]["series"] == 4
    assert found["seasonal", "shop"]["nab_score"] is None
    assert 0 < found["3-sigma-1d", "windows"]["nab_score"] <= 100
    assert found["seasonal", "quiet"]["auc_pr"] is None
