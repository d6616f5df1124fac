import threading

import pytest

from offkey.adapters import outbox
from offkey.adapters.decode.snappy import unsnapped
from offkey.adapters.http import Endpoint, Reply
from offkey.adapters.outbox import Outbox
from offkey.core.errors import BadResponse, SourceDown


class Journal:
    """Keeps what it hears."""

    def __init__(self):
        self.counts, self.told = {}, []

    def count(self, event, reason="", amount=1):
        """Add up."""
        self.counts[event, reason] = self.counts.get((event, reason), 0) + amount

    def tell(self, level, message, fields=None):
        """Keep it."""
        self.told.append((level, message))


class Server:
    """Stands in for the HTTP client: each call takes the next answer; the last one stays."""

    def __init__(self, *answers):
        self.endpoint = Endpoint("http://localhost:9090/api/v1/write")
        self.answers, self.messages, self.gate = [*answers], [], threading.Event()
        self.gate.set()

    def call(self, method, path, payload=None):
        """Note the message, and answer."""
        self.gate.wait(10)
        self.messages.append(unsnapped(payload.content, 1_000))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self):
        """Nothing is open."""


@pytest.fixture
def make(monkeypatch):
    """Return a function that gives an outbox, the server behind it and its journal; it never pauses."""

    def made(*answers, **constants):
        server, journal = Server(*answers), Journal()
        monkeypatch.setattr(outbox, "Client", lambda endpoint: server)
        monkeypatch.setattr(outbox, "PAUSE", 0.0)
        for name, value in constants.items():
            monkeypatch.setattr(outbox, name, value)
        return Outbox(server.endpoint, journal), server, journal

    return made


def test_turns_arrive_in_their_order(make):
    """Each message once, and what was taken is counted."""
    box, server, journal = make(Reply(204, b""))
    for k in range(5):
        box.send(b"%d" % k, 10, k)
    box.close(10.0)
    assert server.messages == [b"0", b"1", b"2", b"3", b"4"]
    assert journal.counts == {("remote_write_samples", ""): 50}


def test_a_turn_waits_for_the_one_before_and_its_messages_for_nobody(make):
    """Four are with the server at once; the next turn begins when it has answered them all."""
    box, server, _ = make(Reply(204, b""))
    met, arrived = threading.Barrier(outbox.AT_ONCE), []
    server.call = lambda _method, _path, payload: (
        met.wait(10),
        arrived.append(unsnapped(payload.content, 1_000)),
        Reply(204, b""),
    )[-1]
    for k in range(2 * outbox.AT_ONCE):
        box.send(b"%d" % k, 10, k // outbox.AT_ONCE)
    box.close(10.0)
    first = {b"%d" % k for k in range(outbox.AT_ONCE)}
    assert set(arrived[: outbox.AT_ONCE]) == first
    assert len(set(arrived)) == 2 * outbox.AT_ONCE


@pytest.mark.parametrize("answer", [Reply(400, b"out of order sample"), BadResponse("a redirect")])
def test_what_the_server_refuses_is_dropped_and_counted(make, answer):
    """It is not sent again, the next message is; the log hears of it once."""
    box, server, journal = make(answer, answer, Reply(204, b""))
    for k in range(3):
        box.send(b"%d" % k, 10, k)
    box.close(10.0)
    assert server.messages == [b"0", b"1", b"2"]
    assert journal.counts == {("remote_write_samples_failed", "refused"): 20, ("remote_write_samples", ""): 10}
    assert len(journal.told) == 1


def test_a_server_that_is_away_gets_the_message_later(make):
    """Nothing is lost by a restart of the server."""
    box, server, journal = make(SourceDown("answered 503"), SourceDown("refused"), Reply(204, b""))
    box.send(b"a", 10, 0)
    box.close(10.0)
    assert server.messages == [b"a", b"a", b"a"]
    assert journal.counts == {("remote_write_samples", ""): 10}
    assert len(journal.told) == 1


def test_what_is_too_old_is_given_up(make):
    """After minutes the next snapshot says more than the one that waits."""
    box, _, journal = make(SourceDown("refused"), OLDEST=-1.0)
    box.send(b"a", 10, 0)
    box.close(10.0)
    assert journal.counts == {("remote_write_samples_failed", "late"): 10}


def test_nobody_waits_for_a_slow_server(make):
    """Beyond the room there is, messages are dropped and counted."""
    box, server, journal = make(Reply(204, b""), ROOM=2)
    server.gate.clear()
    for _ in range(6):
        box.send(b"a", 10, 0)
    assert journal.counts["remote_write_samples_failed", "full"] >= 30
    server.gate.set()
    box.close(10.0)
