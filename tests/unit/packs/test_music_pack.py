"""The pack's configuration is one that a person could start with as it is."""

from importlib.resources import files

import pytest

from offkey.app.config import parse
from offkey.packs.music import business, recorded
from offkey.packs.music.calendar import calendar
from offkey.packs.music.catalogue import ZONES

RECORDS = {"offkey.yml": recorded.RECORDS, "business.yml": business.RECORDS}


def read(name):
    """Return the signals of a file of the pack."""
    return parse(files("offkey.packs.music").joinpath(name).read_text(), name).signals


@pytest.fixture(params=RECORDS)
def file(request):
    """Each configuration of the pack."""
    return request.param


@pytest.fixture
def signals(file):
    """The signals of one."""
    return read(file)


def test_every_query_reads_a_record_of_the_rule_file(file, signals):
    """Signals and their traffic companions name recorded series, and no record is made for nothing."""
    queries = {signal.query for signal in signals} | {signal.traffic.query for signal in signals if signal.traffic}
    assert queries == {record.name for record in RECORDS[file]}


def test_regions_keep_their_own_clocks(signals):
    """The zones are those the platform lives in."""
    for signal in signals:
        assert signal.zone.label == "region"
        assert dict(signal.zone.zones) == dict(ZONES)


def test_every_alert_says_whose_it_is_and_what_to_do(signals):
    """Names are unique, and team, service, runbook and dashboard are given."""
    alerts = [signal.alert for signal in signals]
    assert len({alert.name for alert in alerts}) == len(alerts)
    for alert in alerts:
        assert alert.team
        assert alert.service
        assert alert.runbook_url.startswith("https://")
        assert alert.dashboard_url


def test_every_incident_has_a_signal_that_should_page_for_it():
    """The ground truth and the pack use the same alert names."""
    names = {signal.alert.name for file in RECORDS for signal in read(file)}
    assert {entry.alert for entry in calendar() if entry.alert} <= names
