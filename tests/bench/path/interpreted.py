"""Score one series in plain Python: NUMBA_DISABLE_JIT=1 python -m tests.bench.path.interpreted STEPS."""

import math
import sys
import time

from offkey.core.durations import DAY
from offkey.core.frame import Axis, Frame
from offkey.models import logarithm

from . import fleet


def main(steps: int) -> float:
    """Return the seconds of CPU of one step."""
    for name, plain in (("ln", math.log), ("ex", math.exp)):  # ours work in compiled code alone
        ours = getattr(logarithm, name)
        for module in [one for one in sys.modules.values() if getattr(one, name, None) is ours]:
            setattr(module, name, plain)
    series, model = fleet.labels(1), fleet.plan().detector
    past, now = Axis.between(fleet.NOW - 2 * DAY, fleet.NOW, 300), Axis(fleet.NOW + 60, 60, 1)
    state = model.fit(Frame(series, fleet.values(1, past), past))
    frame = Frame(series, fleet.values(1, now), now)
    began = time.process_time()
    for _ in range(steps):
        model.score(state, frame)
    return (time.process_time() - began) / steps


if __name__ == "__main__":
    sys.stdout.write(f"{main(int(sys.argv[1]))}\n")
