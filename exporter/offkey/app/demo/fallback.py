"""The demonstration without other programs: offkey reads recorded answers, and its own metrics are the judge."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import requests

from offkey.adapters.sources.recorded import record
from offkey.app.demo import layout
from offkey.app.demo.layout import HISTORY, HISTORY_STEP, address, url
from offkey.app.demo.processes import Programs, free_port, session
from offkey.app.demo.real import OFFKEY, READY_SECONDS, scored
from offkey.app.demo.scenario import QUIET, SCALE, SEED, Judgement, Sighting, judged, outage_at
from offkey.app.demo.screen import Screen
from offkey.app.demo.watch import View, read_offkey
from offkey.core.durations import HOUR, MINUTE
from offkey.core.frame import Axis, Frame
from offkey.core.labels import Labels
from offkey.packs.music.incidents import Incident
from offkey.packs.music.platform import Platform
from offkey.packs.music.recorded import RECORDS, recorded
from offkey.packs.music.records import Record

STEP = MINUTE  # seconds between recorded answers, and offkey's step
SIGNAL = "payment_success"
PAYMENTS = tuple(record for record in RECORDS if record.domain == "payments")  # what an outage changes
LENGTH = 12 * HOUR  # seconds that are recorded beyond now


@dataclass
class Recorded:
    """An offkey that reads recorded answers.

    Attributes:
        programs: offkey.
        port: where it listens.
        answers: what it reads.
        due: when the outage begins, Unix seconds.
        seen: what was reported to be off, each series when it first was.
    """

    programs: Programs
    port: int
    answers: "Answers"
    due: float = float("inf")
    client: requests.Session = field(default_factory=session)
    played: Incident | None = None
    seen: dict[tuple[str, Labels], Sighting] = field(default_factory=dict)

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
        """Return the outage once it has begun; it is recorded when it is due, from the next step on."""
        if self.played is None and now >= self.due:
            self.played = outage_at(-int(-now // STEP) * STEP)
            self.answers.write(self.played, records=PAYMENTS)
        return self.played if self.played and now >= self.played.start else None

    def look(self, now: float) -> View:
        """Return what offkey exposes, and remember what is off."""
        view = read_offkey(self.client, url(self.port))
        for off in view.off:
            self.seen.setdefault((off.signal, off.labels), Sighting(now, off.signal, off.labels))
        return view

    def judge(self, outage: Incident) -> Judgement:
        """Return how it went by what was off."""
        return judged([*self.seen.values()], outage, SIGNAL)


@dataclass(frozen=True, slots=True)
class Answers:
    """Recorded answers about the time around an instant, one file for each query.

    The past is known every 5 minutes and the rest every minute, on one clock: what lies between is missing.

    Attributes:
        folder: where the files are.
        start: the instant, Unix seconds, a full minute.
        history: seconds that are recorded before it.
        length: seconds that are recorded after it.
    """

    folder: Path
    start: int
    history: int = HISTORY
    length: int = LENGTH

    def write(self, *incidents: Incident, records: Sequence[Record] = RECORDS) -> int:
        """Record some series, with incidents; return their number."""
        frames = self.frames(records, *incidents)
        for frame in frames:
            name = frame.series[0]["__name__"]
            record(self.folder / f"{name.replace(':', '.')}.jsonl", name, frame)
        return sum(len(frame.series) for frame in frames)

    def frames(self, records: Sequence[Record], *incidents: Incident) -> tuple[Frame, ...]:
        """Return some records with incidents, on the clock of the files."""
        platform = Platform(SEED, incidents, SCALE)
        past = Axis.between(self.start - self.history, self.start, HISTORY_STEP)
        now = Axis.between(self.start - HISTORY_STEP, self.start + self.length, STEP)
        whole = Axis(past.start, STEP, (now.end - past.start) // STEP + 1)
        pairs = zip(recorded(platform, past, records), recorded(platform, now, records), strict=True)
        return tuple(_joined(old, new, whole) for old, new in pairs)


@contextmanager
def set_up(folder: Path, screen: Screen, *incidents: Incident) -> Iterator[Recorded]:
    """Run offkey on recorded answers while the block runs.

    Args:
        folder: where files are put.
        screen: where progress is shown.
        *incidents: what happens from the beginning.

    Raises:
        ProgramFailed: offkey does not start.
    """
    answers, config = Answers(folder / "recorded", int(time.time()) // STEP * STEP), folder / "offkey.yml"
    with screen.step("record 15 days of a music streaming platform") as done:
        answers.folder.mkdir()
        done(f"recorded 15 days of a platform: {answers.write(*incidents)} series")
    content = layout.offkey_config({"kind": "recorded", "path": answers.folder.name}, step=f"{STEP}s")
    layout.write_yaml(config, content, "The signals of the music streaming pack, on recorded answers.")
    with Programs(folder / "logs") as programs:
        stand = Recorded(programs, free_port(10_955), answers)
        with screen.step("let offkey learn the past") as done:
            listen = ["--web.listen-address", address(stand.port)]
            programs.start("offkey", [*OFFKEY, "serve", "--config.file", str(config), *listen])
            known = len(content["signals"])
            programs.wait("offkey", lambda: scored(stand.client, url(stand.port)) == known, READY_SECONDS)
            done(f"offkey has learned the past, all {known} signals have scores")
        stand.due = time.time() + QUIET
        yield stand


def _joined(old: Frame, new: Frame, whole: Axis) -> Frame:
    """Return two frames of the same series on one clock."""
    values = np.full((len(old.series), whole.size), np.nan)
    for part in (old, new.spread(old.series)):
        values[:, (part.axis.times - whole.start) // whole.step] = part.values
    return Frame(old.series, values, whole)
