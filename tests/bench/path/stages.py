"""The stages that need no server: scoring, the whole cycle, memory, and the page."""

import math
import time
import tracemalloc
from collections.abc import Iterator

import numpy as np

from offkey.adapters.sinks.exposition import Sink
from offkey.core.findings import Snapshot
from offkey.core.frame import Axis, Frame
from offkey.engine.memory import Memory
from offkey.engine.outlook import outlook

from . import rivals
from .fleet import NOW, Fleet, values
from .measure import ROUNDS, Figure, cpu, percentile, side_by_side

RIVAL_SAMPLES = 50_000  # prometheus_client renders no more than about so many here; its cost for each only grows
RIVAL_SERIES = 300
MILLIONS = "million series a second of CPU"
TICKS = 40  # a percentile needs them; two fifths of an hour of signal time


def scoring(fleet: Fleet) -> Iterator[Figure]:
    """Yield what the detector and the forecaster cost for each series, and against whom."""
    size, model = len(fleet.series), fleet.plan.detector
    state = fleet.known.states["detector"]
    axis = Axis(NOW + 60, 60, 1)
    frame, bound = Frame(fleet.series, values(size, axis), axis), np.full(size, 4.0)
    score, theirs = side_by_side(lambda: model.score(state, frame), rivals.holt_winters(RIVAL_SERIES))
    yield Figure("scoring", "score", size, size / score / 1e6, MILLIONS)
    yield Figure("scoring", "score_to_river_holt_winters_ratio", size, theirs / RIVAL_SERIES * size / score, "times")
    yield Figure("scoring", "score_to_python_objects_ratio", size, rivals.objects(RIVAL_SERIES) * size / score, "times")
    yield Figure("scoring", "band", size, size / cpu(lambda: model.band(state, frame, bound)) / 1e6, MILLIONS)
    ahead = model.foresee(state, frame, bound)
    prepared, weighed = cpu(lambda: model.foresee(state, frame, bound)), cpu(lambda: ahead.weigh(frame.values))
    yield Figure("scoring", "prepared", size, size / prepared / 1e6, MILLIONS)
    yield Figure("scoring", "score_of_prepared", size, size / weighed / 1e6, MILLIONS)
    known = Memory.of(fleet.known)
    four = cpu(lambda: outlook(fleet.plan, known, frame), 3)
    yield Figure("scoring", "four_forecasts", size, size / four / 1e6, MILLIONS)


