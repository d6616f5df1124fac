"""Whether nothing is left to be compiled at the first start."""

import pkgutil
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from multiprocessing import get_context

from numba.core.registry import CPUDispatcher

import offkey
from offkey.app.compiling import first_uses
from offkey.core.errors import MissingLibrary

# Reached only by networks, which are trained with torch.
DEEP = () if find_spec("torch") else ("offkey.models.recurrent.", "offkey.models.detect.lstm.")


def kernels() -> dict[CPUDispatcher, str]:
    """Return everything in the package that is compiled, and its full name."""
    found = {}
    for module in pkgutil.walk_packages(offkey.__path__, "offkey."):
        if not module.name.startswith(DEEP):
            names = vars(import_module(module.name))
            own = {name: one for name, one in names.items() if isinstance(one, CPUDispatcher)}
            found |= {one: f"{module.name}.{name}" for name, one in own.items() if one.__module__ == module.name}
    return found


def reached(kernel: CPUDispatcher) -> set[CPUDispatcher]:
    """Return the compiled functions that one calls: they are compiled, and kept, together with it."""
    function = kernel.py_func
    named = [function.__globals__.get(name) for name in function.__code__.co_names]
    return {one for one in named if isinstance(one, CPUDispatcher) and one is not kernel}


def forgotten() -> tuple[int, list[str]]:
    """Return how many ways into compiled code there are, and those that no first use takes."""
    for _, use in first_uses():
        with suppress(MissingLibrary):
            use()
    found = kernels()
    doors = found.keys() - set[CPUDispatcher]().union(*map(reached, found))
    return len(doors), sorted(found[one] for one in doors if not one.signatures)


def test_everything_compiled_is_compiled_by_a_first_use():
    """After all first uses, in a process of their own, each compiled function that Python calls is compiled."""
    with ProcessPoolExecutor(1, get_context("spawn")) as alone:
        doors, missed = alone.submit(forgotten).result()
    assert doors > 30
    assert missed == []
