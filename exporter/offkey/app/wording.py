"""Words that several outputs share."""

import math

TOO_FEW = "its past holds too few samples to judge by"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural unless it is one."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def figure(value: float) -> str:
    """Return a number in two digits; a dash where it is not known."""
    return "-" if math.isnan(value) else f"{value:.2g}"


def share(value: float) -> str:
    """Return a share of 1 in percent; a dash where it is not known."""
    return "-" if math.isnan(value) else f"{value:.0%}"


def known(value: float) -> float | None:
    """Return a number for a program to read: three decimals, nothing where it is not known."""
    return None if math.isnan(value) else round(value, 3)
