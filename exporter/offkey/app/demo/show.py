"""The show itself: a quiet part, an outage, and the verdict."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import requests

from offkey.app.demo.scenario import Judgement
from offkey.app.demo.screen import Screen
from offkey.app.demo.watch import View
from offkey.packs.music.incidents import Incident

_PAUSE = 1.0


class Stand(Protocol):
    """Everything that was set up to be watched."""

    @property
    def urls(self) -> Mapping[str, str]:
        """Where to look, by name."""
        ...

    @property
    def allowed(self) -> int:
        """Seconds from the fault to its report that are thought good."""
        ...

    def check(self) -> None:
        """Make sure that all parts still run.

        Raises:
            ProgramFailed: one does not.
        """
        ...

    def outage(self, now: float) -> Incident | None:
        """Return the outage once it has begun; it begins when it is due."""
        ...

    def look(self, now: float) -> View:
        """Return the present.

        Raises:
            requests.RequestException: a part does not answer.
        """
        ...

    def judge(self, outage: Incident) -> Judgement:
        """Return how it went so far."""
        ...


@dataclass(frozen=True, slots=True)
class Clock:
    """What time it is, Unix seconds, and how to wait."""

    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


def perform(stand: Stand, screen: Screen, duration: int, clock: Clock) -> bool:
    """Play the show.

    Args:
        stand: what was set up.
        screen: where it is shown.
        duration: seconds; 0 plays until Ctrl-C.
        clock: what time it is.

    Returns:
        Whether the outage was reported, and nothing else; what was seen is on the screen.

    Raises:
        ProgramFailed: a part ended.
        KeyboardInterrupt: somebody ended a show with a duration.
    """
    start, view = clock.now(), View()
    outage: Incident | None = None
    try:
        with screen.table():
            while not duration or clock.now() < start + duration:
                stand.check()
                outage = stand.outage(clock.now())
                view = _looked(stand, clock.now(), view)
                screen.show(view, stand.urls, _words(stand, outage, clock.now()))
                clock.sleep(_PAUSE)
    except KeyboardInterrupt:
        if duration:
            raise
    return _told(stand, screen, outage)


def _looked(stand: Stand, now: float, before: View) -> View:
    """Return the present; the view before when a part is too busy to answer."""
    try:
        return stand.look(now)
    except requests.RequestException:
        return before


def _words(stand: Stand, outage: Incident | None, now: float) -> str:
    """Return what is going on, in a few words."""
    if outage is None:
        return "all is well"
    delay = stand.judge(outage).delay
    felt = f"card payments in Europe fail since {now - outage.start:.0f} s"
    if now >= outage.end:
        felt = f"card payments in Europe are well again since {now - outage.end:.0f} s"
    return felt if delay is None else f"{felt}, reported after {delay:.0f} s"


def _told(stand: Stand, screen: Screen, outage: Incident | None) -> bool:
    """Say how the show went; return whether it was good."""
    if outage is None:
        screen.say("ended before the outage")
        return True
    judgement = stand.judge(outage)
    if judgement.delay is not None:
        began, came = (
            time.strftime("%H:%M:%S", time.localtime(t)) for t in (outage.start, outage.start + judgement.delay)
        )
        screen.say(f"fault {began}, reported {came}: {judgement.delay:.1f} s ({stand.allowed} s are thought good)")
    for problem in judgement.problems:
        screen.say(f"wrong: {problem}")
    if judgement.is_good:
        screen.say("the outage was reported, and nothing else")
    return judgement.is_good
