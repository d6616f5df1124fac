import json
import math
import re

import numpy as np
import pytest

from offkey.adapters.sources.recorded import record
from offkey.app import cli
from offkey.app.asking import named
from offkey.app.sparkline import sparkline
from offkey.core.durations import DAY, HOUR, MINUTE
from offkey.core.frame import Axis, Frame
from offkey.core.labels import Labels
from offkey.core.signals import Signal

NOW = 1_711_929_600  # 2024-04-01 00:00 UTC
REGIONS = tuple(Labels.of(region=name) for name in ("eu", "us"))
OUTAGE, EARLIER = 30 * MINUTE, 26 * HOUR


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """Return a configuration whose signal is a tenth of the usual in Europe: for half an hour, and once yesterday."""
    folder = tmp_path_factory.mktemp("answers")
    axis = Axis.between(NOW - 6 * DAY, NOW, MINUTE)
    day = 100.0 + 30.0 * np.sin(2.0 * math.pi * axis.times / DAY)
    values = day + np.random.default_rng(7).normal(0.0, 2.0, (2, axis.size))
    ago = NOW - axis.times
    values[0, (ago <= OUTAGE) | ((ago > EARLIER) & (ago <= EARLIER + 20 * MINUTE))] *= 0.1
    record(folder / "answers.jsonl", "checkout_rate", Frame(REGIONS, values, axis))
    (folder / "offkey.yml").write_text(
        "sources: {default: {kind: recorded, path: answers.jsonl}}\n"
        "signals:\n"
        "  - {name: checkout, query: checkout_rate, history: 4d, history_step: 5m, unit: orders/s}\n"
    )
    return folder / "offkey.yml"


def asked(capsys, config, *arguments):
    """Return what a command prints."""
    assert cli.run([*arguments, "--config.file", str(config), "--at", str(NOW)]) == 0
    return capsys.readouterr().out


def test_a_series_without_any_score_says_so_in_words(checkout, capsys):
    """A window before anything was learned has no highest score, and no warning of a library."""
    long_ago = NOW - 6 * DAY + HOUR
    code = cli.run(["score", "checkout", "--config.file", str(checkout), "--at", str(long_ago), "--since", "30m"])
    assert code == 0
    assert "up to unknown" in capsys.readouterr().out


def test_explain_says_seen_expected_since_when_and_what_was_like_it(checkout, capsys):
    """The outage is off key for half an hour, far below, and yesterday's is named as like it."""
    (found,) = json.loads(asked(capsys, checkout, "explain", "checkout", '{region="eu"}', "-o", "json"))["series"]
    assert found["series"] == {"region": "eu"}
    assert found["score"] > 1.0
    assert found["observed"] == pytest.approx(10.0, abs=2.0)
    assert found["expected"] == pytest.approx(100.0, abs=10.0)
    assert found["earlier"]["a day"] == pytest.approx(100.0, abs=10.0)
    assert found["episode"]["start"] == pytest.approx(NOW - OUTAGE, abs=2 * MINUTE)
    assert [one["start"] for one in found["past"]] == [pytest.approx(NOW - EARLIER - 20 * MINUTE, abs=10 * MINUTE)]
    text = asked(capsys, checkout, "explain", "checkout", '{region="eu"}')
    assert "OFF KEY" in text
    assert "below" in text


def test_without_a_selector_the_worst_series_comes_first(checkout, capsys):
    """Both are explained; the one that is off is on top, the other is as expected."""
    found = json.loads(asked(capsys, checkout, "explain", "checkout", "-o", "json"))["series"]
    assert [one["series"]["region"] for one in found] == ["eu", "us"]
    assert found[1]["score"] < 1.0
    assert found[1]["episode"] is None


def test_score_shows_what_the_live_program_would_have_said(checkout, capsys):
    """Sample by sample at the signal's step, nothing between 0 and 1 lost, as text and as JSON."""
    found = json.loads(asked(capsys, checkout, "score", "checkout", "--since", "1h", "-o", "json"))["series"]
    assert len(found[0]["time"]) == len(found[0]["score"]) in (60, 61)
    assert max(found[0]["score"][:25]) < 1.0 < min(found[0]["score"][-5:])
    assert 'checkout{region="eu"}' in asked(capsys, checkout, "score", "checkout", "--since", "1h")


