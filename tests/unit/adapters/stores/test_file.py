import base64
import errno
import hashlib
import json
import os
import stat
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from offkey.adapters.stores import _container as container
from offkey.adapters.stores.file import Store
from offkey.core.errors import StateError
from offkey.core.labels import Labels
from offkey.core.state import Learned, State

SERIES = (Labels.of(__name__="requests", pod='a"\n\\'), Labels.of(pod="ü"))


class Journal:
    """Remembers what it is told."""

    def __init__(self):
        self.counted, self.told = [], []

    def count(self, event, reason="", amount=1):
        """Remember a count."""
        self.counted.append((event, amount))

    def tell(self, level, message, fields=None):
        """Remember a message."""
        self.told.append((level, message, fields))


def learned(value=1.0):
    """Return something small of every usual type."""
    rows = {
        "level": np.array([value, np.nan]),
        "width": np.array([[0.5, 1.5], [2.5, 3.5]], np.float32),
        "seen": np.array([1, -(2**62)]),
        "open": np.array([True, False]),
    }
    detector = State(SERIES, rows, {"bins": np.arange(3, dtype=np.uint8)})
    return Learned({"detector": detector, "ledger": State(SERIES, {}, {"x": np.array(7.0)})}, 1_700_000_000)


def value_of(found):
    """Return the number by which `learned` states differ, or None."""
    return None if found is None else float(found.states["detector"].rows["level"][0])


@pytest.fixture
def folder(tmp_path):
    """Return where a store may be made."""
    return tmp_path / "state"


@pytest.fixture
def open_store(folder):
    """Return a function that opens the folder anew, as a restart does."""
    opened = []

    def reopen(journal=None):
        while opened:
            opened.pop().close()
        opened.append(Store(folder, journal))
        return opened[-1]

    yield reopen
    while opened:
        opened.pop().close()


def files_of(folder):
    """Return the names in a folder, the lock left out."""
    return sorted(path.name for path in folder.iterdir() if path.name != "lock")


def current(folder):
    """Return the file of the last generation."""
    (path,) = folder.glob("*.state")
    return path


def test_golden_container(golden):
    """The bytes of schema 1 do not change, and are read for ever."""
    content = b"".join(container.encoded("tenant/checkout", learned()))
    golden("state-schema-1.txt", base64.encodebytes(content).decode())
    key, found = container.decode(content)
    assert (key, value_of(found)) == ("tenant/checkout", 1.0)


def test_a_table_of_series_is_written_once():
    """States about the same series share their labels."""
    assert b"".join(container.encoded("k", learned())).count(b"requests") == 1


def test_every_truncation_is_detected():
    """No shorter file, of any length, is taken for a whole one."""
    content = b"".join(container.encoded("k", learned()))
    for length in range(len(content)):
        with pytest.raises(container.Damaged):
            container.decode(content[:length])
    with pytest.raises(container.Damaged):
        container.decode(content + b"\0")


