"""The command: python -m tests.bench.reading [--parts increment,history,together,quality] [--output json]."""

import argparse
import contextlib
import json
import os
import sys
import tempfile
from pathlib import Path

from . import bench

PARTS = ("increment", "history", "together", "quality")


def main():
    """Measure the parts, one after the other; words go to stderr when the output is JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.reading", description=__doc__)
    parser.add_argument("--parts", default=",".join(PARTS), help="what to measure, comma separated")
    parser.add_argument("--series", type=int, default=10_000, help="series of the increment")
    parser.add_argument("--history-series", type=int, default=500, help="series of the history, scaled to 10,000")
    parser.add_argument("--signals", type=int, default=32, help="queries that are asked together")
    parser.add_argument("--days", type=int, default=14, help="length of the history")
    parser.add_argument("--rounds", type=int, default=5, help="rounds; medians are told")
    parser.add_argument("--port", type=int, default=19_390, help="port of the server, on the loopback address")
    parser.add_argument("--output", choices=("text", "json"), default="text")
    options = parser.parse_args()
    asked = options.parts.split(",")
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.redirect_stdout(sys.stderr if options.output == "json" else sys.stdout),
    ):
        place = Path(folder) / "prometheus"
        ways = {
            "increment": lambda: bench.increment(options.series, options.rounds, place, options.port),
            "history": lambda: bench.history(options.history_series, options.days, 2, place, options.port),
            "together": lambda: bench.together(options.signals, options.rounds, place, options.port),
            "quality": lambda: bench.quality(1_200_000, options.rounds),
        }
        found = {part: ways[part]() for part in asked}
        found["load"] = os.getloadavg()[0]
        for part in asked:
            print(part, {name: round(ratio, 1) for name, ratio in found[part]["ratios"].items()}, "times")
    if options.output == "json":
        json.dump(found, sys.stdout, indent=1)


main()
