"""Costs of rival ways, measured in turns so that a busy machine burdens all alike."""

import resource
import statistics
import time
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Cost:
    """Medians over the rounds: seconds of wall time, of own CPU and of the server's."""

    wall: float
    own: float
    server: float

    @property
    def both(self):
        """Own and server CPU."""
        return self.own + self.server


def costs(ways, rounds, server):
    """Return the cost of each way, a function without arguments; the first round only warms up."""
    seen = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, way in ways.items():
            before, start, used = server.cpu, time.perf_counter(), own_cpu()
            way()
            cost = (time.perf_counter() - start, own_cpu() - used, server.cpu - before)
            if turn:
                seen[name].append(cost)
    return {name: Cost(*(statistics.median(one[k] for one in found) for k in range(3))) for name, found in seen.items()}


def own_cpu():
    """Return the CPU seconds of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def table(found):
    """Return costs as text."""
    lines = [f"{'':44}{'wall s':>9}{'own CPU s':>11}{'server CPU s':>14}"]
    lines += [f"{name:44}{cost.wall:9.3f}{cost.own:11.3f}{cost.server:14.3f}" for name, cost in found.items()]
    return "\n".join(lines)


def plain(found):
    """Return costs as JSON holds them."""
    return {name: asdict(cost) for name, cost in found.items()}
