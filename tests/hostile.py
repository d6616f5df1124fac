"""Series with everything that happens to series: seasons, incidents, gaps, restarts, ends, infinities, NaN."""

import numpy as np


def series(minutes, seed):
    """Return promtool texts by series, one value a minute."""
    random = np.random.default_rng(seed)
    at = np.arange(minutes)
    made = {}
    for job, instance, level in (("api", "a", 0.3), ("api", "b", 0.32), ("web", "a", 0.25)):
        values = level + 0.1 * np.sin(2 * np.pi * at / 1440) + random.normal(0, 0.03, minutes)
        for first in random.integers(0, minutes, max(2, minutes // 600)):
            values[first : first + random.integers(2, 60)] += random.uniform(0.05, 0.4)
        words = [f"{value:.4f}" for value in values]
        made[f'latency{{job="{job}",instance="{instance}"}}'] = holes(words, random, odd=("NaN", "Inf"))
        up = np.ones(minutes, int)
        for first in random.integers(0, minutes, max(2, minutes // 700)):
            up[first : first + random.integers(1, 40)] = 0
        made[f'up{{job="{job}",instance="{instance}"}}'] = holes([str(value) for value in up], random)
        for code, share in (("200", 1.0), ("503", 0.01)):
            steps = random.poisson(60 * share * (1 + 0.5 * np.sin(2 * np.pi * at / 1440))).astype(float)
            for first in random.integers(0, minutes, max(1, minutes // 900)):
                steps[first : first + 45] *= 5
            counter = np.cumsum(steps)
            for restart in random.integers(0, minutes, max(1, minutes // 1500)):
                counter[restart:] -= counter[restart]
            words = [f"{value:.0f}" for value in counter]
            made[f'requests_total{{job="{job}",instance="{instance}",code="{code}"}}'] = holes(words, random)
    free = 60 + 40 * np.sin(2 * np.pi * at / 2000) + random.normal(0, 0.5, minutes)
    made['free_bytes{job="api"}'] = holes([f"{value:.3f}" for value in free], random)
    slow = np.repeat(random.choice([0.1, 0.5], minutes // 90 + 1, p=[0.7, 0.3]), 90)[:minutes]
    for bound, share in (("0.5", 1 - slow), ("1", np.full(minutes, 0.97)), ("+Inf", np.ones(minutes))):
        counter = np.cumsum(np.round(100 * share))
        made[f'took_bucket{{job="api",le="{bound}"}}'] = " ".join(f"{value:.0f}" for value in counter)
    return made


def holes(words, random, odd=()):
    """Return a series with gaps of all lengths, marks of its end, and odd values."""
    size = len(words)
    for first in random.integers(0, size, max(2, size // 400)):
        length = int(random.choice([1, 2, 4, 5, 6, 7, 30]))
        words[first : first + length] = ["_"] * len(words[first : first + length])
    for first in random.integers(0, size, max(1, size // 1200)):
        words[first] = "stale"
        words[first + 1 : first + 4] = ["_"] * len(words[first + 1 : first + 4])
    for word in odd:
        for first in random.integers(0, size, max(1, size // 1000)):
            words[first] = word
    return " ".join(words)
