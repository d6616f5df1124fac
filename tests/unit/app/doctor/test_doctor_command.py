"""What `offkey doctor` prints at its end, and with which code."""

import pytest

from offkey.app import cli
from offkey.app.doctor import examination
from offkey.app.doctor.checkup import Checkup

GOOD, ODD, BAD = (Checkup("a", state, "found", "do") for state in ("ok", "warning", "failed"))


@pytest.mark.parametrize(
    ("found", "code", "verdict"),
    [
        ([GOOD], 0, "pages can come\n"),
        ([GOOD, ODD, ODD], 0, "pages can come: 2 to look at\n"),
        ([BAD], 1, "pages cannot come yet: 1 failed\n"),
        ([BAD, ODD, GOOD], 1, "pages cannot come yet: 1 failed, 1 to look at\n"),
    ],
)
def test_the_last_line_is_the_verdict(tmp_path, monkeypatch, capsys, found, code, verdict):
    """Whoever reads one line reads that one; the looks themselves are on stdout."""
    (tmp_path / "offkey.yml").write_text(
        "sources: {default: {url: http://localhost:9}}\nsignals: [{name: a, query: up}]\n"
    )
    monkeypatch.setattr(examination, "examine", lambda *_: iter(found))
    assert cli.run(["doctor", "--config.file", str(tmp_path / "offkey.yml")]) == code
    printed = capsys.readouterr()
    assert printed.err == verdict
    assert printed.out.count("a: found") == len(found)