def test_forecast_gives_each_horizon_with_its_bounds(checkout, capsys):
    """The healthy region rises with the day; bounds hold the point between them."""
    arguments = ("forecast", "checkout", '{region="us"}', "--horizon", "4h", "--horizon", "1h")
    (found,) = json.loads(asked(capsys, checkout, *arguments, "-o", "json"))["series"]
    assert [one["horizon"] for one in found["forecast"]] == ["1h", "4h"]
    for one, hour in zip(found["forecast"], (1, 4), strict=True):
        assert one["lower"] < one["point"] < one["upper"]
        assert one["point"] == pytest.approx(100.0 + 30.0 * math.sin(2.0 * math.pi * hour / 24.0), abs=8.0)
    assert "in   4h" in asked(capsys, checkout, *arguments)


def test_explain_says_why_a_sample_is_not_judged(checkout, capsys):
    """What Prometheus shows and offkey leaves out is named, and no part of the model has a say in it."""
    capped = checkout.with_name("capped.yml")
    capped.write_text(checkout.read_text().replace("unit: orders/s", "valid_range: [0, 60]"))
    text = asked(capsys, capped, "explain", "checkout", '{region="us"}')
    assert "unknown, the sample is not judged: it is outside valid_range" in text
    assert "nan" not in text


def test_a_wrong_selector_is_told_before_anything_is_read(tmp_path, capsys):
    """Nobody waits for a history to hear of a missing bracket."""
    (tmp_path / "offkey.yml").write_text(
        "sources: {default: {kind: recorded, path: absent.jsonl}}\nsignals: [{name: checkout, query: checkout_rate}]\n"
    )
    assert cli.run(["score", "checkout", "{region", "--config.file", str(tmp_path / "offkey.yml")]) == 2
    assert "write for example" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["explain", "chekout"], 'did you mean "checkout"'),
        (["explain", "checkout", "{region="], "write for example"),
        (["explain", "rate("], 'no signal is called "rate("; as a query: not PromQL: unclosed left parenthesis'),
        (["explain", "checkout", '{region="mars"}'], "matches no series"),
        (["forecast", "checkout", "--horizon", "90s"], "not a multiple of the step"),
        (["score", "checkout", "--at", "yesterday"], "is no time"),
        (["score", "checkout", "--since", "long"], "is not a duration"),
    ],
)
def test_a_wrong_question_is_answered_with_the_right_one(checkout, capsys, arguments, said):
    """Code 2 and the nearest fix."""
    now = [] if "--at" in arguments else ["--at", str(NOW)]
    assert cli.run([*arguments, "--config.file", str(checkout), *now]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ([], ""),
        ([1.0, 1.0], "▄▄"),
        ([0.0, 1.0], "▁█"),
        ([0.0, math.nan, 1.0], "▁ █"),
        ([math.nan, math.nan], "  "),
        ([0.0, 0.0, 8.0, 8.0], "▁▁██"),
    ],
)
def test_a_sparkline_spans_its_own_range(values, line):
    """Lowest to highest; a missing sample is a blank, a flat line lies in the middle."""
    assert sparkline(np.array(values), 4) == line


def test_a_sparkline_is_no_wider_than_asked():
    """Samples that share a cell are averaged."""
    assert sparkline(np.arange(100.0), 8) == "▁▂▃▄▅▆▇█"


def test_explain_tells_what_a_choosing_detector_chose(checkout, capsys):
    """With `auto`, the candidate that judges the series and the costs of all of them are said."""
    chosen = checkout.with_name("auto.yml")
    kind = "detector: {kind: auto, candidates: [seasonal, holt_winters]}, history: 4d"
    chosen.write_text(checkout.read_text("utf-8").replace("history: 4d", kind))
    text = asked(capsys, chosen, "explain", "checkout", '{region="us"}')
    assert re.search(r"  judged by (seasonal|holt_winters); costs of 99\.9 % bands over \d+ past samples: ", text)


def test_a_series_is_called_by_its_signal_and_not_by_its_metric():
    """Two names in a row would read as one."""
    assert named(Signal("length", "queue_length"), Labels.of(__name__="queue_length", job="a")) == 'length{job="a"}'
