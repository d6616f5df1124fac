"""What is measured: reading a minute, two weeks, many signals, and examining what was read."""

import statistics
import time
from datetime import UTC, datetime

import numpy as np
import pandas as pd
from prometheus_api_client import MetricRangeDataFrame, PrometheusConnect

from offkey.adapters.http import Endpoint
from offkey.adapters.sources.prometheus import Source
from offkey.core.durations import DAY, MINUTE
from offkey.core.frame import Axis, Frame
from offkey.core.labels import Labels
from offkey.core.signals import Signal
from offkey.engine.ahead import Ahead
from offkey.engine.quality import examine

from .measure import costs, plain, table
from .server import SELECTOR, label_sets, prometheus, values

SCRAPE = 15  # seconds between the samples of a live series
TIMEOUT = 300.0
WHOLE = 10_000  # series a history's cost is scaled to
SAMPLES = 6_000_000  # written at once


def increment(series, rounds, folder, port):
    """Return what it costs to read the last minute of many series, four instants each."""
    end = int(time.time()) // SCRAPE * SCRAPE
    times = np.arange(end - 30 * MINUTE, end + 1, SCRAPE) * 1000
    with prometheus(folder, port) as server:
        server.load(label_sets(series), times, values(series, times))
        axis = Axis(end - 3 * SCRAPE, SCRAPE, 4)
        found = costs(_ways(server.url, axis, SCRAPE, 0, series), rounds, server)
    rival, own = found["prometheus-api-client, pandas"], found["offkey"]
    print(f"the last minute of {series:,} series, 4 instants\n{table(found)}")
    ratios = {"own_cpu": rival.own / own.own, "wall": rival.wall / own.wall}
    return {"series": series, "costs": plain(found), "ratios": ratios}


def history(series, days, rounds, folder, port):
    """Return what it costs to read two weeks of one-minute samples of a few series, and of 10,000."""
    end = int(time.time()) // 300 * 300 - 300
    times = np.arange(end - days * DAY, end + 1, MINUTE) * 1000
    with prometheus(folder, port) as server:
        names, width = label_sets(series), SAMPLES // series
        for first in range(0, len(times), width):
            part = times[first : first + width]
            server.load(names, part, values(series, part), samples_a_call=500_000)
        server.settle()
        fine = Axis.between(end - days * DAY + 3600, end, MINUTE)
        coarse = Axis.between(fine.start, end, 300)
        ways = _ways(server.url, coarse, 300, 300, series)
        ways["offkey, range queries"] = _reader(server.url, coarse, "query_range", series)
        ways["offkey, every minute"] = _reader(server.url, fine, "auto", series)
        found = costs(ways, rounds, server)
    rival, own = found["prometheus-api-client, pandas"], found["offkey, every minute"]
    whole = own.own * WHOLE / series
    print(f"{days} days at 1 minute of {series:,} series; step 300 s where nothing else is said\n{table(found)}")
    print(f"scaled to {WHOLE:,} series: {whole:.1f} s of one core, the server's {own.server * WHOLE / series:.1f} s")
    ratios = {"own_and_server_cpu": rival.both / own.both, "server_cpu": rival.server / max(own.server, 0.01)}
    return {"series": series, "days": days, "costs": plain(found), "ratios": ratios, "scaled_own_seconds": whole}


def together(signals, rounds, folder, port):
    """Return what a cycle's reading of many signals takes, one after the other and all together."""
    end = int(time.time()) // SCRAPE * SCRAPE
    times = np.arange(end - 30 * MINUTE, end + 1, SCRAPE) * 1000
    with prometheus(folder, port) as server:
        server.load(label_sets(signals * 250), times, values(signals * 250, times))
        axis = Axis(end - 3 * SCRAPE, SCRAPE, 4)
        sources = {"default": Source(Endpoint(server.url))}
        places = [f'instance="10.0.{k // 2}.7:9100",device!="{k % 2}"' for k in range(signals)]
        queries = [f'{{job="node",{place}}}' for place in places]

        def serial():
            for query in queries:
                assert sources["default"].read(query, axis, TIMEOUT).frame.series

        def overlapped():
            ahead = Ahead(sources, time.monotonic, time.monotonic() + TIMEOUT)
            for query in queries:
                ahead.ask(("default", query, axis))
            for query in queries:
                assert ahead.source("default").read(query, axis, TIMEOUT).frame.series
            ahead.close()

        found = costs({"one after the other": serial, "together": overlapped}, rounds, server)
    print(f"{signals} queries of 500 series each, 4 instants\n{table(found)}")
    ratios = {"wall": found["one after the other"].wall / found["together"].wall}
    return {"signals": signals, "costs": plain(found), "ratios": ratios}


def _ways(url, axis, step, tolerance, series):
    """Return the rivals; `tolerance` instants at the start may be missing from a dataframe."""
    client = PrometheusConnect(url)
    first, last = (datetime.fromtimestamp(at, UTC) for at in (axis.start, axis.end))

    def rival():
        answer = client.custom_query_range(SELECTOR, first, last, str(step))
        assert len(MetricRangeDataFrame(answer)) >= series * (axis.size - tolerance)

    return {"prometheus-api-client, pandas": rival, "offkey": _reader(url, axis, "auto", series)}


def _reader(url, axis, read, series):
    source = Source(Endpoint(url), read=read)

    def way():
        frame = source.read(SELECTOR, axis, TIMEOUT).frame
        assert frame.values.shape == (series, axis.size)
        assert np.isfinite(frame.values).mean() > 0.99

    return way


def quality(records, rounds):
    """Return what it costs to find impossible samples, beside a pandas groupby that looks for the same."""
    width = 60
    size = records // width
    rng = np.random.default_rng(0)
    numbers = rng.normal(100.0, 4.0, (size, width))
    numbers[rng.random(numbers.shape) < 0.01] = np.nan
    numbers[rng.random(numbers.shape) < 0.001] = np.inf
    frame = Frame(tuple(Labels.of(pod=str(k)) for k in range(size)), numbers, Axis(0, MINUTE, width))
    signal = Signal("q", "q", valid=(90.0, 110.0))
    column = pd.DataFrame({"series": np.repeat(np.arange(size), width), "value": numbers.ravel()})

    def own():
        return int(np.isnan(examine(signal, frame, None).frame.values).sum())

    def rival():
        bad = column.assign(
            not_finite=np.isinf(column.value),
            too_large=np.isfinite(column.value) & (column.value.abs() > 1e100),
            out_of_range=np.isfinite(column.value) & ~column.value.between(90.0, 110.0),
            missing=column.value.isna(),
        )
        counts = bad.groupby("series", sort=False)[["not_finite", "too_large", "out_of_range", "missing"]].sum()
        newest = bad.groupby("series", sort=False)[["not_finite", "too_large", "out_of_range"]].last()
        assert len(newest) == size
        return int(counts.to_numpy().sum())

    assert own() == rival()
    seen = {"own": [], "pandas": []}
    for _ in range(rounds):
        for name, way in (("own", own), ("pandas", rival)):
            start = time.process_time()
            way()
            seen[name].append(time.process_time() - start)
    spent = {name: statistics.median(found) for name, found in seen.items()}
    per_minute = records / spent["own"] * 60 / 1e6
    print(f"{records:,} records examined: {spent['own']:.3f} s, pandas groupby {spent['pandas']:.3f} s; ", end="")
    print(f"{per_minute:,.0f} million records a minute and core")
    ratios = {"pandas": spent["pandas"] / spent["own"]}
    return {"records": records, "cpu_seconds": spent, "million_records_a_minute": per_minute, "ratios": ratios}
