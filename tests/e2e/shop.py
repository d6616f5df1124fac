"""A small shop with counters: its past for a Prometheus, and its present on a page; the past holds what pages nobody.

Three days ago one region's counters were reset, two days ago nothing was scraped for ten minutes, and four days ago
the clocks of the other region's time zone, which exists only here, went forward.
"""

import struct
from datetime import UTC, datetime

import numpy as np

from offkey.core.durations import DAY, HOUR, MINUTE
from offkey.core.frame import Axis, Frame
from offkey.core.labels import Labels

PAST = 10 * DAY
PAST_STEP = 15
LIVE_STEP = 2
PREROLL = 20 * MINUTE  # of live samples, so that rates are whole from the first evaluation
SHOWN = 20 * MINUTE  # of live samples to come
RATE = 40.0  # orders a second, on average over a day
FAILING = 0.02
REGIONS = ("here", "there")
ZONE = "Test/Shifted"


class Shop:
    """Orders by region and result, as counters; deterministic for a start and a seed."""

    def __init__(self, start, seed=7):
        """Simulate the past before `start` and the minutes around it."""
        self.start = start // (5 * MINUTE) * (5 * MINUTE)
        self.random = np.random.default_rng(seed)
        self.changed = (self.start - 4 * DAY) // DAY * DAY + HOUR  # two at night by the zone's clock
        self.fault_from = float("inf")
        self.series = [
            Labels.of(__name__="shop_orders_total", region=region, result=result, job="shop", instance="shop")
            for region in REGIONS
            for result in ("ok", "error")
        ]
        early = Axis.between(self.start - PAST, self.start - PREROLL, PAST_STEP)
        self.past = Frame(tuple(self.series), np.cumsum(self._orders(early, PAST_STEP), axis=1), early)
        self._reset(self.past)
        late = Axis.between(early.end + LIVE_STEP, self.start + SHOWN, LIVE_STEP)
        self.live = Frame(tuple(self.series), self.past.values[:, -1:] + np.cumsum(self._orders(late), axis=1), late)
        self.made_up = np.zeros(len(self.series))  # orders that fail instead of succeeding since the fault
        self.last = None

    def frames(self, now):
        """Return the past up to now, with the gap: what a Prometheus would remember."""
        values = self.past.values.copy()
        gap = self.start - 2 * DAY
        values[:, (self.past.axis.times > gap) & (self.past.axis.times <= gap + 10 * MINUTE)] = np.nan
        known = (now - self.live.axis.start) // LIVE_STEP + 1
        return [self.past.with_values(values), self.live.columns(0, known)]

    def page(self, now):
        """Return the present exposition; after `fault_from` nearly every order of the first region fails."""
        column = int((now - self.live.axis.start) // LIVE_STEP)
        before = column if self.last is None else self.last
        for k in range(before + 1, column + 1):
            if self.live.axis.times[k] > self.fault_from:
                moved = 0.95 * (self.live.values[0, k] - self.live.values[0, k - 1])
                self.made_up += [-moved, moved, 0, 0]
        self.last = column
        values = self.live.values[:, column] + self.made_up
        lines = [
            f"{labels.without('job', 'instance')} {value:.0f}"
            for labels, value in zip(self.series, values, strict=True)
        ]
        return "# TYPE shop_orders_total counter\n" + "\n".join(lines) + "\n"

    def zone_offset(self, times):
        """Return the made-up zone's offset from UTC, seconds: one hour more since the change."""
        return np.where(times >= self.changed, 2 * HOUR, HOUR)

    def zone_file(self, folder):
        """Write the made-up zone where zoneinfo finds it (TZif version 1, RFC 8536)."""
        path = folder / ZONE
        path.parent.mkdir(parents=True)
        header = b"TZif" + b"\0" * 16 + struct.pack(">6l", 0, 0, 0, 1, 2, 8)
        types = struct.pack(">lBB", HOUR, 0, 0) + struct.pack(">lBB", 2 * HOUR, 1, 4)
        path.write_bytes(header + struct.pack(">lB", self.changed, 1) + types + b"ONE\0TWO\0")

    def _orders(self, axis, step=LIVE_STEP):
        rows = []
        for region in REGIONS:
            local = axis.times + (self.zone_offset(axis.times) if region == REGIONS[0] else 0)
            wave = 1 - 0.5 * np.cos(2 * np.pi * (local % DAY - 3 * HOUR) / DAY)  # least at three at night
            orders = self.random.poisson(RATE * wave * step)
            failed = self.random.binomial(orders, FAILING)
            rows += [orders - failed, failed]
        return np.array(rows, float)

    def _reset(self, frame):
        column = int(np.argmax(frame.axis.times >= self.start - 3 * DAY))
        frame.values[2:, column:] -= frame.values[2:, column - 1 : column]


def config(url, start):
    """Return offkey.yml for the shop."""
    began = datetime.fromtimestamp(start, UTC).date()
    return f"""\
# the shop, looked at on {began}
sources:
  default: {{url: "{url}", timeout: 5s}}
defaults:
  step: 5s
  history: 9d
  history_step: 5m
  time_zone: {{label: region, zones: {{here: {ZONE}}}, default: UTC}}
  alert: {{team: shop, for: 10s, severity: critical}}
signals:
  - name: orders
    query: sum by (region) (rate(shop_orders_total[1m]))
    kind: count
    events_per_unit: 60
  - name: order_success
    query: >-
      sum by (region) (rate(shop_orders_total{{result="ok"}}[1m])) / sum by (region) (rate(shop_orders_total[1m]))
    kind: ratio
    unit: ratio
    direction: below
    min_deviation: {{absolute: 0.005}}
    valid_range: [0, 1]
    traffic: {{query: "sum by (region) (rate(shop_orders_total[1m]))", floor: 1, events_per_unit: 60}}
"""
