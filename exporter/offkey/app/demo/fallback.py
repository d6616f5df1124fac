"""The demonstration without other programs: offkey reads recorded answers, and its own metrics are the judge."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import requests

from offkey.adapters.sources.recorded import record
from offkey.app.demo import layout
from offkey.app.demo.layout import HISTORY, HISTORY_STEP, address, url
from offkey.app.demo.processes import Programs, free_port, session
from offkey.app.demo.real import OFFKEY, READY_SECONDS, has_scores
from offkey.app.demo.scenario import LONGEST_OUTAGE, SCALE, SEED, Judgement, Sighting, judged, outage_at
from offkey.app.demo.screen import Screen
from offkey.app.demo.watch import View, read_offkey
from offkey.core.durations import HOUR, MINUTE
from offkey.core.frame import Axis, Frame
from offkey.packs.music.incidents import Incident
from offkey.packs.music.platform import Platform
from offkey.packs.music.recorded import recorded

STEP = MINUTE  # seconds between recorded answers, and offkey's step
SIGNAL = "payment_success"
LENGTH = 2 * HOUR  # seconds that are recorded beyond now
SET_UP = 2 * MINUTE  # until the outage begins: offkey learns, and all is well for a while


@dataclass
class Recorded:
    """An offkey that reads recorded answers.

    Attributes:
        programs: offkey.
        port: where it listens.
        played: the outage, which was recorded beforehand.
        seen: what was reported to be off, each series when it first was.
    """

    programs: Programs
    port: int
    played: Incident
    client: requests.Session = field(default_factory=session)
    seen: dict[tuple[str, object], Sighting] = field(default_factory=dict)

    @property
    def urls(self) -> Mapping[str, str]:
        """Where to look, by name."""
        return {"offkey": url(self.port)}

    @property
    def allowed(self) -> int:
        """Two steps: one to record, one to read."""
        return 2 * STEP

    def check(self) -> None:
        """Make sure that offkey still runs."""
        self.programs.check()

    def outage(self, now: float) -> Incident | None:
        """Return the outage once it has begun."""
        return self.played if now >= self.played.start else None

    def look(self, now: float) -> View:
        """Return what offkey exposes, and remember what is off."""
        view = read_offkey(self.client, url(self.port))
        for off in view.off:
            self.seen.setdefault((off.signal, off.labels), Sighting(now, off.signal, off.labels))
        return view

    def judge(self, outage: Incident) -> Judgement:
        """Return how it went by what was off."""
        return judged([*self.seen.values()], outage, SIGNAL)


@contextmanager
def set_up(folder: Path, screen: Screen) -> Iterator[Recorded]:
    """Run offkey on recorded answers while the block runs.

    Raises:
        ProgramFailed: offkey does not start.
    """
    start = int(time.time()) // STEP * STEP
    outage = outage_at(start + SET_UP + STEP)
    path, config = folder / "recorded.jsonl", folder / "offkey.yml"
    with screen.step("record 15 days of a music streaming platform") as done:
        frames = answers(start, outage)
        for frame in frames:
            record(path, frame.series[0]["__name__"], frame)
        done(f"recorded 15 days of a platform: {sum(len(frame.series) for frame in frames)} series")
    content = layout.offkey_config({"kind": "recorded", "path": path.name}, step=f"{STEP}s")
    layout.write_yaml(config, content, "The signals of the music streaming pack, on recorded answers.")
    port = free_port(10_955)
    with Programs(folder / "logs") as programs:
        stand = Recorded(programs, port, outage)
        with screen.step("let offkey learn the past") as done:
            listen = ["--web.listen-address", address(port)]
            programs.start("offkey", [*OFFKEY, "serve", "--config.file", str(config), *listen])
            programs.wait("offkey", lambda: has_scores(stand.client, url(port)), READY_SECONDS)
            done("offkey has learned the past")
        yield stand


def answers(start: int, outage: Incident) -> tuple[Frame, ...]:
    """Return every recorded series from 15 days before `start` to the end of the show.

    The past is known every 5 minutes and the show every minute, on one clock: what lies between is missing.
    """
    platform = Platform(SEED, (outage,), SCALE)
    past = Axis.between(start - HISTORY, start, HISTORY_STEP)
    whole = Axis(past.start, STEP, (start + LENGTH - past.start) // STEP + 1)
    return tuple(
        _joined(old, new, whole)
        for old, new in zip(
            recorded(platform, past),
            recorded(platform, Axis.between(start - LONGEST_OUTAGE, whole.end, STEP)),
            strict=True,
        )
    )


def _joined(old: Frame, new: Frame, whole: Axis) -> Frame:
    """Return two frames of the same series on one clock."""
    values = np.full((len(old.series), whole.size), np.nan)
    for part in (old, new.spread(old.series)):
        values[:, (part.axis.times - whole.start) // whole.step] = part.values
    return Frame(old.series, values, whole)
