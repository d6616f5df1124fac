"""Messages on their way to a server that may be slow or away: nobody who leaves one here waits."""

import queue
import threading
import time

from offkey.adapters.decode.snappy import snapped
from offkey.adapters.http import Client, Endpoint, Payload, excerpt
from offkey.core.errors import OffkeyError, SourceDown
from offkey.core.ports import Journal

ROOM = 200  # messages that may wait: two million samples
AT_ONCE = 4  # messages of one turn that are under way together
OLDEST = 300.0  # seconds after which a message is no longer worth sending
PAUSE = 5.0  # seconds before a server that was away is tried again
HEADERS = {
    "Content-Encoding": "snappy",
    "Content-Type": "application/x-protobuf",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}


class Outbox:
    """Sends WriteRequests to one server, turn by turn and several of a turn at once, from threads of its own.

    A message the server cannot take now (429, 5xx, no connection) is sent again until it is five minutes old; one it
    refuses is dropped and counted.

    Args:
        endpoint: where to POST.
        journal: hears what was sent and what was lost.
    """

    def __init__(self, endpoint: Endpoint, journal: Journal) -> None:
        self._client = Client(endpoint)
        self._journal = journal
        self._waiting: queue.Queue[tuple[bytes, int, int, float]] = queue.Queue(ROOM)
        self._closed = threading.Event()
        self._refused = ""
        self._lock, self._door, self._idle = threading.Lock(), threading.Lock(), threading.Condition()
        self._turn, self._under_way = -1, 0  # which one is being sent, and how many messages of it
        for _ in range(AT_ONCE):
            threading.Thread(target=self._run, name="remote write", daemon=True).start()

    def send(self, message: bytes, samples: int, turn: int) -> None:
        """Leave a WriteRequest; where too many wait, it is dropped and counted.

        Args:
            message: not compressed yet.
            samples: how many it holds.
            turn: when it changes, everything that was left before has to arrive first: a server takes the samples of a
                series in their order only.
        """
        try:
            self._waiting.put_nowait((message, samples, turn, time.monotonic()))
        except queue.Full:
            self._journal.count("remote_write_samples_failed", "full", samples)

    def close(self, patience: float = 2.0) -> None:
        """Send what waits, for so many seconds at most, and end."""
        end = time.monotonic() + patience
        while self._waiting.unfinished_tasks and time.monotonic() < end:
            time.sleep(0.01)
        self._closed.set()
        self._client.close()

    def _run(self) -> None:
        while not self._closed.is_set():
            with self._door:  # the others wait behind whoever waits for a message, or for the turn before to end
                try:
                    message, samples, turn, since = self._waiting.get(timeout=0.5)
                except queue.Empty:
                    continue
                self._begin(turn)
            self._deliver(snapped(message), samples, since)
            with self._idle:
                self._under_way -= 1
                self._idle.notify()
            self._waiting.task_done()

    def _begin(self, turn: int) -> None:
        with self._idle:
            if turn != self._turn:
                self._idle.wait_for(lambda: not self._under_way)
            self._turn = turn
            self._under_way += 1

    def _deliver(self, block: bytes, samples: int, since: float) -> None:
        """Send one message until it is taken, refused or too old."""
        while not self._closed.is_set():
            try:
                reply = self._client.call("POST", "", payload=Payload(block, HEADERS))
            except SourceDown as error:
                self._say(str(error))
                if time.monotonic() - since > OLDEST:
                    self._journal.count("remote_write_samples_failed", "late", samples)
                    return
                self._closed.wait(PAUSE)
            except OffkeyError as error:
                self._lose(str(error), samples)
                return
            else:
                if reply.status < 300:
                    self._refused = ""
                    self._journal.count("remote_write_samples", amount=samples)
                else:
                    self._lose(f"answered {reply.status}: {excerpt(reply.body)}", samples)
                return

    def _lose(self, why: str, samples: int) -> None:
        self._journal.count("remote_write_samples_failed", "refused", samples)
        self._say(why)

    def _say(self, why: str) -> None:
        """Tell of a failure, once until a message is taken again."""
        with self._lock:
            is_news, self._refused = not self._refused, why
        if is_news:
            self._journal.tell("warning", "remote write fails", {"url": self._client.endpoint.url, "error": why})
