"""The API that everything goes through: requests, answers, and how long they take."""

from collections.abc import Iterator

import numpy as np

from offkey.core.frame import Array
from offkey.core.labels import Labels
from offkey.packs.music.catalogue import ROUTES, TENANTS
from offkey.packs.music.delivery import timed
from offkey.packs.music.incidents import of_kind
from offkey.packs.music.scene import Family, Scene, named, peak_plays, tenants

CODES = ("200", "404", "429", "500")
BOUNDS = ("0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf")
ERRORS = 0.0008  # share of requests answered 5xx
NOT_FOUND = 0.011
SPREAD = 0.55  # standard deviation of the logarithm of a latency
ROOM = 1.25  # capacity compared with the busiest hour
CROWDED = 0.35  # how much slower everything is at full load


def requests(scene: Scene) -> Iterator[Family]:
    """Yield requests by tenant, route and code, and their durations by route."""
    series = tuple(tenant.but(route=route) for route in ROUTES for tenant in tenants())
    counts = _answers(scene, series)
    labels = tuple(label for code in CODES for label in named("http_requests_total", series, code=code))
    yield Family("http_requests", "counter", labels, np.concatenate([*counts]))
    routes = tuple(Labels.of(route=route) for route in ROUTES)
    events = counts.sum(axis=0).reshape(len(ROUTES), len(TENANTS), scene.axis.size).sum(axis=1)
    yield timed(scene, "http_request_duration_seconds", routes, events, (_medians(scene, routes), SPREAD, BOUNDS))


def _answers(scene: Scene, series: tuple[Labels, ...]) -> Array:
    """Draw the requests of each code, tenant and route, shape (4, S, T)."""
    calls = np.array([ROUTES[labels["route"]].calls for labels in series])[:, None]
    load = np.tile(_load(scene), (len(ROUTES), 1))
    rejected = np.zeros(load.shape)
    errors = np.full(load.shape, ERRORS)
    for neighbour in of_kind(scene.incidents, "noisy_neighbour"):
        rejected[neighbour.rows(series)] += neighbour.params["rejected"] * neighbour.strength(scene.axis)
    for burst in of_kind(scene.incidents, "api_error_burst"):
        errors[burst.rows(series)] += burst.params["errors"] * burst.strength(scene.axis)
    answered = 1 - rejected
    found = (1 - errors) * (1 - NOT_FOUND)
    shares = (answered * found, answered * (1 - errors) * NOT_FOUND, rejected, answered * errors)
    mean = load * calls * scene.axis.step
    return np.array(
        [
            scene.chance.poisson(f"requests/{code}", series, mean * share)
            for code, share in zip(CODES, shares, strict=True)
        ]
    )


def _load(scene: Scene) -> Array:
    """Return the plays a second that each tenant's requests stand for, shape (tenants, T)."""
    rows = {tenant: [k for k, cell in enumerate(scene.cells) if cell["tenant"] == tenant] for tenant in TENANTS}
    load = np.array([scene.plays[rows[tenant]].sum(axis=0) for tenant in TENANTS])
    for neighbour in of_kind(scene.incidents, "noisy_neighbour"):
        load[neighbour.rows(tenants())] *= 1 + (neighbour.params["load"] - 1) * neighbour.strength(scene.axis)
    return load


def _medians(scene: Scene, routes: tuple[Labels, ...]) -> Array:
    """Return the median latency of each route, seconds, shape (routes, T)."""
    usual = np.array([route.median for route in ROUTES.values()])[:, None]
    used = _load(scene).sum(axis=0) / (ROOM * peak_plays() * scene.growth)
    median: Array = (
        usual * (1 + CROWDED * np.clip(used, 0, 1.3) ** 4) * np.exp(scene.chance.wave("route", routes, 0.9, 0.02))
    )
    for neighbour in of_kind(scene.incidents, "noisy_neighbour"):
        median *= 1 + (neighbour.params["latency"] - 1) * neighbour.strength(scene.axis)
    for slow in of_kind(scene.incidents, "api_latency_regression"):
        median[slow.rows(routes)] *= 1 + (slow.params["latency"] - 1) * slow.strength(scene.axis)
    return median
