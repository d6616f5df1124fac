"""The incident catalogue: what happens in the 35 days after a Monday, with its ground truth."""

from dataclasses import replace

from offkey.core.durations import DAY, HOUR, MINUTE, WEEK
from offkey.core.labels import Matcher
from offkey.packs.music.incidents import Incident

START = 1_709_510_400  # Monday 2024-03-04 00:00 UTC: both clock changes of that spring and Easter lie in the 35 days
DAYS = 35
_FIRST_MONDAY = 4 * DAY


def calendar(start: int = START) -> tuple[Incident, ...]:
    """Return every incident of 35 days; all but one begin after day 26, so that three clean weeks exist.

    Args:
        start: midnight UTC of a Monday, Unix seconds: the album is released on a Friday.

    Raises:
        ValueError: `start` is no such midnight.
    """
    if (start - _FIRST_MONDAY) % WEEK:
        msg = f"the calendar starts on a Monday at midnight UTC; found {start}"
        raise ValueError(msg)
    return tuple(replace(entry, start=entry.start + start, end=entry.end + start) for entry in _ENTRIES)


def payment_outage(start: int, end: int, ramp_up: int = 0, ramp_down: int = 0, attempts: float = 1.0) -> Incident:
    """Return an outage of card payments in Europe: three of ten attempts succeed.

    Args:
        start: Unix seconds.
        end: Unix seconds.
        ramp_up: seconds it takes to break.
        ramp_down: seconds it takes to heal.
        attempts: how many times as often people try while it lasts.
    """
    return Incident(
        id="I01",
        kind="payment_outage",
        severity="critical",
        start=start,
        end=end,
        ramp_up=ramp_up,
        ramp_down=ramp_down,
        selector=(Matcher("provider", "=", "card"), Matcher("region", "=~", "eu-.*")),
        signals=("payment success ratio",),
        direction="below",
        alert="MusicPaymentSuccessLow",
        delay=10 * MINUTE,
        params={"success": 0.30, "attempts": attempts},
    )


_OUTAGE = 29 * DAY + 18 * HOUR + 12 * MINUTE

