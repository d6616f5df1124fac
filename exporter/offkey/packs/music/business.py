"""What the people of the business want to hear about: slower things, which take hours of events to be seen.

Their rates look back over half an hour and more, so they stand apart from what is paged for within minutes.
"""

from offkey.core.durations import HOUR, MINUTE
from offkey.core.labels import Matcher
from offkey.packs.music.records import Level, Rate, Ratio, Record, Selector, Slice

RECORDS: tuple[Record, ...] = (
    Slice(
        "tenant_region:music_short_streams_per_streams:ratio_rate1h",
        "durations",
        ("tenant", "region"),
        "music_play_duration_seconds",
        "30",
        "35",
        HOUR,
    ),
    Rate(
        "tenant_region:music_plays:rate1h",
        "durations",
        ("tenant", "region"),
        Selector("music_play_duration_seconds_count"),
        HOUR,
    ),
    Ratio(
        "licensor_territory:music_rights_reported_per_used:ratio_rate3h",
        "rights",
        ("licensor", "territory"),
        Selector("music_rights_reported_usage_total"),
        Selector("music_rights_usage_total"),
        window=3 * HOUR,
    ),
    Rate(
        "tenant_region:music_involuntary_cancellations:rate30m",
        "subscriptions",
        ("tenant", "region"),
        Selector("music_subscription_events_total", (Matcher("event", "=", "cancel_involuntary"),)),
        30 * MINUTE,
    ),
    Ratio(
        "model:ml_recommendation_plays_per_impressions:ratio_rate15m",
        "models",
        ("model",),
        Selector("ml_recommendation_plays_total"),
        Selector("ml_recommendation_impressions_total"),
        window=15 * MINUTE,
    ),
    Level("model_feature:ml_feature_drift_psi:sum", "models", ("model", "feature"), Selector("ml_feature_drift_psi")),
)
