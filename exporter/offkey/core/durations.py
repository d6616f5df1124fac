"""Durations as Prometheus writes them ("5m", "1h30m") to and from whole seconds."""

import re

UNITS = {"y": 31_536_000, "w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_SHAPE = re.compile("".join(rf"(?:(\d+){unit})?" for unit in UNITS))

MINUTE = UNITS["m"]
HOUR = UNITS["h"]
DAY = UNITS["d"]
WEEK = UNITS["w"]


def parse_duration(text: str) -> int:
    """Return the seconds of a Prometheus duration.

    Args:
        text: units from large to small, each at most once, for example `1h30m`.

    Raises:
        ValueError: `text` is not such a duration, or is finer than a second.
    """
    match = _SHAPE.fullmatch(text)
    if match is None or not text:
        msg = f'"{text}" is not a duration in whole seconds; write for example 30s, 5m, 1h30m, 14d'
        raise ValueError(msg)
    return sum(int(count) * size for count, size in zip(match.groups(), UNITS.values(), strict=True) if count)


def format_duration(seconds: int) -> str:
    """Return the shortest Prometheus duration of a number of seconds; weeks and years are written as days."""
    if seconds <= 0:
        return "0s"
    text, rest = "", int(seconds)
    for unit in "dhms":
        count, rest = divmod(rest, UNITS[unit])
        text += f"{count}{unit}" if count else ""
    return text
