"""The data path from a server to a page, measured stage by stage against named baselines.

`python -m tests.bench.path --series 1000,10000,100000` prints ratios that were measured side by side in one run.
"""
