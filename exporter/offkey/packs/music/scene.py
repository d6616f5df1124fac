"""One stretch of time of the platform: how much is played where, before anything is counted."""

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from offkey.core.durations import DAY, HOUR, WEEK
from offkey.core.frame import Array, Axis
from offkey.core.labels import NAME, Labels
from offkey.packs.music.calendar import START
from offkey.packs.music.catalogue import PAIRS, TENANTS, TIERS, ZONES, users
from offkey.packs.music.chance import Chance
from offkey.packs.music.incidents import Incident, of_kind

# Source: fitted on the daily streams of the Spotify Global Top 200, 2018 to 2020 (Monday first).
WEEKDAYS = np.array([0.976, 0.995, 1.001, 1.003, 1.085, 1.025, 0.906])
HOLIDAYS = {"12-24": 1.7, "12-25": 1.45, "01-01": 0.87}  # same source
YEARLY_GROWTH = 1.08
FAILOVER = ("eu-west", "eu-central")  # where its listeners are served when the first region fails over
_PEAK, _SHOULDER = 16.5, 8.3  # hours that place the evening peak and the morning shoulder


@dataclass(frozen=True, slots=True)
class Family:
    """All series of one metric.

    Attributes:
        metric: name in the exposition, without `_bucket`, `_sum` or `_count`.
        kind: Prometheus metric type.
        series: S label sets with `__name__`.
        values: what was added in each column (counters, histograms) or the value (gauges), shape (S, T).
    """

    metric: str
    kind: str
    series: tuple[Labels, ...]
    values: Array


@dataclass(frozen=True)
class Scene:
    """The conditions under which every domain draws its counts.

    Attributes:
        seed: which platform.
        axis: when; a column stands for the time since the column before it.
        incidents: what happens meanwhile.
        scale: users compared with the catalogue's 8 million.
    """

    seed: int
    axis: Axis
    incidents: tuple[Incident, ...] = ()
    scale: float = 1.0

    @cached_property
    def chance(self) -> Chance:
        """The draws of this stretch."""
        return Chance(self.seed, self.axis)

    @cached_property
    def shapes(self) -> dict[str, Array]:
        """How busy each region is compared with its mean, (T,) each."""
        return {region: local_shape(self.axis, zone) for region, zone in ZONES.items()}

    @cached_property
    def growth(self) -> Array:
        """The platform's size compared with the catalogue's, shape (T,)."""
        return np.asarray(YEARLY_GROWTH ** ((self.axis.times - START) / (365 * DAY)) * self.scale)

    @cached_property
    def cells(self) -> tuple[Labels, ...]:
        """Tenant, serving region and tier of each row of `plays`; failover adds regions a tenant has no users in."""
        away = [(tenant, FAILOVER[1]) for tenant, region in PAIRS if region == FAILOVER[0]]
        pairs = dict.fromkeys((*PAIRS, *away))
        return tuple(Labels.of(tenant=tenant, region=region, tier=tier) for tenant, region in pairs for tier in TIERS)

    @cached_property
    def plays(self) -> Array:
        """Plays a second of each cell, shape (C, T)."""
        everywhere = self.chance.wave("plays", (Labels(),), 0.98, 0.012)
        waves = self.chance.wave("plays", [cell.without("tier") for cell in self.cells], 0.95, 0.03)
        steady = np.array([daily_plays(cell) for cell in self.cells])[:, None] / DAY
        shape = np.array([self.shapes[cell["region"]] for cell in self.cells])
        plays = steady * shape * self.growth * np.exp(everywhere + waves)
        for loss in of_kind(self.incidents, "cdn_degradation"):
            plays[loss.rows(self.cells)] *= 1 - loss.params["lost_plays"] * loss.strength(self.axis)
        return self._moved(plays)

    def region_rows(self, region: str) -> list[int]:
        """Return the cells that a region serves."""
        return [row for row, cell in enumerate(self.cells) if cell["region"] == region]

    def over(self, axis: Axis) -> "Scene":
        """Return the same platform at another time."""
        return replace(self, axis=axis)

    def _moved(self, plays: Array) -> Array:
        """Return the plays with those of a failed-over region where they are served now."""
        place = {cell: row for row, cell in enumerate(self.cells)}
        for failover in of_kind(self.incidents, "region_failover"):
            moved = failover.params["moved"] * failover.strength(self.axis)
            for row in self.region_rows(FAILOVER[0]):
                leaving = plays[row] * moved
                plays[row] -= leaving
                plays[place[self.cells[row].but(region=FAILOVER[1])]] += leaving
        return plays


