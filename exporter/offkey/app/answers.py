"""Print what was asked about one signal."""

import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np

from offkey.app.asking import Question, named
from offkey.app.explanation import Explanation, sentences
from offkey.app.explanation import explain as explained
from offkey.app.progress import waiting
from offkey.app.sparkline import sparkline
from offkey.core.durations import format_duration
from offkey.core.errors import ConfigError
from offkey.core.findings import Forecast
from offkey.core.frame import IntArray
from offkey.engine.humanize import spoken
from offkey.engine.inquiry import Inquiry

MOST_SHOWN = 10  # series in a text; JSON has them all
WIDTH = 60


@dataclass(frozen=True, slots=True)
class Answer:
    """An inquiry and the series that were asked about, worst first."""

    inquiry: Inquiry
    rows: IntArray


def ask(subject: str, selector: str, at: int, recent: int, *, config_file: Path | None, prometheus_url: str) -> Answer:
    """Return the answer to a question.

    Raises:
        ConfigError: no configuration, an unknown signal, or a selector that matches nothing.
        SourceError: the source gives no usable answer.
    """
    question = Question(subject, selector, at, recent)
    with waiting("reading and learning the past"):
        inquiry = question.answered(config_file, prometheus_url)
    rows = question.rows(inquiry.recent.frame.series)
    score = np.nan_to_num(inquiry.recent.score[rows, -1], nan=-1.0)
    return Answer(inquiry, rows[np.argsort(-score, kind="stable")])


def explain(answer: Answer, output: str) -> None:
    """Print why each series is judged as it is."""
    inquiry = answer.inquiry
    if output == "json":
        _print_json(inquiry, [_facts(explained(inquiry, row)) for row in answer.rows.tolist()])
        return
    for row in _shown(answer):
        for line in sentences(inquiry, explained(inquiry, row)):
            click.echo(line)


def _facts(found: Explanation) -> dict[str, Any]:
    return {**asdict(found), "series": dict(found.series)}


def score(answer: Answer, output: str) -> None:
    """Print the recent samples, bands and scores."""
    recent, signal = answer.inquiry.recent, answer.inquiry.plan.signal
    columns = {
        "observed": recent.frame.values,
        "expected": recent.band.expected,
        "lower": recent.band.lower,
        "upper": recent.band.upper,
        "score": recent.score,
    }
    if output == "json":
        rows = [
            {"series": dict(recent.frame.series[row]), **{name: values[row] for name, values in columns.items()}}
            for row in answer.rows.tolist()
        ]
        _print_json(answer.inquiry, [{"time": recent.frame.axis.times, **_plain(row)} for row in rows])
        return
    say = spoken(signal.unit)
    for row in _shown(answer):
        now = {name: values[row, -1] for name, values in columns.items()}
        words = "  ".join(f"{name} {_said(now[name], say.say, say.suffix)}" for name in columns if name != "score")
        off = bool(now["score"] > 1)
        click.secho(
            f"{named(signal, recent.frame.series[row])}  score {_said(now['score'], '{:.2f}'.format)}", bold=off
        )
        click.echo(f"  {words}")
        click.echo(f"  observed  {sparkline(columns['observed'][row], WIDTH)}")
        worst = float(np.fmax.reduce(columns["score"][row]))
        click.echo(f"  score     {sparkline(columns['score'][row], WIDTH)}  up to {_said(worst, '{:.2f}'.format)}")


def forecast(answer: Answer, horizons: tuple[int, ...], output: str) -> None:
    """Print the forecast at each horizon.

    Raises:
        ConfigError: a horizon that is no multiple of the signal's step, or none at all.
    """
    inquiry = answer.inquiry
    signal, frame = inquiry.plan.signal, inquiry.recent.frame
    asked = sorted(set(horizons or signal.horizons))
    if not asked:
        msg = f"{signal.name}: has no forecast horizons; give --horizon"
        raise ConfigError(msg)
    if wrong := [horizon for horizon in asked if horizon <= 0 or horizon % signal.step]:
        msg = f"--horizon: {format_duration(wrong[0])} is not a multiple of the step, {format_duration(signal.step)}"
        raise ConfigError(msg)
    step = math.gcd(*asked)
    whole = inquiry.plan.forecaster.forecast(inquiry.memory.forecaster, frame.future(asked[-1] // step, step))
    low, high = signal.span
    whole = Forecast(*(np.clip(side, low, high) for side in (whole.point, whole.lower, whole.upper)))
    if output == "json":
        _print_json(inquiry, [_ahead(inquiry, whole, row, asked, step) for row in answer.rows.tolist()])
        return
    say = spoken(signal.unit)
    for row in _shown(answer):
        past = sparkline(frame.values[row], WIDTH)
        click.secho(named(signal, frame.series[row]), bold=True)
        click.echo(f"  {past}  {_said(frame.values[row, -1], say.say, say.suffix)} now")
        for one in _ahead(inquiry, whole, row, asked, step)["forecast"]:
            point, lower, upper = (_said(one[side], say.say, say.suffix) for side in ("point", "lower", "upper"))
            lower = lower.removesuffix(say.suffix) if say.suffix.startswith(" ") else lower  # a word is said once
            click.echo(f"  in {one['horizon']:>4}  {point}, from {lower} to {upper}")


def _ahead(inquiry: Inquiry, whole: Forecast, row: int, horizons: list[int], step: int) -> dict[str, Any]:
    found = []
    for horizon in horizons:
        place = horizon // step - 1
        sides = {side: float(getattr(whole, side)[row, place]) for side in ("point", "lower", "upper")}
        found.append({"horizon": format_duration(horizon), **sides})
    return {"series": dict(inquiry.recent.frame.series[row]), "forecast": found}


def _shown(answer: Answer) -> Iterator[int]:
    yield from answer.rows[:MOST_SHOWN].tolist()
    if answer.rows.size > MOST_SHOWN:
        click.echo(f"and {answer.rows.size - MOST_SHOWN} more; name labels, or take -o json", err=True)


def _said(value: float, say: Any, suffix: str = "") -> str:  # noqa: ANN401 (any way to say a number)
    return "unknown" if np.isnan(value) else f"{say(value)}{suffix}"


def _print_json(inquiry: Inquiry, rows: list[dict[str, Any]]) -> None:
    signal, axis = inquiry.plan.signal, inquiry.recent.frame.axis
    head = {"version": 1, "signal": signal.name, "query": signal.query, "unit": signal.unit, "at": axis.end}
    click.echo(json.dumps({**head, "series": [_plain(row) for row in rows]}, indent=2))


def _plain(value: Any) -> Any:  # noqa: ANN401 (whatever JSON can hold)
    """Return a value as JSON has it; unknown numbers are null."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, np.ndarray | list | tuple):
        return [_plain(one) for one in (value.tolist() if isinstance(value, np.ndarray) else value)]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
