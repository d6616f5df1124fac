"""Numbers as Prometheus' alert templates say them, so that a generated test can expect the exact text.

Source: the functions humanize, humanize1024, humanizeDuration and humanizePercentage of Prometheus' template reference;
the tests compare every one with promtool.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from offkey.core.durations import DAY, HOUR, MINUTE

_LARGE = ("", "k", "M", "G", "T", "P", "E", "Z", "Y")
_SMALL = ("", "m", "u", "n", "p", "f", "a", "z", "y")
_BINARY = ("", "ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi")


@dataclass(frozen=True, slots=True)
class Spoken:
    """How a unit is said: the template function, the same in Python, and what follows the number."""

    function: str
    say: Callable[[float], str]
    suffix: str = ""


def spoken(unit: str) -> Spoken:
    """Return how values of a unit are said in an alert."""
    match unit:
        case "ratio":
            return Spoken("humanizePercentage", humanize_percentage)
        case "seconds":
            return Spoken("humanizeDuration", humanize_duration)
        case "bytes":
            return Spoken("humanize1024", humanize_1024, "B")
        case _:
            return Spoken("humanize", humanize, f" {unit}" if unit else "")


def humanize(value: float) -> str:
    """Return a number with a metric prefix, four significant digits: 12345 -> 12.35k, 0.0012 -> 1.2m."""
    if value == 0 or not math.isfinite(value):
        return _four_digits(value)
    if abs(value) >= 1:
        return _prefixed(value, _LARGE, lambda rest: abs(rest) >= 1000, 1 / 1000)
    return _prefixed(value, _SMALL, lambda rest: abs(rest) < 1, 1000)


def humanize_1024(value: float) -> str:
    """Return a number with a binary prefix: 1536 -> 1.5ki."""
    if abs(value) <= 1 or not math.isfinite(value):
        return _four_digits(value)
    return _prefixed(value, _BINARY, lambda rest: abs(rest) >= 1024, 1 / 1024)


def humanize_percentage(value: float) -> str:
    """Return a ratio as per cent: 0.3127 -> 31.27%."""
    return _four_digits(value * 100) + "%"


def humanize_duration(value: float) -> str:
    """Return seconds in the units people use: 0.0042 -> 4.2ms, 3700 -> 1h 1m 40s."""
    if value == 0 or not math.isfinite(value):
        return _four_digits(value) + ("s" if value == 0 else "")
    if abs(value) < 1:
        return _prefixed(value, _SMALL, lambda rest: abs(rest) < 1, 1000) + "s"
    whole, sign = int(abs(value)), "-" if value < 0 else ""
    if whole < MINUTE:
        return f"{sign}{_four_digits(abs(value))}s"
    parts = [(whole // DAY, "d"), (whole // HOUR % 24, "h"), (whole // MINUTE % 60, "m"), (whole % MINUTE, "s")]
    while parts[0][0] == 0:
        parts = parts[1:]
    return sign + " ".join(f"{count}{unit}" for count, unit in parts)


def _prefixed(value: float, prefixes: tuple[str, ...], go_on: Callable[[float], bool], factor: float) -> str:
    chosen = 0
    while go_on(value) and chosen < len(prefixes) - 1:
        value = value * factor if factor > 1 else value / round(1 / factor)
        chosen += 1
    return _four_digits(value) + prefixes[chosen]


def _four_digits(value: float) -> str:
    """Return Go's %.4g."""
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return "NaN" if math.isnan(value) else f"{value:.4g}"
