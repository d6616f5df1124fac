"""How good the forecasts of a signal really were: each is kept until its instant comes, and compared with what came."""

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from offkey.core.durations import DAY
from offkey.core.frame import Array, Frame
from offkey.core.labels import Labels
from offkey.core.state import State
from offkey.engine.outlook import Outlook
from offkey.models.grid import BIN

# Series that are followed: their share says enough about a signal, and a day of forecasts of all would cost too much.
MOST = 200
# Comparisons over which they are forgotten: about a day.
MEMORY = DAY / BIN


@dataclass(frozen=True, slots=True)
class Said:
    """What was seen and forecast at some instant.

    Attributes:
        time: the instant, Unix seconds.
        rows: `seen` (S,), and `point`, `lower`, `upper` at each horizon (S, H).
    """

    time: int
    rows: State


@dataclass(slots=True)
class TrackRecord:
    """Follows the forecasts of one signal from the start of this process on.

    Attributes:
        horizons: distances in seconds.
        waiting: forecasts whose instants have not all come, and what was seen a day ago, in order.
        kept: running means `inside`, `miss` and `naive` (what repeating the last day misses) of each series, (S, H).
    """

    horizons: tuple[int, ...]
    waiting: deque[Said] = field(default_factory=deque)
    kept: State | None = None

    def follow(self, now: Frame, outlook: Outlook) -> None:
        """Compare the only column of `now` with what was forecast for it, and put a new forecast aside.

        Args:
            now: the newest samples, not judged; at most 200 series are followed.
            outlook: made at that column.
        """
        chosen = np.linspace(0, len(now.series) - 1, min(len(now.series), MOST)).astype(np.int64)
        series, seen = tuple(now.series[k] for k in chosen), now.values[chosen, 0]
        said = outlook.forecast
        rows = {"seen": seen, "point": said.point[chosen], "lower": said.lower[chosen], "upper": said.upper[chosen]}
        self._compare(now.axis.end, series, seen)
        self.waiting.append(Said(now.axis.end, State(series, rows)))
        while self.waiting[0].time < now.axis.end - max(DAY, *self.horizons, 0):
            self.waiting.popleft()

    @property
    def coverage(self) -> Array:
        """The share of values inside the bounds at each horizon, mean over the series, (H,); NaN = not known yet."""
        return _over_series("mean", None if self.kept is None else self.kept["inside"], len(self.horizons))

    @property
    def error(self) -> Array:
        """The absolute error against that of repeating the last day, median over the series, (H,)."""
        if self.kept is None:
            return np.full(len(self.horizons), np.nan)
        miss, naive = self.kept["miss"], self.kept["naive"]
        ratio = np.divide(miss, naive, out=np.full(miss.shape, np.nan), where=naive > 0)
        return _over_series("median", ratio, len(self.horizons))

    def _compare(self, time: int, series: tuple[Labels, ...], seen: Array) -> None:
        there = {said.time: said for said in self.waiting}
        blank = State((), {name: np.zeros((0, len(self.horizons))) for name in ("inside", "miss", "naive")})
        kept = (self.kept or blank).align(series)
        rows = {name: kept[name].copy() for name in ("inside", "miss", "naive")}
        yesterday = there.get(time - DAY)
        for place, horizon in enumerate(self.horizons):
            if said := there.get(time - horizon):
                then = said.rows.align(series)
                inside = (then["lower"][:, place] <= seen) & (seen <= then["upper"][:, place])
                known = np.isfinite(seen) & np.isfinite(then["lower"][:, place])
                _take(rows["inside"][:, place], np.where(known, inside, np.nan))
                if yesterday:
                    naive = np.abs(seen - yesterday.rows.align(series)["seen"])
                    miss = np.abs(seen - then["point"][:, place])
                    both = np.isfinite(naive) & np.isfinite(miss)
                    _take(rows["miss"][:, place], np.where(both, miss, np.nan))
                    _take(rows["naive"][:, place], np.where(both, naive, np.nan))
        self.kept = State(series, rows)


def _take(mean: Array, value: Array) -> None:
    """Move running means towards values; NaN changes nothing, the first value is taken as it is."""
    known = np.isfinite(value)
    step = np.where(np.isnan(mean), value, mean + (value - mean) / MEMORY)
    mean[known] = step[known]


def _over_series(what: str, values: Array | None, size: int) -> Array:
    columns = [] if values is None else [column[np.isfinite(column)] for column in values.T]
    found = [getattr(np, what)(column) if column.size else np.nan for column in columns]
    return np.array(found or [np.nan] * size, np.float64)
