"""Start other programs on the loopback address, wait until they answer, and end all of them whatever happens."""

import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

from offkey.core.errors import ProgramFailed

LOOPBACK = "127.0.0.1"
FAREWELL_SECONDS = 10.0
_PAUSE = 0.1
_LAST_LINES = 5


def find_program(name: str, *folders: Path) -> str | None:
    """Return the path of a program: from these folders first, then from the PATH; None when it is nowhere."""
    return shutil.which(name, path=_search_path(folders))


def free_port(preferred: int) -> int:
    """Return a port of the loopback address that nobody listens on: the preferred one if it is free."""
    for port in (preferred, 0):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((LOOPBACK, port))
            return int(probe.getsockname()[1])
    msg = f"no port of {LOOPBACK} is free"
    raise ProgramFailed(msg)


def session() -> requests.Session:
    """Return an HTTP client that ignores proxies: everything it talks to is on this machine."""
    client = requests.Session()
    client.trust_env = False
    return client


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold back Ctrl-C and SIGTERM while the block runs: what is begun in it is not left half done."""
    if threading.current_thread() is not threading.main_thread():  # signals reach the main thread alone
        yield
        return
    came: list[int] = []
    former = {
        number: signal.signal(number, lambda number, _frame: came.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
    if came:
        signal.raise_signal(came[0])


class Programs:
    """Running programs; leaving the `with` block ends them, in the reverse order of their start.

    Each runs in a process group of its own, so Ctrl-C reaches this process alone, and a program's children end with
    it. What a program says goes to `NAME.log` in the folder of logs.
    """

    def __init__(self, logs: Path, *tools: Path, patience: float = FAREWELL_SECONDS) -> None:
        """Run nothing yet.

        Args:
            logs: folder for what programs say; it is made when needed.
            *tools: folders that stand first on the programs' PATH.
            patience: seconds between asking a program to end and ending it.
        """
        self._logs = logs
        self._patience = patience
        self._environment = {**os.environ, "PATH": _search_path(tools)}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._brief: set[str] = set()

    def __enter__(self) -> Self:
        self._logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with uninterrupted():
            for name in reversed([*self._running]):
                self.stop(name)

    def start(self, name: str, command: Sequence[str], *, is_brief: bool = False) -> None:
        """Start a program.

        Args:
            name: what it is called in messages, and its log.
            command: the program and its arguments.
            is_brief: it ends by itself, see `finish`; others run until they are stopped.

        Raises:
            ProgramFailed: it cannot be executed.
        """
        with self._log(name).open("ab") as log, uninterrupted():
            try:
                self._running[name] = subprocess.Popen(  # noqa: S603 (the caller names the program; no shell)
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=self._environment,
                    start_new_session=True,
                )
            except OSError as error:
                msg = f"{command[0]}: cannot be started: {error.strerror}"
                raise ProgramFailed(msg) from error
        if is_brief:
            self._brief.add(name)

    def finish(self, name: str, seconds: float) -> None:
        """Wait until a brief program ends, well and within a time.

        Raises:
            ProgramFailed: it ended with another code than 0, or not in time.
        """
        try:
            code = self._running[name].wait(seconds)
        except subprocess.TimeoutExpired as error:
            self.stop(name)
            msg = f"{name} did not finish within {seconds:g} s; {self._said(name)}"
            raise ProgramFailed(msg) from error
        del self._running[name]
        if code:
            msg = f"{name} ended with code {code}; {self._said(name)}"
            raise ProgramFailed(msg)

    def stop(self, name: str) -> None:
        """End a program and its children: ask first, then insist."""
        process = self._running.pop(name)
        for number, patience in ((signal.SIGTERM, self._patience), (signal.SIGKILL, None)):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(patience)
                break
        with suppress(ProcessLookupError):  # a child that outlived the program it belonged to
            os.killpg(process.pid, signal.SIGKILL)

    def running(self) -> tuple[int, ...]:
        """Return the process ids of what was started and not yet stopped, in the order of their start."""
        return tuple(process.pid for process in self._running.values())

    def check(self) -> None:
        """Make sure that every program still runs, or ended well if it is a brief one.

        Raises:
            ProgramFailed: one of them ended.
        """
        for name, process in self._running.items():
            code = process.poll()
            if code is not None and (code or name not in self._brief):
                msg = f"{name} ended with code {code}; {self._said(name)}"
                raise ProgramFailed(msg)

    def wait(self, name: str, is_ready: Callable[[], bool], seconds: float) -> None:
        """Wait until a program is ready.

        Args:
            name: the program; when it ends while it is waited for, waiting ends too.
            is_ready: asked ten times a second; an answer that cannot be had counts as no.
            seconds: how long to wait.

        Raises:
            ProgramFailed: a program ended, or the time is over.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.check()
            with suppress(requests.RequestException):
                if is_ready():
                    return
            time.sleep(_PAUSE)
        msg = f"{name} was not ready within {seconds:g} s; {self._said(name)}"
        raise ProgramFailed(msg)

    def _log(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def _said(self, name: str) -> str:
        """Return where a program's log is, and its last lines."""
        path = self._log(name)
        last = path.read_text("utf-8", "replace").splitlines()[-_LAST_LINES:]
        return f"see {path}" + "".join(f"\n  {line}" for line in last)


def _search_path(folders: Sequence[Path]) -> str:
    return os.pathsep.join([*map(str, folders), os.environ.get("PATH", os.defpath)])
