"""The show: a quiet part, an outage, a verdict; ended by its duration or by the person."""

import io

import pytest
import requests
from rich.console import Console

from offkey.app.demo.scenario import Judgement, outage_at
from offkey.app.demo.screen import Screen
from offkey.app.demo.show import Clock, perform
from offkey.app.demo.watch import Alert, Off, View, Watched
from offkey.core.errors import ProgramFailed
from offkey.core.labels import Labels

START = 1_000.0
CARD = Labels.of(provider="card", region="eu-west")
SIGNALS = (Watched("payment_success", 24, 24, 3.2), Watched("plays", 12, 0, float("nan")))


class Stand:
    """Plays an outage a minute after the start and reports it a minute later; notes what is asked of it."""

    allowed = 75

    def __init__(self, problems=(), fails_at=None):
        self.urls = {"offkey": "http://127.0.0.1:10955"}
        self.problems, self.fails_at, self.looks = problems, fails_at, 0
        self.now = START

    def check(self):
        """Fail when told to."""
        if self.fails_at is not None and self.now >= self.fails_at:
            msg = "prometheus ended with code 1"
            raise ProgramFailed(msg)

    def outage(self, now):
        """Begin after a minute."""
        return outage_at(int(START) + 60) if now >= START + 60 else None

    def look(self, now):
        """Answer every second time."""
        self.looks += 1
        if self.looks % 2:
            raise requests.ConnectionError
        off = (Off("payment_success", CARD, 3.2, 0.9, 0.97),) if now >= START + 90 else ()
        return View(SIGNALS, off, tuple(Alert("A", "firing", CARD) for _ in off))

    def judge(self, _outage):
        """Report after another minute."""
        return Judgement(60.0 if self.now >= START + 120 else None, self.problems)


def played(stand, duration, stop_at=None, *, is_terminal=False):
    """Play a show on a clock of its own; return the result and what was said."""

    def sleep(seconds):
        stand.now += seconds
        if stop_at is not None and stand.now >= stop_at:
            raise KeyboardInterrupt

    paper = io.StringIO()
    console = Console(file=paper, width=200, force_terminal=is_terminal, color_system=None, highlight=False)
    screen = Screen(console, clock=lambda: stand.now)
    return perform(stand, screen, duration, Clock(lambda: stand.now, sleep)), paper.getvalue()


def test_a_good_show_says_how_long_the_report_took():
    """The quiet part, the outage, its report and the verdict are told, one line every 15 seconds."""
    is_good, said = played(Stand(), 240)
    assert is_good
    lines = said.splitlines()
    assert len(lines) == 240 / 15 + 2
    assert lines[1].startswith("all is well: 36 series of 2 signals watched, off: nothing, alerts firing: 0")
    assert lines[5].startswith("card payments in Europe fail since 15 s:")
    assert "card payments in Europe fail since 75 s, reported after 60 s:" in lines[9]
    assert 'off: payment_success{provider="card",region="eu-west"}, alerts firing: 1' in lines[9]
    assert lines[-2].endswith("60.0 s (75 s are thought good)")
    assert lines[-1] == "the outage was reported, and nothing else"


def test_a_problem_is_said_and_makes_the_show_bad():
    """Whatever else was reported is named in the end."""
    is_good, said = played(Stand(problems=("plays{} was reported though it was well",)), 240)
    assert not is_good
    assert said.splitlines()[-1] == "wrong: plays{} was reported though it was well"


def test_ctrl_c_ends_an_open_show_with_its_verdict():
    """A show without a duration is meant to be ended by the person; before the outage there is nothing to judge."""
    assert played(Stand(), 0, stop_at=START + 200)[1].splitlines()[-1] == "the outage was reported, and nothing else"
    is_good, said = played(Stand(), 0, stop_at=START + 20)
    assert is_good
    assert said.splitlines()[-1] == "ended before the outage"


def test_ctrl_c_breaks_a_show_with_a_duration():
    """An unattended show that was interrupted has no result."""
    with pytest.raises(KeyboardInterrupt):
        played(Stand(), 240, stop_at=START + 20)


def test_a_program_that_ends_ends_the_show():
    """The demonstration never goes on without one of its parts."""
    with pytest.raises(ProgramFailed, match="prometheus ended"):
        played(Stand(fails_at=START + 30), 240)


def test_a_terminal_shows_a_table_with_everything():
    """Signals, what is off with seen and usual, alerts and addresses are on the screen."""
    stand = Stand()
    _, said = played(stand, 0, stop_at=START + 150, is_terminal=True)
    last = said[said.rindex("watched") :]
    for words in (
        "payment_success",
        "24",
        "3.20",
        "unknown",
        "0.9",
        "0.97",
        "http://127.0.0.1:10955",
        "reported after",
    ):
        assert words in last
