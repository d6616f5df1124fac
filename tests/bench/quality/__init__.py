"""Measures detectors on labelled series: causal protocol, baselines, one table.

python -m tests.bench.quality --data DIR --detector seasonal [--output json]
"""
