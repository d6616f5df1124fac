"""How kernels are compiled and kept."""

import importlib.util

import numba

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
