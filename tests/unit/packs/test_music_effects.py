"""Each incident has the size the catalogue promises, and half of it at scale one half."""

from dataclasses import replace

import numpy as np
import pytest

from offkey.core.frame import Axis
from offkey.core.labels import NAME
from offkey.packs.music.calendar import calendar
from offkey.packs.music.platform import Platform
from offkey.packs.music.records import WINDOW, Quantile, Scrape, Selector

HOUR, DAY = 3_600, 86_400
BY_ID = {entry.id: entry for entry in calendar()}


def added(platform, axis, domain, name, **labels):
    """Return what was added to the chosen series in each column, (T,); a value may be a tuple of choices."""
    rows = [
        values
        for family in platform.families(axis, (domain,))
        for series, values in zip(family.series, family.values, strict=True)
        if series[NAME] == name
        and all(series.get(k) in (v if isinstance(v, tuple) else (v,)) for k, v in labels.items())
    ]
    assert rows, f"no series {name} {labels}"
    return np.sum(rows, axis=0)


def share(platform, axis, domain, part, whole):
    """Return the share of one selection in another over the whole axis."""
    return added(platform, axis, domain, **part).sum() / added(platform, axis, domain, **whole).sum()


def quantile(platform, axis, domain, metric, level, **labels):
    """Return a quantile of one histogram at every column, (T,)."""
    record = Quantile("x", domain, tuple(labels), Selector(f"{metric}_bucket"), level)
    rows = record.values(Scrape(platform.families(axis, (domain,)), WINDOW, WINDOW))
    return next(row for series, row in rows.items() if dict(series) == labels)


def full(entry):
    """Return the columns in which an incident is felt in full."""
    first = entry.start + entry.ramp_up + WINDOW
    return Axis.between(first, entry.end - entry.ramp_down, WINDOW)


def before(entry):
    """Return the day before an incident."""
    return Axis(entry.start - DAY + WINDOW, WINDOW, 288)


PAID = {"name": "music_payment_attempts_total", "provider": "card", "region": ("eu-west", "eu-central", "eu-north")}
NORDIC = {"tenant": "nordwave", "region": "eu-north"}
LENGTH = "music_play_duration_seconds"
RATIOS = {
    "I01": ("payments", PAID | {"result": "ok"}, PAID, 0.965, 0.30, 0.02),
    "I02": (
        "networks",
        {"name": "music_rebuffer_seconds_total", "cdn": "cdn_b", "region": "sa-east"},
        {"name": "music_listening_seconds_total", "cdn": "cdn_b", "region": "sa-east"},
        0.0035,
        0.0242,
        0.001,
    ),
    "I04": (
        "requests",
        {"name": "http_requests_total", "route": "/v1/search", "code": "500"},
        {"name": "http_requests_total", "route": "/v1/search"},
        0.0008,
        0.1208,
        0.001,
    ),
    "I05": (
        "models",
        {"name": "ml_recommendation_plays_total", "model": "home_ranker"},
        {"name": "ml_recommendation_impressions_total", "model": "home_ranker"},
        0.185,
        0.148,
        0.002,
    ),
    "I09": (
        "requests",
        {"name": "http_requests_total", "tenant": "tropico", "code": "429"},
        {"name": "http_requests_total", "tenant": "tropico"},
        0.0,
        0.55,
        0.005,
    ),
    "I10": (
        "durations",
        {"name": f"{LENGTH}_bucket", "le": "30", "tenant": "aurora"},
        {"name": f"{LENGTH}_count", "tenant": "aurora"},
        0.364,
        0.527,
        0.005,
    ),
    "I11": (
        "ads",
        {"name": "music_ad_impressions_total", "region": ("us-east", "us-west")},
        {"name": "music_ad_requests_total", "region": ("us-east", "us-west")},
        0.82,
        0.35,
        0.015,
    ),
}


@pytest.mark.parametrize("name", RATIOS)
def test_ratios_go_where_the_catalogue_says(name):
    """The ratio is usual the day before, displaced in full while it lasts, and by half at scale one half."""
    domain, part, whole, usual, displaced, tolerance = RATIOS[name]
    entry = BY_ID[name]
    platform, half = Platform(incidents=(entry,)), Platform(incidents=(replace(entry, scale=0.5),))
    assert share(platform, before(entry), domain, part, whole) == pytest.approx(usual, abs=tolerance)
    assert share(platform, full(entry), domain, part, whole) == pytest.approx(displaced, abs=tolerance)
    middle = (usual + displaced) / 2
    assert share(half, full(entry), domain, part, whole) == pytest.approx(middle, abs=max(tolerance, 0.03 * middle))


