"""The bench's own bookkeeping, on pages written by hand."""

from dataclasses import replace

from tests.bench.incidents.bench import Page, judged

from offkey.core.durations import DAY, HOUR, MINUTE
from offkey.core.labels import Labels
from offkey.packs.music.calendar import calendar

OUTAGE = next(entry for entry in calendar() if entry.id == "I01")
RELEASE = next(entry for entry in calendar() if entry.id == "B01")
CARD = Labels.of(provider="card", region="eu-west")


def page(start, series=CARD, alert=OUTAGE.alert):
    """Return a page of five minutes."""
    return Page(alert, start, start + 5 * MINUTE, (series,))


def test_an_incident_is_found_by_its_own_alert_about_its_own_series():
    """The wait counts from the true start; another alert about the same series is not false, nor is it the find."""
    other = replace(page(OUTAGE.start + MINUTE), alert="MusicPlaysUnusual")
    outcome = judged([page(OUTAGE.start + 10 * MINUTE), other], [OUTAGE], 14.0)
    assert outcome.found == {"I01": 10 * MINUTE}
    assert outcome.false == ()


def test_what_is_never_paged_is_never_found():
    """Infinite, not missing."""
    assert judged([], [OUTAGE], 14.0).found == {"I01": float("inf")}


def test_a_page_elsewhere_or_at_another_time_is_false():
    """Untouched series, and touched ones a day later."""
    pages = [page(OUTAGE.start, Labels.of(provider="card", region="us-east")), page(OUTAGE.start + DAY)]
    assert judged(pages, [OUTAGE], 14.0).false == tuple(pages)


def test_a_page_about_something_benign_is_false_and_named():
    """Nobody may be paged for a release."""
    stray = page(RELEASE.start + HOUR, Labels.of(artist_id="ar_0007"), "MusicArtist")
    outcome = judged([stray], [OUTAGE, RELEASE], 14.0)
    assert outcome.false == outcome.benign == (stray,)


def test_a_page_about_what_an_event_cannot_be_seen_in_is_false_alone():
    """An album release is not what a network's delay is about."""
    stray = page(RELEASE.start + HOUR, Labels.of(cdn="cdn_a", region="eu-west"), "MusicPlaybackStartSlow")
    outcome = judged([stray], [OUTAGE, RELEASE], 14.0)
    assert (outcome.false, outcome.benign) == ((stray,), ())
