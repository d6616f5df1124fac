import os

import pytest

from offkey.adapters import files


def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path):
    """The new content and permissions are there; the folder holds that one file."""
    path = tmp_path / "a.yml"
    path.write_text("before, and much longer")
    files.write(path, b"after", mode=0o600)
    assert path.read_bytes() == b"after"
    assert path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["a.yml"]


def test_a_write_that_fails_leaves_the_earlier_content(tmp_path, monkeypatch):
    """A full disk at the last moment costs nothing, and the error names the file."""
    path = tmp_path / "a.yml"
    path.write_text("before")

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left") as caught:
        files.write(path, b"after")
    assert caught.value.filename == str(path)
    assert path.read_text() == "before"
    assert os.listdir(tmp_path) == ["a.yml"]


def test_a_link_stays_a_link(tmp_path):
    """What it points to is replaced."""
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("before")
    link.symlink_to(target)
    files.write(link, b"after")
    assert link.is_symlink()
    assert target.read_bytes() == b"after"


def test_a_missing_folder_is_an_error(tmp_path):
    """Folders are not made on the way, and the error names the file that was asked for."""
    with pytest.raises(FileNotFoundError) as caught:
        files.write(tmp_path / "none" / "a", b"")
    assert caught.value.filename == str(tmp_path / "none" / "a")
