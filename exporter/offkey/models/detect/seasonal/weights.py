"""How much speaks for an anomaly: printed by `python -m tests.bench.quality.train`, not by hand.

Fitted on the labelled series of the AIOps challenge 2018 (licence: MIT), the same for every series.
"""

OF_SIGNS = (1.081, 0.1562, 0.08223, 0.09516, 0.2819, 0.1015)
OF_MEMORY = (0.2326, 0.2368, 0.1791)
ORDINARY = (0.6571, 2.857)
