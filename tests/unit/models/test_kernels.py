"""How kernels are compiled and kept."""

import importlib.util
import os
import signal

import numba
import numpy as np
import pytest

from offkey.core.durations import DAY, MINUTE
from offkey.core.frame import Axis, Frame
from offkey.core.labels import Labels
from offkey.models import kernels
from offkey.models.detect import seasonal
from offkey.models.forecast import bank
from offkey.models.kernels import compiled

SOURCE = """
from offkey.models.kernels import compiled
from {part} import STEP

@compiled
def move(x):
    return x + STEP
"""


def test_a_constant_changed_in_another_file_is_noticed(tmp_path, monkeypatch):
    """Same size, same date: the compiled code is renewed all the same, for its name holds the sources' digest."""
    monkeypatch.syspath_prepend(str(tmp_path))
    names = []
    for value in (1, 2):
        part, module = f"kernel_part_{value}", f"kernel_{value}"
        (tmp_path / f"{part}.py").write_text(f"STEP = {value}\n")
        (tmp_path / f"{module}.py").write_text(SOURCE.format(part=part))
        spec = importlib.util.spec_from_file_location("kernel_under_test", tmp_path / f"{module}.py")
        loaded = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(loaded)
        assert loaded.move(1) == 1 + value
        names.append(loaded.move.py_func.__qualname__)
    assert names[0] != names[1]


def test_where_nothing_can_be_kept_each_process_compiles(monkeypatch):
    """A read-only installation still works: numba's refusal to cache is not an error."""
    original = numba.njit

    def refuse(*args, **options):
        if options.pop("cache", False):
            msg = "cannot cache function: no locator available"
            raise RuntimeError(msg)
        return original(*args, **options)

    monkeypatch.setattr(numba, "njit", refuse)

    def double(x):
        return 2 * x

    assert compiled(double)(3) == 6


@pytest.mark.parametrize(("rows", "apiece"), [(0, 10), (9, 10), (25, 10), (1000, 1)])
def test_every_row_is_worked_on_once(monkeypatch, rows, apiece):
    """However many threads share them."""
    monkeypatch.setattr(kernels, "ROWS_APIECE", apiece)
    monkeypatch.setattr(kernels.os, "cpu_count", lambda: 4)
    worked = np.zeros(rows, int)

    def work(first, last):
        worked[first:last] += 1

    kernels.shared_out(rows, work)
    assert (worked == 1).all()


def test_what_a_thread_meets_is_raised(monkeypatch):
    """An error in a part of the rows is one of the whole."""
    monkeypatch.setattr(kernels, "ROWS_APIECE", 1)
    monkeypatch.setattr(kernels.os, "cpu_count", lambda: 2)

    def work(first, _):
        assert first == 0, "not mine"

    with pytest.raises(AssertionError, match="not mine"):
        kernels.shared_out(2, work)


def test_a_forked_process_has_threads_of_its_own(monkeypatch):
    """Those of its parent are not in it, and are not waited for."""
    monkeypatch.setattr(kernels, "ROWS_APIECE", 1)
    monkeypatch.setattr(kernels.os, "cpu_count", lambda: 2)
    kernels.shared_out(2, lambda _first, _last: None)
    child = os.fork()
    if child == 0:
        signal.alarm(60)  # ends a child that waits for ever
        kernels.shared_out(2, lambda _first, _last: None)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0


def test_models_say_the_same_on_any_number_of_threads(monkeypatch):
    """What is learned, judged and forecast of 150 series is bit for bit the same when threads share them."""
    axis = Axis(0, 15 * MINUTE, 2 * DAY // (15 * MINUTE))
    values = 100 + np.random.default_rng(3).normal(size=(150, axis.size)).cumsum(axis=1)
    frame = Frame(tuple(Labels.of(series=str(k)) for k in range(150)), values, axis)
    monkeypatch.setattr(kernels.os, "cpu_count", lambda: 3)
    said = []
    for apiece in (100, 1):
        monkeypatch.setattr(kernels, "ROWS_APIECE", apiece)
        detector, forecaster = seasonal.Model(), bank.Model()
        known, mixed = detector.fit(frame), forecaster.fit(frame)
        strangeness, band = detector.sweep(known, frame.columns(9, 10), np.full(150, 3.0))
        ahead = forecaster.forecast(mixed, frame.future(4))
        said.append([*known.rows.values(), *mixed.rows.values(), strangeness, band.lower, ahead.point, ahead.upper])
    for one, other in zip(*said, strict=True):
        np.testing.assert_array_equal(one, other)
