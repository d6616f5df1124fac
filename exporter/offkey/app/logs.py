"""The log: one event is one line on standard error, in logfmt or JSON; what repeats is said once a minute."""

import logging
import re
import threading
import time
from collections.abc import Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

import orjson
import structlog

Level = Literal["debug", "info", "warning", "error"]
Form = Literal["logfmt", "json"]
Event = MutableMapping[str, Any]

# Seconds in which a warning or error that says the same thing again is only counted.
QUIET_SECONDS = 60.0
# Different messages remembered for that; beyond it the oldest is forgotten.
REMEMBERED = 1_000
# Characters of one value; of a longer one the beginning and the end are kept.
LONGEST = 4_096

_CORE = ("time", "level", "msg")
# Fields that say what an event is about; where there is none, its error does.
_SUBJECT = ("source", "signal", "key", "file", "url")
# Separators of lines and paragraphs, C1 controls, marks that turn the direction of text, halves of characters.
_INVISIBLE = "\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff"
# Both renderers write a newline as \n; JSON has escapes for the other controls too.
_UNSAFE = {"logfmt": re.compile(f"[\x00-\x09\x0b-\x1f{_INVISIBLE}]"), "json": re.compile(f"[{_INVISIBLE}]")}
# Numbers that JSON readers take.
_INT = 2**53
_NOT_IN_A_KEY = re.compile(r"[^A-Za-z0-9_.:-]")


def logger(
    level: Level, form: Form, stream: TextIO, clock: Callable[[], float] = time.time
) -> structlog.typing.FilteringBoundLogger:
    """Return a logger that writes `time= level= msg= ...` and further fields to a stream.

    Args:
        level: events below it are left out.
        form: logfmt or JSON lines.
        stream: usually standard error.
        clock: Unix seconds.
    """
    made: structlog.typing.FilteringBoundLogger = structlog.wrap_logger(
        structlog.PrintLogger(stream),
        processors=[
            structlog.processors.add_log_level,
            Repetition(clock),
            structlog.processors.format_exc_info,
            _Composer(form, clock),
            structlog.processors.LogfmtRenderer(key_order=_CORE) if form == "logfmt" else _json,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        context_class=dict,
    )
    return made


def adopt(log: structlog.typing.FilteringBoundLogger) -> None:
    """Send what libraries log or warn about to the same log, from warnings upwards."""
    root = logging.getLogger()
    root.handlers = [_Bridge(log)]
    root.setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)


class Repetition:
    """Drops a warning or error that says the same about the same thing again too soon.

    The next one that is let through has `repeated`, the number that were dropped before it.
    """

    def __init__(self, clock: Callable[[], float], quiet: float = QUIET_SECONDS) -> None:
        """Take the clock in seconds, and the seconds in which nothing is repeated."""
        self._clock = clock
        self._quiet = quiet
        self._said: dict[tuple[str, ...], tuple[float, int]] = {}
        self._lock = threading.Lock()

    def __call__(self, _logger: object, _method: str, event: Event) -> Event:
        """Pass an event on, or stop it."""
        if event["level"] in ("debug", "info"):
            return event
        subject = [f"{name}={event[name]}" for name in _SUBJECT if name in event] or [str(event.get("error"))]
        key = (event["level"], event["event"], *subject)
        now = self._clock()
        with self._lock:
            since, dropped = self._said.pop(key, (-float("inf"), 0))
            if 0 <= now - since < self._quiet:
                self._said[key] = since, dropped + 1
                raise structlog.DropEvent
            self._said[key] = now, 0
            if len(self._said) > REMEMBERED:
                del self._said[next(iter(self._said))]
        if dropped:
            event["repeated"] = dropped
        return event


class _Composer:
    """Puts the time first and makes every key and value safe to write on one line."""

    def __init__(self, form: Form, clock: Callable[[], float]) -> None:
        self._unsafe = _UNSAFE[form]
        self._clock = clock

    def __call__(self, _logger: object, _method: str, event: Event) -> Event:
        now = datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        composed: Event = {"time": now, "level": event.pop("level"), "msg": self._value(event.pop("event"))}
        for name, value in event.items():
            key = _NOT_IN_A_KEY.sub("_", name) or "_"
            composed[f"{key}_" if key in _CORE else key] = self._value(value)
        return composed

    def _value(self, value: object) -> object:
        if value is None or isinstance(value, bool | float) or (isinstance(value, int) and -_INT <= value < _INT):
            return value
        text = str(value)
        if len(text) > LONGEST:
            text = f"{text[: LONGEST // 2]} ... {text[-LONGEST // 2 :]}"
        return self._unsafe.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def _json(_logger: object, _method: str, event: Event) -> str:
    return orjson.dumps(event).decode()


class _Bridge(logging.Handler):
    """Hands records of the standard library's logging to our log."""

    def __init__(self, log: structlog.typing.FilteringBoundLogger) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        level = min(max(record.levelno // 10 * 10, logging.DEBUG), logging.CRITICAL)
        self._log.log(level, record.getMessage(), logger=record.name, exc_info=record.exc_info)