def test_every_flipped_bit_is_detected():
    """300 random ones: header, numbers, seal, wherever."""
    content = b"".join(container.encoded("k", learned()))
    for place in np.random.default_rng(7).choice(8 * len(content), 300, replace=False).tolist():
        flipped = bytearray(content)
        flipped[place // 8] ^= 1 << place % 8
        with pytest.raises(container.Damaged):
            container.decode(bytes(flipped))


def sealed(header, blocks=b"", magic=b"OFKS", schema=1, length=None):
    """Return a container with any header under a right seal."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    content = struct.pack("<4sHI", magic, schema, len(text) if length is None else length) + text + blocks
    return content + hashlib.sha256(content).digest()


@pytest.mark.parametrize(
    "content",
    [
        sealed({}, magic=b"PK\x03\x04"),
        sealed({}),
        sealed([]),
        sealed(b"\x80\x04."),
        sealed(b"[" * 5000),
        sealed({}, length=2**32 - 1),
        sealed({"key": "k", "until": "x", "series": [], "states": {}}),
        sealed({"key": "k", "until": 0, "series": [], "states": {"m": {"series": 0, "rows": {}, "shared": {}}}}),
        sealed({"key": "k", "until": 0, "series": [], "states": []}),
        *(
            sealed(
                {
                    "key": "k",
                    "until": 0,
                    "series": [[]],
                    "states": {"m": {"series": 0, "rows": {}, "shared": {"x": [dtype, shape]}}},
                },
                bytes(8),
            )
            for dtype, shape in [
                ("<f8", [2]),
                ("<f8", [10**12]),
                ("<f8", [-1]),
                ("<f8", [1.0]),
                ("<f8", "1"),
                ("|O8", [1]),
                ("<U2", [1]),
                ("V8", [1]),
                (8, [1]),
            ]
        ),
        sealed(
            {
                "key": "k",
                "until": 0,
                "series": [[[["a", "b"]], [["a", "c"]]]],
                "states": {"m": {"series": 0, "rows": {"x": ["<f8", [1]]}, "shared": {}}},
            },
            bytes(8),
        ),
    ],
)
def test_a_container_that_makes_no_sense_is_refused_before_anything_is_allocated(content):
    """Right seal, wrong content: no pickle, no objects, no sizes that are not there."""
    with pytest.raises(container.Damaged):
        container.decode(content)


def test_only_numbers_can_be_stored(open_store):
    """Objects and texts are refused by name, and nothing is written."""
    store = open_store()
    strange = Learned({"m": State((), {}, {"names": np.array(["a"], object)})}, 0)
    with pytest.raises(StateError, match="names"):
        store.save("k", strange)
    assert store.load("k") is None


def test_what_was_saved_is_there_after_a_restart(open_store):
    """Each key keeps the last generation and the one before."""
    store = open_store()
    for value in (1.0, 2.0, 3.0):
        store.save("k", learned(value))
    assert value_of(open_store().load("k")) == 3.0


def test_a_damaged_file_is_set_aside_and_the_generation_before_is_used(folder, open_store):
    """Nothing damaged is returned or lost; the journal hears of it once; saving goes on."""
    store = open_store()
    store.save("k", learned(1.0))
    store.save("k", learned(2.0))
    current(folder).write_bytes(current(folder).read_bytes()[:-1])
    journal = Journal()
    store = open_store(journal)
    assert value_of(store.load("k")) == 1.0
    assert value_of(store.load("k")) == 1.0
    assert journal.counted == [("state_damaged", 1)]
    ((level, message, fields),) = journal.told
    assert (level, message) == ("error", "damaged state set aside")
    assert "checksum" in fields["error"]
    assert [name.endswith(".state.corrupt-1") for name in files_of(folder)].count(True) == 1
    store.save("k", learned(3.0))
    assert value_of(store.load("k")) == 3.0
    assert list(store.keys()) == ["k"]


def test_a_damaged_file_that_cannot_be_moved_is_not_used_either(folder, open_store, monkeypatch):
    """On a disk that has become read-only the generation before is returned all the same."""
    store = open_store(journal := Journal())
    store.save("k", learned(1.0))
    store.save("k", learned(2.0))
    current(folder).write_bytes(b"nonsense")

    def refuse(*_args):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(os, "replace", refuse)
    assert value_of(store.load("k")) == 1.0
    assert "Read-only file system" in journal.told[0][2]["error"]


def test_damage_to_both_generations_is_a_cold_start(folder, open_store):
    """None is returned; the files set aside have numbers of their own, time after time."""
    store = open_store()
    for _ in range(2):
        store.save("k", learned(1.0))
        store.save("k", learned(2.0))
        for path in folder.glob("*.state*"):
            if "corrupt" not in path.name:
                path.write_bytes(b"nonsense")
        assert store.load("k") is None
        assert not list(store.keys())
    assert len([name for name in files_of(folder) if "corrupt" in name]) == 4


def test_a_file_under_a_wrong_name_is_not_believed(folder, open_store):
    """What was learned for one key is never returned for another."""
    store = open_store()
    store.save("k", learned(1.0))
    store.save("other", learned(2.0))
    one, other = sorted(folder.glob("*.state"), key=lambda path: path.name.startswith("other"))
    other.replace(one)
    assert store.load("k") is None
    assert list(store.keys()) == []


@pytest.mark.parametrize("generation", [".state", ".state-1"])
def test_state_of_a_newer_version_is_neither_read_nor_overwritten(folder, open_store, generation):
    """Going back to an older offkey destroys nothing: the error says what to do."""
    store = open_store()
    store.save("k", learned(1.0))
    path = current(folder)
    newer = sealed({"anything": "else"}, schema=2)
    path.with_name(path.name.removesuffix(".state") + generation).write_bytes(newer)
    if generation == ".state":
        assert store.load("k") is None
        assert not list(store.keys())
    with pytest.raises(StateError, match="newer offkey"):
        store.save("k", learned(2.0))
    assert path.with_name(path.name.removesuffix(".state") + generation).read_bytes() == newer


def test_a_damaged_file_that_claims_to_be_newer_does_not_block_saving(folder, open_store):
    """A flipped bit in the schema is damage: the seal does not fit."""
    store = open_store()
    store.save("k", learned(1.0))
    content = bytearray(current(folder).read_bytes())
    content[4] = 9
    current(folder).write_bytes(content)
    store.save("k", learned(2.0))
    assert value_of(store.load("k")) == 2.0


def test_files_are_for_the_owner_only(folder, open_store):
    """0600 in a folder of 0700, whatever the umask."""
    before = os.umask(0)
    try:
        store = open_store()
        store.save("k", learned(1.0))
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_leftovers_are_swept_at_the_start_and_nothing_else(folder, open_store):
    """Unfinished files of our own go; what others put into the folder stays."""
    store = open_store()
    store.save("k", learned(1.0))
    stem = current(folder).name.removesuffix(".state")
    for name in (f".{stem}.state-next.x1y2.tmp", f"{stem}.state-next", "notes.txt", ".other.tmp"):
        (folder / name).write_text("x")
    store = open_store()
    assert files_of(folder) == sorted([".other.tmp", f"{stem}.state", "notes.txt"])
    assert value_of(store.load("k")) == 1.0


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_what_is_no_regular_file_is_neither_followed_nor_waited_for(folder, open_store, tmp_path, kind):
    """A link to elsewhere, a pipe or a folder in the place of a file is set aside."""
    store = open_store()
    store.save("k", learned(1.0))
    path = current(folder)
    elsewhere = tmp_path / "elsewhere"
    path.replace(elsewhere)
    {"link": lambda: path.symlink_to(elsewhere), "pipe": lambda: os.mkfifo(path), "folder": path.mkdir}[kind]()
    assert store.load("k") is None
    assert len([name for name in files_of(folder) if "corrupt" in name]) == 1
    store.save("k", learned(2.0))
    assert value_of(store.load("k")) == 2.0
    assert value_of(container.decode(elsewhere.read_bytes())[1]) == 1.0


def test_a_folder_belongs_to_one_process(folder, open_store):
    """The second one is told which process has it, and writes nothing."""
    open_store()
    with pytest.raises(StateError, match=rf"in use by process {os.getpid()}"):
        Store(folder)
    second = f"from pathlib import Path; from offkey.adapters.stores.file import Store; Store(Path({str(folder)!r}))"
    ran = subprocess.run([sys.executable, "-c", second], capture_output=True, text=True, check=False)
    assert ran.returncode != 0
    assert f"in use by process {os.getpid()}" in ran.stderr
    assert files_of(folder) == []


def test_a_relative_folder_stays_where_it_was(tmp_path, monkeypatch):
    """Changing the working directory later does not move the state."""
    monkeypatch.chdir(tmp_path)
    store = Store(Path("state"))
    monkeypatch.chdir("/")
    store.save("k", learned(1.0))
    store.close()
    assert len(list((tmp_path / "state").glob("*.state"))) == 1


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    """A file in the way gives an error with the path and what to do."""
    (tmp_path / "state").write_text("in the way")
    with pytest.raises(StateError, match=r"--storage\.path"):
        Store(tmp_path / "state")


CALLS = ("open", "fchmod", "fsync", "replace")


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_a_failing_system_call_leaves_the_old_or_the_new_state(folder, open_store, monkeypatch, call, code):
    """Whichever call fails at whichever turn: an error, whole state, no unfinished file; then all is well again."""
    real, store = getattr(os, call), open_store()
    store.save("k", learned(1.0))
    for turn in range(1, 12):
        before = value_of(store.load("k"))
        left = [turn]

        def failing(*args, left=left, **kwargs):
            left[0] -= 1
            if left[0] == 0:
                raise OSError(code, os.strerror(code))
            return real(*args, **kwargs)

        monkeypatch.setattr(os, call, failing)
        failed = False
        try:
            store.save("k", learned(before + 1))
        except StateError:
            failed = True
        monkeypatch.setattr(os, call, real)
        found = value_of(open_store().load("k"))
        assert found in ((before, before + 1) if failed else (before + 1,))
        assert not [name for name in files_of(folder) if "next" in name or "corrupt" in name]
        store = open_store()
        if not failed:
            break
    assert not failed, "the sweep did not reach the end of a save"
    assert turn > 1, "no call of this kind was made"
