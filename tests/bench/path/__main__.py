"""The command: python -m tests.bench.path --series 1000,10000,100000 [--stages NAMES] [--output json]."""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from . import live, online, receiving, stages, views
from .fleet import Fleet
from .measure import Figure

BUDGET = Path(__file__).parents[1] / "budget.json"
OFFLINE = {
    "scoring": stages.scoring,
    "cycle": stages.cycle,
    "memory": stages.memory,
    "exposition": stages.exposition,
    "receiving": receiving.receiving,
}
ONLINE = {
    "scraping": online.scraping,
    "alerting": online.alerting,
    "viewing": views.viewing,
    "streaming": live.streaming,
}
ONCE = {"starting": live.starting}
STAGES = (*ONCE, *OFFLINE, *ONLINE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and return 1 when a ratio is beyond its budget."""
    options = _parser().parse_args(arguments)
    names, found = options.stages, []
    for figure in measured([int(size) for size in options.series.split(",")], names):
        found.append(figure)
        if options.output == "table":
            sys.stdout.write(f"{line(figure)}\n")
            sys.stdout.flush()
    problems = beyond(found, json.loads(BUDGET.read_text()))
    if options.output == "json":
        json.dump({"figures": [one.row() for one in found], "beyond": problems}, sys.stdout, indent=1)
    sys.stderr.write("".join(f"beyond the budget: {problem}\n" for problem in problems))
    return int(bool(problems))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.path", description=__doc__)
    parser.add_argument("--series", default="1000,10000,100000", help="numbers of series, comma separated")
    parser.add_argument(
        "--stages", type=_stages, default=[*ONCE, *OFFLINE, *ONLINE], help="only these, comma separated"
    )
    parser.add_argument("--output", choices=("table", "json"), default="table")
    return parser


def _stages(text: str) -> list[str]:
    names = text.split(",")
    if unknown := sorted(set(names) - set(STAGES)):
        msg = f"found {', '.join(unknown)}; allowed are {', '.join(STAGES)}"
        raise argparse.ArgumentTypeError(msg)
    return names


def measured(sizes: Sequence[int], names: Sequence[str]) -> Iterator[Figure]:
    """Yield every figure of some stages, and how the cycle grows."""
    costs = {}
    for name in ONCE.keys() & set(names):
        yield from ONCE[name]()
    for size in sizes:
        fleet = Fleet(size) if set(names) & OFFLINE.keys() else None
        for name in (name for name in names if name not in ONCE):
            for figure in OFFLINE[name](fleet) if name in OFFLINE and fleet else ONLINE[name](size):
                if (figure.stage, figure.name) == ("cycle", "cpu"):
                    costs[size] = figure.value
                yield figure
    for small, large in pairwise(sizes):
        if small in costs and large == 10 * small:
            yield Figure("cycle", "growth_ratio", large, costs[large] / costs[small], "times for ten times", "less")


def line(figure: Figure) -> str:
    """Return a figure as one line."""
    return f"{figure.stage:<11}{figure.name:<34}{figure.series:>8}  {figure.value:>12.4g} {figure.unit}"


def beyond(found: Sequence[Figure], budget: Mapping[str, float]) -> list[str]:
    """Return what is worse than the budget allows; figures without a budget are not limited."""
    problems = []
    for figure in found:
        limit = budget.get(figure.key)
        if limit is None:
            continue
        if figure.value < limit if figure.better == "more" else figure.value > limit:
            problems.append(
                f"{figure.key} is {figure.value:.4g}; {'at least' if figure.better == 'more' else 'at most'} {limit:g}"
            )
    return problems


if __name__ == "__main__":
    sys.exit(main())
