"""Propose signals for metrics that nobody described: what an engineer would watch first, and why.

Pure: the same metrics give the same proposals, in the same order.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from offkey.core.durations import MINUTE, format_duration
from offkey.engine import metricnames as names
from offkey.engine.proposals import Maker, Metric, Proposal


def promise(name: str, type_: str) -> int:
    """Return how promising a metric is by its name and type alone: what is asked about first, 0 for never."""
    if names.is_noise(name):
        return 0
    found = set(names.words(name))
    topic = {"counter": "traffic", "histogram": "latency", "summary": "latency", "record": "record"}.get(type_, "level")
    if topic == "level" and found & (names.HELD_WORDS | names.FREE_WORDS):
        topic = "saturation"
    if topic == "traffic" and found & names.ERROR_WORDS:
        topic = "errors"
    found_rank = names.rank(topic, name)
    return found_rank if found_rank >= names.LEAST_RANK else 0


def propose(metrics: Sequence[Metric], window: int = 5 * MINUTE) -> list[Proposal]:
    """Return all signals worth proposing, best first, each with a name of its own.

    Args:
        metrics: what the server has.
        window: seconds that rates are taken over; at least four scrape intervals.
    """
    maker = Maker(tuple(metrics), format_duration(window))
    worth = (proposal for proposal in maker.all() if proposal.rank >= names.LEAST_RANK)
    found = sorted(worth, key=lambda proposal: (-proposal.rank, proposal.signal.name, proposal.signal.query))
    return list(_named_once(found))


def _named_once(proposals: Sequence[Proposal]) -> Iterator[Proposal]:
    seen: set[str] = set()
    for proposal in proposals:
        name, count = proposal.signal.name, 1
        while name in seen:
            count += 1
            name = names.slug(proposal.signal.name, str(count))
        seen.add(name)
        yield replace(proposal, signal=replace(proposal.signal, name=name))


def choose(proposals: Iterable[Proposal], most: int) -> list[Proposal]:
    """Return the first `most` proposals, of one topic at most two in five; no more are drawn than needed."""
    share = max(1, -(-2 * most // 5))
    taken: Counter[str] = Counter()
    chosen: list[Proposal] = []
    for proposal in proposals:
        if len(chosen) == most:
            break
        if taken[proposal.topic] < share:
            taken[proposal.topic] += 1
            chosen.append(proposal)
    return chosen
