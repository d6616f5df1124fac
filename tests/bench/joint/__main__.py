"""The command: python -m tests.bench.joint --data DIR [--detector NAME] [--output json].

DIR holds folders of parquet files, one file a machine: timestamp (Unix seconds), label, and any number of metrics
named m00, m01, ... The second half is scored (the last third where there is no column `split`); of what is before it,
62 % teach and the rest is calibration. Nothing looks ahead, and no label chooses anything.
"""

import argparse
import json
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from offkey.core import plugins
from offkey.core.durations import DAY
from offkey.core.frame import Axis, Frame
from offkey.core.labels import Labels

from ..quality import bench
from ..quality.__main__ import table
from ..quality.protocol import PROMPT, Scored, Series, fleets

TAUGHT = 0.62  # share of the part before the scored one


def main(arguments: Sequence[str] | None = None) -> int:
    """Score every machine with each detector, print a table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.joint", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of folders of parquet files")
    parser.add_argument("--detector", default="joint", help="detectors, comma separated; others: mean over the metrics")
    parser.add_argument("--output", choices=("table", "json"), default="table")
    options = parser.parse_args(arguments)
    found: list[dict[str, object]] = []
    for name in options.detector.split(","):
        for fleet, files in fleets(options.data):
            scored = [one for path in files if (one := machine(name, fleet, path)) is not None]
            if scored:
                row = {"fleet": fleet, "detector": name, "machines": len(scored), **bench.ranking(scored)}
                row |= bench.point(bench.tuned(scored, 1.0), scored, "tuned_")
                found.append(row | {"us_per_point": float(np.mean([one.cost for one in scored]))})
    print(json.dumps(found, indent=1) if options.output == "json" else table(found))
    return 0


def machine(name: str, fleet: str, path: Path) -> Scored | None:
    """Return what a detector says about one machine; None where the file is not one."""
    import pyarrow.parquet as pq  # noqa: PLC0415 (only needed to read files)

    read = pq.read_table(path)
    metrics = [column for column in read.column_names if re.fullmatch(r"m\d+", column)]
    if not metrics:
        return None
    seconds = read["timestamp"].to_numpy()
    axis = Axis(int(seconds[0]), int(seconds[1] - seconds[0]), len(seconds))
    known = axis.size // 2 if "split" in read.column_names else axis.size * 2 // 3
    labels = read["label"].to_numpy() > 0
    values = np.stack([read[metric].to_numpy().astype(float) for metric in metrics])
    who = tuple(Labels.of(__name__=metric, instance=path.stem) for metric in metrics)
    begin = time.process_time()
    strangeness = judged(name, Frame(who, values, axis), int(known * TAUGHT))
    cost = (time.process_time() - begin) / values.size * 1e6
    history = axis.size - len(strangeness)
    series = Series(fleet, path.stem, axis, values[0], labels, history, known, PROMPT)
    return Scored(series, strangeness[: known - history], strangeness[known - history :], labels[known:], cost)


def judged(name: str, frame: Frame, history: int) -> np.ndarray:
    """Return the machine's strangeness after its history, (T,): fitted, then judged and learned a day at a time."""
    model = plugins.model(bench.DETECTORS, name)
    state, parts, block = model.fit(frame.columns(0, history)), [], DAY // frame.axis.step
    for first in range(history, frame.axis.size, block):
        piece = frame.columns(first, first + block)
        parts.append(np.nan_to_num(model.score(state, piece)).mean(axis=0))
        state = model.update(state, piece)
    return np.concatenate(parts)


if __name__ == "__main__":
    sys.exit(main())
