"""A file that is followed."""

from offkey.app.following import Followed


def test_a_change_is_told_once_when_it_stands_still(tmp_path):
    """Not at the first look, when it may be half written, and not again; a file that is gone is no change."""
    path = tmp_path / "offkey.yml"
    path.write_text("before")
    followed = Followed(path)
    assert not followed.has_settled()
    path.write_text("half")
    assert not followed.has_settled()
    path.write_text("after")
    assert [followed.has_settled() for _ in range(3)] == [False, True, False]
    path.unlink()
    assert [followed.has_settled() for _ in range(2)] == [False, False]
    path.write_text("after")
    assert [followed.has_settled() for _ in range(2)] == [False, False]


def test_a_link_that_is_swapped_is_a_change(tmp_path):
    """So a mounted ConfigMap is replaced."""
    (tmp_path / "old").write_text("before")
    (tmp_path / "new").write_text("after")
    link, other = tmp_path / "offkey.yml", tmp_path / "swap"
    link.symlink_to("old")
    followed = Followed(link)
    other.symlink_to("new")
    other.replace(link)
    assert [followed.has_settled() for _ in range(3)] == [False, True, False]
