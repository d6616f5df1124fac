"""What a measurement is, and how it is taken."""

import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROUNDS = 7


@dataclass(frozen=True)
class Figure:
    """One measured number.

    Attributes:
        stage: part of the path.
        name: what was measured; a ratio's name ends in `_ratio`.
        series: how many series were watched, 0 where that does not matter.
        value: in `unit`.
        better: whether more or less is better; what a budget limits.
    """

    stage: str
    name: str
    series: int
    value: float
    unit: str
    better: str = "more"

    @property
    def key(self) -> str:
        """Name in the budget."""
        return f"{self.stage}.{self.name}.{self.series}" if self.series else f"{self.stage}.{self.name}"

    def row(self) -> dict[str, object]:
        """Return the figure as JSON."""
        return asdict(self)


def cpu(run: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Return the median seconds of CPU a call takes; the first one does not count."""
    return statistics.median(spent(run, rounds))


def spent(run: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """Return the seconds of CPU of each call but the first."""
    run()
    seconds = []
    for _ in range(rounds):
        began = time.process_time()
        run()
        seconds.append(time.process_time() - began)
    return seconds


def side_by_side(*runs: Callable[[], object], rounds: int = ROUNDS) -> tuple[float, ...]:
    """Return the median seconds of CPU of several calls that take turns, so that a busy machine troubles all alike."""
    turns = [[spent(run, 1)[0] for run in runs] for _ in range(rounds)]
    return tuple(statistics.median(turn[k] for turn in turns) for k in range(len(runs)))


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which a share of the values lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def process_cpu(pid: int) -> float:
    """Return the seconds of CPU another process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def process_memory(pid: int) -> int:
    """Return the bytes of memory another process holds now."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