@pytest.mark.parametrize(
    ("name", "domain", "metric", "level", "labels", "usual", "displaced"),
    [
        ("I02", "networks", "music_playback_start_seconds", 0.95, {"region": "sa-east", "cdn": "cdn_b"}, 0.49, 1.69),
        ("I03", "requests", "http_request_duration_seconds", 0.99, {"route": "/v1/recommendations"}, 0.49, 0.97),
    ],
)
def test_latencies_go_where_the_catalogue_says(name, domain, metric, level, labels, usual, displaced):
    """The quantile that Prometheus would show is usual the day before, and displaced while it lasts."""
    entry = BY_ID[name]
    platform = Platform(incidents=(entry,))
    seen = [quantile(platform, axis, domain, metric, level, **labels) for axis in (before(entry), full(entry))]
    assert np.median(seen[0]) == pytest.approx(usual, rel=0.05)
    assert np.median(seen[1]) == pytest.approx(displaced, rel=0.05)


def test_a_degraded_network_loses_a_tenth_of_the_plays():
    """Plays of the region fall by 10 % against the same platform without the incident."""
    entry = BY_ID["I02"]
    plays = {"domain": "durations", "name": f"{LENGTH}_count", "region": "sa-east"}
    lost = added(Platform(incidents=(entry,)), full(entry), **plays).sum()
    assert lost / added(Platform(), full(entry), **plays).sum() == pytest.approx(0.9, abs=0.005)


def test_a_stream_farm_shows_in_the_short_streams():
    """Of the streams, 1.1 % end within 35 seconds usually and about 5 % while the farm runs, in its genre alone."""
    entry = BY_ID["I06"]
    platform = Platform(incidents=(entry,))

    def short(axis):
        within = [added(platform, axis, "durations", f"{LENGTH}_bucket", le=le, **NORDIC).sum() for le in ("30", "35")]
        return (within[1] - within[0]) / (
            added(platform, axis, "durations", f"{LENGTH}_count", **NORDIC).sum() - within[0]
        )

    assert short(Axis(entry.start - DAY, WINDOW, 288)) == pytest.approx(0.012, abs=0.0005)
    assert short(Axis(entry.start + DAY, WINDOW, 288)) == pytest.approx(0.054, abs=0.008)
    hour = Axis(entry.start + DAY, WINDOW, 12)
    genres = [added(p, hour, "genres", "music_streams_total", genre="ambient").sum() for p in (platform, Platform())]
    assert (genres[0] - genres[1]) / HOUR == pytest.approx(1.5, rel=0.05)


def test_a_report_gap_leaves_a_third_of_the_rows():
    """Reported per used streams falls from 1 to 0.35; the reports come in batches at the full hour."""
    entry = BY_ID["I07"]
    platform = Platform(incidents=(entry,))
    rows = {"domain": "rights", "licensor": "cmo_north", "territory": "DE"}
    for axis, ratio in (
        (Axis(entry.start - DAY + WINDOW, WINDOW, 288), 1.0),
        (Axis(entry.start + WINDOW, WINDOW, 288), 0.35),
    ):
        reported = added(platform, axis, name="music_rights_reported_usage_total", **rows)
        used = added(platform, axis, name="music_rights_usage_total", **rows)
        assert reported.sum() / used.sum() == pytest.approx(ratio, rel=0.01)
        assert (reported > 0).tolist() == (axis.times % HOUR == 0).tolist()


def test_a_churn_wave_is_eight_times_the_cancellations():
    """Involuntary cancellations go from about 9 an hour to 8 times that; voluntary ones stay."""
    entry = BY_ID["I08"]
    platform = Platform(incidents=(entry,))
    rows = {
        "domain": "subscriptions",
        "name": "music_subscription_events_total",
        "tenant": "aurora",
        "region": "us-east",
    }
    days = [Axis(start + WINDOW, WINDOW, 288) for start in (entry.start - 7 * DAY, entry.start)]
    usual, wave = (added(platform, axis, event="cancel_involuntary", **rows).sum() / 24 for axis in days)
    assert usual == pytest.approx(9.5, rel=0.1)
    assert wave / usual == pytest.approx(8, rel=0.1)
    same = [added(platform, axis, event="cancel_voluntary", **rows).sum() for axis in days]
    assert same[1] / same[0] == pytest.approx(1, abs=0.15)


