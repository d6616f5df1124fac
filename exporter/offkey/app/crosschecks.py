"""What must hold between the keys of one signal, and what follows from them when it is not written."""

from collections.abc import Collection, Iterator

from offkey.app import kinds, promql, schema
from offkey.app.fields import nearest
from offkey.app.yamlfile import Finding
from offkey.core.durations import MINUTE, format_duration

MOST_POINTS = 11_000  # samples a series in one answer. Source: Prometheus web/api/v1/api.go, queryRange


def problems(signal: schema.Signal, sources: Collection[str]) -> Iterator[Finding]:
    """Yield the route inside the signal and the words for everything that does not fit together."""
    if signal.source not in sources:
        have = ", ".join(sorted(sources))
        yield Finding(
            ("source",), f'no source is called "{signal.source}"{nearest(signal.source, sources)} (have: {have})'
        )
    yield from _values(signal)
    yield from _times(signal)
    yield from _counts(signal)
    for key, package in (("detector", kinds.DETECTORS), ("forecaster", kinds.FORECASTERS)):
        kind, options = choice(getattr(signal, key))
        yield from (found._replace(route=(key, *found.route)) for found in kinds.problems(package, kind, options))


def resolved(signal: schema.Signal) -> schema.Signal:
    """Return the signal with the keys that follow from others filled in."""
    found: dict[str, object] = {}
    if signal.history_step is None:
        found["history_step"] = history_step(signal.step, signal.history)
    if signal.events_per_unit is None and signal.kind == "count":
        found["events_per_unit"] = promql.events_per_unit(signal.query)
    traffic = signal.traffic
    if traffic is not None and traffic.events_per_unit is None:
        counted = promql.events_per_unit(traffic.query)
        found["traffic"] = traffic.model_copy(update={"events_per_unit": counted})
    return signal.model_copy(update=found)


def history_step(step: int, history: int) -> int:
    """Return the shortest multiple of a step of at least a minute that reads at most 11,000 samples, seconds."""
    shortest = max(MINUTE, -(-history // MOST_POINTS))
    return -(-shortest // step) * step


def choice(chosen: str | schema.Plugin) -> tuple[str, dict[str, object]]:
    """Return a plug-in's kind and options, however they were written."""
    return (chosen, {}) if isinstance(chosen, str) else (chosen.kind, dict(chosen.model_extra or {}))


def _values(signal: schema.Signal) -> Iterator[Finding]:
    limit = signal.forecast.limit
    for key in ("valid_range", "scale"):
        low, high = getattr(signal, key)
        if low is not None and high is not None and low >= high:
            yield Finding((key,), f"{low:g} is not below {high:g}; write the lowest value first")
        if limit is not None and _is_outside(limit, low, high):
            yield Finding(("forecast", "limit"), f"{limit:g} lies outside {key}, so it can never be reached")
    for end in signal.scale:
        if end is not None and _is_outside(end, *signal.valid_range):
            yield Finding(("scale",), f"{end:g} lies outside valid_range, so no sample can be there")


def _is_outside(value: float, low: float | None, high: float | None) -> bool:
    return (low is not None and value < low) or (high is not None and value > high)


def _times(signal: schema.Signal) -> Iterator[Finding]:
    step = format_duration(signal.step)
    for place, horizon in enumerate(signal.forecast.horizons):
        if horizon % signal.step:
            yield Finding(
                ("forecast", "horizons", place), f"{format_duration(horizon)} is not a multiple of the step, {step}"
            )
        if place and horizon <= signal.forecast.horizons[place - 1]:
            yield Finding(
                ("forecast", "horizons", place), f"{format_duration(horizon)} does not come after the one before it"
            )
    past = signal.history_step
    if past is not None and past % signal.step:
        near = format_duration(max(1, round(past / signal.step)) * signal.step)
        yield Finding(
            ("history_step",),
            f"{format_duration(past)} is not a multiple of the step, {step}; write for example {near}",
        )
    if signal.history < 2 * (past or signal.step):
        yield Finding(("history",), f"{format_duration(signal.history)} holds fewer than two samples")


def _counts(signal: schema.Signal) -> Iterator[Finding]:
    unknown = "missing, and the query is no plain rate or increase that would tell it; write 300 for a rate over 5m"
    if signal.kind == "count" and signal.events_per_unit is None and promql.events_per_unit(signal.query) is None:
        yield Finding(("events_per_unit",), unknown)
    traffic = signal.traffic
    if traffic is not None and traffic.events_per_unit is None and promql.events_per_unit(traffic.query) is None:
        yield Finding(("traffic", "events_per_unit"), unknown)
