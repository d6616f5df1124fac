"""Stored state under the worst of treatment: kill -9 at any moment, a full disk, a read-only one."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from offkey.adapters.stores.file import Store
from offkey.core.errors import StateError
from offkey.core.state import Learned, State

pytestmark = pytest.mark.e2e

KILLS = 100

# One process that forks the writers it kills, because starting Python takes longer than any of them lives.
KILLER = """
import os, random, signal, sys, time
from pathlib import Path
from test_state import of, value_of
from offkey.adapters.stores.file import Store

class Journal:
    damaged = 0
    def count(self, event, reason="", amount=1):
        self.damaged += 1
    def tell(self, level, message, fields=None):
        print(level, message, fields)

folder, kills, chance, committed = Path(sys.argv[1]), int(sys.argv[2]), random.Random(5), 0
journal = Journal()
for kill in range(kills):
    heard, said = os.pipe()
    writer = os.fork()
    if not writer:
        store, value = Store(folder), committed
        while True:
            value += 1
            store.save("k", of(value))
            os.write(said, value.to_bytes(8, "little"))
    os.close(said)
    with os.fdopen(heard, "rb") as acknowledged:
        words = acknowledged.read(8 * chance.randrange(3))
        time.sleep(chance.random() * 0.05)
        os.kill(writer, signal.SIGKILL)
        os.waitpid(writer, 0)
        words += acknowledged.read()
    promised = int.from_bytes(words[-8:], "little") if words else committed
    store = Store(folder, journal)
    found = value_of(store.load("k"))
    left = [path.name for path in folder.iterdir() if "next" in path.name]
    store.close()
    if found < promised or left:
        sys.exit(f"kill {kill}: {found} found, {promised} acknowledged, left over: {left}")
    committed = found
print(f"kills {kills} commits {committed} damaged {journal.damaged}")
"""


def of(value, size=50_000):
    """Return something large that was learned, every number of it the same."""
    return Learned({"m": State((), {}, {"x": np.full(size, float(value))})}, value)


def value_of(found):
    """Return that number; a mixture is an error."""
    if found is None:
        return 0
    values = np.unique(found.states["m"].shared["x"])
    assert values.tolist() == [found.until]
    return found.until


def test_a_hundred_kills_lose_nothing(tmp_path):
    """After kill -9 at random moments the state is whole, no older than acknowledged, and nothing lies about."""
    command = [sys.executable, "-c", KILLER, str(tmp_path / "state"), str(KILLS)]
    path = {"PYTHONPATH": str(Path(__file__).parent)}
    ran = subprocess.run(command, capture_output=True, text=True, env=path, check=False, timeout=120)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    words = ran.stdout.split()
    assert words[-6:-4] == ["kills", str(KILLS)]
    assert int(words[-3]) > KILLS / 4, "hardly anything was written between the kills"
    assert words[-2:] == ["damaged", "0"]


@pytest.fixture
def small_disk(tmp_path):
    """Mount a disk of one megabyte; only root can."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.decode().strip()}")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_full_disk_keeps_what_was_stored(small_disk):
    """Saving fails with a reason, the last state stays, and when there is room again all is well."""
    with closing(Store(small_disk / "state")) as store:
        store.save("k", of(1, size=1000))
        for _ in range(2):
            with pytest.raises(StateError, match="No space left"):
                store.save("k", of(2, size=200_000))
            assert value_of(store.load("k")) == 1
        assert len(list((small_disk / "state").iterdir())) == 2
        store.save("k", of(3, size=1000))
        assert value_of(store.load("k")) == 3


def test_a_read_only_disk_is_read_all_the_same(small_disk):
    """What was stored can be loaded; saving, forgetting and starting anew say why they cannot."""
    with closing(Store(small_disk / "state")) as store:
        store.save("k", of(1, size=1000))
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(StateError, match=r"Read-only.*--storage\.path"):
        Store(small_disk / "state")
    subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)
    store = Store(small_disk / "state")
    store.close()
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    assert value_of(store.load("k")) == 1
    with pytest.raises(StateError, match="Read-only"):
        store.save("k", of(2, size=1000))
    with pytest.raises(StateError, match="Read-only"):
        store.forget("k")
    assert value_of(store.load("k")) == 1
