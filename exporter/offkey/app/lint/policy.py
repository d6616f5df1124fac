"""What a house asks of its rules beyond what is right for everybody: the `lint` section of offkey.yml."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from offkey.app.fields import LabelName, Pause, Strict, refuse, shown


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        refuse(f"{shown(value)} is not a regular expression: {error}")
    return value


Pattern = Annotated[str, AfterValidator(_pattern)]


class Durations(Strict):
    """How long a time must be and may be."""

    min: Pause | None = None
    """Least time."""
    max: Pause | None = None
    """Longest time."""


class LintPolicy(Strict):
    """What `offkey check rules` asks of rules; regular expressions match whole values."""

    severity: dict[str, Literal["off", "info", "warning", "error"]] = Field(default_factory=dict)
    """How bad what a check finds is, by its code; `off` leaves it out."""
    labels: dict[LabelName, Pattern] = Field(default={"severity": ".+"})
    """Labels every alert must have, and what their values may be."""
    annotations: dict[LabelName, Pattern] = Field(default={"summary": ".+"})
    """Annotations every alert must have, and what their texts may be."""
    alert_name: Pattern = "[A-Z][A-Za-z0-9]*"
    """What names of alerts look like."""
    record_name: Pattern = "[a-zA-Z0-9_]*:[a-zA-Z0-9_:]+"
    """What names of recorded series look like."""
    hold: Durations = Field(default=Durations(), alias="for")
    """Bounds of `for`."""
    keep_firing_for: Durations = Durations()
    """Bounds of `keep_firing_for`."""
    owners: list[str] = Field(default=[])
    """Who may own rules, named by `# offkey owner NAME`; an empty list asks for no owner."""
    reject: list[Pattern] = Field(default=[])
    """Values that no label and no annotation may have."""
    selectors: list[LabelName] = Field(default=[])
    """Labels that every selector must match on, for example `cluster`."""
    keep_labels: list[LabelName] = Field(default=[])
    """Labels that no aggregation may drop, for example `job`."""
