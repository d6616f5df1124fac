import io
import json
import logging
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offkey.app import logs

NOW = 1_700_000_000.25


class Clock:
    """Seconds that pass when told to."""

    now = NOW

    def __call__(self):
        """Return the time."""
        return self.now


@pytest.fixture
def root():
    """Put the standard library's logging back as it was."""
    known = logging.getLogger()
    handlers, level = known.handlers, known.level
    yield known
    known.handlers = handlers
    known.setLevel(level)
    logging.captureWarnings(capture=False)


def written(form, *events, level="info"):
    """Return the lines of events, each a level name, a message and fields."""
    stream = io.StringIO()
    log = logs.logger(level, form, stream, lambda: NOW)
    for name, message, fields in events:
        getattr(log, name)(message, **fields)
    return stream.getvalue()


def test_logfmt_starts_with_time_level_and_message():
    """The usual form of Go programs; values are quoted when they need it."""
    fields = {"signal": "checkout", "series": 3, "text": 'a "b" c', "share": 0.5, "none": None, "is_cold": False}
    assert written("logfmt", ("info", "learned from history", fields)) == (
        'time=2023-11-14T22:13:20.250Z level=info msg="learned from history" '
        'signal=checkout series=3 text="a \\"b\\" c" share=0.5 none= is_cold=false\n'
    )


def test_json_has_the_same_keys():
    """One object per line; numbers stay numbers."""
    line = written("json", ("error", "state not saved", {"key": "k", "size": 3, "share": float("nan")}))
    assert line == (
        '{"time":"2023-11-14T22:13:20.250Z","level":"error","msg":"state not saved","key":"k","size":3,"share":null}\n'
    )


@pytest.mark.parametrize("form", ["logfmt", "json"])
@settings(max_examples=100, deadline=None)
@given(
    message=st.text(st.characters(), max_size=30),
    fields=st.dictionaries(
        st.text(st.characters(), max_size=8).filter(lambda name: name not in ("self", "event")),
        st.text(st.characters(), max_size=30) | st.integers() | st.floats() | st.binary(max_size=5) | st.none(),
        max_size=4,
    ),
)
def test_one_event_is_one_line(form, message, fields):
    """Nothing in a message, key or value can end the line, forge another one or hide in it."""
    text = written(form, ("info", message, fields))
    assert text.count("\n") == 1
    assert len(text.splitlines()) == 1
    assert not any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 or 0xD800 <= ord(c) < 0xE000 for c in text[:-1])
    if form == "json":
        assert json.loads(text)["level"] == "info"


@pytest.mark.parametrize("form", ["logfmt", "json"])
def test_fields_cannot_take_the_place_of_time_level_and_message(form):
    """A field of that name gets another one."""
    text = written(form, ("info", "real", {"time": "a", "msg": "b"}))
    assert "2023-11-14" in text
    assert "real" in text
    assert "time_" in text
    assert "msg_" in text


def test_a_long_value_keeps_its_beginning_and_end():
    """4 KiB of a value are enough; the last line of a trace is among them."""
    line = json.loads(written("json", ("error", "crashed", {"trace": "a" * 9000 + "the end"})))
    assert len(line["trace"]) < 4200
    assert line["trace"].startswith("aaa")
    assert line["trace"].endswith("the end")


def test_an_exception_is_one_field():
    """Its trace stays on the event's line."""
    stream = io.StringIO()
    log = logs.logger("info", "logfmt", stream, lambda: NOW)
    try:
        int("two\nlines")
    except ValueError:
        log.exception("failed")
    assert stream.getvalue().count("\n") == 1
    assert "ValueError: invalid literal" in stream.getvalue()


def test_events_below_the_level_are_left_out():
    """Warning hides info and shows error."""
    events = [(name, name, {}) for name in ("debug", "info", "warning", "error")]
    shown = [line.split("msg=")[1] for line in written("logfmt", *events, level="warning").splitlines()]
    assert shown == ["warning", "error"]


def test_what_repeats_is_said_once_a_minute_and_counted():
    """The first is written, the next within 60 s are not, the one after says how many were left out."""
    clock, stream = Clock(), io.StringIO()
    log = logs.logger("info", "json", stream, clock)
    for clock.now in (NOW, NOW + 15, NOW + 59.9, NOW + 60, NOW + 75, NOW + 200):
        log.warning("signal not read", signal="checkout", error=str(clock.now))
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["error"] for line in lines] == [str(NOW), str(NOW + 60), str(NOW + 200)]
    assert [line.get("repeated") for line in lines] == [None, 2, 1]


def test_other_subjects_errors_levels_and_plain_information_are_not_held_back():
    """Only the same message about the same thing at the same level counts as repeated."""
    events = [
        ("warning", "not read", {"signal": "a"}),
        ("warning", "not read", {"signal": "b"}),
        ("warning", "not read", {"source": "a"}),
        ("error", "not read", {"signal": "a"}),
        ("error", "set aside", {"file": "a", "error": "cut"}),
        ("error", "set aside", {"file": "b", "error": "cut"}),
        ("error", "refused", {"error": "line 1"}),
        ("error", "refused", {"error": "line 2"}),
        ("info", "ready", {}),
        ("info", "ready", {}),
    ]
    assert written("logfmt", *events).count("\n") == len(events)


def test_a_clock_that_was_set_back_silences_nothing():
    """An event from what is now the future does not hold back today's."""
    clock, stream = Clock(), io.StringIO()
    log = logs.logger("info", "logfmt", stream, clock)
    for clock.now in (NOW, NOW - 3600):
        log.error("state not saved")
    assert stream.getvalue().count("\n") == 2


def test_memory_for_repeated_messages_is_bounded():
    """Beyond the bound the oldest is forgotten, and so would be written again."""
    clock, stream = Clock(), io.StringIO()
    log = logs.logger("info", "logfmt", stream, clock)
    for number in range(logs.REMEMBERED + 1):
        log.error(f"message {number}")
    log.error("message 0")
    log.error("message 5")
    assert stream.getvalue().count("\n") == logs.REMEMBERED + 2


def test_what_libraries_say_comes_in_the_same_form(root):
    """Warnings of the standard library's logging and of Python itself are events; chatter below is not."""
    stream = io.StringIO()
    logs.adopt(logs.logger("info", "logfmt", stream, lambda: NOW))
    logging.getLogger("urllib3").info("chatter")
    logging.getLogger("urllib3").warning("slow %s", "server")
    logging.getLogger("odd").log(35, "between")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old\nthing", stacklevel=1)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 3
    assert lines[0].endswith('level=warning msg="slow server" logger=urllib3')
    assert "level=warning msg=between logger=odd" in lines[1]
    assert "old\\nthing" in lines[2]
