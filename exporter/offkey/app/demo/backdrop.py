"""What offkey would have said before the demonstration began, for the dashboards: a program of its own."""

import os
import subprocess
import sys
import time
from pathlib import Path

from offkey.app import backfill
from offkey.app.config import load
from offkey.app.demo.history import IMPORT_SECONDS, blocks_from
from offkey.app.logs import logger
from offkey.app.telemetry import Telemetry
from offkey.core.durations import DAY, HOUR, WEEK
from offkey.core.errors import OffkeyError

COMMAND = (sys.executable, "-c", "import sys; from offkey.app.demo.backdrop import main; main(*sys.argv[1:])")
# What panels look back to, seconds before now, in the order in which it is missed. A forecast is set against the day
# before it, so the first stretch is longer than a day.
STRETCHES = ((DAY + 2 * HOUR, 0), (WEEK + HOUR // 2, WEEK - 2 * HOUR))
LATER = 5  # of `nice`: the show itself goes first


def main(config: str, instance: str, promtool: str, storage: str) -> None:
    """Put scores, bands and forecasts of the past into a Prometheus, which finds new blocks within a minute.

    The demonstration goes on without them when they cannot be had.

    Args:
        config: configuration file whose signals have the step of the recorded past.
        instance: where offkey is scraped.
        promtool: path of the program.
        storage: folder of the Prometheus' data; files are put beside it for a while.
    """
    os.nice(LATER)
    now, log = int(time.time()), logger("info", "logfmt", sys.stderr)
    labels, folder = {"job": "offkey", "instance": instance}, Path(storage).parent / "backfill"
    try:
        for since, until in STRETCHES:
            backfill.to_files(load(Path(config)), (now - since, now - until), (), labels, folder, Telemetry(log))
            for file in sorted(folder.glob("*.om")):
                subprocess.run(blocks_from(promtool, file, Path(storage)), check=True, timeout=IMPORT_SECONDS)  # noqa: S603 (the demonstration's own)
                file.unlink()
    except (OffkeyError, OSError, subprocess.SubprocessError) as error:
        log.warning("the past is not filled in", reason=str(error))
