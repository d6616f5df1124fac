"""The recorded series that the signals read, and their history straight from the simulator."""

import math
from collections.abc import Sequence

import numpy as np

from offkey.core.durations import MINUTE
from offkey.core.frame import Axis, BoolArray, Frame
from offkey.core.labels import NAME, Matcher
from offkey.packs.music.platform import Platform
from offkey.packs.music.records import Level, Quantile, Rate, Ratio, Record, Scrape, Selector

_PLAYS = Selector("music_play_duration_seconds_count")
_STARTS = Selector("music_playback_start_seconds_count")
_ATTEMPTS = Selector("music_payment_attempts_total")
_REQUESTS = Selector("http_requests_total")
_REGION_CDN = ("region", "cdn")
_QUICK = 2 * MINUTE  # lost payments are lost money: known sooner, at the price of more scatter

RECORDS: tuple[Record, ...] = (
    Rate("tenant_region:music_plays:rate5m", "durations", ("tenant", "region"), _PLAYS),
    Ratio(
        "tenant_region:music_skips30_per_plays:ratio_rate5m",
        "durations",
        ("tenant", "region"),
        Selector("music_play_duration_seconds_bucket", (Matcher("le", "=", "30"),)),
        _PLAYS,
    ),
    Rate("region_cdn:music_playback_starts:rate5m", "networks", _REGION_CDN, _STARTS),
    Quantile(
        "region_cdn:music_playback_start_seconds:p95_5m",
        "networks",
        _REGION_CDN,
        Selector("music_playback_start_seconds_bucket"),
        0.95,
    ),
    Ratio(
        "region_cdn:music_rebuffer_per_listening:ratio_rate5m",
        "networks",
        _REGION_CDN,
        Selector("music_rebuffer_seconds_total"),
        Selector("music_listening_seconds_total"),
    ),
    Rate("region_provider:music_payment_attempts:rate2m", "payments", ("region", "provider"), _ATTEMPTS, _QUICK),
    Ratio(
        "region_provider:music_payment_success:ratio_rate2m",
        "payments",
        ("region", "provider"),
        Selector("music_payment_attempts_total", (Matcher("result", "=", "ok"),)),
        _ATTEMPTS,
        rare=True,
        window=_QUICK,
    ),
    Rate("region:music_ad_requests:rate5m", "ads", ("region",), Selector("music_ad_requests_total")),
    Ratio(
        "region:music_ad_fill:ratio_rate5m",
        "ads",
        ("region",),
        Selector("music_ad_impressions_total"),
        Selector("music_ad_requests_total"),
        rare=True,
    ),
    Rate("route:http_requests:rate5m", "requests", ("route",), _REQUESTS),
    Ratio(
        "route:http_errors_per_requests:ratio_rate5m",
        "requests",
        ("route",),
        Selector("http_requests_total", (Matcher("code", "=~", "5.."),)),
        _REQUESTS,
        rare=True,
    ),
    Quantile(
        "route:http_request_duration_seconds:p99_5m",
        "requests",
        ("route",),
        Selector("http_request_duration_seconds_bucket"),
        0.99,
    ),
    Rate("tenant:http_requests:rate5m", "requests", ("tenant",), _REQUESTS),
    Ratio(
        "tenant:http_throttled_per_requests:ratio_rate5m",
        "requests",
        ("tenant",),
        Selector("http_requests_total", (Matcher("code", "=", "429"),)),
        _REQUESTS,
        rare=True,
    ),
    Level("topic_group:kafka_consumergroup_lag:sum", "ingest", ("topic", "group"), Selector("kafka_consumergroup_lag")),
)
RECORDED_DOMAINS = tuple(dict.fromkeys(record.domain for record in RECORDS))


def recorded(platform: Platform, axis: Axis, records: Sequence[Record] = RECORDS) -> tuple[Frame, ...]:
    """Return what the recording rules hold at each instant, one frame for each record.

    Args:
        platform: whose series.
        axis: when.
        records: which rules.

    Returns:
        Frames whose series carry the record's name; series that are never recorded are left out.
    """
    scrapes: dict[tuple[str, int], Scrape] = {}
    for record in records:
        if (record.domain, record.window) not in scrapes:
            scrapes[record.domain, record.window] = _scraped(platform, axis, record)
    unseen = platform.unseen(axis)
    return tuple(_frame(record, scrapes[record.domain, record.window], axis, unseen) for record in records)


def _scraped(platform: Platform, axis: Axis, record: Record) -> Scrape:
    """Return the raw series that a record reads, on the coarsest clock that serves its window."""
    step = math.gcd(axis.step, record.window)
    start = axis.start - record.window + step
    families = platform.families(Axis(start, step, (axis.end - start) // step + 1), (record.domain,))
    return Scrape(families, step, record.window, axis.step // step)


def _frame(record: Record, scrape: Scrape, axis: Axis, unseen: BoolArray) -> Frame:
    rows = {labels: np.where(unseen, np.nan, row) for labels, row in sorted(record.values(scrape).items())}
    known = {labels: row for labels, row in rows.items() if not np.isnan(row).all()}
    series = tuple(labels.but({NAME: record.name}) for labels in known)
    return Frame(series, np.array([*known.values()]).reshape(len(series), axis.size), axis)