def daily_plays(cell: Labels) -> float:
    """Return the mean plays a day of a tenant's tier in a region, before growth."""
    tier = TIERS[cell["tier"]]
    return users(cell["tenant"], cell["region"]) * tier.share * tier.active * tier.plays


def named(metric: str, series: tuple[Labels, ...], suffix: str = "", **more: str) -> tuple[Labels, ...]:
    """Return label sets with a metric's name, and more labels, set."""
    return tuple(labels.but({NAME: metric + suffix}, **more) for labels in series)


def local_seconds(axis: Axis, zone: str) -> npt.NDArray[np.int64]:
    """Return the wall clock of a zone in the middle of each column, as seconds since 1970-01-01 there, shape (T,)."""
    middle = Axis(axis.start - axis.step // 2, axis.step, axis.size)
    ahead = (middle.week_seconds(zone) - (middle.times - 4 * DAY)) % WEEK  # 1970-01-05 was a Monday
    return np.asarray(middle.times + np.where(ahead > WEEK // 2, ahead - WEEK, ahead), np.int64)


def local_shape(axis: Axis, zone: str) -> Array:
    """Return how busy a zone is compared with its mean: hour of the day, weekday and holidays, shape (T,)."""
    clock = local_seconds(axis, zone)
    weekday = (clock // DAY + 3) % 7
    dates = (clock // DAY).astype("datetime64[D]").astype(str)
    special = np.array([HOLIDAYS.get(date[5:], 1.0) for date in np.unique(dates)])[
        np.searchsorted(np.unique(dates), dates)
    ]
    return np.asarray(_hourly(clock % DAY / HOUR, weekday >= 5) * WEEKDAYS[weekday] * special)


def busiest_week() -> Axis:
    """Return the hours of the catalogue's first week."""
    return Axis(START + HOUR, HOUR, WEEK // HOUR)


@lru_cache(maxsize=1)
def peak_plays() -> float:
    """Return the plays a second of all tenants in their busiest hour, before growth."""
    axis = busiest_week()
    shapes = {region: local_shape(axis, zone) for region, zone in ZONES.items()}
    cells = [(Labels.of(tenant=tenant, region=region, tier=tier), region) for tenant, region in PAIRS for tier in TIERS]
    return float(np.max(sum((daily_plays(cell) / DAY * shapes[region] for cell, region in cells), np.zeros(axis.size))))


def tenants() -> tuple[Labels, ...]:
    """Return one label set for each tenant."""
    return tuple(Labels.of(tenant=tenant) for tenant in TENANTS)


def _hourly(hours: Array, weekend: npt.NDArray[np.bool_]) -> Array:
    """Return the share of a mean hour; weekends are flatter and begin 1.2 hours later."""
    day = np.arange(0, 24, 0.1)
    work = _curve(hours, 1.0) / _curve(day, 1.0).mean()
    rest = _curve(hours - 1.2, 0.85) / _curve(day - 1.2, 0.85).mean()
    return np.asarray(np.where(weekend, rest, work), np.float64)


def _curve(hours: Array, depth: float) -> Array:
    evening = 0.62 * np.cos(2 * np.pi * (hours - _PEAK) / 24)
    morning = 0.30 * np.cos(4 * np.pi * (hours - _SHOULDER) / 24)
    return np.asarray(np.exp(depth * (evening + morning)))
