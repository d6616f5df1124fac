"""Payments, subscriptions and ads."""

from collections.abc import Iterator

import numpy as np

from offkey.core.durations import DAY
from offkey.core.frame import Array
from offkey.core.labels import Labels
from offkey.packs.music.catalogue import (
    PAIRS,
    PRICE_USD,
    PROVIDERS,
    SUBSCRIBERS,
    SUBSCRIPTION_EVENTS,
    ZONES,
    pair_labels,
    users,
)
from offkey.packs.music.incidents import of_kind
from offkey.packs.music.playback import counted
from offkey.packs.music.scene import Family, Scene, local_seconds, named

RETRIES = 1.06  # attempts for each renewal
BUSY_DAYS, BUSY, QUIET = 3, 1.6, 0.93  # renewals crowd on the first days of a month
AD_REQUESTS = 0.55 * 0.35  # for each play: the free tier's share of plays, requests in each of those
AD_FILL = 0.82
AD_PRICE_USD = 0.0045  # an impression
MONTH = 30 * DAY


def payments(scene: Scene) -> Iterator[Family]:
    """Yield payment attempts by tenant, region, provider and result."""
    series = tuple(pair_labels(*pair).but(provider=provider) for pair in PAIRS for provider in PROVIDERS)
    month = {region: _day_of_month(scene, region) for region in ZONES}
    pace = {region: (0.35 + 0.65 * scene.shapes[region]) * month[region] for region in ZONES}
    mean = np.array(
        [
            _subscribers(labels) / MONTH * RETRIES * PROVIDERS[labels["provider"]].share * pace[labels["region"]]
            for labels in series
        ]
    )
    success = np.array([PROVIDERS[labels["provider"]].success for labels in series])[:, None] * np.ones(mean.shape)
    for outage in of_kind(scene.incidents, "payment_outage"):
        rows, strength = outage.rows(series), outage.strength(scene.axis)
        success[rows] += (outage.params["success"] - success[rows]) * strength
        mean[rows] *= 1 + (outage.params["attempts"] - 1) * strength
    mean *= scene.growth * scene.axis.step
    draw = scene.chance.poisson
    counts = [draw("paid", series, mean * success), draw("unpaid", series, mean * (1 - success))]
    name = "music_payment_attempts"
    labels = (*named(f"{name}_total", series, result="ok"), *named(f"{name}_total", series, result="error"))
    yield Family(name, "counter", labels, np.concatenate(counts))


def subscriptions(scene: Scene) -> Iterator[Family]:
    """Yield what happens to subscriptions, how many there are, and what they bring a month."""
    pairs = tuple(pair_labels(*pair) for pair in PAIRS)
    base = np.array([_subscribers(pair) for pair in pairs])[:, None] * scene.growth
    pace = np.array([0.3 + 0.7 * scene.shapes[pair["region"]] for pair in pairs]) * scene.axis.step / MONTH
    name = "music_subscription_events"
    series = tuple(label for event in SUBSCRIPTION_EVENTS for label in named(f"{name}_total", pairs, event=event))
    mean = np.concatenate([base * pace * monthly for monthly in SUBSCRIPTION_EVENTS.values()])
    for wave in of_kind(scene.incidents, "churn_wave"):
        mean[wave.rows(series)] *= 1 + (wave.params["times"] - 1) * wave.strength(scene.axis)
    yield Family(name, "counter", series, scene.chance.poisson("subscriptions", series, mean))
    yield Family("music_subscriptions", "gauge", named("music_subscriptions", pairs, state="active"), np.round(base))
    yield Family("music_mrr_usd", "gauge", named("music_mrr_usd", pairs), np.round(base) * PRICE_USD)


def ads(scene: Scene) -> Iterator[Family]:
    """Yield ad requests, impressions and revenue of each region."""
    series = tuple(Labels.of(region=region) for region in ZONES)
    plays = counted(scene).total
    heard = np.array([plays[scene.region_rows(region)].sum(axis=0) for region in ZONES])
    asked = scene.chance.poisson("ads", series, heard * AD_REQUESTS)
    fill = AD_FILL + scene.chance.wave("fill", series, 0.97, 0.015)
    for collapse in of_kind(scene.incidents, "ad_fill_collapse"):
        fill[collapse.rows(series)] -= (AD_FILL - collapse.params["fill"]) * collapse.strength(scene.axis)
    fill = np.clip(fill, 0.0, 1.0)
    shown = scene.chance.split("impressions", series, asked, np.array([fill, 1 - fill]))[0]
    for name, values in (
        ("music_ad_requests", asked),
        ("music_ad_impressions", shown),
        ("music_ad_revenue_usd", shown * AD_PRICE_USD),
    ):
        yield Family(name, "counter", named(f"{name}_total", series), values)


def _subscribers(labels: Labels) -> float:
    return users(labels["tenant"], labels["region"]) * SUBSCRIBERS


def _day_of_month(scene: Scene, region: str) -> Array:
    """Return the pace of renewals by the day of the local month, shape (T,)."""
    dates = (local_seconds(scene.axis, ZONES[region]) // DAY).astype("datetime64[D]")
    day = (dates - dates.astype("datetime64[M]")).astype(np.int64)
    return np.where(day < BUSY_DAYS, BUSY, QUIET)
