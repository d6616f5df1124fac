"""Other processes that do what takes long: on this machine, or on a dask cluster."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import joblib  # type: ignore[import-untyped]  # it has no types

from offkey.core.errors import ConfigError, WorkersLost
from offkey.core.ports import Job

R = TypeVar("R")

CONNECT_SECONDS = 10
_LOCAL = re.compile(r"\d{1,4}")
_SCHEDULER = re.compile(r"(tcp|tls|ws|wss|ucx)://\S+")


class Workers:
    """Processes of this machine (a number of them), or those of a scheduler (`tcp://HOST:8786`)."""

    def __init__(self, address: str) -> None:
        """Connect to a scheduler; processes of this machine start when they are needed.

        Raises:
            ConfigError: the address is neither a number above 0 nor a scheduler's.
            WorkersLost: nobody answers there.
        """
        if _LOCAL.fullmatch(address) and int(address) > 0:
            self._count, self._client, self._backend = int(address), None, "loky"
        elif _SCHEDULER.fullmatch(address):
            self._count, self._client, self._backend = -1, _connected(address), "dask"
        else:
            msg = f'--workers: "{address}" is neither a number of processes nor a scheduler such as tcp://dask:8786'
            raise ConfigError(msg)

    def submit(self, function: Callable[..., object], *given: object) -> Job:
        """Have a function called elsewhere; what it takes and returns travels."""
        if self._client is not None:
            return _Job(self._client.submit(function, *given, pure=False))
        return _Job(_processes(self._count).submit(function, *given))

    def map(self, function: Callable[..., R], tasks: Iterable[tuple[Any, ...]]) -> Iterator[R]:
        """Yield the answers in the order of the tasks, which are taken as workers become free.

        Raises:
            WorkersLost: a worker ended, or the scheduler is gone.
        """
        with joblib.parallel_config(backend=self._backend):
            parallel = joblib.Parallel(n_jobs=self._count, return_as="generator")
            answers = parallel(joblib.delayed(function)(*task) for task in tasks)
        try:
            yield from answers
        except (OSError, RuntimeError) as error:
            raise _lost(error) from error

    def close(self) -> None:
        """Let the processes of this machine end, or leave the scheduler."""
        if self._client is not None:
            self._client.close()
            return
        _processes(self._count).shutdown(wait=True, kill_workers=True)


class _Job:
    """Something that is being done elsewhere."""

    def __init__(self, future: Any) -> None:  # noqa: ANN401 (joblib's and dask's futures share no type)
        self._future = future

    def done(self) -> bool:
        """Whether there is an answer, or never will be."""
        return bool(self._future.done())

    def result(self) -> Any:  # noqa: ANN401 (whatever the function returns)
        """Return the answer.

        Raises:
            WorkersLost: the worker ended, or the scheduler is gone.
        """
        try:
            return self._future.result()
        except (OSError, RuntimeError) as error:
            raise _lost(error) from error


def _processes(count: int) -> Any:  # noqa: ANN401 (joblib has no types)
    from joblib.externals.loky import get_reusable_executor  # type: ignore[import-untyped]  # noqa: PLC0415 (slow)

    return get_reusable_executor(max_workers=count, timeout=None)


def _connected(address: str) -> Any:  # noqa: ANN401 (distributed has no types)
    try:
        from distributed import Client  # noqa: PLC0415 (an extra, and slow to import)
    except ImportError as error:
        msg = "--workers: a scheduler needs the extra dask; pip install 'offkey[dask]'"
        raise ConfigError(msg) from error
    try:
        return Client(address, timeout=CONNECT_SECONDS)  # type: ignore[no-untyped-call]  # it has no types
    except OSError as error:
        raise _lost(error) from error


def _lost(error: Exception) -> WorkersLost:
    msg = f"workers lost: {type(error).__name__}: {error}"
    return WorkersLost(msg)
