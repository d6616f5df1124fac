"""Put a past into a Prometheus: series as OpenMetrics text, made into blocks by promtool."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from offkey.app.demo.layout import INSTANCE, JOB
from offkey.app.demo.processes import Programs
from offkey.core.frame import Array, Axis, Frame
from offkey.core.labels import Labels

# Longer than any history here: promtool reads its input once for each block, and this flag lets it make few.
BLOCK_HOURS = 1_500
IMPORT_SECONDS = 300.0  # on a busy machine; five otherwise


def write_openmetrics(path: Path, frames: Iterable[Frame]) -> int:
    """Write frames as OpenMetrics text; return the number of samples.

    Args:
        path: the file; it is scratch, so a crash may leave a part of it.
        frames: series with `__name__`; NaN is left out.
    """
    samples = 0
    with path.open("w", encoding="utf-8") as file:
        for frame in frames:
            times = np.array([f" {instant}\n" for instant in frame.axis.times.tolist()], dtype=object)
            for labels, row in zip(frame.series, frame.values, strict=True):
                there = ~np.isnan(row)
                samples += int(there.sum())
                start = f"{labels} "
                written = zip(row[there].tolist(), times[there].tolist(), strict=True)
                file.write("".join([f"{start}{value:.10g}{instant}" for value, instant in written]))
        file.write("# EOF\n")
    return samples


def import_blocks(programs: Programs, promtool: str, text: Path, storage: Path) -> None:
    """Make blocks of a Prometheus that does not run yet.

    Raises:
        ProgramFailed: promtool cannot read the text, or takes more than five minutes.
    """
    programs.start("import", blocks_from(promtool, text, storage), is_brief=True)
    programs.finish("import", IMPORT_SECONDS)


def blocks_from(promtool: str, text: Path, storage: Path) -> list[str]:
    """Return the command that makes blocks of OpenMetrics text."""
    limit = f"--max-block-duration={BLOCK_HOURS}h"
    return [promtool, "tsdb", "create-blocks-from", limit, "openmetrics", str(text), str(storage)]


def scraped(series: Sequence[Labels], axis: Axis, values: Array, step: int) -> Frame:
    """Return raw series (S, T) as they are scraped: every `step` seconds, with the labels of the scrape."""
    every = step // axis.step
    first = every - 1
    kept = Axis(axis.start + first * axis.step, step, len(range(first, axis.size, every)))
    return Frame(tuple(labels.but(job=JOB, instance=INSTANCE) for labels in series), values[:, first::every], kept)
