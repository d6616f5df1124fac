"""What the terminal shows: steps while it is set up, then a live table; plain lines where there is no terminal."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from offkey.app.demo.watch import Alert, Off, View, Watched

LINE_SECONDS = 15.0  # between lines where there is no terminal


class Screen:
    """Speaks on stderr, so that results on stdout stay a program's to read."""

    def __init__(self, console: Console | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        """Take where to write, and a clock of which only differences are used."""
        self._console = console or Console(stderr=True, highlight=False)
        self._clock = clock
        self._live: Live | None = None
        self._last_line = float("-inf")

    def say(self, text: str) -> None:
        """Write a line."""
        self._console.print(text, soft_wrap=True, markup=False)

    @contextmanager
    def step(self, doing: str) -> Iterator[Callable[[str], None]]:
        """Show what is being done; what is given to the yielded function is said when it is done, with its time."""
        began, done = self._clock(), [doing]
        with self._console.status(f"{doing} ..."):
            yield done.append
        result = f"{done[-1]} ({self._clock() - began:.1f} s)"
        self._console.print(Text.assemble(("done ", "green"), result), soft_wrap=True)

    @contextmanager
    def table(self) -> Iterator[None]:
        """Keep a live table on the terminal while the block runs; `show` fills it."""
        if not self._console.is_terminal:
            yield
            return
        with Live(console=self._console, auto_refresh=False) as self._live:
            yield
        self._live = None

    def show(self, view: View, urls: Mapping[str, str], words: str) -> None:
        """Show the present: the table, or a line every 15 seconds where there is no terminal."""
        if self._live is not None:
            self._live.update(Group(watched_table(view), off_table(view), links(urls), Text(words)), refresh=True)
        elif self._clock() - self._last_line >= LINE_SECONDS:
            self._last_line = self._clock()
            self.say(f"{words}: {line(view)}")


def line(view: View) -> str:
    """Return the present in one line."""
    series = sum(signal.series for signal in view.signals)
    firing = sum(alert.state == "firing" for alert in view.alerts)
    off = ", ".join(f"{off.signal}{off.labels}" for off in view.off) or "nothing"
    return f"{series} series of {len(view.signals)} signals watched, off: {off}, alerts firing: {firing}"


def watched_table(view: View) -> Table:
    """Return what is watched: one row for each signal."""
    table = Table("signal", "series", "scored", "worst score", "off", "alert", title="watched", title_justify="left")
    for signal in view.signals:
        off = sum(entry.signal == signal.name for entry in view.off)
        color = "red" if off else ""
        cells = (signal.name, str(signal.series), str(signal.scored), _score(signal), str(off or ""))
        table.add_row(*cells, _state(signal.name, view.alerts), style=color)
    return table


def off_table(view: View) -> Table:
    """Return what is off: one row for each anomalous series, the worst first."""
    table = Table("off now", "series", "score", "seen", "usual", title_justify="left")
    for entry in sorted(view.off, key=_strangeness, reverse=True)[:8]:
        numbers = (f"{entry.score:.1f}", f"{entry.observed:.4g}", f"{entry.expected:.4g}")
        table.add_row(entry.signal, str(entry.labels), *numbers)
    if not view.off:
        table.add_row("nothing", "", "", "", "")
    return table


def links(urls: Mapping[str, str]) -> Text:
    """Return where to look."""
    return Text("\n".join(f"{name:<13} {address}" for name, address in urls.items()))


def _strangeness(entry: Off) -> float:
    return entry.score


def _score(signal: Watched) -> str:
    return f"{signal.worst:.2f}" if signal.scored else "unknown"


def _state(signal: str, alerts: Sequence[Alert]) -> str:
    """Return the state of the alerts that a signal's rules fire."""
    states = [alert.state for alert in alerts if alert.labels.get("offkey_rule") == signal]
    return next((f"{state} ({states.count(state)})" for state in ("firing", "pending") if state in states), "")
