"""The platform's own models: drift of what they read, and whether listeners follow their advice."""

from collections.abc import Iterator

import numpy as np

from offkey.core.labels import Labels
from offkey.packs.music.catalogue import FEATURES, MODELS
from offkey.packs.music.incidents import of_kind
from offkey.packs.music.scene import Family, Scene, named

DRIFT = 0.035  # usual population stability index
DRIFT_SPREAD = 0.012
SHOWN = 0.3  # recommendations for each play
FOLLOWED = 0.185  # share of them that are played


def models(scene: Scene) -> Iterator[Family]:
    """Yield the stability index of each feature, recommendations shown, and those played."""
    features = tuple(Labels.of(model=model, feature=feature) for model in MODELS for feature in FEATURES)
    names = tuple(Labels.of(model=model) for model in MODELS)
    drift = np.abs(DRIFT + scene.chance.wave("drift", features, 0.995, DRIFT_SPREAD))
    followed = FOLLOWED * np.exp(scene.chance.wave("followed", names, 0.98, 0.015))
    for shift in of_kind(scene.incidents, "model_drift"):
        strength = shift.strength(scene.axis)
        drift[shift.rows(features)] += (shift.params["psi"] - DRIFT) * strength
        followed[shift.rows(names)] *= 1 - (1 - shift.params["plays"]) * strength
    yield Family("ml_feature_drift_psi", "gauge", named("ml_feature_drift_psi", features), drift)
    mean = np.tile(scene.plays.sum(axis=0) * SHOWN * scene.axis.step, (len(names), 1))
    shown = scene.chance.poisson("shown", names, mean)
    played = scene.chance.split("played", names, shown, np.array([followed, 1 - followed]))[0]
    for name, values in (("ml_recommendation_impressions", shown), ("ml_recommendation_plays", played)):
        yield Family(name, "counter", named(f"{name}_total", names), values)