# Times are seconds after the start of the calendar.
_ENTRIES = (
    payment_outage(_OUTAGE, _OUTAGE + 50 * MINUTE, ramp_up=2 * MINUTE, ramp_down=5 * MINUTE),
    Incident(
        id="I02",
        kind="cdn_degradation",
        severity="critical",
        start=30 * DAY + HOUR,
        end=30 * DAY + 2 * HOUR + 40 * MINUTE,
        ramp_up=10 * MINUTE,
        ramp_down=15 * MINUTE,
        selector=(Matcher("cdn", "=", "cdn_b"), Matcher("region", "=", "sa-east")),
        signals=("start-up p95", "rebuffering ratio", "plays"),
        direction="above",
        alert="MusicRebufferingHigh",
        delay=15 * MINUTE,
        params={"latency": 2.8, "rebuffer": 7.0, "lost_plays": 0.1},
    ),
    Incident(
        id="I03",
        kind="api_latency_regression",
        severity="warning",
        start=31 * DAY + 9 * HOUR + 30 * MINUTE,
        end=31 * DAY + 16 * HOUR + 30 * MINUTE,
        selector=(Matcher("route", "=", "/v1/recommendations"),),
        signals=("route p99",),
        direction="above",
        alert="MusicApiLatencyHigh",
        delay=15 * MINUTE,
        params={"latency": 1.9},
    ),
    Incident(
        id="I04",
        kind="api_error_burst",
        severity="critical",
        start=32 * DAY + 20 * HOUR,
        end=32 * DAY + 20 * HOUR + 25 * MINUTE,
        ramp_up=MINUTE,
        ramp_down=MINUTE,
        selector=(Matcher("route", "=", "/v1/search"),),
        signals=("5xx ratio",),
        direction="above",
        alert="MusicApiErrorsHigh",
        delay=10 * MINUTE,
        params={"errors": 0.12},
    ),
    Incident(
        id="I05",
        kind="model_drift",
        severity="warning",
        start=26 * DAY,
        end=33 * DAY,
        ramp_up=5 * DAY,
        selector=(Matcher("model", "=", "home_ranker"), Matcher("feature", "=~", "track_age|session_context")),
        signals=("feature stability index", "plays per recommendation"),
        alert="MusicModelDrift",
        delay=DAY,
        params={"psi": 0.34, "plays": 0.8},
    ),
    Incident(
        id="I06",
        kind="stream_farm",
        severity="warning",
        start=28 * DAY + 3 * HOUR,
        end=32 * DAY + 3 * HOUR,
        ramp_up=3 * HOUR,
        selector=(
            Matcher("tenant", "=", "nordwave"),
            Matcher("region", "=", "eu-north"),
            Matcher("tier", "=", "free"),
            Matcher("genre", "=", "ambient"),
        ),
        signals=("share of plays of 30 to 35 seconds", "plays at night", "genre share"),
        direction="above",
        alert="MusicShortStreamsHigh",
        delay=2 * HOUR,
        params={"plays_per_second": 1.5},
    ),
    Incident(
        id="I07",
        kind="royalty_report_gap",
        severity="critical",
        start=30 * DAY + 6 * HOUR,
        end=31 * DAY + 12 * HOUR,
        selector=(Matcher("licensor", "=", "cmo_north"), Matcher("territory", "=", "DE")),
        signals=("reported per used streams",),
        direction="below",
        alert="MusicRoyaltyReportGap",
        delay=5 * HOUR,
        params={"reported": 0.35},
    ),
    Incident(
        id="I08",
        kind="churn_wave",
        severity="warning",
        start=31 * DAY,
        end=32 * DAY,
        selector=(
            Matcher("tenant", "=", "aurora"),
            Matcher("region", "=", "us-east"),
            Matcher("event", "=", "cancel_involuntary"),
        ),
        signals=("involuntary cancellations",),
        direction="above",
        alert="MusicInvoluntaryChurnHigh",
        delay=HOUR,
        params={"times": 8.0},
    ),
    Incident(
        id="I09",
        kind="noisy_neighbour",
        severity="warning",
        start=33 * DAY + 13 * HOUR,
        end=33 * DAY + 14 * HOUR + 30 * MINUTE,
        ramp_up=5 * MINUTE,
        ramp_down=5 * MINUTE,
        selector=(Matcher("tenant", "=", "tropico"),),
        signals=("429 ratio", "shared p99"),
        direction="above",
        alert="MusicThrottlingHigh",
        delay=15 * MINUTE,
        params={"load": 4.0, "rejected": 0.55, "latency": 1.3},
    ),
    Incident(
        id="I10",
        kind="skip_tracking_bug",
        severity="warning",
        start=32 * DAY + 10 * HOUR,
        end=33 * DAY + 16 * HOUR,
        ramp_up=4 * HOUR,
        selector=(Matcher("tenant", "=", "aurora"),),
        signals=("skip ratio",),
        direction="above",
        alert="MusicSkipRatioUnusual",
        delay=HOUR,
        params={"times": 1.45},
    ),
    Incident(
        id="I11",
        kind="ad_fill_collapse",
        severity="warning",
        start=33 * DAY + 7 * HOUR,
        end=33 * DAY + 13 * HOUR,
        ramp_up=15 * MINUTE,
        ramp_down=15 * MINUTE,
        selector=(Matcher("region", "=~", "us-.*"),),
        signals=("ad fill ratio",),
        direction="below",
        alert="MusicAdFillLow",
        delay=30 * MINUTE,
        params={"fill": 0.35},
    ),
    Incident(
        id="I12",
        kind="ingest_lag",
        severity="critical",
        start=34 * DAY + 4 * HOUR,
        end=34 * DAY + 5 * HOUR + 20 * MINUTE,
        selector=(Matcher("topic", "=", "plays"),),
        signals=("consumer lag",),
        direction="above",
        alert="MusicIngestLagHigh",
        delay=10 * MINUTE,
        params={"stuck": 0.5},
    ),
    Incident(
        id="I13",
        kind="region_failover",
        severity="critical",
        start=34 * DAY + 15 * HOUR,
        end=34 * DAY + 16 * HOUR + 10 * MINUTE,
        ramp_up=2 * MINUTE,
        ramp_down=5 * MINUTE,
        selector=(Matcher("region", "=~", "eu-west|eu-central"),),
        signals=("plays by region", "their unchanged sum"),
        alert="MusicPlaysUnusual",
        delay=15 * MINUTE,
        params={"moved": 0.9},
    ),
    Incident(
        id="B01",
        kind="album_release",
        category="benign",
        severity="none",
        start=32 * DAY,
        end=38 * DAY,
        selector=(Matcher("artist_id", "=", "ar_0007"),),
        signals=("artist streams",),
        direction="above",
        params={"times": 7.0, "decay_days": 4.04, "base": 0.1},
    ),
    Incident(
        id="B02",
        kind="viral_artist",
        category="opportunity",
        severity="info",
        start=27 * DAY + 19 * HOUR,
        end=35 * DAY + 19 * HOUR,
        ramp_up=10 * HOUR,
        selector=(Matcher("artist_id", "=", "ar_0042"),),
        signals=("artist streams",),
        direction="above",
        delay=2 * HOUR,
        params={"times": 26.0, "decay": 0.69},
    ),
    Incident(
        id="B03",
        kind="genre_emergence",
        category="opportunity",
        severity="info",
        start=7 * DAY,
        end=35 * DAY,
        ramp_up=28 * DAY,
        selector=(Matcher("genre", "=", "phonk"),),
        signals=("genre share",),
        direction="above",
        delay=8 * DAY,
        params={"times": 6.0},
    ),
    Incident(
        id="B04",
        kind="counter_reset",
        category="benign",
        severity="none",
        start=29 * DAY + 11 * HOUR,
        end=29 * DAY + 11 * HOUR + 1 * MINUTE,
        selector=(Matcher("tenant", "=", "kora"),),
        signals=("all counters of the tenant",),
        direction="none",
    ),
    Incident(
        id="B05",
        kind="scrape_gap",
        category="benign",
        severity="none",
        start=33 * DAY + 2 * HOUR,
        end=33 * DAY + 2 * HOUR + 25 * MINUTE,
        signals=("missing samples",),
        direction="none",
    ),
)
