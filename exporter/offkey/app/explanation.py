"""Why a series is judged as it is, in words and numbers."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from offkey.app.asking import named, told
from offkey.app.wording import counted
from offkey.core.durations import DAY, HOUR, WEEK, format_duration
from offkey.core.labels import Labels
from offkey.core.ports import Choosing
from offkey.engine.humanize import spoken
from offkey.engine.inquiry import Episode, Inquiry, episodes, similar
from offkey.engine.quality import GAP, NOT_FINITE, OUT_OF_RANGE, TOO_LARGE

BEFORE = {"an hour": HOUR, "a day": DAY, "a week": WEEK}
MOST_EPISODES = 3
LEAST_PART = 0.005  # of the bound: less says nothing
FAULTS = {
    GAP: "its range holds fewer raw samples than usual",
    NOT_FINITE: "it is no finite number",
    OUT_OF_RANGE: "it is outside valid_range",
    TOO_LARGE: "it is too large to be true",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """One series at one instant; numbers are in the signal's unit, NaN = unknown.

    Attributes:
        series: which series.
        at: instant of the sample, Unix seconds.
        observed: the sample.
        expected: what was expected.
        lower: lower edge of the band.
        upper: upper edge of the band.
        score: 0 as expected, 1 at the bound, above 1 outside.
        objection: the model's own measure as a share of its bound, before the signal's policy.
        earlier: the samples an hour, a day and a week before.
        parts: what each part of the model adds to the objection.
        left_out: why the sample counts as missing although the source gave one; empty otherwise.
        choice: what judges the series and why, where the detector chooses; empty otherwise.
        episode: the anomaly that is open, if one is.
        past: episodes of the replayed past that are like it, or the latest ones.
        episodes: how many the replayed past has.
        replayed: seconds of past that were replayed.
    """

    series: Labels
    at: int
    observed: float
    expected: float
    lower: float
    upper: float
    score: float
    objection: float
    earlier: dict[str, float]
    parts: dict[str, float]
    left_out: str
    choice: str
    episode: Episode | None
    past: tuple[Episode, ...]
    episodes: int
    replayed: int


def explain(inquiry: Inquiry, row: int) -> Explanation:
    """Return why one series of an inquiry is judged as it is."""
    recent = inquiry.recent
    axis, band = recent.frame.axis, recent.band
    lately = episodes(recent, row)
    is_open = bool(recent.opened[row, -1])
    episode = lately[-1] if is_open else None
    known = _past_episodes(inquiry, recent.frame.series[row])
    bound = inquiry.memory.ledger["bound"][row]
    return Explanation(
        series=recent.frame.series[row],
        at=axis.end,
        observed=float(recent.frame.values[row, -1]),
        expected=float(band.expected[row, -1]),
        lower=float(band.lower[row, -1]),
        upper=float(band.upper[row, -1]),
        score=float(recent.score[row, -1]),
        objection=float(recent.strangeness[row, -1] / bound),
        earlier=dict(_earlier(inquiry, row)),
        parts={words: float(part[row] / bound) for words, part in inquiry.parts.items()},
        left_out=_left_out(inquiry, row),
        choice=_choice(inquiry, row),
        episode=episode,
        past=similar(episode, known, MOST_EPISODES) if episode else known[-MOST_EPISODES:],
        episodes=len(known),
        replayed=inquiry.past.frame.axis.size * inquiry.past.frame.axis.step,
    )


def _past_episodes(inquiry: Inquiry, labels: Labels) -> tuple[Episode, ...]:
    series = inquiry.past.frame.series
    return episodes(inquiry.past, series.index(labels)) if labels in series else ()


def _choice(inquiry: Inquiry, row: int) -> str:
    detector, labels = inquiry.plan.detector, inquiry.recent.frame.series[row]
    return detector.reasons(inquiry.memory.detector.align((labels,)))[0] if isinstance(detector, Choosing) else ""


def _left_out(inquiry: Inquiry, row: int) -> str:
    examined = inquiry.recent.examined
    labels = examined.frame.series[row]
    faults = [FAULTS.get(fault.kind, fault.kind) for fault in examined.faults if fault.labels == labels]
    is_missing = bool(np.isnan(examined.frame.values[row, -1]))
    if not faults and is_missing and examined.reports is not None and examined.reports.present[row, -1]:
        return "there is less traffic than the floor"
    return "; ".join(faults)


def _earlier(inquiry: Inquiry, row: int) -> Iterator[tuple[str, float]]:
    """Yield the sample at the same time on earlier occasions, as far as it is known."""
    labels, now = inquiry.recent.frame.series[row], inquiry.recent.frame.axis.end
    for words, seconds in BEFORE.items():
        for frame in (inquiry.recent.frame, inquiry.past.frame):
            axis = frame.axis
            column = (now - seconds - axis.start) // axis.step
            if labels in frame.series and 0 <= column < axis.size:
                value = float(frame.values[frame.series.index(labels), column])
                if not np.isnan(value):
                    yield words, value
                    break


def sentences(inquiry: Inquiry, found: Explanation) -> Iterator[str]:
    """Yield the explanation as lines for a terminal."""
    signal = inquiry.plan.signal
    say = spoken(signal.unit)

    def number(value: float) -> str:
        return "unknown" if np.isnan(value) else f"{say.say(value)}{say.suffix}"

    yield f"{named(signal, found.series)} at {told(found.at)}: {_state(found)}"
    yield f"  seen      {number(found.observed)}"
    yield f"  expected  {number(found.expected)}, from {number(found.lower)} to {number(found.upper)}{_away(found)}"
    for words, value in found.earlier.items():
        yield f"  {words} before: {number(value)}"
    if found.episode:
        began, worst = found.episode.start, found.episode
        lasting = format_duration(found.at - began)
        yield f"  open since {told(began)} ({lasting}), worst at {told(worst.worst_at)} with score {worst.worst:.2f}"
    telling = {words: share for words, share in found.parts.items() if share >= LEAST_PART}
    for words, share in sorted(telling.items(), key=lambda part: -part[1]):
        yield f"  {share:5.2f} of the bound from {words}"
    if found.choice:
        yield f"  judged by {found.choice}"
    if found.objection > 1 >= found.score:
        yield f"  the model objects ({found.objection:.2f} of its bound), the signal's policy does not: direction"
        yield f"  {signal.direction}, least deviation {number(signal.least_absolute)} and {signal.least_relative:.0%}"
    yield from _history(found)


def _state(found: Explanation) -> str:
    if np.isnan(found.score):
        if not np.isnan(found.observed):
            return "unknown, not enough was seen yet"
        return (
            f"unknown, the sample is not judged: {found.left_out}" if found.left_out else "unknown, there is no sample"
        )
    word = "OFF KEY" if found.score > 1 else "coming back" if found.episode else "as expected"
    return f"{word}, score {found.score:.2f} (1 is the bound)"


def _away(found: Explanation) -> str:
    if np.isnan(found.observed - found.expected) or not found.expected:
        return ""
    share = (found.observed - found.expected) / abs(found.expected)
    return f"; {abs(share):.1%} {'above' if share > 0 else 'below'}"


def _history(found: Explanation) -> Iterator[str]:
    window = format_duration(found.replayed)
    if not found.past:
        like = " like it" if found.episode else ""
        yield f"  no episode{like} in the {window} before"
        return
    count = counted(found.episodes, "episode")
    yield f"  {count} in the {window} before, {'most like it' if found.episode else 'the latest'}:"
    for one in found.past:
        side = "above" if one.is_above else "below"
        lasting = format_duration(one.seconds) if one.seconds else "one sample"
        yield f"    {told(one.start)}  {lasting}, {side}, score {one.worst:.2f}"
