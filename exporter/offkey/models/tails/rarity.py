"""The arithmetic of a tail, sample by sample."""

import math

from offkey.core.frame import Array
from offkey.models.kernels import compiled

HALF, FIFTH, TWENTIETH = math.log10(2.0), math.log10(5.0), math.log10(20.0)  # decades at the knots
BEND, STRETCH = 6.0, 2.0  # decades beyond which rarity grows with the logarithm only, of so many decades


@compiled
def value_at(knots: Array, decades: float) -> float:
    """Return the value whose rarity is so many decades."""
    lowest, half, fifth, far, scale, shape = knots
    if decades <= HALF:
        return float(lowest + (half - lowest) * decades / HALF)
    if decades <= FIFTH:
        return float(half + (fifth - half) * (decades - HALF) / (FIFTH - HALF))
    if decades <= TWENTIETH:
        return float(fifth + (far - fifth) * (decades - FIFTH) / (TWENTIETH - FIFTH))
    plain = decades if decades <= BEND else BEND + STRETCH * math.expm1((decades - BEND) / STRETCH)
    beyond = (plain - TWENTIETH) * math.log(10.0)
    return float(far + scale * (math.expm1(shape * beyond) / shape if shape > 1e-6 else beyond))


@compiled
def rarity(knots: Array, values: Array, out: Array) -> None:
    """Write the decades of rarity of each value beside the knots of its series; NaN stays where either is unknown."""
    for s in range(values.shape[0]):
        lowest, half, fifth, far, scale, shape = knots[s]
        if math.isnan(far):
            continue
        for t in range(values.shape[1]):
            x = values[s, t]
            if math.isnan(x):
                continue
            if x <= lowest:
                out[s, t] = 0.0
            elif x <= half:
                out[s, t] = HALF * (x - lowest) / (half - lowest)
            elif x <= fifth:
                out[s, t] = HALF + (FIFTH - HALF) * (x - half) / (fifth - half)
            elif x <= far:
                out[s, t] = FIFTH + (TWENTIETH - FIFTH) * (x - fifth) / (far - fifth)
            else:
                excess = (x - far) / scale
                beyond = math.log1p(shape * excess) / shape if shape > 1e-6 else excess
                found = TWENTIETH + beyond / math.log(10.0)
                out[s, t] = found if found <= BEND else BEND + STRETCH * math.log1p((found - BEND) / STRETCH)
