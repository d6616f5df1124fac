import types

import pytest

from offkey.adapters import http
from offkey.adapters.http import Client, Endpoint, Session, excerpt
from offkey.core.errors import BadResponse, SourceDown

URL = "http://localhost:9090"


class Replies:
    """A session whose answers are known beforehand: (status, headers), or an error to raise."""

    def __init__(self, *replies):
        self.replies, self.seen = list(replies), []

    def request(self, method, url, data, params, headers, timeout):
        """Return the next answer."""
        self.seen.append((method, url, data, params, timeout))
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        status, headers = reply
        return types.SimpleNamespace(status_code=status, headers=headers, content=b"said")


class Clock:
    """A clock that moves only while somebody waits."""

    def __init__(self, monkeypatch):
        self.now, self.pauses = 1000.0, []
        monkeypatch.setattr(http.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(http.time, "sleep", self.wait)

    def wait(self, seconds):
        """Let time pass."""
        self.pauses.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    """Return the clock the client lives by."""
    return Clock(monkeypatch)


def client(*replies):
    """Return a client and the session behind it."""
    made = Client(Endpoint(URL))
    made.session = Replies(*replies)
    return made


def test_parameters_travel_in_the_url_or_as_a_form():
    """GET and POST carry the same parameters in their own place."""
    made = client((200, {}), (200, {}))
    made.call("GET", "/a", {"x": "1"}, 5.0)
    made.call("POST", "/a", {"x": "1"}, 5.0)
    assert [(data, params) for _, _, data, params, _ in made.session.seen] == [(None, {"x": "1"}), ({"x": "1"}, None)]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_an_overloaded_server_is_asked_again(clock, status):
    """Twice more at most, each time with a pause that differs."""
    assert client((status, {}), (status, {}), (200, {})).call("GET", "/a", timeout=5.0).status == 200
    assert len(clock.pauses) == 2
    assert all(0.1 <= pause <= 0.5 for pause in clock.pauses)
    made = client(*[(status, {})] * 3)
    with pytest.raises(SourceDown, match=f"answered {status}: said"):
        made.call("GET", "/a", timeout=5.0)
    assert len(made.session.seen) == 3


@pytest.mark.parametrize("status", [200, 400, 401, 404, 405, 422])
def test_an_answer_that_will_not_change_is_returned_at_once(clock, status):
    """What the server refuses, it refuses again."""
    assert client((status, {})).call("GET", "/a", timeout=5.0).status == status
    assert clock.pauses == []


def test_an_unusable_answer_is_not_asked_for_again(clock):
    """A redirect or a bomb is no accident."""
    made = client(BadResponse("redirect"))
    with pytest.raises(BadResponse):
        made.call("GET", "/a", timeout=5.0)
    assert len(made.session.seen) == 1


def test_the_server_says_when_to_come_back(clock):
    """`Retry-After` in seconds is obeyed; a date is not understood and counts as not given."""
    client((503, {"Retry-After": "3"}), (200, {})).call("GET", "/a", timeout=5.0)
    client((503, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}), (200, {})).call("GET", "/a", timeout=5.0)
    assert clock.pauses[0] == 3
    assert clock.pauses[1] <= 0.5


def test_a_pause_that_outlasts_the_deadline_is_not_begun(clock):
    """The error comes at once, not after the pause."""
    with pytest.raises(SourceDown):
        client((503, {"Retry-After": "6"})).call("GET", "/a", timeout=5.0)
    assert clock.pauses == []


def test_each_try_gets_what_is_left_of_the_deadline(clock):
    """Repeats do not add time to a call."""
    made = client((503, {"Retry-After": "3"}), (200, {}))
    made.call("GET", "/a", timeout=5.0)
    assert [seen[-1] for seen in made.session.seen] == [5.0, 2.0]


def test_repeats_have_a_budget(clock):
    """Five may be saved up; after that, ten calls pay for one: a server in trouble gets no storm."""
    made = client(*[(503, {})] * 1000)
    for _ in range(200):
        with pytest.raises(SourceDown):
            made.call("GET", "/a", timeout=5.0)
    assert 200 < len(made.session.seen) <= 200 + 5 + 200 * 0.1


def test_the_environment_is_not_asked(monkeypatch):
    """Neither proxies nor credentials come from outside the configuration."""
    monkeypatch.setenv("HTTP_PROXY", "http://localhost:1")
    session = Session(Endpoint(URL))
    assert session.merge_environment_settings(f"{URL}/a", {}, None, None, None)["proxies"] == {}


@pytest.mark.parametrize("url", ["http://localhost:9091/a", "https://localhost:9090/a", "http://other:9090/a"])
def test_a_session_serves_one_server(url):
    """Whoever was handed the session cannot send its credentials elsewhere."""
    with pytest.raises(BadResponse, match="this session serves one server"):
        Session(Endpoint(URL)).get(url, timeout=(1, 2))


def test_text_of_others_is_shown_short_and_on_one_line():
    """Control characters, line breaks and length cannot disturb a log."""
    assert excerpt(b"a\r\nb\x1b[31m\xff " + b"x" * 999) == "a b?[31m\ufffd " + "x" * 190
    assert excerpt(b" \n") == "(empty)"
