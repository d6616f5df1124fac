"""What one look found."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "failed"]


@dataclass(frozen=True, slots=True)
class Checkup:
    """One look at one thing.

    Attributes:
        subject: what was looked at.
        state: whether it is as it should be.
        found: what was seen, in words and numbers.
        advice: what to do about it; empty when nothing is to be done.
    """

    subject: str
    state: State
    found: str
    advice: str = ""
