"""The recorded series that the signals read, and their history straight from the simulator."""

from collections.abc import Sequence

import numpy as np

from offkey.core.frame import Axis, Frame
from offkey.core.labels import NAME, Matcher
from offkey.packs.music.platform import Platform
from offkey.packs.music.records import WINDOW, Level, Quantile, Rate, Ratio, Record, Scrape, Selector

_PLAYS = Selector("music_play_duration_seconds_count")
_STARTS = Selector("music_playback_start_seconds_count")
_ATTEMPTS = Selector("music_payment_attempts_total")
_REQUESTS = Selector("http_requests_total")
_REGION_CDN = ("region", "cdn")

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
    Rate("region_provider:music_payment_attempts:rate5m", "payments", ("region", "provider"), _ATTEMPTS),
    Ratio(
        "region_provider:music_payment_success:ratio_rate5m",
        "payments",
        ("region", "provider"),
        Selector("music_payment_attempts_total", (Matcher("result", "=", "ok"),)),
        _ATTEMPTS,
        rare=True,
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
        axis: when; its step divides the rules' window of 5 minutes.
        records: which rules.

    Returns:
        Frames whose series carry the record's name; series that are never recorded are left out.

    Raises:
        ValueError: the step does not divide the window.
    """
    if WINDOW % axis.step:
        msg = f"a step of {axis.step} s does not divide the {WINDOW} s that the rules look back over"
        raise ValueError(msg)
    width = WINDOW // axis.step
    raw = Axis(axis.start - (width - 1) * axis.step, axis.step, axis.size + width - 1)
    domains = tuple(dict.fromkeys(record.domain for record in records))
    scrape = Scrape(platform.families(raw, domains), width)
    unseen = platform.unseen(axis)
    return tuple(_frame(record, scrape, axis, unseen) for record in records)


def _frame(record: Record, scrape: Scrape, axis: Axis, unseen: np.typing.NDArray[np.bool_]) -> Frame:
    rows = {labels: np.where(unseen, np.nan, row) for labels, row in sorted(record.values(scrape).items())}
    known = {labels: row for labels, row in rows.items() if not np.isnan(row).all()}
    series = tuple(labels.but({NAME: record.name}) for labels in known)
    return Frame(series, np.array([*known.values()]).reshape(len(series), axis.size), axis)
