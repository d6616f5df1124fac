"""Plans and frames for the engine's tests."""

from dataclasses import replace

import numpy as np
import pytest
from paper import SIGNAL, Fixed, Flat, Steady

from offkey.core.frame import Axis, Frame
from offkey.core.labels import Labels
from offkey.engine.plan import Plan


@pytest.fixture
def planned():
    """Return a function that builds a plan with small models, the signal changed as asked."""

    def build(bound=10.0, **changes):
        return Plan(replace(SIGNAL, **changes), Steady(), Flat(), Fixed(bound))

    return build


@pytest.fixture
def framed():
    """Return a function that builds a frame of series a, b, ... a minute apart."""

    def build(*rows, start=0):
        values = np.array(rows, float)
        names = tuple(Labels.of(name=name) for name in "abcdef"[: len(rows)])
        return Frame(names, values, Axis(start, 60, values.shape[1]))

    return build
