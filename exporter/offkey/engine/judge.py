"""From strangeness to a score that means the same everywhere, with the signal's policy applied."""

from dataclasses import dataclass

import numpy as np

from offkey.core.findings import Band
from offkey.core.frame import Array, BoolArray
from offkey.core.signals import Signal

# Deviations within so many standard errors of counting are chance, however regular the past was.
CHANCE = 5.0


@dataclass(frozen=True, slots=True)
class Judged:
    """Scores and the band they belong to, (S, T) each; NaN = unknown."""

    score: Array
    band: Band


def judge(signal: Signal, values: Array, strangeness: Array, bound: Array, band: Band, events: Array) -> Judged:
    """Return the score (0 expected, 1 the bound, above 1 outside) and the band with the policy applied.

    Args:
        signal: direction, least deviations and what limits the precision.
        values: samples, (S, T), own unit.
        strangeness: the detector's measure, (S, T).
        bound: strangeness at the learned bound, (S,).
        band: the detector's expectation and bound, (S, T); NaN where it has none: then strangeness alone decides.
        events: counted events behind each sample, (S, T), see `quality.Examined`.
    """
    deviation = values - band.expected
    least = least_deviation(signal, band.expected, events)
    with np.errstate(invalid="ignore", divide="ignore"):
        score = np.fmin(strangeness / bound[:, None], np.abs(deviation) / least)  # where nothing is least, the former
    if signal.direction != "both":
        score = np.where(_unwatched(signal, deviation), 0.0, score)
    score = np.where(np.isnan(strangeness) | np.isnan(values), np.nan, score)
    return Judged(score, _widen(signal, band, least))


def alertable(signal: Signal, values: Array, strangeness: Array, band: Band, events: Array) -> Array:
    """Return the strangeness that policy lets count, (S, T): 0 on the unwatched side and within the least deviation."""
    deviation = values - band.expected
    with np.errstate(invalid="ignore"):
        small = np.abs(deviation) <= least_deviation(signal, band.expected, events)
        muted = small | _unwatched(signal, deviation)
    return np.where(muted & ~np.isnan(strangeness), 0.0, strangeness)


def least_deviation(signal: Signal, expected: Array, events: Array) -> Array:
    """Return the smallest deviation that may alert, (S, T), own unit: what was asked, and what chance alone explains.

    Counts vary by their square root, shares by sqrt(p (1 - p) / n) with one success and one failure added, so that
    a series that never varied still has a finite precision (Agresti and Coull (1998), Am. Stat. 52:119-126).
    """
    least = np.maximum(signal.least_absolute, signal.least_relative * np.abs(expected))
    if signal.kind == "count":
        chance = np.sqrt(np.maximum(expected * events, 0.0) + 1.0) / events
    elif signal.kind == "ratio":
        total = events + 2.0
        share = (np.clip(expected, 0.0, 1.0) * events + 1.0) / total
        chance = np.sqrt(share * (1.0 - share) / total)
    else:
        return np.asarray(least, np.float64)
    return np.fmax(least, CHANCE * chance)


def held(judged: Judged, muted: BoolArray) -> Judged:
    """Return what was judged with no score above the bound where a calendar mutes, (S, T)."""
    return Judged(np.where(muted, np.minimum(judged.score, 1.0), judged.score), judged.band)


def open_close(score: Array, was_open: BoolArray, dead_band: float, muted: BoolArray) -> BoolArray:
    """Return which anomalies are open after each column, (S, T): opened above 1, closed at 1 - dead_band or below.

    An unknown score leaves what was open as it was; where a calendar mutes, (S, T), none is.
    """
    opened = np.empty(score.shape, bool)
    now = was_open
    for column in range(score.shape[1]):
        value = score[:, column]
        with np.errstate(invalid="ignore"):
            now = np.where(np.isnan(value), now, (value > 1.0) | (now & (value > 1.0 - dead_band))) & ~muted[:, column]
        opened[:, column] = now
    return opened


def _unwatched(signal: Signal, deviation: Array) -> BoolArray:
    if signal.direction == "above":
        return np.asarray(deviation < 0)
    if signal.direction == "below":
        return np.asarray(deviation > 0)
    return np.zeros(deviation.shape, bool)


def _widen(signal: Signal, band: Band, least: Array) -> Band:
    low, high = signal.span
    return Band(
        expected=np.clip(band.expected, low, high),
        lower=np.clip(np.minimum(band.lower, band.expected - least), low, high),
        upper=np.clip(np.maximum(band.upper, band.expected + least), low, high),
    )
