"""The pack's configuration is one that a person could start with as it is."""

from importlib.resources import files

import pytest

from offkey.app.config import parse
from offkey.packs.music.calendar import calendar
from offkey.packs.music.catalogue import ZONES
from offkey.packs.music.recorded import RECORDS

TEXT = files("offkey.packs.music").joinpath("offkey.yml").read_text()


@pytest.fixture(scope="module")
def signals():
    """The signals of the pack."""
    return parse(TEXT, "offkey.yml").signals


def test_every_query_reads_a_record_of_the_rule_file(signals):
    """Signals and their traffic companions name recorded series, and no record is made for nothing."""
    read = {signal.query for signal in signals} | {signal.traffic.query for signal in signals if signal.traffic}
    assert read == {record.name for record in RECORDS}


def test_regions_keep_their_own_clocks(signals):
    """The zones are those the platform lives in."""
    for signal in signals:
        assert signal.zone.label == "region"
        assert dict(signal.zone.zones) == dict(ZONES)


def test_every_alert_says_whose_it_is_and_what_to_do(signals):
    """Names are unique, and team, service, runbook and dashboard are given."""
    alerts = [signal.alert for signal in signals]
    assert len({alert.name for alert in alerts}) == len(alerts) == 10
    for alert in alerts:
        assert alert.team
        assert alert.service
        assert alert.runbook_url.startswith("https://")
        assert alert.dashboard_url


def test_incidents_that_a_signal_shows_expect_its_alert(signals):
    """The ground truth and the pack use the same alert names; five incidents need signals of their own."""
    names = {signal.alert.name for signal in signals}
    unseen = {entry.id for entry in calendar() if entry.alert and entry.alert not in names}
    assert unseen == {"I05", "I06", "I07", "I08"}
