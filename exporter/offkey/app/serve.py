"""The daemon: engine and loop in one thread, pages in the main one, a reload that keeps what is good."""

import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from offkey import __version__
from offkey.adapters.outbox import Outbox
from offkey.adapters.sinks import exposition
from offkey.app import wire
from offkey.app.config import Config
from offkey.app.following import Followed
from offkey.app.logs import Form, Level, adopt, logger
from offkey.app.prefixes import NONE, Prefixes
from offkey.app.reviewing import ReviewLoop
from offkey.app.server import DEFAULT_ADDRESS, Server
from offkey.app.telemetry import Telemetry
from offkey.app.web import MAX_REQUESTS, Handles, application
from offkey.app.webconfig.file import Watched
from offkey.core.errors import OffkeyError
from offkey.core.findings import Snapshot
from offkey.core.ports import Journal, Sink, Source
from offkey.core.shards import WHOLE, Shard
from offkey.engine.cycle import Engine
from offkey.engine.loop import Loop
from offkey.engine.plan import Plan

if TYPE_CHECKING:
    from offkey.app.streaming import Stream

# A cycle under way when the process is asked to end gets this long to finish.
FAREWELL_SECONDS = 8.0
# Between two looks at a configuration file that is followed.
LOOK_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Options:
    """What the flags say.

    Attributes:
        addresses: where to listen, `:PORT`, `HOST:PORT` or `unix:PATH`.
        telemetry_path: where the exposition is.
        enable_lifecycle: whether /-/reload and /-/quit do something.
        max_requests: scrapes answered at once.
        log_level: least severity that is logged.
        log_form: logfmt or json.
        web_config: file that says who may read, or None for everybody.
        prefixes: what every path begins with.
        enable_receiver: whether remote write is received.
        shard: which part of the series this process watches.
        workers: processes that learn, see `wire.workers`.
        followed: configuration file that is read anew when it changes, or None.
    """

    addresses: Sequence[str] = (DEFAULT_ADDRESS,)
    telemetry_path: str = "/metrics"
    enable_lifecycle: bool = False
    max_requests: int = MAX_REQUESTS
    log_level: Level = "info"
    log_form: Form = "logfmt"
    web_config: Path | None = None
    prefixes: Prefixes = NONE
    enable_receiver: bool = False
    shard: Shard = WHOLE
    workers: str = ""
    followed: Path | None = None


@dataclass(frozen=True, slots=True)
class _Parts:
    """One configuration made into parts."""

    config: Config
    plans: tuple[Plan, ...]
    sources: dict[str, Source]
    outboxes: tuple[Outbox, ...]

    @classmethod
    def of(cls, config: Config, shard: Shard, journal: Journal) -> "_Parts":
        return cls(config, wire.plans(config, shard), wire.sources(config), wire.outboxes(config, journal))

    def close(self) -> None:
        """Let go of connections; what waits to be sent is sent."""
        for source in self.sources.values():
            source.close()
        for box in self.outboxes:
            box.close()


