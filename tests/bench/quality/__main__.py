"""The command: python -m tests.bench.quality --data DIR --detector NAME [--output json]."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from offkey.core.frame import Array

from . import bench, nab
from .baselines import BASELINES
from .protocol import Scored, fleets, load, load_whole

HALVES = ("even", "odd")


def main(arguments: Sequence[str] | None = None) -> int:
    """Score every series with each detector, print a table."""
    options = _parser().parse_args(arguments)
    asked = options.detector.split(",")
    names = [name for kind in asked for name in (sorted(BASELINES) if kind == "baselines" else [kind])]
    found = [row for name in names for row in report(name, options)]
    if options.output == "json":
        json.dump(found, sys.stdout, indent=1)
    else:
        print(table(found))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.quality", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of parquet files, or of such folders")
    parser.add_argument("--detector", required=True, help="detectors or baselines, comma separated; or: baselines")
    parser.add_argument("--fleets", default="", help="only these folders, comma separated")
    parser.add_argument(
        "--half", choices=HALVES, help="report on every other file only; its fleet thresholds come from the other half"
    )
    parser.add_argument("--threshold", type=float, help="one threshold for all, instead of the best of the other half")
    parser.add_argument("--budget", type=float, default=1.0, help="alerts a week for the shipped tuner")
    parser.add_argument("--output", choices=("table", "json"), default="table")
    return parser


def report(name: str, options: argparse.Namespace) -> list[dict[str, object]]:
    """Return one row for each fleet."""
    bench.warm_up(name)
    halves: dict[str, dict[str, list[Scored]]] = {}
    whole: dict[str, list[Scored]] = {}
    for fleet, files in fleets(options.data):
        if options.fleets and fleet not in options.fleets.split(","):
            continue
        for half, part in zip(HALVES, (files[::2], files[1::2]), strict=True):
            read = [bench.score(name, series) for path in part if (series := load(path)) is not None]
            if read:
                halves.setdefault(half, {}).setdefault(fleet, []).extend(read)
            if options.half in (None, half):
                files_of_nab = [series for path in part if (series := load_whole(path)) is not None]
                whole.setdefault(fleet, []).extend(bench.score(name, series) for series in files_of_nab)
    scores = {fleet: nab.score(scored) for fleet, scored in whole.items() if scored}
    return [row | {"nab_score": scores.get(str(row["fleet"]))} for row in rows(name, halves, options)]


def rows(
    name: str, halves: Mapping[str, Mapping[str, list[Scored]]], options: argparse.Namespace
) -> list[dict[str, object]]:
    """Return one row for each fleet; thresholds of a half are the best of the other one."""
    found = []
    wanted = [options.half] if options.half else list(halves)
    chosen = {half: choose(halves[half], options.threshold) for half in halves}
    for fleet in sorted({fleet for half in wanted for fleet in halves.get(half, {})}):
        own = common = bench.Count()
        for half in wanted:
            other = chosen.get(HALVES[1 - HALVES.index(half)], chosen.get(half, {}))
            scored = halves.get(half, {}).get(fleet, [])
            guards = {one.series.name: bench.guard(one) for one in scored}
            own += bench.at(other.get(fleet, other[""]), scored, guards)
            common += bench.at(other[""], scored, guards)
        scored = [one for half in wanted for one in halves.get(half, {}).get(fleet, [])]
        found.append(
            {"fleet": fleet, "detector": name, "half": options.half or "both", "series": len(scored)}
            | {"incidents": own.incidents, **bench.ranking(scored), **bench.point(own, scored)}
            | bench.point(common, scored, "one_")
            | bench.point(bench.tuned(scored, options.budget), scored, "tuned_")
            | {"threshold": other.get(fleet, other[""]), "one_threshold": other[""]}
            | {"us_per_point": float(np.mean([one.cost for one in scored]))}
        )
    return found


def choose(fleet: Mapping[str, list[Scored]], threshold: float | None) -> dict[str, float]:
    """Return the threshold with the best event F1 for each fleet, and under "" the best for all on average."""
    if threshold is not None:
        return {"": threshold}
    levels = bench.levels([one for scored in fleet.values() for one in scored])
    quality = {}
    for name, scored in fleet.items():
        guards = {one.series.name: bench.guard(one) for one in scored}
        quality[name] = np.array([bench.at(level, scored, guards).f1 for level in levels])
    quality[""] = np.mean(list(quality.values()), axis=0)
    return {name: float(levels[_middle_best(f1)]) for name, f1 in quality.items()}


def _middle_best(f1: Array) -> int:
    """Return the place of the best F1; in the middle of several that are as good, as far from doing worse as can be."""
    best = np.flatnonzero(f1 == f1.max())
    return int(best[best.size // 2])


def table(rows: Sequence[Mapping[str, object]]) -> str:
    """Return aligned columns."""
    if not rows:
        return "no labelled series found"
    names = list(rows[0])
    cells = [names, *([_cell(value) for value in row.values()] for row in rows)]
    widths = [max(len(line[k]) for line in cells) for k in range(len(names))]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in cells)


def _cell(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else "-" if value is None else str(value)


if __name__ == "__main__":
    sys.exit(main())
