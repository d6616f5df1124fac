"""The command: python -m tests.bench.forecasts --data DIR [--forecaster NAME] [--output json]."""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from offkey.core import plugins
from offkey.core.errors import MissingLibrary
from offkey.core.frame import Axis, Frame
from offkey.core.labels import Labels
from offkey.models.grid import BIN, DAY_SLOTS

from ..quality.protocol import fleets
from . import bench
from .protocol import Series, load

HALVES = ("even", "odd")


def main(arguments: Sequence[str] | None = None) -> int:
    """Forecast every series with each forecaster, print a table."""
    options = _parser().parse_args(arguments)
    series = list(chosen(options))
    found = []
    for name in options.forecaster.split(","):
        try:
            found += report(name, series, options)
        except MissingLibrary as error:
            print(error, file=sys.stderr)
    if options.output == "json":
        json.dump(found, sys.stdout, indent=1)
    else:
        print(table(found))
    return 0


def _parser() -> argparse.ArgumentParser:
    every = ",".join(plugins.names(bench.FORECASTERS))
    parser = argparse.ArgumentParser(prog="python -m tests.bench.forecasts", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of parquet files, or of such folders")
    parser.add_argument("--forecaster", default=every, help=f"comma separated (default {every})")
    parser.add_argument("--fleets", default="", help="only these folders, comma separated")
    parser.add_argument("--half", choices=HALVES, help="only every other file")
    parser.add_argument("--origins", type=int, default=3, help="forecasts of each series (default 3)")
    parser.add_argument("--most", type=int, default=15, help="files of each folder, spread over their names")
    parser.add_argument("--columns", type=int, default=1, help="columns of each machine, by chance")
    parser.add_argument("--output", choices=("table", "json"), default="table")
    return parser


def chosen(options: argparse.Namespace) -> Iterator[Series]:
    """Yield the series that were asked for."""
    for fleet, files in fleets(options.data):
        if not options.fleets or fleet in options.fleets.split(","):
            part = files[HALVES.index(options.half) :: 2] if options.half else files
            series = [one for path in part for one in load(path, options.columns)]
            most = options.most * options.columns
            for place in np.unique(np.linspace(0, len(series) - 1, min(most, len(series))).round().astype(int)):
                yield series[place]


def report(name: str, series: Sequence[Series], options: argparse.Namespace) -> list[dict[str, object]]:
    """Return one row for each fleet, and one for all."""
    warm_up(name)
    scored = list(zip([one.fleet for one in series], bench.score(name, series, options.origins), strict=True))
    found: list[dict[str, object]] = []
    for fleet in (*dict.fromkeys(one.fleet for one in series), "all"):
        part = [rows for own, rows in scored if fleet in ("all", own)]
        head = {"fleet": fleet, "forecaster": name, "half": options.half or "both", "series": len(part)}
        found.append(head | bench.summary([one for rows in part for one in rows]))
    return found


def warm_up(name: str) -> None:
    """Compile what a forecaster compiles, so that its first series does not pay for all."""
    axis = Axis(0, BIN, 2 * DAY_SLOTS)
    bench.run(plugins.model(bench.FORECASTERS, name), Frame((Labels.of(series="one"),), np.ones((1, axis.size)), axis))


def table(rows: Sequence[Mapping[str, object]]) -> str:
    """Return aligned columns."""
    names = list(rows[0])
    cells = [names, *([f"{v:.3f}" if isinstance(v, float) else str(v) for v in row.values()] for row in rows)]
    widths = [max(len(line[k]) for line in cells) for k in range(len(names))]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in cells)


if __name__ == "__main__":
    sys.exit(main())