class Service:
    """Everything that runs in one `offkey serve`."""

    def __init__(self, load: Callable[[], Config], options: Options) -> None:
        """Read the configuration and build the parts; nothing runs yet.

        Args:
            load: reads the configuration; called again for each reload.
            options: the flags.

        Raises:
            ConfigError: the configuration is not acceptable.
            StateError: the folder for state cannot be used.
        """
        self._load = load
        self._options = options
        log = logger(options.log_level, options.log_form, sys.stderr)
        adopt(log)
        self._telemetry = Telemetry(log)
        self._exposition = exposition.Sink(self._telemetry)
        self._followed = Followed(options.followed) if options.followed else None
        parts = _Parts.of(load(), options.shard, self._telemetry)
        self._store = wire.store(parts.config, self._telemetry)
        self._workers = wire.workers(options.workers)
        self._engine = self._assembled(parts, None)
        self._parts = parts
        self._pending: _Parts | None = None
        self._requests: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._loop = Loop(self._current, self._telemetry, wire.CLOCKS)
        self._review = ReviewLoop(lambda: self._parts.config, self._telemetry, wire.CLOCKS.wall)
        access = Watched(options.web_config, self._access_refused).current
        self._stream = self._streamed() if options.enable_receiver else None
        receive = self._stream.receive if self._stream else None
        handles = Handles(self._exposition.render, lambda: self._exposition.is_ready, self.reload, self.stop, receive)
        self._server = Server(
            application(
                handles,
                options.telemetry_path,
                enable_lifecycle=options.enable_lifecycle,
                max_requests=options.max_requests,
                prefixes=options.prefixes,
                access=access,
            ),
            options.addresses,
            access,
        )
        self._telemetry.reloaded(time.time())

    def run(self) -> None:
        """Serve until asked to stop, then finish the cycle under way and save.

        Raises:
            ConfigError: an address cannot be used.
        """
        where = self._server.open()
        tell = self._telemetry.tell
        tell("info", "offkey starts", {"version": __version__, "signals": len(self._parts.plans)})
        path = self._options.prefixes.routes + self._options.telemetry_path
        for address in where:
            tell("info", "listening", {"address": address, "path": path})
        for number, request in ((signal.SIGTERM, "stop"), (signal.SIGINT, "stop"), (signal.SIGHUP, "reload")):
            signal.signal(number, self._asks(request))
        threading.Thread(target=self._listen, name="requests", daemon=True).start()
        ticking = threading.Thread(target=self._loop.run, name="engine", daemon=True)
        ticking.start()
        self._review.start()
        if self._stream:
            self._stream.start()
        self._server.run()
        self._loop.stop()
        self._review.stop()
        if self._stream:
            self._stream.stop()
        ticking.join(FAREWELL_SECONDS)
        self._parts.close()
        if self._workers is not None:
            self._workers.close()
        tell("info", "offkey ends", {"finished": not ticking.is_alive()})

    def stop(self) -> None:
        """Ask `run` to return."""
        self._server.stop()

    def reload(self) -> str | None:
        """Read the configuration anew; it comes into force before the next cycle. Return what is wrong with it."""
        self._telemetry.tell("info", "asked to reload", {})
        try:
            self._pending = _Parts.of(self._load(), self._options.shard, self._telemetry)
        except OffkeyError as error:
            self._telemetry.reloaded(None)
            self._telemetry.tell("error", "configuration refused, the one before stays", {"error": str(error)})
            return str(error)
        self._telemetry.reloaded(time.time())
        self._telemetry.tell("info", "configuration read", {"signals": len(self._pending.plans)})
        if self._pending.config.storage != self._parts.config.storage:
            self._telemetry.tell("warning", "another storage path takes a restart", {})
        return None

    def _access_refused(self, words: str) -> None:
        self._telemetry.tell("error", "web configuration refused, the one before stays", {"error": words})

    def _asks(self, request: str) -> Callable[[int, FrameType | None], None]:
        """Return a signal handler that does nothing but leave a request."""
        return lambda _number, _frame: self._requests.put(request)

    def _listen(self) -> None:
        """Carry out what signals, and changes of the configuration file, ask for."""
        while (request := self._request()) != "stop":
            self.reload()
        self._telemetry.tell("info", f"asked to {request}", {})
        self.stop()

    def _request(self) -> str:
        """Wait for the next request."""
        while self._followed is not None:
            try:
                return self._requests.get(timeout=LOOK_SECONDS)
            except queue.Empty:
                if self._followed.has_settled():
                    return "reload"
        return self._requests.get()

    def _current(self) -> Engine:
        """Return the engine in force; the loop's thread calls this between cycles, so a swap tears nothing."""
        parts, self._pending = self._pending, None
        if parts is not None:
            former = self._parts
            self._engine, self._parts = self._assembled(parts, self._engine), parts
            former.close()
        return self._engine

    def _streamed(self) -> "Stream":
        from offkey.app.streaming import Stream  # noqa: PLC0415 (only where remote write is received)

        return Stream(lambda: self._engine, lambda: self._parts.plans, lambda: self._writers)

    def _assembled(self, parts: _Parts, former: Engine | None) -> Engine:
        self._writers = wire.writers(parts.outboxes)
        sinks: tuple[Sink, ...] = (_Observer(self._telemetry), self._exposition, *self._writers)
        ports = wire.ports(parts.config, parts.sources, self._store, sinks, self._telemetry, self._workers)
        return Engine(parts.plans, ports, former)


@dataclass(frozen=True, slots=True)
class _Observer:
    """A sink that lets offkey's own metrics see each snapshot before it is shown."""

    telemetry: Telemetry

    def publish(self, snapshot: Snapshot) -> None:
        """Take note."""
        self.telemetry.observe(snapshot)