def test_a_noisy_neighbour_loads_the_api_and_slows_everybody():
    """Its requests are fourfold, and the latency of every route is 30 % higher and more by the load."""
    entry = BY_ID["I09"]
    requests = {"domain": "requests", "name": "http_requests_total", "tenant": "tropico"}
    load = [added(p, full(entry), **requests).sum() for p in (Platform(incidents=(entry,)), Platform())]
    assert load[0] / load[1] == pytest.approx(4, rel=0.01)
    for route in ("/v1/play", "/v1/login"):
        slow, usual = (
            np.median(quantile(p, full(entry), "requests", "http_request_duration_seconds", 0.5, route=route))
            for p in (Platform(incidents=(entry,)), Platform())
        )
        assert 1.2 < slow / usual < 1.7


def test_lag_grows_with_half_of_the_events():
    """After 80 minutes the backlog is half of all plays since the start, from about a thousand."""
    entry = BY_ID["I12"]
    axis = Axis.between(entry.start, entry.end, WINDOW)
    lag = added(Platform(incidents=(entry,)), axis, "ingest", "kafka_consumergroup_lag")
    plays = added(Platform(), axis, "durations", f"{LENGTH}_count")
    assert 500 < lag[0] < 6_000
    assert lag[-2] - lag[0] == pytest.approx(plays[1:-1].sum() / 2, rel=0.02)
    assert lag[-1] < 6_000


def test_a_failover_moves_plays_and_loses_none():
    """Nine of ten plays of eu-west are served in eu-central, and the sum of both stays."""
    entry = BY_ID["I13"]
    moved, usual = (
        {r: added(p, full(entry), "durations", f"{LENGTH}_count", region=r).sum() for r in ("eu-west", "eu-central")}
        for p in (Platform(incidents=(entry,)), Platform())
    )
    assert moved["eu-west"] / usual["eu-west"] == pytest.approx(0.1, abs=0.005)
    assert sum(moved.values()) / sum(usual.values()) == pytest.approx(1, abs=0.003)


def test_drift_shows_in_two_features_of_one_model():
    """Their stability index reaches 0.34; all others stay below 0.1."""
    entry = BY_ID["I05"]
    axis = Axis(entry.start + 6 * DAY, WINDOW, 12)
    family = next(iter(Platform(incidents=(entry,)).families(axis, ("models",))))
    for labels, values in zip(family.series, family.values, strict=True):
        drifted = labels["model"] == "home_ranker" and labels["feature"] in ("track_age", "session_context")
        assert (values.mean() > 0.25) == drifted
        assert drifted or values.max() < 0.1


def test_news_about_artists_and_genres_has_its_curve():
    """An album starts at 7 times and halves in days; a viral hit rises 26 times; a genre sixfold in four weeks."""
    album, viral, genre = (BY_ID[k] for k in ("B01", "B02", "B03"))

    def times(entry, day, domain, name, **labels):
        axis = Axis(int(entry.start + day * DAY), WINDOW, 24)
        platforms = (Platform(incidents=(entry,), scale=40.0), Platform(scale=40.0))
        played, plain = (added(platform, axis, domain, name, **labels).sum() for platform in platforms)
        return played / plain

    artist = ("artists", "music_artist_streams_total")
    assert times(album, 0.05, *artist, artist_id="ar_0007") == pytest.approx(6.9, rel=0.03)
    assert times(album, 4.04, *artist, artist_id="ar_0007") == pytest.approx(1 + 6 * (0.9 / np.e + 0.1), rel=0.03)
    assert times(viral, 0.5, *artist, artist_id="ar_0042") == pytest.approx(1 + 25 * 1.125**-0.69, rel=0.03)
    assert times(genre, 14, "genres", "music_streams_total", genre="phonk") == pytest.approx(6**0.5, rel=0.05)
