"""Who and what the simulated platform is made of: plain values, no arithmetic.

Shares and rates are round figures of the trade; where they were fitted or read, the source stands beside them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from offkey.core.labels import Labels


@dataclass(frozen=True, slots=True)
class Tenant:
    """A brand that runs on the platform: monthly active users, and the share of them that lives in each region."""

    users: float
    regions: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Tier:
    """A price tier: share of the users, share of those active on a day, and plays of each on such a day."""

    share: float
    active: float
    plays: float


@dataclass(frozen=True, slots=True)
class Route:
    """An API route: calls for each play, and median latency in seconds."""

    calls: float
    median: float


@dataclass(frozen=True, slots=True)
class Provider:
    """A payment provider: share of the attempts, and share of those that succeed."""

    share: float
    success: float


TENANTS: Mapping[str, Tenant] = {
    "aurora": Tenant(4.0e6, {"us-east": 0.34, "us-west": 0.22, "eu-west": 0.26, "eu-central": 0.18}),
    "nordwave": Tenant(0.9e6, {"eu-north": 0.8, "eu-central": 0.2}),
    "tropico": Tenant(1.6e6, {"sa-east": 0.85, "us-east": 0.15}),
    "sakura": Tenant(1.2e6, {"ap-northeast": 1.0}),
    "kora": Tenant(0.25e6, {"af-west": 0.7, "eu-west": 0.3}),
}
ZONES: Mapping[str, str] = {
    "us-east": "America/New_York",
    "us-west": "America/Los_Angeles",
    "eu-west": "Europe/London",
    "eu-central": "Europe/Berlin",
    "eu-north": "Europe/Stockholm",
    "sa-east": "America/Sao_Paulo",
    "ap-northeast": "Asia/Tokyo",
    "af-west": "Africa/Lagos",
}
TERRITORIES: Mapping[str, tuple[str, ...]] = {
    "us-east": ("US", "CA"),
    "us-west": ("US",),
    "eu-west": ("GB", "FR", "ES"),
    "eu-central": ("DE", "AT", "CH"),
    "eu-north": ("SE", "NO", "DK"),
    "sa-east": ("BR", "AR"),
    "ap-northeast": ("JP", "KR"),
    "af-west": ("NG", "GH"),
}
TIERS: Mapping[str, Tier] = {
    "free": Tier(0.60, 0.26, 10.0),
    "premium": Tier(0.28, 0.46, 26.0),
    "family": Tier(0.08, 0.42, 22.0),
    "student": Tier(0.04, 0.50, 28.0),
}
GENRES: Mapping[str, float] = {
    "pop": 0.22,
    "hip_hop": 0.17,
    "rock": 0.11,
    "latin": 0.09,
    "electronic": 0.08,
    "rnb": 0.07,
    "indie": 0.05,
    "k_pop": 0.04,
    "country": 0.04,
    "metal": 0.03,
    "classical": 0.02,
    "jazz": 0.02,
    "afrobeats": 0.02,
    "folk": 0.02,
    "ambient": 0.016,
    "phonk": 0.004,
}
LOCAL_TASTE: Mapping[str, Mapping[str, float]] = {
    "sa-east": {"latin": 4.0, "country": 0.1},
    "ap-northeast": {"k_pop": 5.0, "latin": 0.2, "country": 0.1},
    "af-west": {"afrobeats": 12.0, "country": 0.2},
    "eu-north": {"metal": 2.2, "electronic": 1.6},
    "us-east": {"country": 1.6, "hip_hop": 1.3},
}
ACTIONS: Mapping[str, float] = {"save": 0.021, "playlist_add": 0.016, "share": 0.004, "like": 0.03}
CDNS: Mapping[str, float] = {"cdn_a": 0.5, "cdn_b": 0.3, "cdn_c": 0.2}
ROUTES: Mapping[str, Route] = {
    "/v1/play": Route(1.0, 0.045),
    "/v1/tracks/{id}": Route(1.6, 0.018),
    "/v1/search": Route(0.35, 0.09),
    "/v1/recommendations": Route(0.5, 0.12),
    "/v1/playlists/{id}": Route(0.6, 0.03),
    "/v1/me/library": Route(0.3, 0.035),
    "/v1/login": Route(0.04, 0.15),
    "/v1/payments": Route(0.004, 0.4),
    "/v1/artists/{id}": Route(0.25, 0.03),
    "/v1/share": Route(0.02, 0.05),
    "/v1/lyrics/{id}": Route(0.3, 0.022),
    "/v1/ads": Route(0.4, 0.07),
}
PROVIDERS: Mapping[str, Provider] = {
    "card": Provider(0.55, 0.965),
    "paypal": Provider(0.2, 0.972),
    "app_store": Provider(0.25, 0.991),
}
SUBSCRIPTION_EVENTS: Mapping[str, float] = {  # events a month for each subscriber
    "new": 0.040,
    "trial_start": 0.050,
    "trial_convert": 0.0125,
    "cancel_voluntary": 0.021,
    "cancel_involuntary": 0.013,
    "reactivate": 0.012,
}
LICENSORS: Mapping[str, float] = {
    "lic_major_a": 0.31,
    "lic_major_b": 0.22,
    "lic_major_c": 0.17,
    "lic_indie": 0.16,
    "cmo_north": 0.09,
    "cmo_south": 0.05,
}
MODELS = ("home_ranker", "track_recommender", "churn_predictor", "fraud_scorer")
FEATURES = ("user_embedding", "track_age", "session_context", "device_mix")
ARTISTS = 60

SUBSCRIBERS = 0.4  # of the monthly active users
PRICE_USD = 8.9  # a subscriber and month
STREAM_SHARE = 0.63  # of plays that last 30 seconds, over all tiers

PAIRS: tuple[tuple[str, str], ...] = tuple(
    (name, region) for name, tenant in TENANTS.items() for region in tenant.regions
)


def pair_labels(tenant: str, region: str) -> Labels:
    """Return the labels of one tenant in one region."""
    return Labels.of(tenant=tenant, region=region)


def users(tenant: str, region: str) -> float:
    """Return the monthly active users of a tenant in a region."""
    return TENANTS[tenant].users * TENANTS[tenant].regions.get(region, 0.0)