def cycle(fleet: Fleet) -> Iterator[Figure]:
    """Yield what a cycle costs from a body in memory to what is published, then what it learns, and the page."""
    size = len(fleet.series)
    rounds = [_round(fleet) for _ in range(1 + max(ROUNDS, min(TICKS, 2_000_000 // size)))]
    waited, judged, learned, whole = (list(column) for column in zip(*rounds[1:], strict=True))
    yield Figure("cycle", "judged_after_median", size, percentile(waited, 0.5) * 1e3, "ms", "less")
    yield Figure("cycle", "judged_after_p95", size, percentile(waited, 0.95) * 1e3, "ms", "less")
    yield Figure("cycle", "judged_median", size, percentile(judged, 0.5) * 1e3, "ms of CPU", "less")
    yield Figure("cycle", "judged_p95", size, percentile(judged, 0.95) * 1e3, "ms of CPU", "less")
    yield Figure("cycle", "judged", size, size / float(np.mean(judged)) / 1e6, MILLIONS)
    yield Figure("cycle", "judged_and_learned_median", size, percentile(learned, 0.5) * 1e3, "ms of CPU", "less")
    yield Figure("cycle", "judged_and_learned_p95", size, percentile(learned, 0.95) * 1e3, "ms of CPU", "less")
    yield Figure("cycle", "judged_and_learned", size, size / float(np.mean(learned)) / 1e6, MILLIONS)
    yield Figure("cycle", "cpu", size, float(np.mean(whole)), "s", "less")


def _round(fleet: Fleet) -> tuple[float, float, float, float]:
    """Return the seconds until a snapshot is published, those of CPU, those until it is learned, and with the page."""
    fleet.wait()
    then, began = time.monotonic(), time.process_time()
    fleet.tick()
    learned = time.process_time() - began
    waited, judged = fleet.published[0] - then, fleet.published[1] - began
    fleet.sink.render("", "gzip")
    return waited, judged, learned, time.process_time() - began


def memory(fleet: Fleet) -> Iterator[Figure]:
    """Yield the bytes that stay for each series: what was learned and prepared, and the page as it is scraped."""
    size = len(fleet.series)
    fleet.wait()
    fleet.tick()
    tracemalloc.start()
    ahead = fleet.engine._prospects.foreseen(fleet.plan)
    fleet.engine._prospects.foresee(fleet.plan, fleet.engine._memories[fleet.plan.key], ahead.coming)
    prepared, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    learned = sum(rows.nbytes for state in fleet.known.states.values() for rows in state.rows.values())
    page = sum(map(len, fleet.sink.render("", "gzip").parts))
    tails = sum(known.tails.text.nbytes + known.tails.ends.nbytes for known in fleet.sink._known.values())
    yield Figure("memory", "learned", size, learned / size, "bytes a series", "less")
    yield Figure("memory", "prepared", size, prepared / size, "bytes a series", "less")
    yield Figure("memory", "page", size, (page + tails) / size, "bytes a series", "less")


def exposition(fleet: Fleet) -> Iterator[Figure]:
    """Yield what a page costs, against prometheus_client with the same samples in the same run."""
    size = len(fleet.series)
    fleet.wait()
    (verdict,) = fleet.engine.tick().verdicts
    sink, cycle = Sink(), iter(range(10**9))

    def fresh(encoding: str = "") -> int:
        sink.publish(Snapshot(next(cycle), 0.0, 0.0, 0.0, (verdict,), {}))
        return sum(map(len, sink.render("", encoding).parts))

    fresh()
    samples = count_samples(bytes(sink.render().parts[0]))
    few = _few(fleet)
    rival = rivals.registry(few)
    count = sum(map(len, rivals.parsed(few).values()))
    ours, theirs = side_by_side(fresh, lambda: rivals.rendered(rival), rounds=3)
    yield Figure("exposition", "samples", size, samples / 1e6, "million samples")
    yield Figure("exposition", "rendered", size, samples / ours / 1e6, "million samples a second of CPU")
    yield Figure("exposition", "to_prometheus_client_ratio", size, theirs / count / (ours / samples), "times")
    zipped = cpu(lambda: fresh("gzip"), 3)
    yield Figure("exposition", "rendered_and_zipped", size, samples / zipped / 1e6, "million samples a second of CPU")
    again = cpu(lambda: sink.render("", "gzip"))
    yield Figure("exposition", "another_scrape", size, again * 1e3, "ms", "less")
    yield Figure("exposition", "equal", size, float(_equal(few, rivals.rendered(rival).decode())), "yes")


def count_samples(text: bytes) -> int:
    """Return the samples on a page."""
    return text.count(b"\n") - 2 * text.count(b"# HELP")


def _few(fleet: Fleet) -> str:
    """Return whole families of a page with as many samples as the rival is given."""
    text = bytes(fleet.sink.render().parts[0]).decode()
    lines = text.split("\n")
    return "\n".join(lines[: RIVAL_SAMPLES + 4]) + "\n"


def _equal(mine: str, other: str) -> bool:
    """Return whether two pages hold the same samples."""
    first, second = rivals.parsed(mine), rivals.parsed(other)
    return first.keys() == second.keys() and all(
        (a.name, a.labels) == (b.name, b.labels) and math.isclose(a.value, b.value, rel_tol=1e-12)
        for name in first
        for a, b in zip(first[name], second[name], strict=True)
    )
